/* See harden.h and marks.h. */
#include "span/harden.h"

#include "base/check.h"
#include "os/os.h"
#include "span/free_list.h"

struct hp_secrets hp_secrets;

/* Modulo 2^64: each step doubles the bits that are right, three at first. */
static uint64_t inverse_of(uint64_t odd)
{
	uint64_t inverse = odd;

	for (int bits = 3; bits < 64; bits *= 2)
		inverse *= 2 - odd * inverse;
	return inverse;
}

void hp_harden_begin(void)
{
	hp_secrets.spread = hp_os_secret() | 1;
	hp_secrets.link = hp_os_secret();
	hp_secrets.tail = hp_os_secret() | 1;
	hp_secrets.seed = hp_os_secret();
	hp_secrets.key = hp_os_secret() | 1;
	hp_secrets.inverse = inverse_of(hp_secrets.key);
}

uint64_t hp_harden_seed(const void *of)
{
	return hp_secrets.seed ^ (uintptr_t)of * 0x9e3779b97f4a7c15u;
}

void hp_harden_report_write(const struct hp_span *slab, const void *block)
{
	hp_fatal("%p was written to after it was freed (%zu-byte block)", block,
		 hp_slab_block_bytes(slab) - HP_TAIL_BYTES);
}

void hp_harden_check_unlinked(const struct hp_span *slab, const void *block)
{
	if (!hp_marks_is_junk_at(block) || !hp_marks_is_junk(block, hp_slab_block_bytes(slab)))
		hp_harden_report_write(slab, block);
}

bool hp_marks_is_overrun(const void *block, size_t have)
{
	size_t bytes;

	for (unsigned looks = 0; looks < 3; looks++) {
		if (hp_marks_look(block, have, &bytes) != HP_MARKS_OVERRUN)
			return false;
		atomic_thread_fence(memory_order_acquire);
		hp_os_yield();
	}
	return true;
}

void *hp_harden_pop(struct hp_span *slab)
{
	void *first = slab->free;

	if (first)
		hp_harden_take_off(hp_span_region(slab), slab, hp_slab_block_bytes(slab));
	return first;
}
