/* A heap that may hold so much and no more. */
#ifndef HP_TEST_LIMIT_H
#define HP_TEST_LIMIT_H

#include <stddef.h>

/*
 * Twice takes blocks until one is refused; what the heap holds is never more than `limit_bytes`,
 * what the blocks have at least `least_bytes`. A freed one makes room for another.
 */
void hp_test_limit_holds(size_t bytes, size_t limit_bytes, size_t least_bytes);

#endif
