/* Who called, as far as it can be told without a lock, memory or frame pointers. */
#ifndef HP_API_STACK_H
#define HP_API_STACK_H

#include <stdbool.h>
#include <stdint.h>

#define HP_STACK_FRAMES 14u

struct hp_stack {
	void *frames[HP_STACK_FRAMES]; /* return addresses, innermost first; NULL behind the last */
};

/*
 * `most` return addresses, innermost first; NULL behind the last, if there is room. By the C++
 * runtime's unwinder, where the program has one and the C library finds its tables without a lock;
 * else by a scan of the stack for what lies behind a call, in which stale callers can be.
 */
void hp_stack_get(void **out_frames, unsigned most);

/* Whether there is a call before the address, in code of the program. Slow. */
bool hp_stack_is_return_address(uintptr_t address);

/* A line for each frame outside this library: "hpalloc:   PATH+0xOFFSET". */
void hp_stack_say(const char *title, const struct hp_stack *stack);

#endif
