/*
 * libhpalloc: a general-purpose malloc whose heap lives on 2 MB huge pages.
 *
 * This header is the manual. What holds for every function unless it says otherwise:
 *
 *  - Sizes and alignments are in bytes. A block is aligned to 16 bytes at least.
 *  - Failure of a function that returns a pointer is NULL with errno ENOMEM; no argument is freed
 *    or changed. Sizes above PTRDIFF_MAX always fail. Success leaves errno alone.
 *  - Every function may be called by any thread at any time, a block may be freed by any thread.
 *    None is async-signal-safe, as with every malloc.
 *  - All functions work on one heap per process: a block of one may be given to any other.
 *  - With HPALLOC_HARDEN a block has the bytes that it was asked for with, and no more may be used.
 *  - Misuse that is noticed (a double free, a pointer that is no block) ends in one line on
 *    standard error, "hpalloc: ...", and abort().
 */
#ifndef HPALLOC_HPALLOC_H
#define HPALLOC_HPALLOC_H

#include <stddef.h>
#include <stdint.h>

#include <hpalloc/version.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define HP_PUBLIC __attribute__((visibility("default")))
#define HP_ALLOC_SIZE(...) __attribute__((malloc, alloc_size(__VA_ARGS__)))
#define HP_ALLOC_ALIGNED(align, bytes)                                                             \
	__attribute__((malloc, alloc_align(align), alloc_size(bytes)))
#define HP_WARN_UNUSED __attribute__((warn_unused_result))
#else
#define HP_PUBLIC
#define HP_ALLOC_SIZE(...)
#define HP_ALLOC_ALIGNED(align, bytes)
#define HP_WARN_UNUSED
#endif

/* ---- blocks ---- */

/*
 * A block of at least `bytes` bytes, its content undefined. 0 bytes give a pointer of their own,
 * which must be freed as well. (C11 7.22.3.4)
 */
HP_PUBLIC void *hp_malloc(size_t bytes) HP_ALLOC_SIZE(1) HP_WARN_UNUSED;

/* A block of count * bytes bytes, all zero; ENOMEM if the product overflows. (C11 7.22.3.2) */
HP_PUBLIC void *hp_calloc(size_t count, size_t bytes) HP_ALLOC_SIZE(1, 2) HP_WARN_UNUSED;

/*
 * Changes the size of `block` and returns where it is now; the content up to the smaller of both
 * sizes is kept, what is added is undefined. On failure `block` is untouched and still valid.
 * NULL as `block` is hp_malloc(bytes); 0 as `bytes` frees the block and returns NULL, as glibc
 * does. The alignment that a block was asked for with is not kept when it moves. A block up to 128
 * KiB that grows gets room for a quarter more than it had at most. (C11 7.22.3.5)
 */
HP_PUBLIC void *hp_realloc(void *block, size_t bytes) HP_WARN_UNUSED;

/* hp_realloc(block, count * bytes); ENOMEM if the product overflows. (POSIX.1-2024, BSD) */
HP_PUBLIC void *hp_reallocarray(void *block, size_t count, size_t bytes) HP_WARN_UNUSED;

/* Frees a block; NULL is allowed and does nothing. Keeps errno. (C11 7.22.3.3) */
HP_PUBLIC void hp_free(void *block);

/*
 * hp_free() for callers who know the size: `bytes` is what the block was last asked for with, by
 * malloc, calloc or realloc. (C23 7.24.3.4)
 */
HP_PUBLIC void hp_free_sized(void *block, size_t bytes);

/* As hp_free_sized(), for a block of hp_aligned_alloc(align, bytes). (C23 7.24.3.5) */
HP_PUBLIC void hp_free_aligned_sized(void *block, size_t align, size_t bytes);

/* ---- alignment: any power of two up to 1 GiB; a block of these is freed by hp_free() ---- */

/*
 * Sets *out_block to a block aligned to `align`, a power of two and a multiple of sizeof(void *).
 * Returns 0, or EINVAL for another alignment, or ENOMEM; then *out_block is untouched. errno is
 * never changed. (POSIX.1-2008)
 */
HP_PUBLIC int hp_posix_memalign(void **out_block, size_t align, size_t bytes) HP_WARN_UNUSED;

/*
 * A block aligned to `align`; EINVAL where that is no power of two. `bytes` need not be a multiple
 * of it. (C11 7.22.3.1 as corrected by DR 460)
 */
HP_PUBLIC void *hp_aligned_alloc(size_t align, size_t bytes) HP_ALLOC_ALIGNED(1, 2) HP_WARN_UNUSED;

