/*
 * Refused accesses: what can be mended is tried again; all else goes to the program's own handler
 * as if ours were not there, or has its default action.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os/os.h"
#include "support.h"

static volatile sig_atomic_t mended, handled;
static char *page; /* of a file that has none: each access is SIGBUS */

static bool mend_page(void *address, const void *instruction)
{
	(void)instruction;
	mended++;
	return mmap(address, HP_TEST_PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == address;
}

static bool mend_nothing(void *address, const void *instruction)
{
	(void)address;
	(void)instruction;
	mended++;
	errno = EDOM;
	return false;
}

static void map_page(void)
{
	FILE *file = tmpfile();

	g_assert_nonnull(file);
	page = mmap(NULL, HP_TEST_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
	g_assert_true(page != MAP_FAILED);
	fclose(file);
}

static void handle_with(void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };

	sigaddset(&action.sa_mask, SIGUSR1);
	g_assert_cmpint(sigaction(SIGBUS, &action, NULL), ==, 0);
}

static void catch_with(hp_os_mender *mend)
{
	g_assert_cmpint(hp_os_trap_catch(HP_OS_TRAP_NO_PAGE, mend), ==, 0);
}

/* Without a handler: a sanitizer has one. */
static void begin(void)
{
	signal(SIGBUS, SIG_DFL);
	map_page();
}

static void touch(void)
{
	*(volatile char *)page = 1;
}

static void what_is_mended_is_tried_again(void)
{
	if (!hp_test_fresh(""))
		return;
	begin();
	catch_with(mend_page);
	HP_TEST_KEEPS_ERRNO(touch());
	g_assert_cmpint(mended, ==, 1);
	g_assert_cmpint(page[0], ==, 1);
}

static void touch_caught(void)
{
	catch_with(mend_nothing);
	touch();
}

static void raise_caught(void)
{
	catch_with(mend_nothing);
	raise(SIGBUS);
}

static void without_a_handler_the_process_ends_by_the_signal(void)
{
	if (!hp_test_fresh(""))
		return;
	begin();
	g_assert_cmpint(hp_test_ended_by(touch_caught), ==, SIGBUS);
	g_assert_cmpint(hp_test_ended_by(raise_caught), ==, SIGBUS);
}

static void what_is_ignored_stays_so(void)
{
	if (!hp_test_fresh(""))
		return;
	begin();
	signal(SIGBUS, SIG_IGN);
	g_assert_cmpint(hp_test_ended_by(raise_caught), ==, 0);
	g_assert_cmpint(hp_test_ended_by(touch_caught), ==, SIGBUS);
}

static void program_handler(int signal, siginfo_t *info, void *context)
{
	sigset_t blocked;

	(void)context;
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	if (signal != SIGBUS || info->si_addr != page || info->si_code != BUS_ADRERR ||
	    errno != 4711 || !sigismember(&blocked, SIGUSR1) || !sigismember(&blocked, SIGBUS))
		_exit(3);
	handled++;
	mend_page(page, NULL);
}

static void the_programs_handler_sees_what_it_would_have_seen(void)
{
	sigset_t blocked;

	if (!hp_test_fresh(""))
		return;
	begin();
	handle_with(program_handler, 0);
	catch_with(mend_nothing);
	errno = 4711;
	touch();
	g_assert_cmpint(handled, ==, 1);
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	g_assert_false(sigismember(&blocked, SIGUSR1));
}

static sigjmp_buf before;

static void jump_out(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	(void)context;
	handled++;
	siglongjmp(before, 1);
}

static void it_may_jump_out_again_and_again(void)
{
	if (!hp_test_fresh(""))
		return;
	begin();
	handle_with(jump_out, 0);
	catch_with(mend_nothing);
	for (volatile int i = 0; i < 5; i++) {
		if (sigsetjmp(before, 1) == 0) {
			touch();
			g_assert_not_reached();
		}
	}
	g_assert_cmpint(handled, ==, 5);
}

static void touch_twice_with_a_handler_for_once(void)
{
	handle_with(jump_out, SA_RESETHAND);
	catch_with(mend_nothing);
	if (sigsetjmp(before, 1) == 0)
		touch();
	touch();
}

static void a_handler_for_once_is_gone_then(void)
{
	if (!hp_test_fresh(""))
		return;
	begin();
	g_assert_cmpint(hp_test_ended_by(touch_twice_with_a_handler_for_once), ==, SIGBUS);
}

/* Only for one that lets it: it is not blocked then, and a second fault comes to it, too. */
static void fault_again(int signal, siginfo_t *info, void *context)
{
	char *first = page;
	sigset_t blocked;

	(void)context;
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	if (signal != SIGBUS || info->si_addr != page || sigismember(&blocked, SIGBUS))
		_exit(3);
	if (++handled == 1) {
		map_page();
		touch();
	}
	mend_page(info->si_addr, NULL);
	page = first;
}

static void a_handler_that_lets_it_is_interrupted(void)
{
	if (!hp_test_fresh(""))
		return;
	begin();
	handle_with(fault_again, SA_NODEFER);
	catch_with(mend_nothing);
	touch();
	g_assert_cmpint(handled, ==, 2);
	g_assert_cmpint(page[0], ==, 1);
}

static void count_handled(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	(void)context;
	handled++;
}

/* Signals come while this process reads; at last, something to read. */
static void disturb(int to)
{
	pid_t reader = getppid();

	for (int i = 0; i < 20; i++) {
		usleep(5000);
		kill(reader, SIGBUS);
	}
	_exit(write(to, "", 1) == 1 ? 0 : 1);
}

/* What read() returns where the handler has these flags. */
static ssize_t read_disturbed(int flags)
{
	int ends[2];
	char byte;
	ssize_t length;
	pid_t child;

	begin();
	handle_with(count_handled, flags);
	catch_with(mend_nothing);
	g_assert_cmpint(pipe(ends), ==, 0);
	child = fork();
	if (child == 0)
		disturb(ends[1]);
	errno = 0;
	length = read(ends[0], &byte, 1);
	g_assert_true(length == 1 || errno == EINTR);
	signal(SIGBUS, SIG_IGN); /* the rest is not to disturb the wait */
	hp_test_child_did_well(child);
	g_assert_cmpint(handled, >, 0);
	return length;
}

static void a_system_call_goes_on_where_the_handler_says_so(void)
{
	if (hp_test_fresh(""))
		g_assert_cmpint(read_disturbed(SA_RESTART), ==, 1);
}

static void and_is_interrupted_where_it_does_not(void)
{
	if (hp_test_fresh(""))
		g_assert_cmpint(read_disturbed(0), ==, -1);
}

/* As programs do that hand on what they do not know. */
static struct sigaction ours;

static void hand_on(int signal, siginfo_t *info, void *context)
{
	if (++handled > 2)
		_exit(0);
	ours.sa_sigaction(signal, info, context);
}

static void touch_in_a_circle(void)
{
	catch_with(mend_nothing);
	sigaction(SIGBUS, NULL, &ours);
	handle_with(hand_on, 0);
	catch_with(mend_nothing);
	touch();
}

static void touch_page_in_a_circle(void)
{
	catch_with(mend_page);
	sigaction(SIGBUS, NULL, &ours);
	handle_with(hand_on, 0);
	touch();
	catch_with(mend_page);
	map_page();
	touch();
	if (mended != 2 || handled != 1)
		_exit(3);
}

static void handlers_that_chain_to_each_other_come_to_an_end(void)
{
	if (!hp_test_fresh(""))
		return;
	begin();
	g_assert_cmpint(hp_test_ended_by(touch_in_a_circle), ==, SIGBUS);
	g_assert_cmpint(hp_test_ended_by(touch_page_in_a_circle), ==, 0);
}

/* Who had the signal before us is called by way of one that took it from us and lost it. */
static volatile int *times_handed_on; /* seen by the parent, too */

static void hand_on_and_count(int signal, siginfo_t *info, void *context)
{
	if (++*times_handed_on > 2)
		_exit(3);
	ours.sa_sigaction(signal, info, context);
}

static void touch_twice_in_a_circle_with_a_handler_for_once(void)
{
	handle_with(jump_out, SA_RESETHAND);
	catch_with(mend_nothing);
	sigaction(SIGBUS, NULL, &ours);
	handle_with(hand_on_and_count, 0);
	catch_with(mend_nothing);
	if (sigsetjmp(before, 1) == 0)
		touch();
	touch();
}

static void a_handler_for_once_is_gone_then_behind_others_too(void)
{
	if (!hp_test_fresh(""))
		return;
	begin();
	times_handed_on =
		mmap(NULL, HP_TEST_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	g_assert_cmpint(hp_test_ended_by(touch_twice_in_a_circle_with_a_handler_for_once), ==,
			SIGBUS);
	g_assert_cmpint(*times_handed_on, ==, 2);
}

#define ADD(name, function) g_test_add_func("/trap/" name, function)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("what-is-mended-is-tried-again", what_is_mended_is_tried_again);
	ADD("without-a-handler-the-process-ends-by-the-signal",
	    without_a_handler_the_process_ends_by_the_signal);
	ADD("what-is-ignored-stays-so", what_is_ignored_stays_so);
	ADD("the-programs-handler-sees-what-it-would-have-seen",
	    the_programs_handler_sees_what_it_would_have_seen);
	ADD("it-may-jump-out-again-and-again", it_may_jump_out_again_and_again);
	ADD("a-handler-for-once-is-gone-then", a_handler_for_once_is_gone_then);
	ADD("a-handler-that-lets-it-is-interrupted", a_handler_that_lets_it_is_interrupted);
	ADD("a-system-call-goes-on-where-the-handler-says-so",
	    a_system_call_goes_on_where_the_handler_says_so);
	ADD("and-is-interrupted-where-it-does-not", and_is_interrupted_where_it_does_not);
	ADD("handlers-that-chain-to-each-other-come-to-an-end",
	    handlers_that_chain_to_each_other_come_to_an_end);
	ADD("a-handler-for-once-is-gone-then-behind-others-too",
	    a_handler_for_once_is_gone_then_behind_others_too);
	return g_test_run();
}
