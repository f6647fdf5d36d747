/*
 * malloc in the program's resolvers of indirect functions, which run while it is relocated: this
 * library is relocated by then, but the loader gives thread-locals their first values only when all
 * is. So a resolver of our own, which runs before theirs, makes the thread a guest: what it
 * allocates is not forgotten when its thread-locals start anew.
 */
#include "api/init.h"
#include "base/attr.h"

static void nothing(void)
{
}

static __attribute__((no_stack_protector, used)) void (*resolve(void))(void)
{
	hp_init_before_locals();
	return nothing;
}

static void before_locals(void) __attribute__((ifunc("resolve")));

/* The reference has the resolver run when the library is relocated, not when it is called. */
static __attribute__((used, retain)) void (*const run_resolver)(void) = before_locals;
