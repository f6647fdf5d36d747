/*
 * The program hpalloc-demo walk|pair: does what demo.h says on the malloc that it was started with.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "demo/demo.h"

enum { NODE_BYTES = 64, LIVE_BLOCKS = 50000 };

struct node {
	struct node *next;
	char rest[NODE_BYTES - sizeof(struct node *)];
};

static uint64_t random_state = 0x9e3779b97f4a7c15;

static uint64_t next_random(uint64_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % below;
}

static double now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void *demand(void *block)
{
	if (block)
		return block;
	fputs("hpalloc-demo: no memory\n", stderr);
	exit(EXIT_FAILURE);
}

/* A ring through all nodes, in random order. */
static struct node *make_ring(size_t count)
{
	struct node **nodes = demand(malloc(count * sizeof(struct node *))), *first;

	for (size_t i = 0; i < count; i++)
		nodes[i] = demand(malloc(sizeof(struct node)));
	for (size_t i = count - 1; i > 0; i--) {
		size_t other = next_random(i + 1);
		struct node *node = nodes[i];

		nodes[i] = nodes[other];
		nodes[other] = node;
	}
	for (size_t i = 0; i < count; i++)
		nodes[i]->next = nodes[(i + 1) % count];
	first = nodes[0];
	free(nodes);
	return first;
}

static double walk(void)
{
	size_t count = HP_DEMO_WALK_BYTES / NODE_BYTES;
	struct node *node = make_ring(count);
	double start = now_ns();

	for (size_t i = 0; i < count; i++)
		node = node->next;
	/* The end is used: the walk is not one that could be left out. */
	__asm__ volatile("" : : "r"(node));
	return (now_ns() - start) / (double)count;
}

static double pair(void)
{
	char **blocks = demand(calloc(LIVE_BLOCKS, sizeof(char *)));
	double start;

	for (size_t i = 0; i < LIVE_BLOCKS; i++)
		blocks[i] = demand(malloc(HP_DEMO_MAX_BYTES));
	start = now_ns();
	for (size_t i = 0; i < HP_DEMO_PAIRS; i++) {
		char **block = &blocks[next_random(LIVE_BLOCKS)];

		free(*block);
		*block = demand(malloc(HP_DEMO_MIN_BYTES +
				       next_random(HP_DEMO_MAX_BYTES - HP_DEMO_MIN_BYTES + 1)));
		**block = 1;
	}
	return (now_ns() - start) / HP_DEMO_PAIRS;
}

static void read_memory(struct hp_demo_answer *answer)
{
	char line[256], name[64];
	unsigned long long kilobytes;
	FILE *file = fopen("/proc/self/smaps_rollup", "re");

	while (file && fgets(line, sizeof(line), file)) {
		bool is_hugetlb, is_huge;

		if (sscanf(line, "%63[^:]: %llu kB", name, &kilobytes) != 2)
			continue;
		is_hugetlb = strstr(name, "_Hugetlb");
		is_huge = is_hugetlb || strcmp(name, "AnonHugePages") == 0;
		if (is_hugetlb || strcmp(name, "Rss") == 0)
			answer->held_bytes += kilobytes * 1024;
		if (is_huge)
			answer->huge_bytes += kilobytes * 1024;
	}
	if (file)
		fclose(file);
}

int main(int argc, char **argv)
{
	struct hp_demo_answer answer = { 0 };

	if (argc != 2 || (strcmp(argv[1], "walk") != 0 && strcmp(argv[1], "pair") != 0)) {
		fputs("hpalloc-demo: for 'hpalloc demo' alone\n", stderr);
		return EXIT_FAILURE;
	}
	answer.ns = strcmp(argv[1], "walk") == 0 ? walk() : pair();
	read_memory(&answer);
	if (write(STDOUT_FILENO, &answer, sizeof(answer)) != sizeof(answer))
		return EXIT_FAILURE;
	_exit(EXIT_SUCCESS);
}
