/*
 * Fork with the pages of the pool shared copy-on-write, as HPALLOC_FORK says, or copied. Where the
 * pool then has no page for a write, the slot moves to normal memory, and nobody loses a byte.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "forked.h"
#include "hugepool.h"

enum { POOL_PAGES = 24, BLOCKS = 44, FEW_BLOCKS = 12, THREADS = 4 };

static bool take(const char *environment, unsigned pages, size_t blocks)
{
	if (!hp_test_fresh_with_pool(environment, pages))
		return false;
	hp_test_blocks_take(blocks);
	g_assert_cmpuint(hp_test_stats().hugetlb_bytes, >=, (blocks - 4) * HP_MIB);
	return true;
}

/* Parent and child write everything, beside each other; each sees its own. */
static void both_write_all(pid_t (*function)(void))
{
	pid_t child = hp_test_fork_by(function);

	if (child == 0) {
		hp_test_blocks_check(0);
		hp_test_blocks_write(1000);
		hp_test_blocks_check(1000);
		_exit(0);
	}
	hp_test_blocks_write(2000);
	hp_test_blocks_check(2000);
	hp_test_child_did_well(child);
	hp_test_blocks_check(2000);
	hp_test_blocks_write(0);
}

static void pages_are_shared_where_the_pool_has_as_many_again(void)
{
	struct hp_stats stats;

	if (!take("HPALLOC_FORK=keep", 2 * POOL_PAGES + 8, BLOCKS))
		return;
	both_write_all(fork);
	stats = hp_test_stats();
	g_assert_cmpuint(stats.forks_shared, ==, 1);
	g_assert_cmpuint(stats.forks_copied, ==, 0);
	g_assert_cmpuint(stats.rescued, ==, 0);
	g_assert_cmpuint(stats.hugetlb_bytes, >=, (BLOCKS - 4) * HP_MIB);
}

static void else_they_are_copied(void)
{
	if (!take("HPALLOC_FORK=keep", POOL_PAGES, BLOCKS))
		return;
	both_write_all(fork);
	g_assert_cmpuint(hp_test_stats().forks_shared, ==, 0);
	g_assert_cmpuint(hp_test_stats().forks_copied, ==, 1);
}

static void a_small_heap_is_copied(void)
{
	if (!take("", 2 * POOL_PAGES + 8, FEW_BLOCKS))
		return;
	both_write_all(fork);
	g_assert_cmpuint(hp_test_stats().forks_copied, ==, 1);
}

static void a_large_one_is_shared(void)
{
	if (!take("", 2 * POOL_PAGES + 8, BLOCKS))
		return;
	both_write_all(fork);
	g_assert_cmpuint(hp_test_stats().forks_shared, ==, 1);
}

static void it_is_never_shared_with_snapshot(void)
{
	if (!take("HPALLOC_FORK=snapshot", 2 * POOL_PAGES + 8, BLOCKS))
		return;
	both_write_all(fork);
	g_assert_cmpuint(hp_test_stats().forks_copied, ==, 1);
}

static void who_forks_much_grows_elsewhere(void)
{
	if (!take("HPALLOC_FORK=auto", POOL_PAGES, BLOCKS))
		return;
	for (unsigned i = 0; i < 3; i++)
		both_write_all(fork);
	g_assert_nonnull(hp_malloc(8 * HP_MIB));
	g_assert_cmpuint(hp_test_stats().fallbacks[HP_FALLBACK_FORK], >=, 3);
}

static void children_that_live_on_need_pages_too(void)
{
	pid_t children[4];
	int go[2];
	char byte;

	if (!take("HPALLOC_FORK=auto", 3 * POOL_PAGES, BLOCKS))
		return;
	g_assert_cmpint(pipe(go), ==, 0);
	for (size_t i = 0; i < HP_TEST_COUNT(children); i++) {
		children[i] = hp_test_fork();
		if (children[i] == 0) {
			close(go[1]);
			g_assert_cmpint(read(go[0], &byte, 1), ==, 0);
			hp_test_blocks_write(1000 + i);
			hp_test_blocks_check(1000 + i);
			_exit(hp_test_stats().rescued ? 1 : 0);
		}
	}
	close(go[1]);
	hp_test_blocks_write(2000);
	for (size_t i = 0; i < HP_TEST_COUNT(children); i++)
		hp_test_child_did_well(children[i]);
	hp_test_blocks_check(2000);
	g_assert_cmpuint(hp_test_stats().rescued, ==, 0);
	g_assert_cmpuint(hp_test_stats().forks_shared, ==, 2);
	g_assert_cmpuint(hp_test_stats().forks_copied, ==, 2);
	hp_test_blocks_write(0);
	both_write_all(fork);
	g_assert_cmpuint(hp_test_stats().forks_shared, ==, 3);
}

