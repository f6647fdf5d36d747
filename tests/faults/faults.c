/*
 * One fault of those in doc/reliability.md at a time, for any malloc: `faults NAME`. Says in one
 * line what came of it; a process that is killed says less. Where the fault is in the pool, the
 * group or the limits that the process starts with, peers.py has set them.
 */
#include "faults.h"

#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "heap.h"

extern char **environ;

/* More than there is: what cannot stand on the pool is to stand elsewhere. */
static void more_than_there_is(void)
{
	heap_write(1);
	if (!heap_take(64))
		say("NULL");
	if (!heap_is_whole())
		say("wrong bytes");
	say("%zu MB on the pool", hugetlb_mib());
	heap_give();
}

/* The process that empties the pool: it tells its parent and waits to be killed. */
static void be_another(void)
{
	take_what_is_free();
	if (write(STDOUT_FILENO, "", 1) == 1)
		pause();
}

/* By posix_spawn, for a fork is another fault. */
static pid_t start_another(void)
{
	char program[] = "/proc/self/exe", name[] = "be_another", byte;
	char *arguments[] = { program, name, NULL };
	posix_spawn_file_actions_t actions;
	pid_t process = -1;
	int ends[2];

	if (pipe(ends) != 0 || posix_spawn_file_actions_init(&actions) != 0)
		return -1;
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	if (posix_spawn(&process, program, &actions, NULL, arguments, environ) != 0 ||
	    read(ends[0], &byte, 1) != 1)
		say("no other process");
	posix_spawn_file_actions_destroy(&actions);
	return process;
}

static void pool_is_emptied(void)
{
	size_t before;
	pid_t other;

	heap_write(1);
	heap_take(4);
	before = hugetlb_mib();
	other = start_another();
	if (!heap_take(32))
		say("NULL");
	if (!heap_is_whole())
		say("wrong bytes");
	say("%zu MB on the pool, then %zu", before, hugetlb_mib());
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	sleep(1);
	heap_take(32);
	say("when it is full again %zu", hugetlb_mib());
}

static void pool_is_set_to_0(void)
{
	heap_write(1);
	heap_take(16);
	say("%zu MB on the pool", hugetlb_mib());
	pool_write("nr_hugepages", 0);
	heap_write(2);
	if (!heap_take(32) || !heap_is_whole())
		say("NULL or wrong bytes");
	heap_give();
	if (!heap_works())
		say("NULL");
}

static const struct {
	const char *name;
	void (*run)(void);
} faults[] = {
	{ "child_writes", child_writes },
	{ "parent_writes", parent_writes },
	{ "child_reads_a_file", child_reads_a_file },
	{ "sigbus_is_blocked", sigbus_is_blocked },
	{ "no_handlers_run", no_handlers_run },
	{ "child_writes_in_a_group", child_writes_in_a_group },
	{ "pages_go_after_the_fork", pages_go_after_the_fork },
	{ "children_live_on", children_live_on },
	{ "be_another", be_another },
	{ "pool_is_emptied", pool_is_emptied },
	{ "pool_is_set_to_0", pool_is_set_to_0 },
	{ "more_than_there_is", more_than_there_is },
	{ "address_space_is_small", address_space_is_small },
	{ "address_space_is_limited", address_space_is_limited },
	{ "data_is_limited", data_is_limited },
	{ "address_space_is_full", address_space_is_full },
	{ "no_mapping_is_left", no_mapping_is_left },
	{ "all_is_locked", all_is_locked },
};

int main(int count, char **arguments)
{
	for (size_t i = 0; count == 2 && i < sizeof(faults) / sizeof(*faults); i++) {
		if (strcmp(arguments[1], faults[i].name) != 0)
			continue;
		faults[i].run();
		say("goes on");
		return 0;
	}
	return 2;
}
