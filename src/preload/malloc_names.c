/*
 * The standard names of the heap, as jumps to hp_*. The link binds those inside this library
 * (-Bsymbolic-functions), so that a call of malloc costs one jump more than a call of hp_malloc.
 * What glibc offers beyond the standard is in malloc_info.c.
 */
#include <malloc.h>
#include <stdlib.h>

#include <hpalloc/hpalloc.h>

/* New in C23: not in the headers of every libc. */
HP_PUBLIC void free_sized(void *block, size_t bytes);
HP_PUBLIC void free_aligned_sized(void *block, size_t align, size_t bytes);

HP_PUBLIC void *malloc(size_t bytes)
{
	return hp_malloc(bytes);
}

HP_PUBLIC void free(void *block)
{
	hp_free(block);
}

HP_PUBLIC void free_sized(void *block, size_t bytes)
{
	hp_free_sized(block, bytes);
}

HP_PUBLIC void free_aligned_sized(void *block, size_t align, size_t bytes)
{
	hp_free_aligned_sized(block, align, bytes);
}

HP_PUBLIC void *calloc(size_t count, size_t bytes)
{
	return hp_calloc(count, bytes);
}

HP_PUBLIC void *realloc(void *block, size_t bytes)
{
	return hp_realloc(block, bytes);
}

HP_PUBLIC void *reallocarray(void *block, size_t count, size_t bytes)
{
	return hp_reallocarray(block, count, bytes);
}

HP_PUBLIC int posix_memalign(void **out_block, size_t align, size_t bytes)
{
	return hp_posix_memalign(out_block, align, bytes);
}

HP_PUBLIC void *aligned_alloc(size_t align, size_t bytes)
{
	return hp_aligned_alloc(align, bytes);
}

HP_PUBLIC void *memalign(size_t align, size_t bytes)
{
	return hp_memalign(align, bytes);
}

HP_PUBLIC void *valloc(size_t bytes)
{
	return hp_valloc(bytes);
}

HP_PUBLIC void *pvalloc(size_t bytes)
{
	return hp_pvalloc(bytes);
}

HP_PUBLIC size_t malloc_usable_size(void *block)
{
	return hp_malloc_usable_size(block);
}

HP_PUBLIC int malloc_trim(size_t keep_bytes)
{
	return hp_trim(keep_bytes);
}
