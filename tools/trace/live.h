/* The blocks that live at a moment of a trace, by address. */
#ifndef HP_TOOLS_TRACE_LIVE_H
#define HP_TOOLS_TRACE_LIVE_H

#include <stddef.h>
#include <stdint.h>

struct hp_alive_block {
	uint64_t address; /* never 0 */
	uint64_t bytes;
	uint64_t time;	 /* of its allocation */
	uint32_t caller; /* index in the table of callers */
	uint32_t thread;
	uint64_t mark; /* the user's own */
};

struct hp_alive {
	struct hp_alive_block *blocks; /* a hash table; address 0: empty */
	size_t room;		       /* a power of two, or 0 */
	size_t count;
};

/* NULL if there is none. Valid until the table changes. */
struct hp_alive_block *hp_alive_find(const struct hp_alive *live, uint64_t address);

/* For an address that is not there; 0 or -ENOMEM. */
int hp_alive_add(struct hp_alive *live, const struct hp_alive_block *block);

void hp_alive_remove(struct hp_alive *live, struct hp_alive_block *block);
void hp_alive_fini(struct hp_alive *live);

#endif
