/* What a process that runs tells of its heap: its page of counters, and what the kernel says. */
#ifndef HP_TOOLS_LIVE_PROCESS_H
#define HP_TOOLS_LIVE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hpalloc/publish.h>

struct hp_process {
	char pid[16];
	char name[64];
	bool has_page; /* else `page` is all zeros */
	int page_fd;   /* of its file, or -1 */
	bool has_memory;
	/* Of the process as a whole, by the kernel: */
	uint64_t hugetlb_bytes, thp_bytes, anonymous_bytes; /* the last with the second in it */
	char *environment; /* as it was at the start; NULL: not to be read */
	size_t environment_bytes;
	struct hp_published page;
};

/* Returns 0 or a negative errno: -ESRCH if there is no such process. */
int hp_process_read(const char *pid, struct hp_process *out_process);
/* Reads the page anew, with what takes a walk over the heap if the process comes by to make it. */
void hp_process_ask(struct hp_process *process);

void hp_process_done(struct hp_process *process);

/* A variable of its environment: for hp_machine_read(), with the process as context. */
const char *hp_process_variable(const char *name, void *process);

#endif
