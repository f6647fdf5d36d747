/*
 * What the hugetlb pool would give now: it is asked to promise pages, and let off at once. Any
 * thread, beside any other.
 */
#ifndef HP_POOL_PROMISE_H
#define HP_POOL_PROMISE_H

#include <stddef.h>

/*
 * 0 if the pool has so many bytes of pages beside those in use and promised, and the limits allow
 * them; a negative errno if not. No guarantee: others take pages, too, and limits of a control
 * group on what is used show only in hp_os_populate(). `fd` as of hp_os_huge_reserve().
 */
int hp_promise_try(int fd, size_t bytes);

#endif
