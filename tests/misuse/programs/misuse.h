/* What the programs need, and no more: the heap's names, and a way to hide a pointer's origin. */
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif
void free_sized(void *block, size_t bytes) __attribute__((weak));
void free_aligned_sized(void *block, size_t align, size_t bytes) __attribute__((weak));
#ifdef __cplusplus
}
#endif

/* The program goes on with its slab in use. */
static inline char *block_beside_another(size_t bytes)
{
	char *block = (char *)malloc(bytes);

	malloc(bytes);
	return block;
}

static inline void in_a_thread(void *(*body)(void *), void *argument)
{
	pthread_t thread;

	pthread_create(&thread, NULL, body, argument);
	pthread_join(thread, NULL);
}

static inline void *free_it(void *block)
{
	free(malloc(1));
	free(block);
	return NULL;
}
