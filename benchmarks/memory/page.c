/*
 * Page: a chain through one line of each base page. Only a 64th of the buffer is read, so the
 * caches hold what is read of a buffer 64 times their size, and still each load needs another
 * page's translation: the TLB alone, as far as it can be seen alone.
 */
#include "chain.h"

enum { PAGE_BYTES = 4096, LINE_BYTES = 64 };

/* Another line in each page, or all would fall into the same few sets of a cache. */
static size_t offset_of(size_t number)
{
	size_t line =
		(number * 37 + number / (PAGE_BYTES / LINE_BYTES)) % (PAGE_BYTES / LINE_BYTES);

	return number * PAGE_BYTES + line * LINE_BYTES;
}

static struct chain pages_of(const struct memory_walk *walk)
{
	return (struct chain){ walk->bytes / PAGE_BYTES, offset_of };
}

static void fill(const struct memory_walk *walk)
{
	bench_touch(walk->buffer, walk->bytes);
	chain_fill(walk, pages_of(walk));
}

static void begin(struct memory_walk *walk)
{
	chain_begin(walk, pages_of(walk));
}

static void check(struct memory_walk *walk, size_t accesses)
{
	chain_check(walk, accesses, pages_of(walk));
}

static size_t one(const struct memory_walk *walk)
{
	(void)walk;
	return 1;
}

const struct memory_pattern memory_page = { "page", fill, begin, chain_read, check, one };
