/*
 * Explicit arenas in C: a server that answers requests. Each request has what it needs from an
 * arena, which is reset when the answer is out: nothing is freed block by block, nothing leaks. The
 * cache is in a shared arena with a limit of its own: when it is full, all of it goes.
 *
 *   cc arena.c $(pkg-config --cflags --libs hpalloc) && ./a.out
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hpalloc/arena.h>

enum { REQUESTS = 20000, WORDS = 50, SLOTS = 4096 };

struct entry {
	struct entry *next;
	unsigned key;
	char text[];
};

static struct hp_arena *cache;
static struct entry *slots[SLOTS];
static unsigned flushes;

/* A copy in the request's own memory. */
static char *join(struct hp_arena *request, char *text, const char *word)
{
	size_t length = text ? strlen(text) : 0;
	char *joined = hp_arena_realloc(request, text, length + strlen(word) + 2);

	if (!joined)
		abort();
	sprintf(joined + length, "%s ", word);
	return joined;
}

static char *answer(struct hp_arena *request, unsigned number)
{
	char *text = NULL, word[32];

	for (unsigned i = 0; i < WORDS; i++) {
		snprintf(word, sizeof(word), "%u", number * 31 + i);
		text = join(request, text, word);
	}
	return text;
}

/* What the limit forbids is NULL: then the cache begins anew. */
static void keep(unsigned key, const char *text)
{
	size_t bytes = sizeof(struct entry) + strlen(text) + 1;
	struct entry *entry = hp_arena_malloc(cache, bytes);

	if (!entry) {
		hp_arena_reset(cache);
		memset(slots, 0, sizeof(slots));
		flushes++;
		entry = hp_arena_malloc(cache, bytes);
	}
	if (!entry)
		abort();
	entry->next = slots[key % SLOTS];
	entry->key = key;
	strcpy(entry->text, text);
	slots[key % SLOTS] = entry;
}

int main(void)
{
	struct hp_arena_options bound = { .name = "requests", .use = HP_ARENA_BOUND };
	struct hp_arena_options limited = { .name = "cache", .limit_bytes = 4 << 20 };
	struct hp_arena *request = hp_arena_create(&bound, sizeof(bound));
	struct hp_arena_stats stats;

	cache = hp_arena_create(&limited, sizeof(limited));
	if (!request || !cache)
		return 1;
	for (unsigned i = 0; i < REQUESTS; i++) {
		keep(i, answer(request, i));
		hp_arena_reset(request);
	}
	if (hp_arena_stats_get(request, &stats, sizeof(stats)))
		return 1;
	printf("%s: %llu resets, %llu bytes at the most\n", stats.name,
	       (unsigned long long)stats.resets, (unsigned long long)stats.peak_bytes);
	if (hp_arena_stats_get(cache, &stats, sizeof(stats)))
		return 1;
	printf("%s: %llu blocks in %llu bytes of %llu, flushed %u times\n", stats.name,
	       (unsigned long long)stats.blocks, (unsigned long long)stats.held_bytes,
	       (unsigned long long)stats.limit_bytes, flushes);
	hp_arena_destroy(request);
	hp_arena_destroy(cache);
	return 0;
}
