/*
 * Three strengths of check, and how the library dies: one line on standard error, then abort(),
 * without allocating.
 *
 *   HP_CHECK      always: misuse by the program, costs that a slow path can bear
 *   HP_ASSERT     our own mistakes, O(1); compiled in with -Ddebug_checks=true
 *   HP_INVARIANT  the same at any cost
 */
#ifndef HP_BASE_CHECK_H
#define HP_BASE_CHECK_H

#include "base/attr.h"
#include "config.h"

/* Writes "hpalloc: <text>" and aborts. */
HP_COLD HP_NORETURN void hp_fatal(const char *format, ...) HP_PRINTF(1, 2);

/* Writes "hpalloc: <text>" and goes on. */
HP_COLD void hp_warn(const char *format, ...) HP_PRINTF(1, 2);

#define HP_CHECK(condition, ...) (HP_LIKELY(condition) ? (void)0 : hp_fatal(__VA_ARGS__))

/* The expression stays compiled when off, so that nothing in it goes unused. */
#define HP_ASSERT(condition)                                                                       \
	(!HP_DEBUG_CHECKS || HP_LIKELY(condition)                                                  \
		 ? (void)0                                                                         \
		 : hp_fatal("broken: %s (%s:%u)", #condition, __FILE__, (unsigned)__LINE__))

#define HP_INVARIANT(condition) HP_ASSERT(condition)

#endif
