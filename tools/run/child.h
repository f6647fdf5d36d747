/*
 * Runs a program as a child that behaves as if it had been started directly: terminal, process
 * group, signal dispositions and mask, open files. Signals that somebody sends to this process are
 * passed on; those of the terminal the child gets by itself.
 */
#ifndef HP_TOOLS_RUN_CHILD_H
#define HP_TOOLS_RUN_CHILD_H

#include <stdint.h>

/*
 * Runs `path` with `arguments` to its end. *pid_at is set to its process id before it starts; it is
 * memory shared with the child. Returns 0 and sets *out_status as waitpid() does, or a negative
 * errno if the program could not be started.
 */
int hp_child_run(const char *path, char *const *arguments, volatile uint64_t *pid_at,
		 int *out_status);

#endif