/* Writes when the other end of the pipe is closed; ends well if no page had to be rescued. */
static void write_when_told(int go, uint64_t seed, pid_t child)
{
	char byte;

	g_assert_cmpint(read(go, &byte, 1), ==, 0);
	hp_test_blocks_write(seed);
	hp_test_blocks_check(seed);
	if (child)
		hp_test_child_did_well(child);
	_exit(hp_test_stats().rescued ? 1 : 0);
}

/* Parent, child and grandchild share the pages: for a fourth there are too few, if all write. */
static void children_of_children_need_pages_too(void)
{
	pid_t child, other;
	int go[2], ready[2];
	char byte;

	if (!take("HPALLOC_FORK=auto", 3 * POOL_PAGES, BLOCKS))
		return;
	g_assert_cmpint(pipe(go) | pipe(ready), ==, 0);
	child = hp_test_fork();
	if (child == 0) {
		close(go[1]);
		child = hp_test_fork();
		if (child)
			g_assert_cmpint(write(ready[1], "", 1), ==, 1);
		write_when_told(go[0], child ? 1000 : 2000, child);
	}
	g_assert_cmpint(read(ready[0], &byte, 1), ==, 1);
	other = hp_test_fork();
	if (other == 0) {
		close(go[1]);
		write_when_told(go[0], 3000, 0);
	}
	close(go[1]);
	hp_test_blocks_write(4000);
	hp_test_child_did_well(child);
	hp_test_child_did_well(other);
	hp_test_blocks_check(4000);
	g_assert_cmpuint(hp_test_stats().rescued, ==, 0);
	g_assert_cmpuint(hp_test_stats().forks_shared, ==, 1);
	g_assert_cmpuint(hp_test_stats().forks_copied, ==, 1);
}

/* However many pages are free: nobody needs a rescue, also where SIGBUS is blocked. */
static void any_number_of_free_pages_will_do(gconstpointer environment)
{
	sigset_t signals;

	if (!take(environment, 3 * POOL_PAGES, BLOCKS))
		return;
	sigemptyset(&signals);
	sigaddset(&signals, SIGBUS);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	for (unsigned pages = 0; pages <= 2 * POOL_PAGES; pages += POOL_PAGES / 2) {
		unsigned used = (unsigned)(hp_test_stats().hugetlb_bytes / HP_TEST_HUGEPAGE);

		hp_test_pool_resize(used + pages);
		both_write_all(fork);
	}
	g_assert_cmpuint(hp_test_stats().rescued, ==, 0);
	g_assert_cmpuint(hp_test_stats().hugetlb_bytes, >=, (BLOCKS - 4) * HP_MIB);
}

/* ---- without a page to be had ---- */

static void pages_taken_by_others_after_the_fork(void)
{
	pid_t child;

	if (!take("HPALLOC_FORK=keep", 2 * POOL_PAGES + 8, BLOCKS))
		return;
	child = hp_test_fork();
	if (child == 0) {
		hp_test_wait(HP_TEST_TO_CHILD);
		hp_test_blocks_write(1000);
		hp_test_blocks_check(1000);
		_exit(0);
	}
	hp_test_drain_the_pool();
	hp_test_say(HP_TEST_TO_CHILD);
	hp_test_blocks_write(2000);
	hp_test_child_did_well(child);
	hp_test_blocks_check(2000);
	g_assert_cmpuint(hp_test_stats().forks_shared, >=, 1);
	g_assert_cmpuint(hp_test_stats().rescued, >, 0);
}

/* ---- beside other threads ---- */

static atomic_uint ready;
static atomic_bool may_start;

