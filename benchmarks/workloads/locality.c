/*
 * Where an allocator puts blocks that are used together: lists, a search tree and a hash table of
 * small nodes are built, then each round of the churn removes one node at random and inserts a new
 * one. CASE.build is the time of an insertion or a removal. CASE is the time of a node when all of
 * them are visited, afterwards: the allocator does not run then, only what it chose.
 */
#include "workload.h"

#include <sys/mman.h>

enum { LISTS = 16, BUCKETS = 1 << 20 };

/* What a visit of all nodes has seen. */
struct seen {
	size_t nodes;
	uint64_t keys; /* their sum */
};

struct kind {
	void *(*insert)(uint64_t key);
	uint64_t (*remove)(void *node); /* returns the key */
	void (*visit)(struct seen *seen);
};

/* Lists that grow at the end and lose nodes anywhere. */
struct item {
	struct item *next, *previous;
	uint64_t key, weight;
};

static struct item *firsts[LISTS], *lasts[LISTS];

static void *list_insert(uint64_t key)
{
	struct item *item = bench_malloc(sizeof(*item)), **last = &lasts[key % LISTS];

	*item = (struct item){ .previous = *last, .key = key, .weight = 1 };
	*(*last ? &(*last)->next : &firsts[key % LISTS]) = item;
	*last = item;
	return item;
}

static uint64_t list_remove(void *node)
{
	struct item *item = node;
	uint64_t key = item->key;

	*(item->previous ? &item->previous->next : &firsts[key % LISTS]) = item->next;
	*(item->next ? &item->next->previous : &lasts[key % LISTS]) = item->previous;
	free(item);
	return key;
}

static void list_visit(struct seen *seen)
{
	for (size_t i = 0; i < LISTS; i++) {
		for (const struct item *item = firsts[i]; item; item = item->next) {
			seen->nodes += item->weight;
			seen->keys += item->key;
		}
	}
}

/* A search tree, not balanced: its keys are random. */
struct twig {
	struct twig *left, *right;
	uint64_t key, weight, unused;
};

static struct twig *root;

/* Where the twig of this key hangs, or would. */
static struct twig **tree_find(uint64_t key)
{
	struct twig **at = &root;

	while (*at && (*at)->key != key)
		at = key < (*at)->key ? &(*at)->left : &(*at)->right;
	return at;
}

static void *tree_insert(uint64_t key)
{
	struct twig *twig = bench_malloc(sizeof(*twig)), **at = tree_find(key);

	bench_check(!*at, "the same key twice");
	*twig = (struct twig){ .key = key, .weight = 1 };
	*at = twig;
	return twig;
}

static uint64_t tree_remove(void *node)
{
	struct twig *twig = node, **at = tree_find(twig->key), **next = &twig->right;
	uint64_t key = twig->key;

	bench_check(*at == twig, "a key is in the tree");
	if (twig->left && twig->right) {
		struct twig *heir;

		while ((*next)->left)
			next = &(*next)->left;
		heir = *next;
		*next = heir->right;
		heir->left = twig->left;
		heir->right = twig->right;
		*at = heir;
	} else {
		*at = twig->left ? twig->left : twig->right;
	}
	free(twig);
	return key;
}

static void visit_twigs(const struct twig *twig, struct seen *seen)
{
	for (; twig; twig = twig->right) {
		visit_twigs(twig->left, seen);
		seen->nodes += twig->weight;
		seen->keys += twig->key;
	}
}

static void tree_visit(struct seen *seen)
{
	visit_twigs(root, seen);
}

/* A hash table of chains, whose nodes have names of 8 to 39 bytes. */
struct entry {
	struct entry *next;
	uint64_t key;
	unsigned char name[];
};

static struct entry *buckets[BUCKETS];

static size_t name_bytes(uint64_t key)
{
	return 8 + key % 32;
}

static struct entry **bucket_of(uint64_t key)
{
	return &buckets[(key >> 8) % BUCKETS];
}

static void *hash_insert(uint64_t key)
{
	struct entry *entry = bench_malloc(sizeof(*entry) + name_bytes(key));
	struct entry **bucket = bucket_of(key);

	*entry = (struct entry){ .next = *bucket, .key = key };
	for (size_t i = 0; i < name_bytes(key); i++)
		entry->name[i] = 1;
	*bucket = entry;
	return entry;
}

static uint64_t hash_remove(void *node)
{
	struct entry *entry = node, **at = bucket_of(entry->key);
	uint64_t key = entry->key;

	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	free(entry);
	return key;
}

static void hash_visit(struct seen *seen)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		for (const struct entry *entry = buckets[i]; entry; entry = entry->next) {
			seen->nodes += entry->name[name_bytes(entry->key) - 1];
			seen->keys += entry->key;
		}
	}
}

static const struct kind lists = { list_insert, list_remove, list_visit };
static const struct kind tree = { tree_insert, tree_remove, tree_visit };
static const struct kind hash = { hash_insert, hash_remove, hash_visit };

/* parameter: how many nodes; second: how often to visit them all */
static void run(const struct bench_case *self, const struct kind *kind)
{
	size_t count = self->parameter, churn = bench_count(count);
	size_t rounds = bench_count(self->second);
	void **nodes = bench_map(count * sizeof(*nodes));
	uint64_t random = 1, keys = 0;
	double begin = bench_now();

	for (size_t i = 0; i < count + churn; i++) {
		size_t at = i < count ? i : bench_random_below(&random, count);
		uint64_t key = bench_random(&random);

		keys += key - (i < count ? 0 : kind->remove(nodes[at]));
		nodes[at] = kind->insert(key);
	}
	bench_report(self, "build",
		     (bench_now() - begin) * 1e9 / ((double)count + 2.0 * (double)churn), "ns");

	begin = bench_now();
	for (size_t i = 0; i < rounds; i++) {
		struct seen seen = { 0 };

		kind->visit(&seen);
		bench_check(seen.nodes == count && seen.keys == keys, "what is in the nodes");
	}
	bench_report_ns(self, bench_now() - begin, (double)(rounds * count));
	for (size_t i = 0; i < count; i++)
		kind->remove(nodes[i]);
	munmap(nodes, count * sizeof(*nodes));
}

static void run_lists(const struct bench_case *self)
{
	run(self, &lists);
}

static void run_tree(const struct bench_case *self)
{
	run(self, &tree);
}

static void run_hash(const struct bench_case *self)
{
	run(self, &hash);
}

const struct bench_case bench_cases[] = {
	{ "locality-lists", run_lists, 1 << 20, 2 },
	{ "locality-tree", run_tree, 1 << 18, 20 },
	{ "locality-hash", run_hash, 1 << 20, 10 },
	{ 0 },
};
