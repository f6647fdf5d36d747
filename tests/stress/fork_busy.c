/*
 * Fork in a loop while threads use the heap, start and end, and hand blocks to each other: the
 * child uses the heap and starts threads at once, and every block that is nobody's is whole on
 * both sides.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "stress.h"

enum { BUSY = 3, FORKING = 2, SLOTS = 60, KEPT = 200, CHILD_SECONDS = 60 };

static void *kept[KEPT]; /* not changed while threads run */
static atomic_uint forks;

static void *use_once(void *number)
{
	void *blocks[SLOTS];
	uint64_t random = (uintptr_t)number;

	for (size_t i = 0; i < SLOTS; i++)
		blocks[i] = hp_stress_take(16 + hp_test_random(&random) % (i ? 3000 : 3000000));
	for (size_t i = 0; i < SLOTS; i++)
		hp_stress_free(blocks[i]);
	return NULL;
}

static void use_in_threads(void)
{
	pthread_t threads[2];

	for (size_t i = 0; i < HP_TEST_COUNT(threads); i++)
		g_assert_cmpint(pthread_create(&threads[i], NULL, use_once, (void *)i), ==, 0);
	for (size_t i = 0; i < HP_TEST_COUNT(threads); i++)
		pthread_join(threads[i], NULL);
}

static void be_a_child(void)
{
	alarm(CHILD_SECONDS);
	use_once(NULL);
	for (size_t i = 0; i < KEPT; i++)
		hp_stress_free(kept[i]);
	if (HP_TEST_CHILD_HAS_THREADS)
		use_in_threads();
	hp_trim(0);
	_exit(0);
}

static void fork_once(void)
{
	pid_t child = fork();

	g_assert_cmpint(child, >=, 0);
	if (child == 0)
		be_a_child();
	use_once(NULL);
	hp_test_child_did_well(child);
	atomic_fetch_add(&forks, 1);
}

static void *run(void *number)
{
	while (!hp_stress_is_over()) {
		if ((size_t)number < FORKING)
			fork_once();
		else if ((size_t)number % 2)
			use_in_threads();
		else
			use_once(number);
	}
	return NULL;
}

static void fork_while_threads_are_busy(void)
{
	hp_stress_begin();
	for (size_t i = 0; i < KEPT; i++)
		kept[i] = hp_stress_take(16 + i * 100);
	hp_stress_run(FORKING + BUSY, run);
	for (size_t i = 0; i < KEPT; i++)
		hp_stress_free(kept[i]);
	g_test_message("%u forks", atomic_load(&forks));
	g_assert_cmpuint(atomic_load(&forks), >=, 5);
	hp_stress_end();
}

static void children_of_busy_programs_go_on(void)
{
	if (!hp_test_skips_threaded_forks())
		fork_while_threads_are_busy();
}

/* From now on the kernel refuses membarrier, which the heap has registered for. */
static bool forbid_barrier(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { HP_TEST_COUNT(filter), filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		return false;
	g_assert_cmpint(syscall(SYS_membarrier, 0, 0, 0), ==, -1);
	return true;
}

/* The first fork finds threads on slow paths that they entered without a fence. */
static void the_barrier_is_forbidden_meanwhile(void)
{
	if (hp_test_skips_threaded_forks() || !hp_test_fresh(""))
		return;
	hp_free(hp_malloc(1));
	if (forbid_barrier())
		fork_while_threads_are_busy();
	else
		hp_test_skip("no seccomp filter can be set here");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/fork-busy/children-of-busy-programs-go-on",
			children_of_busy_programs_go_on);
	g_test_add_func("/fork-busy/the-barrier-is-forbidden-meanwhile",
			the_barrier_is_forbidden_meanwhile);
	return g_test_run();
}
