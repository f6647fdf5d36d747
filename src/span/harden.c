/* See harden.h and marks.h. */
#include "span/harden.h"

#include "base/check.h"
#include "os/os.h"
#include "span/live.h"
#include "span/marks.h"

struct hp_secrets hp_secrets;
uintptr_t hp_link_key;

void hp_harden_begin(void)
{
	hp_secrets.tail = hp_os_secret();
	hp_secrets.seed = hp_os_secret();
	hp_link_key = hp_os_secret() | 1;
}

uint64_t hp_harden_seed(const void *of)
{
	return hp_secrets.seed ^ (uintptr_t)of * 0x9e3779b97f4a7c15u;
}

HP_COLD HP_NORETURN static void report_write(const struct hp_span *slab, const void *block)
{
	hp_fatal("%p was written to after it was freed (%zu-byte block)", block,
		 hp_slab_block_bytes(slab) - HP_TAIL_BYTES);
}

void hp_harden_check_unlinked(const struct hp_span *slab, const void *block)
{
	if (!hp_marks_is_junk_at(block) || !hp_marks_is_junk(block, hp_slab_block_bytes(slab)))
		report_write(slab, block);
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

/* A link that was written to leads anywhere but into the slab: its key is not known. */
static inline bool is_free(const struct hp_span *slab, const void *block, uintptr_t link)
{
	const char *next = (const char *)(link & ~HP_LINK_FRESH);
	size_t offset = (size_t)(next - hp_span_start(slab));

	return (!next || (offset < slab->units * HP_UNIT_BYTES && offset % 16 == 0)) &&
	       (link & HP_LINK_FRESH || hp_marks_is_junk(block, hp_slab_block_bytes(slab)));
}

void hp_harden_check_free(const struct hp_span *slab, const void *block, uintptr_t link)
{
	if (HP_UNLIKELY(!is_free(slab, block, link)))
		report_write(slab, block);
}

void *hp_harden_pop(struct hp_span *slab)
{
	void *block = slab->free;
	uintptr_t link;

	if (HP_UNLIKELY(!block))
		return NULL;
	link = hp_link_read_keyed(block);
	if (HP_UNLIKELY(!is_free(slab, block, link) || hp_live_set(slab, block)))
		report_write(slab, block);
	slab->free = (void *)(link & ~HP_LINK_FRESH);
	slab->countdown++;
	return block;
}
