/*
 * A filter that kills at every system call but those that the documents list, set up after the
 * start: the heap goes on in one thread, with others, through fork and trim. Where membarrier is
 * refused, which fork's gate and the registry of arenas stand on, they do without.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hugepool.h"
#include "rt/counters.h"
#include "support.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#else
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

/* POOL_PAGES: with more of them in use a fork reads files, which the filter kills for. */
enum { BLOCKS = 64, POOL_PAGES = 8, THREADS = 100, FILTER_MAX = 64 };

/* What the heap needs. */
static const int heap_calls[] = {
	SYS_mmap,    SYS_munmap, SYS_mprotect,	  SYS_mremap,
	SYS_madvise, SYS_futex,	 SYS_sched_yield, SYS_rt_sigprocmask,
};

/* What the program of this test needs by itself. */
static const int program_calls[] = {
	SYS_exit_group,	     SYS_exit,	       SYS_write, SYS_clone, SYS_clone3,
	SYS_set_robust_list, SYS_rt_sigaction, SYS_rseq,  SYS_wait4,
};

struct filter {
	struct sock_filter code[FILTER_MAX];
	unsigned short length;
};

static void add(struct filter *filter, struct sock_filter instruction)
{
	g_assert_cmpuint(filter->length, <, FILTER_MAX);
	filter->code[filter->length++] = instruction;
}

static void add_call(struct filter *filter, int call, unsigned verdict)
{
	add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 1));
	add(filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, verdict));
}

static void shut_in(unsigned membarrier_verdict)
{
	struct filter filter = { .length = 0 };
	struct sock_fprog program;

	add(&filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						  offsetof(struct seccomp_data, arch)));
	add(&filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0));
	add(&filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
	add(&filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						  offsetof(struct seccomp_data, nr)));
	for (size_t i = 0; i < HP_TEST_COUNT(heap_calls); i++)
		add_call(&filter, heap_calls[i], SECCOMP_RET_ALLOW);
	for (size_t i = 0; i < HP_TEST_COUNT(program_calls); i++)
		add_call(&filter, program_calls[i], SECCOMP_RET_ALLOW);
	add_call(&filter, SYS_membarrier, membarrier_verdict);
	add(&filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
	program = (struct sock_fprog){ .len = filter.length, .filter = filter.code };
	g_assert_cmpint(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), ==, 0);
	g_assert_cmpint(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0), ==, 0);
}

/* No GLib from here on: it may do what the filter kills for. */
static void demand(bool holds)
{
	if (!holds)
		_exit(1);
}

static void *use_the_heap(void *unused)
{
	static const size_t sizes[] = { 24, 1000, 20000, 100000, 300000, 3000000, 40 << 20 };
	void *blocks[BLOCKS];

	for (size_t i = 0; i < BLOCKS; i++) {
		size_t bytes = sizes[i % HP_TEST_COUNT(sizes)];

		blocks[i] = i % 3 ? hp_malloc(bytes) : hp_calloc(1, bytes);
		demand(blocks[i]);
		hp_test_fill(blocks[i], 24, i);
		blocks[i] = hp_realloc(blocks[i], bytes * 2);
		demand(blocks[i] && hp_test_is_filled(blocks[i], 24, i));
	}
	for (size_t i = 0; i < BLOCKS; i++)
		hp_free(blocks[i]);
	return unused;
}

/* All at once, so that each has an arena of its own. */
static void *use_little(void *barrier)
{
	hp_free(hp_malloc(100));
	pthread_barrier_wait(barrier);
	return NULL;
}

static void fork_and_use_the_heap(void)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		use_the_heap(NULL);
		_exit(0);
	}
	demand(waitpid(child, &status, 0) == child && status == 0);
}

/* A child that has no use for the heap. */
static void fork_and_exit(void)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	demand(waitpid(child, &status, 0) == child && status == 0);
}

/* In a child of the filter's own. */
static void expect_to_live(void (*run)(void))
{
	int status = -1;
	pid_t child = fork();

	g_assert_cmpint(child, >=, 0);
	if (child == 0) {
		run();
		_exit(0);
	}
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_false(WIFSIGNALED(status));
	g_assert_cmpint(status, ==, 0);
}

static void run_one_thread(void)
{
	shut_in(SECCOMP_RET_KILL_PROCESS);
	use_the_heap(NULL);
	hp_trim(0);
	fork_and_use_the_heap();
	use_the_heap(NULL);
}

/* More threads than orphans are kept of: trim uses retired arenas again. */
static void run_threads(unsigned membarrier_verdict)
{
	pthread_t threads[THREADS], busy;
	pthread_attr_t attributes;
	pthread_barrier_t barrier;

	demand(!pthread_barrier_init(&barrier, NULL, THREADS));
	demand(!pthread_attr_init(&attributes) &&
	       !pthread_attr_setstacksize(&attributes, 128 * HP_KIB));
	shut_in(membarrier_verdict);
	demand(!pthread_create(&busy, &attributes, use_the_heap, NULL));
	for (int i = 0; i < 4; i++)
		fork_and_use_the_heap();
	for (size_t i = 0; i < THREADS; i++)
		demand(!pthread_create(&threads[i], &attributes, use_little, &barrier));
	for (size_t i = 0; i < THREADS; i++)
		demand(!pthread_join(threads[i], NULL));
	demand(!pthread_join(busy, NULL));
	hp_trim(0);
	use_the_heap(NULL);
}

static void run_threads_with_membarrier(void)
{
	run_threads(SECCOMP_RET_ALLOW);
}

static void run_threads_without_membarrier(void)
{
	run_threads(SECCOMP_RET_ERRNO | EPERM);
}

/* Its file is made before: then a reader is answered without a system call. */
static void run_published(void)
{
	volatile struct hp_published *page;

	use_the_heap(NULL);
	page = hp_counters_page();
	demand(page);
	shut_in(SECCOMP_RET_KILL_PROCESS);
	page->asked = page->answered + 1;
	use_the_heap(NULL);
	demand(page->answered == page->asked && page->stats.refills > 0);
	fork_and_exit();
}

static void a_reader_is_answered_from_within(void)
{
	if (HP_TEST_ASAN || HP_TEST_TSAN)
		hp_test_skip("a sanitizer needs more system calls");
	else if (hp_test_fresh("HPALLOC_PUBLISH=1"))
		expect_to_live(run_published);
}

static void run_all(void)
{
	expect_to_live(run_one_thread);
	expect_to_live(run_threads_with_membarrier);
	expect_to_live(run_threads_without_membarrier);
}

static void a_heap_that_is_shut_in_goes_on(void)
{
	if (HP_TEST_ASAN || HP_TEST_TSAN)
		hp_test_skip("a sanitizer needs more system calls");
	else if (hp_test_fresh(""))
		run_all();
}

static void a_heap_that_is_shut_in_with_a_pool_goes_on(void)
{
	if (HP_TEST_ASAN || HP_TEST_TSAN)
		hp_test_skip("a sanitizer needs more system calls");
	else if (hp_test_fresh_with_pool("HPALLOC_WARMUP=0", POOL_PAGES))
		run_all();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/seccomp/a-heap-that-is-shut-in-goes-on", a_heap_that_is_shut_in_goes_on);
	g_test_add_func("/seccomp/a-heap-that-is-shut-in-with-a-pool-goes-on",
			a_heap_that_is_shut_in_with_a_pool_goes_on);
	g_test_add_func("/seccomp/a-reader-is-answered-from-within",
			a_reader_is_answered_from_within);
	return g_test_run();
}
