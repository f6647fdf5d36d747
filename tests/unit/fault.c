/* See fault.h. Nothing here allocates: calls come from inside the allocator. */
#include "fault.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "os/os.h"
#include "support.h"

enum plan { PLAN_UNREAD, PLAN_NONE, PLAN_NTH, PLAN_AFTER, PLAN_NAME, PLAN_RANDOM };

static struct {
	_Atomic enum plan plan;
	atomic_uint argument; /* n, function or per mille, as the plan has it */
	atomic_uint calls;    /* since the plan was set */
	atomic_uint strikes;
	atomic_uint calls_of[HP_FAULT_COUNT];
	atomic_bool spares_rescue;
} state;

static const char *const names[] = {
#define HP_FAULT(name, error, parameters, arguments) #name,
#include "fault.def"
#undef HP_FAULT
};

static void set(enum plan plan, unsigned argument)
{
	atomic_store(&state.calls, 0);
	atomic_store(&state.argument, argument);
	atomic_store(&state.plan, plan);
}

void hp_fault_none(void)
{
	set(PLAN_NONE, 0);
}

bool hp_fault_is_planned(void)
{
	return atomic_load(&state.plan) > PLAN_NONE;
}

void hp_fault_nth(unsigned n)
{
	set(PLAN_NTH, n);
}

void hp_fault_after(unsigned n)
{
	set(PLAN_AFTER, n);
}

void hp_fault_all_of(enum hp_fault function)
{
	set(PLAN_NAME, function);
}

void hp_fault_randomly(unsigned per_mille)
{
	set(PLAN_RANDOM, per_mille);
}

void hp_fault_spare_rescue(void)
{
	atomic_store(&state.spares_rescue, true);
}

unsigned hp_fault_strikes(void)
{
	return atomic_load(&state.strikes);
}

unsigned hp_fault_calls(enum hp_fault function)
{
	return atomic_load(&state.calls_of[function]);
}

const char *hp_fault_name(enum hp_fault function)
{
	return names[function];
}

static void read_environment(void)
{
	static const char *const words[] = {
		[PLAN_NTH] = "nth ", [PLAN_AFTER] = "after ", [PLAN_RANDOM] = "random "
	};
	const char *text = getenv("HP_TEST_FAULT");

	set(PLAN_NONE, 0);
	if (!text)
		return;
	for (unsigned i = 0; i < HP_TEST_COUNT(words); i++) {
		if (words[i] && !strncmp(text, words[i], strlen(words[i])))
			set((enum plan)i, (unsigned)atoi(text + strlen(words[i])));
	}
	for (unsigned i = 0; i < HP_FAULT_COUNT; i++) {
		if (!strncmp(text, "name ", 5) && !strcmp(text + 5, names[i]))
			set(PLAN_NAME, i);
	}
}

static bool is_planned(enum hp_fault function)
{
	static _Atomic uint64_t random = 1;
	unsigned argument = atomic_load(&state.argument);
	unsigned call = atomic_fetch_add(&state.calls, 1) + 1;
	uint64_t number;

	switch (atomic_load(&state.plan)) {
	case PLAN_NTH:
		return call == argument;
	case PLAN_AFTER:
		return call >= argument;
	case PLAN_NAME:
		return function == argument;
	case PLAN_RANDOM:
		number = atomic_fetch_add(&random, 1);
		return hp_test_random(&number) % 1000 < argument;
	default:
		return false;
	}
}

/* A machine that the library was not built for ends the program: only where it is asked for. */
static bool is_exempt(enum hp_fault function)
{
	return function == HP_FAULT_check_machine && atomic_load(&state.plan) != PLAN_NAME;
}

/* All signals wait while it works. */
static bool is_in_rescue(void)
{
	sigset_t blocked;

	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	return sigismember(&blocked, SIGBUS) && sigismember(&blocked, SIGSEGV);
}

static bool strikes(enum hp_fault function)
{
	if (atomic_load(&state.plan) == PLAN_UNREAD)
		read_environment();
	atomic_fetch_add(&state.calls_of[function], 1);
	if (is_exempt(function) || !is_planned(function))
		return false;
	if (atomic_load(&state.spares_rescue) && is_in_rescue())
		return false;
	atomic_fetch_add(&state.strikes, 1);
	return true;
}

#define HP_FAULT(name, error, parameters, arguments)                                               \
	int __real_hp_os_##name parameters;                                                        \
	int __wrap_hp_os_##name parameters;                                                        \
	int __wrap_hp_os_##name parameters                                                         \
	{                                                                                          \
		return strikes(HP_FAULT_##name) ? -(error) : __real_hp_os_##name arguments;        \
	}
#include "fault.def"
