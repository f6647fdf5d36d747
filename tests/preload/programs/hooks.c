/*
 * A library for hooked.c, to be preloaded in front of the allocator: it has a malloc of its own,
 * which counts, allocates in its turn, and hands on to the next one by dlsym(RTLD_NEXT), as memory
 * profilers do. dlsym itself may allocate: what is asked for before the next is known comes from a
 * small buffer.
 */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { EARLY_BYTES = 4096, LOG_BYTES = 200 };

static _Alignas(16) char early[EARLY_BYTES];
static size_t early_used;
static _Thread_local int depth __attribute__((tls_model("initial-exec")));
static atomic_uint calls;

static void *(*next_malloc)(size_t bytes);
static void *(*next_calloc)(size_t count, size_t bytes);
static void *(*next_realloc)(void *block, size_t bytes);
static void (*next_free)(void *block);

unsigned hooks_calls(void);

unsigned hooks_calls(void)
{
	return atomic_load(&calls);
}

static void find_next(void)
{
	static int is_finding;

	if (next_free || is_finding)
		return;
	is_finding = 1;
	*(void **)&next_malloc = dlsym(RTLD_NEXT, "malloc");
	*(void **)&next_calloc = dlsym(RTLD_NEXT, "calloc");
	*(void **)&next_realloc = dlsym(RTLD_NEXT, "realloc");
	*(void **)&next_free = dlsym(RTLD_NEXT, "free");
}

static void *take_early(size_t bytes)
{
	char *block = early + early_used;

	early_used += (bytes + 15) / 16 * 16;
	return early_used <= EARLY_BYTES ? block : NULL;
}

static int is_early(const void *block)
{
	return (const char *)block >= early && (const char *)block < early + EARLY_BYTES;
}

/* The hook of the hook: what a profiler writes down. Its own calls are not hooked again. */
static void note(void)
{
	char *line;

	atomic_fetch_add(&calls, 1);
	if (depth)
		return;
	depth++;
	line = next_malloc(LOG_BYTES);
	if (line)
		memset(line, 'x', LOG_BYTES);
	free(realloc(line, 2 * LOG_BYTES));
	depth--;
}

void *malloc(size_t bytes)
{
	find_next();
	if (!next_malloc)
		return take_early(bytes);
	note();
	return next_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
	find_next();
	if (!next_calloc)
		return take_early(count * bytes);
	note();
	return next_calloc(count, bytes);
}

void *realloc(void *block, size_t bytes)
{
	find_next();
	note();
	return next_realloc(block, bytes);
}

void free(void *block)
{
	find_next();
	if (!is_early(block) && next_free) {
		note();
		next_free(block);
	}
}
