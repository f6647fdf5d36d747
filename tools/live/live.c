/* See live.h. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/say.h"
#include "live/live.h"
#include "live/page.h"
#include "run/program.h"

enum { PATH_BYTES = 4096, POLL_MS = 5 };

/* hpalloc/ and hpalloc-UID/ of processes, hpalloc-XXXXXX of `hpalloc run`. */
#define PATTERN HP_PUBLISHED_DIRECTORY "*"

struct finding {
	struct hp_live *list;
	size_t count;
	uint64_t pid_space;
};

/* ---- one process ---- */

static bool read_proc(pid_t pid, const char *name, char *out_text, size_t bytes)
{
	char path[64];
	ssize_t got = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		got = read(fd, out_text, bytes - 1);
		close(fd);
	}
	out_text[got > 0 ? got : 0] = '\0';
	return got > 0;
}

/* What cannot be shown, or not in JSON, is a question mark. */
static void read_name(struct hp_live *live)
{
	read_proc(live->pid, "comm", live->name, sizeof(live->name));
	live->name[strcspn(live->name, "\n")] = '\0';
	for (char *at = live->name; *at; at++) {
		if (!isprint((unsigned char)*at) || *at == '"' || *at == '\\')
			*at = '?';
	}
}

static bool is_of_owner(pid_t pid, uid_t uid)
{
	struct stat status;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	return stat(path, &status) == 0 && status.st_uid == uid;
}

/* A line of maps: addresses, access, offset, device, inode, path. */
static bool is_mapping_of(const char *line, const struct stat *file)
{
	unsigned major, minor;
	uint64_t inode;

	return sscanf(line, "%*s %*s %*s %x:%x %" SCNu64, &major, &minor, &inode) == 3 &&
	       inode == file->st_ino;
}

/*
 * Whether the process has the file mapped: else it was left by one that had the number, or that
 * became another program. True where that cannot be told.
 */
static bool maps_it(pid_t pid, const struct stat *file)
{
	char path[64], *line = NULL;
	size_t bytes = 0;
	bool found = false;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "re");
	if (!maps)
		return access(path, F_OK) == 0;
	while (!found && getline(&line, &bytes, maps) > 0)
		found = is_mapping_of(line, file);
	free(line);
	fclose(maps);
	return found;
}

bool hp_live_read(struct hp_live *live)
{
	struct stat file;

	if (!hp_page_read(live->fd, &live->page) || fstat(live->fd, &file) ||
	    live->page.pid != (uint64_t)live->pid)
		return false;
	return is_of_owner(live->pid, live->uid) && maps_it(live->pid, &file);
}

/* ---- all of them ---- */

static void keep(struct finding *finding, const struct hp_live *live)
{
	struct hp_live *list =
		realloc(finding->list, (finding->count + 1) * sizeof(*finding->list));

	if (!list) {
		hp_say("no memory");
		exit(HP_EXIT_FAILED);
	}
	finding->list = list;
	list[finding->count++] = *live;
}

static int open_page(int directory, const char *name, struct stat *out_file)
{
	const int flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = openat(directory, name, flags | O_RDWR);

	if (fd < 0)
		fd = openat(directory, name, flags | O_RDONLY);
	if (fd >= 0 && (fstat(fd, out_file) || !S_ISREG(out_file->st_mode))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* By two names of its directory, say. */
static bool was_seen(const struct finding *finding, const struct stat *file)
{
	for (size_t i = 0; i < finding->count; i++) {
		struct stat seen;

		if (fstat(finding->list[i].fd, &seen) == 0 && seen.st_ino == file->st_ino &&
		    seen.st_dev == file->st_dev)
			return true;
	}
	return false;
}

enum found { OTHER, LIVE, LEFT };

/* A page of this container whose process is no more is LEFT. */
static enum found check(const struct finding *finding, struct hp_live *live)
{
	char path[64];

	if (!hp_page_read(live->fd, &live->page) || !live->page.pid || live->page.pid > INT32_MAX)
		return OTHER;
	if (live->page.pid_space && live->page.pid_space != finding->pid_space)
		return OTHER;
	live->pid = (pid_t)live->page.pid;
	snprintf(path, sizeof(path), "/proc/%d", (int)live->pid);
	if (live->page.pid_space && access(path, F_OK))
		return LEFT;
	return hp_live_read(live) ? LIVE : OTHER;
}

/* Takes in one file. */
static enum found look_at(struct finding *finding, int directory, const char *name)
{
	struct hp_live live = { .fd = -1 };
	enum found found;
	struct stat file;

	live.fd = open_page(directory, name, &file);
	if (live.fd < 0)
		return OTHER;
	live.uid = file.st_uid;
	found = was_seen(finding, &file) ? OTHER : check(finding, &live);
	if (found == LIVE) {
		read_name(&live);
		keep(finding, &live);
	} else {
		close(live.fd);
	}
	return found;
}

static void look_into(struct finding *finding, const char *path)
{
	DIR *directory;
	const struct dirent *entry;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	directory = fd < 0 ? NULL : fdopendir(fd);
	if (!directory) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(directory))) {
		if (entry->d_name[0] != '.' && look_at(finding, fd, entry->d_name) == LEFT)
			unlinkat(fd, entry->d_name, 0);
	}
	closedir(directory);
}

