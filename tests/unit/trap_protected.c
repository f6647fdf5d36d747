/*
 * Writes to protected memory, which two may mend: whoever can is asked, and nobody of memory that
 * is not there. Beside trap.c, which has what is the same for each signal.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

#include "os/os.h"
#include "support.h"

static volatile sig_atomic_t mended;
static sigjmp_buf before;
static char *page;

static void touch(void)
{
	*(volatile char *)page = 1;
}

static bool mend_nothing(void *address, const void *instruction)
{
	(void)address;
	(void)instruction;
	mended++;
	return false;
}

static bool unprotect(void *address, const void *instruction)
{
	mended++;
	return address != instruction &&
	       mprotect(address, HP_TEST_PAGE, PROT_READ | PROT_WRITE) == 0;
}

static void begin(void)
{
	signal(SIGSEGV, SIG_DFL);
	page = mmap(NULL, HP_TEST_PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	g_assert_true(page != MAP_FAILED);
}

static void catch_with(enum hp_os_trap trap, hp_os_mender *mend)
{
	g_assert_cmpint(hp_os_trap_catch(trap, mend), ==, 0);
}

static void what_is_protected_is_mended_by_who_can(void)
{
	if (!hp_test_fresh(""))
		return;
	begin();
	catch_with(HP_OS_TRAP_PROTECTED, unprotect);
	HP_TEST_KEEPS_ERRNO(touch());
	g_assert_cmpint(mended, ==, 1);
	g_assert_cmpint(page[0], ==, 1);
	begin();
	catch_with(HP_OS_TRAP_PROTECTED, mend_nothing);
	catch_with(HP_OS_TRAP_GUARDED, unprotect);
	touch();
	g_assert_cmpint(mended, ==, 3);
	g_assert_cmpint(page[0], ==, 1);
}

static void touch_nothing(void)
{
	catch_with(HP_OS_TRAP_PROTECTED, unprotect);
	munmap(page, HP_TEST_PAGE);
	touch();
}

static void touch_protected(void)
{
	catch_with(HP_OS_TRAP_PROTECTED, mend_nothing);
	touch();
}

static void jump_out_of_segv(int signal)
{
	(void)signal;
	siglongjmp(before, 1);
}

/* Nobody is asked of memory that is not there, and the program's handler is, where nobody can. */
static void what_is_not_mended_is_the_programs(void)
{
	if (!hp_test_fresh(""))
		return;
	begin();
	g_assert_cmpint(hp_test_ended_by(touch_nothing), ==, SIGSEGV);
	g_assert_cmpint(hp_test_ended_by(touch_protected), ==, SIGSEGV);
	signal(SIGSEGV, jump_out_of_segv);
	catch_with(HP_OS_TRAP_PROTECTED, unprotect);
	munmap(page, HP_TEST_PAGE);
	if (sigsetjmp(before, 1) == 0) {
		touch();
		g_assert_not_reached();
	}
	g_assert_cmpint(mended, ==, 0);
}

#define ADD(name, function) g_test_add_func("/trap-protected/" name, function)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("what-is-protected-is-mended-by-who-can", what_is_protected_is_mended_by_who_can);
	ADD("what-is-not-mended-is-the-programs", what_is_not_mended_is_the_programs);
	return g_test_run();
}