/* As hp_aligned_alloc(), but rounds the alignment up to a power of two, as glibc does. (SunOS) */
HP_PUBLIC void *hp_memalign(size_t align, size_t bytes) HP_WARN_UNUSED;

/* A block aligned to the base page. (BSD) */
HP_PUBLIC void *hp_valloc(size_t bytes) HP_ALLOC_SIZE(1) HP_WARN_UNUSED;

/* A block aligned to the base page and a multiple of it long. (glibc) */
HP_PUBLIC void *hp_pvalloc(size_t bytes) HP_WARN_UNUSED;

/* ---- questions ---- */

/*
 * How many bytes of `block` may be used: what it was asked for with, or more. 0 for NULL. (glibc)
 */
HP_PUBLIC size_t hp_malloc_usable_size(void *block);

/*
 * The bytes that a block asked for with `bytes` would have; `bytes` itself where that is too much
 * for any block. (jemalloc's nallocx, mimalloc's good_size)
 */
HP_PUBLIC size_t hp_good_size(size_t bytes);

/*
 * 1 if `address` lies in memory that a block of this heap may live in, else 0. Never faults,
 * whatever the address. It says nothing about whether a block lives there now.
 */
HP_PUBLIC int hp_owns(const void *address);

/* "MAJOR.MINOR.PATCH", static. */
HP_PUBLIC const char *hp_version(void);

/* ---- control ---- */

/*
 * Gives memory without blocks back: the caller's own caches, the caches of ended threads, all idle
 * hugepages, and the empty parts of base pages and transparent huge pages, except for `keep_bytes`
 * of idle hugepages. What lies free becomes reserved address space again: it counts neither against
 * RLIMIT_DATA nor the commit limit, and neighbours are one mapping. Returns 1 if anything was given
 * back, else 0. May wait for other threads (some milliseconds). (glibc's malloc_trim)
 */
HP_PUBLIC int hp_trim(size_t keep_bytes);

/*
 * For a thread that is going to wait: gives back its caches, which are empty parts of the heap that
 * it keeps for itself and what it freed of other threads' blocks; also what arenas that are bound
 * to it keep. The next thread that needs memory has it. Keeps errno; costs some microseconds.
 */
HP_PUBLIC void hp_thread_idle(void);

/*
 * Makes hugepages ready for what is to come: sees to it that `bytes`, rounded up to hugepages, are
 * idle and populated, on the best page that HPALLOC_BACKING and the pool give. Returns how many
 * bytes are; less than asked for where limits or the machine's memory forbid more. They are kept
 * from HPALLOC_DECAY_MS and HPALLOC_IDLE_MAX, and so many are kept again when they have been used
 * and are free, as far as a decay in between has left them populated. What ends that is another
 * call (0 for none), hp_trim(), which gives them back, and a limit that would otherwise refuse a
 * request. The child of a fork does not get the pages. Takes some 0.1 ms a hugepage; keeps errno.
 */
HP_PUBLIC size_t hp_pool_reserve(size_t bytes);

/*
 * Sets an option while the program runs: `name` as hpalloc(7) has it, without HPALLOC_ and in lower
 * case, `text` its value as in the environment, or "default". Returns 0; EINVAL for an unknown name
 * or no value of it; EPERM for an option that is fixed at the start. What may change: decay_ms,
 * idle_max, lazy_min, limit, limit_soft, pool_leave, pool_max. It counts for what comes: nothing
 * that is held is given back, or pages exchanged, because of it.
 */
HP_PUBLIC int hp_option_set(const char *name, const char *text);

/*
 * Writes the value of any option into out_text, terminated: a size or number in decimal, a word, or
 * "default" where it has none that can be written. Returns 0; EINVAL for an unknown name; ERANGE if
 * that needs more than `text_bytes`, out_text being untouched then. Texts have 4095 bytes at most,
 * others 24.
 */
HP_PUBLIC int hp_option_get(const char *name, char *out_text, size_t text_bytes);

/* ---- profile ---- */

/*
 * Writes the heap profile as it is now, in pprof's format: which stacks have allocated how much,
 * and how much of it is live, estimated from one sample in HPALLOC_PROFILE_RATE bytes. The file is
 * made, with mode 0600, or emptied; it must be a regular file of the caller's own with one name, at
 * a path without symbolic links. Returns 0; EINVAL where HPALLOC_PROFILE is not set, or the file is
 * anything else; or the error of opening or writing it. Keeps errno.
 * (https://github.com/google/pprof, proto/profile.proto)
 */
HP_PUBLIC int hp_profile_write(const char *path);

#ifdef __cplusplus
}
#endif

/* ---- statistics: how much the heap holds, on which pages, and why not on better ones ---- */

#include <hpalloc/stats.h>

#endif