/* Directories that processes make files in, and files that `hpalloc run` makes, if `pattern` is. */
static void look_into_all(struct finding *finding, const char *pattern)
{
	glob_t paths;

	if (glob(pattern, 0, NULL, &paths) == 0) {
		for (size_t i = 0; i < paths.gl_pathc; i++) {
			look_into(finding, paths.gl_pathv[i]);
			look_at(finding, AT_FDCWD, paths.gl_pathv[i]);
		}
	}
	globfree(&paths);
}

static int by_pid(const void *one, const void *other)
{
	pid_t a = ((const struct hp_live *)one)->pid, b = ((const struct hp_live *)other)->pid;

	return (a > b) - (a < b);
}

size_t hp_live_find(struct hp_live **out_list)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	struct finding finding = { 0 };
	char path[PATH_BYTES];
	struct stat space;

	if (stat("/proc/self/ns/pid", &space) == 0)
		finding.pid_space = space.st_ino;
	look_into_all(&finding, "/run/user/*/" PATTERN);
	look_into_all(&finding, "/dev/shm/" PATTERN);
	look_into_all(&finding, "/tmp/" PATTERN);
	if (runtime && *runtime == '/' &&
	    snprintf(path, sizeof(path), "%s/" PATTERN, runtime) < PATH_BYTES) {
		look_into_all(&finding, path);
		path[strlen(path) - 1] = '\0'; /* by its name alone: it may look like a pattern */
		look_into(&finding, path);
	}
	if (finding.count)
		qsort(finding.list, finding.count, sizeof(*finding.list), by_pid);
	*out_list = finding.list;
	return finding.count;
}

void hp_live_free(struct hp_live *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		close(list[i].fd);
	free(list);
}

/* ---- what takes a walk ---- */

/* Any number but the one that was answered, and 0; of a page that is not ours to write, none. */
void hp_live_ask(struct hp_live *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t number = list[i].page.answered + 1;

		number += !number;
		if (pwrite(list[i].fd, &number, sizeof(number),
			   offsetof(struct hp_published, asked)) == sizeof(number))
			list[i].page.asked = number;
	}
}

static bool is_answered(struct hp_live *live)
{
	uint64_t answered = 0;

	return pread(live->fd, &answered, sizeof(answered),
		     offsetof(struct hp_published, answered)) != sizeof(answered) ||
	       answered == live->page.asked;
}

void hp_live_wait(struct hp_live *list, size_t count, unsigned ms)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000 };

	for (size_t i = 0; i < count; i++) {
		for (; ms > POLL_MS && !is_answered(&list[i]); ms -= POLL_MS)
			nanosleep(&pause, NULL);
	}
}

bool hp_live_has_answer(const struct hp_live *live)
{
	return live->page.answered;
}

uint64_t hp_live_age_ms(const struct hp_live *live)
{
	struct timespec now;
	uint64_t now_ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	now_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	return now_ms > live->page.answered_ms ? now_ms - live->page.answered_ms : 0;
}
