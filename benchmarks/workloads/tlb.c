/*
 * Lookups bound by the TLB: nodes of 64 bytes, 64 MB to 2 GB of them, visited in random order.
 * CASE is a chain, where one lookup must end before the next begins; CASE.independent reads the
 * addresses from a list, in order, so that lookups overlap; CASE.build is the allocation of a
 * node. An allocator gains here by what its memory stands on, and by nodes that lie close.
 */
#include "workload.h"

#include <assert.h>
#include <sys/mman.h>

struct node {
	struct node *next; /* in random order, as is the place */
	size_t place;
	struct node *older; /* in order of allocation */
	size_t unused[4];
	uintptr_t mark; /* ~older */
};

static_assert(sizeof(struct node) == 64, "one cache line each");

static struct node *build(struct node **order, size_t count)
{
	struct node *youngest = NULL;

	for (size_t i = 0; i < count; i++) {
		struct node *node = bench_malloc(sizeof(*node));

		*node = (struct node){ .older = youngest, .mark = ~(uintptr_t)youngest };
		youngest = order[i] = node;
	}
	return youngest;
}

static void link_at_random(struct node **order, size_t count)
{
	uint64_t random = 1;

	for (size_t i = count - 1; i > 0; i--) {
		size_t other = bench_random_below(&random, i + 1);
		struct node *node = order[i];

		order[i] = order[other];
		order[other] = node;
	}
	for (size_t i = 0; i < count; i++) {
		order[i]->next = order[i + 1 < count ? i + 1 : 0];
		order[i]->place = i;
	}
}

/* The sum of the places from `from` on, `lookups` of them, round and round. */
static size_t sum_of_places(size_t count, size_t from, size_t lookups)
{
	size_t sum = 0;

	for (size_t i = 0; i < lookups; i++)
		sum += (from + i) & (count - 1);
	return sum;
}

static void look_up(const struct bench_case *self, struct node **order, size_t count)
{
	size_t chained = bench_count(2000000), independent = bench_count(20000000), sum = 0;
	const struct node *node = order[0];
	double begin = bench_now();

	for (size_t i = 0; i < chained; i++) {
		sum += node->place;
		node = node->next;
	}
	bench_report_ns(self, bench_now() - begin, (double)chained);
	bench_check(sum == sum_of_places(count, 0, chained), "sum of the chain");

	/* It goes on where the chain ended, so that the cache does not hold what it looks for. */
	sum = 0;
	begin = bench_now();
	for (size_t i = chained; i < chained + independent; i++)
		sum += order[i & (count - 1)]->place;
	bench_report(self, "independent", (bench_now() - begin) * 1e9 / (double)independent, "ns");
	bench_check(sum == sum_of_places(count, chained, independent), "sum of the list");
}

/* parameter: bytes of all nodes, a power of two */
static void run(const struct bench_case *self)
{
	size_t count = self->parameter / sizeof(struct node);
	struct node **order = bench_map(count * sizeof(*order));
	double begin = bench_now();
	struct node *youngest = build(order, count);

	bench_report(self, "build", (bench_now() - begin) * 1e9 / (double)count, "ns");
	link_at_random(order, count);
	look_up(self, order, count);
	munmap(order, count * sizeof(*order));
	while (youngest) {
		struct node *node = youngest;

		youngest = node->older;
		bench_check(node->mark == ~(uintptr_t)youngest, "the end of a node");
		free(node);
	}
}

const struct bench_case bench_cases[] = {
	{ "tlb-64m", run, 64 * BENCH_MIB, 0 },
	{ "tlb-512m", run, 512 * BENCH_MIB, 0 },
	{ "tlb-2048m", run, 2048 * BENCH_MIB, 0 },
	{ 0 },
};
