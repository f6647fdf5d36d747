/*
 * Finds the next definition of a name: see preload.h. The five functions that a foreign pointer or
 * a heap without memory may need are looked up by a constructor, because dlsym() takes a lock of
 * the loader that a child of fork may inherit locked; and at first need, if that comes earlier.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>

#include "api/foreign.h"
#include "base/check.h"
#include "preload/preload.h"

/* POSIX lets a function be found as an object pointer; ISO C has no cast for it. */
union next {
	void *symbol;
	hp_next_function function;
	void *(*malloc)(size_t);
	void (*free)(void *);
	void *(*realloc)(void *, size_t);
	size_t (*usable_size)(void *);
	void *(*aligned_alloc)(size_t, size_t);
};

enum next_name {
	NEXT_MALLOC,
	NEXT_FREE,
	NEXT_REALLOC,
	NEXT_USABLE_SIZE,
	NEXT_ALIGNED_ALLOC,
	NEXT_COUNT
};

static const char *const next_names[] = {
	[NEXT_MALLOC] = "malloc",
	[NEXT_FREE] = "free",
	[NEXT_REALLOC] = "realloc",
	[NEXT_USABLE_SIZE] = "malloc_usable_size",
	[NEXT_ALIGNED_ALLOC] = "aligned_alloc",
};

static _Atomic(void *) next_symbols[NEXT_COUNT];

/*
 * Never fails, as a libc without malloc does not exist. dlsym() allocates only when it fails. No
 * order is needed: threads that look up the same name find the same code.
 */
static union next next_find(enum next_name name)
{
	union next next = { atomic_load_explicit(&next_symbols[name], memory_order_relaxed) };

	if (!next.symbol) {
		next.symbol = dlsym(RTLD_NEXT, next_names[name]);
		HP_CHECK(next.symbol, "there is no other %s", next_names[name]);
		atomic_store_explicit(&next_symbols[name], next.symbol, memory_order_relaxed);
	}
	return next;
}

__attribute__((constructor)) static void next_find_all(void)
{
	for (enum next_name name = 0; name < NEXT_COUNT; name++)
		next_find(name);
}

static void *next_malloc(size_t bytes)
{
	return next_find(NEXT_MALLOC).malloc(bytes);
}

static void next_free(void *block)
{
	next_find(NEXT_FREE).free(block);
}

static void *next_realloc(void *block, size_t bytes)
{
	return next_find(NEXT_REALLOC).realloc(block, bytes);
}

static size_t next_usable_size(void *block)
{
	return next_find(NEXT_USABLE_SIZE).usable_size(block);
}

static void *next_aligned_alloc(size_t align, size_t bytes)
{
	return next_find(NEXT_ALIGNED_ALLOC).aligned_alloc(align, bytes);
}

const struct hp_foreign *hp_foreign_next(void)
{
	static const struct hp_foreign foreign = {
		.free = next_free,
		.realloc = next_realloc,
		.usable_size = next_usable_size,
		.malloc = next_malloc,
		.aligned_alloc = next_aligned_alloc,
	};

	return &foreign;
}

/* A runtime that came by dlopen() with RTLD_LOCAL is not in the order that RTLD_NEXT searches. */
static void *find_in_runtimes(const char *name)
{
	static const char *const runtimes[] = { "libstdc++.so.6", "libc++.so.1" };

	for (size_t i = 0; i < sizeof(runtimes) / sizeof(*runtimes); i++) {
		void *library = dlopen(runtimes[i], RTLD_LAZY | RTLD_NOLOAD);
		void *symbol = library ? dlsym(library, name) : NULL;

		if (library)
			dlclose(library);
		if (symbol)
			return symbol;
	}
	return NULL;
}

hp_next_function hp_next_operator(const char *mangled_name)
{
	union next next = { dlsym(RTLD_NEXT, mangled_name) };

	if (!next.symbol)
		next.symbol = find_in_runtimes(mangled_name);
	return next.function;
}
