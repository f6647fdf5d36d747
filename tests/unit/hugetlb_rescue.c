/*
 * The rescue beside everything else that happens in a process: signals, forks with handlers,
 * protection of the program's own. The pool has no page left, and a child of _Fork() shares all.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "forked.h"
#include "hugepool.h"

enum { POOL_PAGES = 24, BLOCKS = 44 };

/* Each waits for the pool for a while; CI runs them in three builds. */
static unsigned count_rounds(void)
{
	return hp_test_is_full() ? 50 : 8;
}

/* The child lives until it is told to go on. */
static pid_t share_all(void)
{
	pid_t child = hp_test_fork_by(_Fork);

	if (child == 0) {
		signal(SIGALRM, SIG_DFL);
		hp_test_wait(HP_TEST_TO_CHILD);
		_exit(0);
	}
	return child;
}

static void end_sharing(pid_t child)
{
	hp_test_say(HP_TEST_TO_CHILD);
	hp_test_child_did_well(child);
}

static bool take(const char *environment)
{
	if (!hp_test_fresh_with_pool(environment, POOL_PAGES))
		return false;
	hp_test_blocks_take(BLOCKS);
	hp_test_drain_the_pool();
	return true;
}

/* ---- both sides write ---- */

static bool was_rescued(void)
{
	return hp_test_stats().rescued > 0;
}

static void the_child_is_rescued_without_handlers(void)
{
	if (take(""))
		hp_test_child_writes_first(_Fork, was_rescued);
}

static void the_parent_is_rescued_without_handlers(void)
{
	if (!take(""))
		return;
	hp_test_parent_writes_first(_Fork);
	g_assert_cmpuint(hp_test_stats().rescued, >=, BLOCKS / 2 - 2);
}

static void several_children_without_handlers(void)
{
	if (take(""))
		hp_test_all_write_at_once(_Fork, 8);
}

/* ---- beside what else goes on ---- */

/* Frees all, so that the pool has the pages again, and takes them anew. */
static void take_again(void)
{
	for (size_t i = 0; i < BLOCKS; i++)
		hp_free(hp_test_blocks[i]);
	hp_trim(0);
	hp_test_sleep_ms(110); /* the pool was dry: it is asked again after a while */
	hp_test_blocks_take(BLOCKS);
}

static volatile sig_atomic_t alarms;

static void on_alarm(int signal)
{
	(void)signal;
	alarms++;
	for (size_t i = 0; i < BLOCKS; i++)
		((volatile unsigned char *)hp_test_blocks[i])[HP_MIB / 2]++;
}

static void a_handler_that_writes_to_the_heap_comes_before_or_after(void)
{
	struct itimerval often = { { 0, 400 }, { 0, 400 } }, never = { 0 };

	if (!take("HPALLOC_IDLE_MAX=0"))
		return;
	for (unsigned round = 0; round < count_rounds(); round++) {
		pid_t child = share_all();

		alarms = 0;
		signal(SIGALRM, on_alarm);
		setitimer(ITIMER_REAL, &often, NULL);
		for (size_t i = 0; i < BLOCKS; i++)
			memset(hp_test_blocks[i], (int)round, HP_MIB / 4);
		while (!alarms)
			;
		setitimer(ITIMER_REAL, &never, NULL);
		end_sharing(child);
		take_again();
	}
	g_assert_cmpuint(hp_test_stats().rescued, >, 0);
}

static atomic_bool is_over;

static void *write_on(void *unused)
{
	(void)unused;
	for (unsigned i = 0; !atomic_load(&is_over); i++)
		((volatile unsigned char *)hp_test_blocks[i % BLOCKS])[HP_MIB / 2]++;
	return NULL;
}

static void read_all(void)
{
	unsigned sum = 0;

	for (size_t i = 0; i < BLOCKS; i++)
		sum += ((volatile unsigned char *)hp_test_blocks[i])[HP_MIB / 4];
	_exit(sum == 0);
}

static void fork_and_read(void)
{
	pid_t child = fork(); /* the turns are those of the other child */

	if (child == 0)
		read_all();
	hp_test_child_did_well(child);
}

