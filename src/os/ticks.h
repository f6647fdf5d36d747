/* The processor's clock, read without a call. See hp_os_ticks_are_steady(). */
#ifndef HP_OS_TICKS_H
#define HP_OS_TICKS_H

#include <stdint.h>

#if defined(__x86_64__)
#define HP_TICKS_SHIFT 6u /* a unit of a trace: 16 to 64 ns */

static inline uint64_t hp_os_ticks(void)
{
	return __builtin_ia32_rdtsc();
}
#elif defined(__aarch64__)
#define HP_TICKS_SHIFT 0u

static inline uint64_t hp_os_ticks(void)
{
	uint64_t ticks;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
}
#else
#define HP_TICKS_SHIFT 0u

static inline uint64_t hp_os_ticks(void)
{
	return 0;
}
#endif

#endif
