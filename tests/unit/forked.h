/*
 * What the tests of fork share: blocks of 1 MB on the hugetlb pool, each with a filling of its own,
 * and a child that takes turns with its parent.
 */
#ifndef HP_TEST_FORKED_H
#define HP_TEST_FORKED_H

#include <stdint.h>
#include <sys/types.h>

#include "support.h"

enum { HP_TEST_BLOCKS_MAX = 512 };

extern void *hp_test_blocks[HP_TEST_BLOCKS_MAX];

/* Takes them and fills them by seed 0; fills them anew; asserts that they are filled so. */
void hp_test_blocks_take(size_t count);
void hp_test_blocks_write(uint64_t seed);
void hp_test_blocks_check(uint64_t seed);

/* Blocks of many sizes come and go. */
void hp_test_use_the_heap(void);

/* Has other processes hold all free pages of the pool. */
void hp_test_drain_the_pool(void);

/* fork() that succeeds. The child ends after half a minute, and its turns are new ones. */
pid_t hp_test_fork(void);

/* Forks by the given function, as _Fork(). */
pid_t hp_test_fork_by(pid_t (*function)(void));

/*
 * Forks by the function; each side writes all blocks, which were filled by seed 0, uses the heap,
 * and sees its own alone. `is_well`, or NULL, is asked in the child at the end.
 */
void hp_test_child_writes_first(pid_t (*function)(void), bool (*is_well)(void));
void hp_test_parent_writes_first(pid_t (*function)(void));
void hp_test_all_write_at_once(pid_t (*function)(void), size_t children);

/* The other side goes on; waits until the other side says so. */
enum hp_test_way { HP_TEST_TO_CHILD, HP_TEST_TO_PARENT };
void hp_test_say(enum hp_test_way way);
void hp_test_wait(enum hp_test_way way);

#endif
