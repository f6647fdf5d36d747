/* Clocks that are finer than hp_os_now_ms(): see os.h. */
#include <sys/prctl.h>
#include <time.h>

#include "os/os.h"

static uint64_t read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t hp_os_now_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t hp_os_unix_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}

#if defined(__x86_64__)
#include <cpuid.h>

enum { POWER_LEAF = (int)0x80000007, STEADY_BIT = 1 << 8 };

/* The same rate in all states of the processor; and the process may read it. */
bool hp_os_ticks_are_steady(void)
{
	unsigned a, b, c, d = 0;
	int how = PR_TSC_SIGSEGV;

	return __get_cpuid((unsigned)POWER_LEAF, &a, &b, &c, &d) && (d & STEADY_BIT) &&
	       !prctl(PR_GET_TSC, &how) && how == PR_TSC_ENABLE;
}
#elif defined(__aarch64__)
bool hp_os_ticks_are_steady(void)
{
	return true;
}
#else
bool hp_os_ticks_are_steady(void)
{
	return false;
}
#endif
