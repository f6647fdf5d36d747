/*
 * A program with explicit arenas, linked with the library, of which arenas.py knows what each
 * function allocates, and what is left: "kept", bound to the main thread, is never reset. Its
 * name is one that text and JSON need help with.
 */
#include <hpalloc/arena.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define BODY __attribute__((noinline, used))

enum { LARGE_BYTES = 300000, BLOCKS = 1000, FREED = 10 };

static struct hp_arena *emptied, *kept;

/* A call in the end would be a jump, and this function nobody's caller. */
static void *used(void *block)
{
	if (!block)
		abort();
	__asm__ volatile("" : "+r"(block) : : "memory");
	memset(block, 1, 16);
	return block;
}

static BODY void fills(void)
{
	void *blocks[FREED];

	for (int i = 0; i < BLOCKS; i++)
		blocks[i % FREED] = used(hp_arena_malloc(emptied, 100));
	for (int i = 0; i < FREED; i++)
		hp_free(blocks[i]);
	used(hp_arena_calloc(emptied, 2, 1000));
	used(hp_arena_aligned_alloc(emptied, 64, 640));
	used(hp_arena_malloc(emptied, LARGE_BYTES));
}

static BODY void grows(void)
{
	void *block = used(hp_arena_realloc(emptied, NULL, 5000));

	used(hp_realloc(block, 50000));
}

static BODY void keeps(void)
{
	/* One call, however often: a compiler may unroll what it can count. */
	for (volatile int i = 0; i < 7; i++)
		used(hp_arena_malloc(kept, 2000));
	used(hp_arena_malloc(kept, LARGE_BYTES));
}

static void *in_a_thread(void *unused)
{
	(void)unused;
	fills();
	return NULL;
}

int main(void)
{
	struct hp_arena_options shared = { .name = "emptied" };
	struct hp_arena_options bound = { .name = "kept \"one\" \\\n",
					  .use = HP_ARENA_BOUND,
					  .limit_bytes = 8 << 20 };
	pthread_t thread;

	emptied = hp_arena_create(&shared, sizeof(shared));
	kept = hp_arena_create(&bound, sizeof(bound));
	if (!emptied || !kept)
		return 1;
	fills();
	grows();
	keeps();
	hp_arena_reset(emptied);
	if (pthread_create(&thread, NULL, in_a_thread, NULL) || pthread_join(thread, NULL))
		return 1;
	hp_arena_destroy(emptied);
	return 0;
}
