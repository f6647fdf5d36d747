/*
 * The sized and nothrow forms of C++ operator new and delete. As the standard has it
 * ([new.delete]), each is the form without size or tag that the program sees.
 *
 * A nothrow form must catch what a new-handler throws, which C cannot: it asks the heap itself only
 * where the program's operator is ours, and leaves the rest to the C++ runtime's own nothrow form.
 */
#include <stdbool.h>

#include "api/sized.h"
#include "base/attr.h"
#include "preload/preload.h"

/* std::nothrow_t, which nobody looks at. */
struct hp_nothrow;

#define UNUSED __attribute__((unused))
#define TAG UNUSED const struct hp_nothrow *tag

/* Defines a function whose name in the program is `mangled_name`. */
#define FORM(mangled_name, type, name, ...)                                                        \
	HP_PUBLIC type name(__VA_ARGS__) __asm__(mangled_name);                                    \
	HP_EDGE type name(__VA_ARGS__)

/* The compiler must not conclude from two names that there are two functions. */
static bool is_same(hp_next_function seen, hp_next_function own)
{
	__asm__("" : "+r"(seen));
	return seen == own;
}

#define IS_OURS(name)                                                                              \
	HP_LIKELY(is_same((hp_next_function)hp_operator_##name, (hp_next_function)hp_own_##name))

/* ---- delete: what is said of a block is checked where new and delete are ours ---- */

FORM("_ZdlPvm", void, delete_sized, void *block, size_t bytes)
{
	if (IS_OURS(new) && IS_OURS(delete))
		hp_sized_check(block, bytes);
	hp_operator_delete(block);
}

FORM("_ZdlPvRKSt9nothrow_t", void, delete_nothrow, void *block, TAG)
{
	hp_operator_delete(block);
}

FORM("_ZdlPvmSt11align_val_t", void, delete_sized_aligned, void *block, size_t bytes, size_t align)
{
	if (IS_OURS(new_aligned) && IS_OURS(delete_aligned))
		hp_sized_check_aligned(block, align, bytes);
	hp_operator_delete_aligned(block, align);
}

FORM("_ZdlPvSt11align_val_tRKSt9nothrow_t", void, delete_aligned_nothrow, void *block, size_t align,
     TAG)
{
	hp_operator_delete_aligned(block, align);
}

FORM("_ZdaPvm", void, delete_array_sized, void *block, size_t bytes)
{
	if (IS_OURS(new_array) && IS_OURS(new) && IS_OURS(delete_array) && IS_OURS(delete))
		hp_sized_check(block, bytes);
	hp_operator_delete_array(block);
}

FORM("_ZdaPvRKSt9nothrow_t", void, delete_array_nothrow, void *block, TAG)
{
	hp_operator_delete_array(block);
}

FORM("_ZdaPvmSt11align_val_t", void, delete_array_sized_aligned, void *block, size_t bytes,
     size_t align)
{
	if (IS_OURS(new_array_aligned) && IS_OURS(new_aligned) && IS_OURS(delete_array_aligned) &&
	    IS_OURS(delete_aligned))
		hp_sized_check_aligned(block, align, bytes);
	hp_operator_delete_array_aligned(block, align);
}

FORM("_ZdaPvSt11align_val_tRKSt9nothrow_t", void, delete_array_aligned_nothrow, void *block,
     size_t align, TAG)
{
	hp_operator_delete_array_aligned(block, align);
}

/* ---- new ---- */

/* Without a C++ runtime there is no new-handler to be called: memory is just out. */
static HP_COLD void *new_again(const char *mangled_name, size_t bytes, const struct hp_nothrow *tag)
{
	typedef void *nothrow_new(size_t, const struct hp_nothrow *);
	nothrow_new *next = (nothrow_new *)hp_next_operator(mangled_name);

	return next ? next(bytes, tag) : NULL;
}

static HP_COLD void *new_aligned_again(const char *mangled_name, size_t bytes, size_t align,
				       const struct hp_nothrow *tag)
{
	typedef void *nothrow_new(size_t, size_t, const struct hp_nothrow *);
	nothrow_new *next = (nothrow_new *)hp_next_operator(mangled_name);

	return next ? next(bytes, align, tag) : NULL;
}

#define NEW_NOTHROW "_ZnwmRKSt9nothrow_t"
FORM(NEW_NOTHROW, void *, new_nothrow, size_t bytes, const struct hp_nothrow *tag)
{
	void *block = IS_OURS(new) ? hp_malloc(bytes) : NULL;

	return HP_LIKELY(block) ? block : new_again(NEW_NOTHROW, bytes, tag);
}

#define NEW_ALIGNED_NOTHROW "_ZnwmSt11align_val_tRKSt9nothrow_t"
FORM(NEW_ALIGNED_NOTHROW, void *, new_aligned_nothrow, size_t bytes, size_t align,
     const struct hp_nothrow *tag)
{
	void *block = IS_OURS(new_aligned) ? hp_aligned_alloc(align, bytes) : NULL;

	return HP_LIKELY(block) ? block : new_aligned_again(NEW_ALIGNED_NOTHROW, bytes, align, tag);
}

#define NEW_ARRAY_NOTHROW "_ZnamRKSt9nothrow_t"
FORM(NEW_ARRAY_NOTHROW, void *, new_array_nothrow, size_t bytes, const struct hp_nothrow *tag)
{
	void *block = IS_OURS(new_array) && IS_OURS(new) ? hp_malloc(bytes) : NULL;

	return HP_LIKELY(block) ? block : new_again(NEW_ARRAY_NOTHROW, bytes, tag);
}

#define NEW_ARRAY_ALIGNED_NOTHROW "_ZnamSt11align_val_tRKSt9nothrow_t"
FORM(NEW_ARRAY_ALIGNED_NOTHROW, void *, new_array_aligned_nothrow, size_t bytes, size_t align,
     const struct hp_nothrow *tag)
{
	void *block = IS_OURS(new_array_aligned) && IS_OURS(new_aligned)
			      ? hp_aligned_alloc(align, bytes)
			      : NULL;

	return HP_LIKELY(block) ? block
				: new_aligned_again(NEW_ARRAY_ALIGNED_NOTHROW, bytes, align, tag);
}
