/* See process.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "files.h"
#include "page.h"
#include "proc.h"
#include "process.h"
#include "root.h"
#include "say.h"
#include "settings.h"

/* The page of counters is smaller than this. */
#define PAGE_BYTES_MAX (1 << 20)
#define MAPPINGS_TRIED 1000

const char *hp_process_variable(const char *name, void *process)
{
	const struct hp_process *of = process;

	return of->environment ? hp_proc_variable(of->environment, of->environment_bytes, name)
			       : NULL;
}

/* The root directory of the process, which may be in a container of its own. */
static int open_root(const char *pid)
{
	char *path = NULL;
	int fd;

	if (asprintf(&path, "%s/proc/%s/root", hp_root(), pid) < 0)
		return -1;
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(path);
	return fd;
}

/*
 * The file may be anything: the environment is the process's own. So it is looked at before it is
 * opened, and nothing happens to a device; no link leads out of the root of the process.
 */
static int open_plain(int root, const char *name)
{
	const struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS,
	};
	int place = (int)syscall(SYS_openat2, root, name, &how, sizeof(how)), fd = -1;
	char path[sizeof("/proc/self/fd/") + 12];
	struct stat status;

	if (place < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", place);
	if (fstat(place, &status) == 0 && S_ISREG(status.st_mode))
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	close(place);
	return fd;
}

/* Children inherit the variable and the name, but only one process writes. */
static bool take_page(struct hp_process *process, int root, const char *name)
{
	int fd = open_plain(root, name);

	if (fd < 0)
		return false;
	process->page = hp_page_get(&(struct hp_page){ .fd = fd });
	close(fd);
	process->has_page = process->page.magic == HP_PUBLISHED_MAGIC &&
			    process->page.pid == strtoull(process->pid, NULL, 10);
	if (!process->has_page)
		process->page = (struct hp_published){ 0 };
	return process->has_page;
}

/* Among the files that it has mapped to write to: for who overwrites its environment, as redis. */
static void search_mappings(struct hp_process *process, int root)
{
	char *text = hp_file_read("/proc/%s/maps", process->pid), *at = text;
	struct hp_mapping mapping;
	unsigned tries = 0;

	while (text && tries < MAPPINGS_TRIED && hp_proc_mapping(&at, &mapping)) {
		if (!mapping.is_shared_and_writable || *mapping.path != '/' ||
		    mapping.bytes > PAGE_BYTES_MAX)
			continue;
		tries++;
		if (take_page(process, root, mapping.path))
			break;
	}
	free(text);
}

static void read_page(struct hp_process *process)
{
	const char *name = hp_process_variable(HP_PUBLISH_VARIABLE, process);
	int root = open_root(process->pid);

	if (root < 0)
		return;
	if (!name || *name != '/' || !take_page(process, root, name))
		search_mappings(process, root);
	close(root);
}

static void read_memory(struct hp_process *process)
{
	char *text = hp_file_read("/proc/%s/smaps_rollup", process->pid);
	uint64_t alone, shared;

	process->has_memory = text && hp_proc_field(text, "Private_Hugetlb", &alone) &&
			      hp_proc_field(text, "Shared_Hugetlb", &shared) &&
			      hp_proc_field(text, "AnonHugePages", &process->thp_bytes) &&
			      hp_proc_field(text, "Anonymous", &process->anonymous_bytes);
	if (process->has_memory)
		process->hugetlb_bytes = alone + shared;
	free(text);
}

int hp_process_read(const char *pid, struct hp_process *out_process)
{
	struct hp_process process = { 0 };
	char *name = hp_file_read("/proc/%s/comm", pid);

	if (!name)
		return errno == ENOENT ? -ESRCH : -errno;
	snprintf(process.pid, sizeof(process.pid), "%s", pid);
	snprintf(process.name, sizeof(process.name), "%s", name);
	free(name);
	process.name[strcspn(process.name, "\n")] = '\0';
	hp_make_harmless(process.name, strlen(process.name));
	process.environment =
		hp_file_read_bytes(&process.environment_bytes, "/proc/%s/environ", pid);
	read_page(&process);
	read_memory(&process);
	*out_process = process;
	return 0;
}

void hp_process_done(struct hp_process *process)
{
	free(process->environment);
	process->environment = NULL;
}
