/*
 * A second preloaded library that tells which malloc a process got, and what pages it used.
 *
 * Without it a comparison of a plain and a preloaded run could not fail where the preload was
 * silently dropped. Appends to the file that HP_WITNESS names: "start PROGRAM OWNED", the
 * executable and 1 if a block of malloc is libhpalloc's, else 0; and at exit "end PROGRAM PEAK
 * HUGETLB POOL_DRY": bytes of the heap, bytes taken from the pool, hugepages that the pool did not
 * have; zeros where the malloc is not libhpalloc's. It opens its file for each line, so that the
 * program finds its descriptors as ever. It does not ask dlsym where malloc leads: in a program
 * that is not position-independent and takes malloc's address, that is the program itself.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <hpalloc/hpalloc.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LINE_BYTES = 2 * PATH_MAX, PROGRAM_BYTES = PATH_MAX };

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	const char *path = getenv("HP_WITNESS");
	int saved_errno = errno;
	char line[LINE_BYTES];
	va_list args;
	int fd, length;

	if (!path)
		return;
	va_start(args, format);
	length = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	/* A line that is lost shows as a failed comparison. */
	if (fd >= 0 && length < LINE_BYTES && write(fd, line, (size_t)length) < 0)
		length = 0;
	if (fd >= 0)
		close(fd);
	errno = saved_errno;
}

static char program[PROGRAM_BYTES];

__attribute__((constructor)) static void start(void)
{
	/* volatile: the compiler may drop a malloc that is only freed. */
	void *volatile block = malloc(1);
	int (*owns)(const void *);

	*(void **)&owns = dlsym(RTLD_DEFAULT, "hp_owns");
	if (readlink("/proc/self/exe", program, PROGRAM_BYTES - 1) > 0)
		say("start %s %d\n", program, owns && owns(block));
	free(block);
}

__attribute__((destructor)) static void end(void)
{
	int (*stats_get)(struct hp_stats *, size_t);
	struct hp_stats stats = { 0 };

	*(void **)&stats_get = dlsym(RTLD_DEFAULT, "hp_stats_get");
	if (stats_get && stats_get(&stats, sizeof(stats)))
		return;
	say("end %s %llu %llu %llu\n", program, (unsigned long long)stats.peak_bytes,
	    (unsigned long long)stats.hugepages_taken << 21,
	    (unsigned long long)(stats.fallbacks[HP_FALLBACK_POOL_EMPTY] +
				 stats.fallbacks[HP_FALLBACK_LIMIT]));
}
