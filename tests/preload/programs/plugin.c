/*
 * A library for dlopen.c: allocates in its constructor, frees in its destructor, and has a
 * thread-local that the loader must allocate for each thread (too large for static TLS).
 */
#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 100, TLS_BYTES = 8192 };

static void *blocks[BLOCKS];
static _Thread_local char scratch[TLS_BYTES];

__attribute__((constructor)) static void start(void)
{
	for (int i = 0; i < BLOCKS; i++)
		blocks[i] = calloc((size_t)i + 1, 50);
}

__attribute__((destructor)) static void end(void)
{
	for (int i = 0; i < BLOCKS; i++)
		free(blocks[i]);
}

char *plugin_hello(const char *name);

char *plugin_hello(const char *name)
{
	char *text = malloc(TLS_BYTES);

	strcpy(scratch, "hello ");
	strcat(scratch, name);
	return text ? strcpy(text, scratch) : NULL;
}
