/*
 * C++ operator new and delete, plain and aligned: each is one call of the heap. What happens when
 * memory is out is left to the C++ runtime's definition of the same operator, which asks malloc
 * again, calls the new-handler and throws std::bad_alloc: so this library is plain C and needs no
 * C++ library at its start.
 */
#include "api/sized.h"
#include "base/attr.h"
#include "base/check.h"
#include "preload/preload.h"

static HP_COLD hp_next_function next_operator(const char *mangled_name)
{
	hp_next_function next = hp_next_operator(mangled_name);

	HP_CHECK(next, "out of memory, and no C++ library to throw std::bad_alloc");
	return next;
}

static HP_COLD void *new_again(size_t bytes)
{
	return ((void *(*)(size_t))next_operator("_Znwm"))(bytes);
}

static HP_COLD void *new_aligned_again(size_t bytes, size_t align)
{
	return ((void *(*)(size_t, size_t))next_operator("_ZnwmSt11align_val_t"))(bytes, align);
}

HP_EDGE void *hp_operator_new(size_t bytes)
{
	void *block = hp_malloc(bytes);

	return HP_LIKELY(block) ? block : new_again(bytes);
}
HP_OWN_NAME(hp_own_new, hp_operator_new, "_Znwm");

HP_EDGE void *hp_operator_new_aligned(size_t bytes, size_t align)
{
	void *block = hp_aligned_alloc(align, bytes);

	return HP_LIKELY(block) ? block : new_aligned_again(bytes, align);
}
HP_OWN_NAME(hp_own_new_aligned, hp_operator_new_aligned, "_ZnwmSt11align_val_t");

void hp_operator_delete(void *block)
{
	hp_free(block);
}
HP_OWN_NAME(hp_own_delete, hp_operator_delete, "_ZdlPv");

void hp_operator_delete_aligned(void *block, size_t align)
{
	hp_sized_check_alignment(block, align);
	hp_free(block);
}
HP_OWN_NAME(hp_own_delete_aligned, hp_operator_delete_aligned, "_ZdlPvSt11align_val_t");