enum { COUNT = 200, ROUNDS = 20, ROUNDS_FULL = 200 }; /* CI runs this in three builds */

/* Counts up in a place of its own of every block, over and over: each write must be there. */
static void *count_up(void *argument)
{
	size_t place = (size_t)argument;

	atomic_fetch_add(&ready, 1);
	while (!atomic_load(&may_start))
		;
	for (unsigned round = 1; round <= COUNT; round++) {
		for (size_t i = 0; i < BLOCKS; i++)
			((volatile unsigned *)hp_test_blocks[i])[place]++;
	}
	return NULL;
}

static void start_counting(pthread_t *threads)
{
	for (size_t i = 0; i < BLOCKS; i++)
		memset(hp_test_blocks[i], 0, THREADS * sizeof(unsigned));
	atomic_store(&ready, 0);
	atomic_store(&may_start, false);
	for (size_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, count_up, (void *)i);
	while (atomic_load(&ready) < THREADS)
		;
}

static void check_counts(pthread_t *threads)
{
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < BLOCKS; i++) {
		for (size_t place = 0; place < THREADS; place++)
			g_assert_cmpuint(((unsigned *)hp_test_blocks[i])[place], ==, COUNT);
	}
}

/*
 * The child ends at any moment: the page that is being copied is then the parent's alone again, and
 * other threads could write to it.
 */
static void no_write_beside_the_rescue_is_lost(void)
{
	pthread_t threads[THREADS];
	unsigned rounds = hp_test_is_full() ? ROUNDS_FULL : ROUNDS;
	uint64_t random;

	if (!take("HPALLOC_IDLE_MAX=0", POOL_PAGES, BLOCKS))
		return;
	random = hp_test_seed();
	for (unsigned round = 0; round < rounds; round++) {
		pid_t child, drainer;

		drainer = hp_test_pool_free_pages() ? hp_test_pool_drain(0) : 0;
		start_counting(threads);
		child = hp_test_fork_by(_Fork);
		if (child == 0) {
			usleep((useconds_t)(hp_test_random(&random) % 3000));
			_exit(0);
		}
		hp_test_random(&random);
		atomic_store(&may_start, true);
		check_counts(threads);
		hp_test_child_did_well(child);
		if (drainer > 0)
			hp_test_pool_undrain(drainer);
		for (size_t i = 0; i < BLOCKS; i++)
			hp_free(hp_test_blocks[i]);
		hp_trim(0);
		hp_test_sleep_ms(110); /* the pool was dry: it is asked again after a while */
		hp_test_blocks_take(BLOCKS);
	}
	g_assert_cmpuint(hp_test_stats().rescued, >, 0);
}

#define ADD(name, function) g_test_add_func("/hugetlb-share/" name, function)

static const char *const modes[] = { "HPALLOC_FORK=auto", "HPALLOC_FORK=keep",
				     "HPALLOC_FORK=snapshot" };

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("pages-are-shared-where-the-pool-has-as-many-again",
	    pages_are_shared_where_the_pool_has_as_many_again);
	ADD("else-they-are-copied", else_they_are_copied);
	ADD("a-small-heap-is-copied", a_small_heap_is_copied);
	ADD("a-large-one-is-shared", a_large_one_is_shared);
	ADD("it-is-never-shared-with-snapshot", it_is_never_shared_with_snapshot);
	ADD("who-forks-much-grows-elsewhere", who_forks_much_grows_elsewhere);
	ADD("children-that-live-on-need-pages-too", children_that_live_on_need_pages_too);
	ADD("children-of-children-need-pages-too", children_of_children_need_pages_too);
	for (size_t i = 0; i < HP_TEST_COUNT(modes); i++) {
		char *path = g_strdup_printf("/hugetlb-share/any-number-of-free-pages-will-do/%s",
					     modes[i]);

		g_test_add_data_func(path, modes[i], any_number_of_free_pages_will_do);
		g_free(path);
	}
	ADD("pages-taken-by-others-after-the-fork", pages_taken_by_others_after_the_fork);
	ADD("no-write-beside-the-rescue-is-lost", no_write_beside_the_rescue_is_lost);
	return g_test_run();
}
