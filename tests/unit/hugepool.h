/*
 * The machine's hugetlb pool, held at a size for the time of one test. A guardian process has the
 * lock that all tests of this machine share and puts the old size back, also if the test dies.
 *
 * What a test finds and changes is real: it runs as root and with memory to spare, or is skipped.
 */
#ifndef HP_TEST_HUGEPOOL_H
#define HP_TEST_HUGEPOOL_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Sets the pool to exactly `pages` free pages, and no surplus. Where that can't be had, skips the
 * test, says so, and returns false.
 */
bool hp_test_pool_begin(unsigned pages);
void hp_test_pool_end(void);

/* Changes the size while it is held, from any process of the test. */
void hp_test_pool_resize(unsigned pages);

/* Pages that anybody can still have. */
unsigned hp_test_pool_free_pages(void);

/* Pages that somebody has. */
unsigned hp_test_pool_used_pages(void);

/* Another process that takes all pages but `leave`, and dies with this one. */
pid_t hp_test_pool_drain(unsigned leave);
void hp_test_pool_undrain(pid_t drainer);

/*
 * As hp_test_fresh(), with the pool at `pages` for the time: in the test's own process it is set
 * before and put back after, and false is returned.
 */
bool hp_test_fresh_with_pool(const char *environment, unsigned pages);

#endif
