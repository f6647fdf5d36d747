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

#include "common/say.h"
#include "live/live.h"
#include "live/page.h"
#include "live/process.h"
#include "machine/files.h"
#include "machine/proc.h"
#include "machine/root.h"
#include "options/settings.h"

/* The page of counters is smaller than this. */
#define PAGE_BYTES_MAX (1 << 20)
#define MAPPINGS_TRIED 1000

/* As long as `hpalloc stat` waits. */
#define ANSWER_MS 200

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

static bool is_of_process(const struct hp_process *process, const struct stat *file)
{
	char *path = NULL;
	struct stat status;
	bool is_owner;

	if (asprintf(&path, "%s/proc/%s", hp_root(), process->pid) < 0)
		return false;
	is_owner = stat(path, &status) == 0 && status.st_uid == file->st_uid;
	free(path);
	return is_owner;
}

/*
 * The file may be anything: the environment is the process's own. So it is looked at before it is
 * opened, and nothing happens to a device; no link leads out of the root of the process.
 */
static int open_plain(const struct hp_process *process, int root, const char *name)
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
	if (fstat(place, &status) == 0 && S_ISREG(status.st_mode) &&
	    is_of_process(process, &status)) {
		fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
		if (fd < 0)
			fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	}
	close(place);
	return fd;
}

/* In a container the process writes the number that it has there. */
static bool is_written_by(const struct hp_process *process, uint64_t pid)
{
	char *status = hp_file_read("/proc/%s/status", process->pid);
	uint64_t inner;
	bool is_inner = status && hp_proc_inner_pid(status, &inner) && inner == pid;

	free(status);
	return is_inner || pid == strtoull(process->pid, NULL, 10);
}

/* Children inherit the variable and the name, but only one process writes. */
static bool take_page(struct hp_process *process, int root, const char *name)
{
	int fd = open_plain(process, root, name);
	struct hp_published page;

	if (fd < 0)
		return false;
	if (!hp_page_read(fd, &page) || !is_written_by(process, page.pid)) {
		close(fd);
		return false;
	}
	process->page = page;
	process->page_fd = fd;
	process->has_page = true;
	return true;
}

void hp_process_ask(struct hp_process *process)
{
	struct hp_live live = { .fd = process->page_fd, .page = process->page };

	if (!process->has_page)
		return;
	hp_live_ask(&live, 1);
	hp_live_wait(&live, 1, ANSWER_MS);
	hp_page_read(process->page_fd, &process->page);
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
	struct hp_process process = { .page_fd = -1 };
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
	if (process->page_fd >= 0)
		close(process->page_fd);
	process->page_fd = -1;
}
