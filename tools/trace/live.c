/* See live.h: open addressing, linear, without tombstones. */
#include <errno.h>
#include <stdlib.h>

#include "trace/live.h"

#define FIRST_ROOM ((size_t)1024)

static size_t home_of(const struct hp_alive *live, uint64_t address)
{
	return (size_t)((address >> 4) * 0x9e3779b97f4a7c15u >> 20) & (live->room - 1);
}

static struct hp_alive_block *place_of(const struct hp_alive *live, uint64_t address)
{
	size_t i = home_of(live, address);

	while (live->blocks[i].address && live->blocks[i].address != address)
		i = (i + 1) & (live->room - 1);
	return &live->blocks[i];
}

struct hp_alive_block *hp_alive_find(const struct hp_alive *live, uint64_t address)
{
	struct hp_alive_block *block = live->room && address ? place_of(live, address) : NULL;

	return block && block->address ? block : NULL;
}

static int grow(struct hp_alive *live)
{
	struct hp_alive larger = { .room = live->room ? 2 * live->room : FIRST_ROOM };

	larger.blocks = calloc(larger.room, sizeof(*larger.blocks));
	if (!larger.blocks)
		return -ENOMEM;
	for (size_t i = 0; i < live->room; i++) {
		if (live->blocks[i].address)
			*place_of(&larger, live->blocks[i].address) = live->blocks[i];
	}
	larger.count = live->count;
	free(live->blocks);
	*live = larger;
	return 0;
}

int hp_alive_add(struct hp_alive *live, const struct hp_alive_block *block)
{
	if (live->count >= live->room / 2 && grow(live))
		return -ENOMEM;
	*place_of(live, block->address) = *block;
	live->count++;
	return 0;
}

/* Those behind move up, as far as they do not stand before their home. */
void hp_alive_remove(struct hp_alive *live, struct hp_alive_block *block)
{
	size_t mask = live->room - 1, hole = (size_t)(block - live->blocks), i = hole, home;

	for (;;) {
		i = (i + 1) & mask;
		if (!live->blocks[i].address)
			break;
		home = home_of(live, live->blocks[i].address);
		if (((i - home) & mask) >= ((i - hole) & mask)) {
			live->blocks[hole] = live->blocks[i];
			hole = i;
		}
	}
	live->blocks[hole].address = 0;
	live->count--;
}

void hp_alive_fini(struct hp_alive *live)
{
	free(live->blocks);
}
