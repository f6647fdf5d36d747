/*
 * A program of which trace.py knows what it loses: ten blocks of 3 KB, and an aligned one of 7 KB;
 * what its peak is: a block of 16 MB; and that its thread frees eight blocks of 1 KB of main's.
 */
#include <pthread.h>
#include <stdlib.h>

enum { LOST = 10, PASSED = 8 };

static void *passed[PASSED];

/* A call in the end would be a jump, and this function nobody's caller. */
static void *kept(void *block)
{
	__asm__ volatile("" : "+r"(block) : : "memory");
	return block;
}

__attribute__((noinline)) static void lose_ten(void)
{
	for (int i = 0; i < LOST; i++)
		kept(malloc(3 * 1024));
}

__attribute__((noinline)) static void lose_aligned(void)
{
	void *block = NULL;

	if (posix_memalign(&block, 64, 7 * 1024))
		abort();
	kept(block);
}

__attribute__((noinline)) static void hold_for_a_while(void)
{
	char *block = kept(malloc(16 << 20));

	block[0] = 1;
	free(kept(block));
	kept(NULL);
}

static void *free_all(void *unused)
{
	(void)unused;
	for (int i = 0; i < PASSED; i++)
		free(passed[i]);
	return NULL;
}

int main(void)
{
	pthread_t thread;

	for (int i = 0; i < PASSED; i++)
		passed[i] = kept(malloc(1024));
	lose_ten();
	lose_aligned();
	hold_for_a_while();
	if (pthread_create(&thread, NULL, free_all, NULL))
		return 1;
	return pthread_join(thread, NULL);
}