/* Slots go to normal memory while prepare hides those on hugetlb from the child. */
static void a_slot_that_is_rescued_during_a_fork_is_the_childs_too(void)
{
	pthread_t writer;

	if (HP_TEST_ASAN) {
		hp_test_skip("a sanitizer's own allocator is not made for fork with threads");
		return;
	}
	if (!take("HPALLOC_FORK=snapshot HPALLOC_IDLE_MAX=0"))
		return;
	for (unsigned round = 0; round < 2 * count_rounds(); round++) {
		pid_t child = share_all();

		atomic_store(&is_over, false);
		pthread_create(&writer, NULL, write_on, NULL);
		fork_and_read();
		fork_and_read();
		atomic_store(&is_over, true);
		pthread_join(writer, NULL);
		fork_and_read();
		end_sharing(child);
		take_again();
	}
	g_assert_cmpuint(hp_test_stats().rescued, >, 0);
}

static sigjmp_buf before;

static void jump_out(int signal)
{
	(void)signal;
	siglongjmp(before, 1);
}

/* Not a write that could be tried again: a jump to where no code is. */
static void a_jump_into_a_rescued_slot_is_the_programs(void)
{
	void (*nowhere)(void);
	pid_t child;

	if (!take(""))
		return;
	signal(SIGSEGV, jump_out);
	child = share_all();
	hp_test_blocks_write(2000);
	g_assert_cmpuint(hp_test_stats().rescued, >, 0);
	*(void **)(void *)&nowhere = hp_test_blocks[BLOCKS - 1];
	alarm(10);
	if (sigsetjmp(before, 1) == 0) {
		nowhere();
		g_assert_not_reached();
	}
	end_sharing(child);
}

/* Of a slot that was never rescued, beside others that were. */
static void a_whole_slot_that_the_program_protects_is_its_own(void)
{
	char *own;
	pid_t child;

	if (!take(""))
		return;
	own = hp_aligned_alloc(HP_TEST_HUGEPAGE, HP_TEST_HUGEPAGE);
	g_assert_nonnull(own);
	memset(own, 1, HP_TEST_HUGEPAGE);
	signal(SIGSEGV, jump_out);
	child = share_all();
	hp_test_blocks_write(2000);
	g_assert_cmpuint(hp_test_stats().rescued, >, 0);
	g_assert_cmpint(mprotect(own, HP_TEST_HUGEPAGE, PROT_READ), ==, 0);
	if (sigsetjmp(before, 1) == 0) {
		*(volatile char *)own = 2;
		g_assert_not_reached();
	}
	g_assert_cmpint(own[0], ==, 1);
	end_sharing(child);
}

/* A write of the program's own to what it has protected itself is not ours to mend. */
static volatile sig_atomic_t segv_seen;
static char *protected_page;

static void on_segv(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	segv_seen++;
	if (info->si_addr != protected_page || segv_seen > 1)
		_exit(3);
	mprotect(protected_page, HP_TEST_PAGE, PROT_READ | PROT_WRITE);
}

static void a_page_that_the_program_protects_is_its_own(void)
{
	struct sigaction action = { .sa_sigaction = on_segv, .sa_flags = SA_SIGINFO };
	pid_t child;

	if (!take(""))
		return;
	sigaction(SIGSEGV, &action, NULL);
	child = share_all();
	hp_test_blocks_write(2000);
	g_assert_cmpuint(hp_test_stats().rescued, >, 0);
	protected_page = (char *)hp_test_blocks[BLOCKS - 1] + 64 * HP_KIB;
	protected_page -= (uintptr_t)protected_page % HP_TEST_PAGE;
	g_assert_cmpint(mprotect(protected_page, HP_TEST_PAGE, PROT_READ), ==, 0);
	*(volatile char *)protected_page = 1;
	g_assert_cmpint(segv_seen, ==, 1);
	end_sharing(child);
}

#define ADD(name, function) g_test_add_func("/hugetlb-rescue/" name, function)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("the-child-is-rescued-without-handlers", the_child_is_rescued_without_handlers);
	ADD("the-parent-is-rescued-without-handlers", the_parent_is_rescued_without_handlers);
	ADD("several-children-without-handlers", several_children_without_handlers);
	ADD("a-handler-that-writes-to-the-heap-comes-before-or-after",
	    a_handler_that_writes_to_the_heap_comes_before_or_after);
	ADD("a-slot-that-is-rescued-during-a-fork-is-the-childs-too",
	    a_slot_that_is_rescued_during_a_fork_is_the_childs_too);
	ADD("a-jump-into-a-rescued-slot-is-the-programs",
	    a_jump_into_a_rescued_slot_is_the_programs);
	ADD("a-whole-slot-that-the-program-protects-is-its-own",
	    a_whole_slot_that_the_program_protects_is_its_own);
	ADD("a-page-that-the-program-protects-is-its-own",
	    a_page_that_the_program_protects_is_its_own);
	return g_test_run();
}
