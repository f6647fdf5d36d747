/*
 * Failures of the operating system on demand: the linker puts these functions in front of those of
 * os/os.h (--wrap), and each decides whether this call fails or goes through.
 *
 * The plan is for the whole process. HP_TEST_FAULT in the environment sets it before main():
 * "nth 3", "after 3", "name reserve", "random 10".
 */
#ifndef HP_TEST_FAULT_H
#define HP_TEST_FAULT_H

#include <stdbool.h>

enum hp_fault {
#define HP_FAULT(name, error, parameters, arguments) HP_FAULT_##name,
#include "fault.def"
#undef HP_FAULT
	HP_FAULT_COUNT
};

void hp_fault_none(void);
bool hp_fault_is_planned(void);

/* Only the n-th call from now, all from the n-th, all of one function, or so many in a thousand. */
void hp_fault_nth(unsigned n);
void hp_fault_after(unsigned n);
void hp_fault_all_of(enum hp_fault function);
void hp_fault_randomly(unsigned per_mille);

/*
 * From now on, calls in the handler that rescues a write to a page which is not there go through:
 * without what they give there is no rescue, and the process ends, as it must.
 */
void hp_fault_spare_rescue(void);

/* How many calls have failed, and how many there were of one function, since the start. */
unsigned hp_fault_strikes(void);
unsigned hp_fault_calls(enum hp_fault function);

/* As in os.h, without "hp_os_". */
const char *hp_fault_name(enum hp_fault function);

#endif
