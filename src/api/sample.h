/*
 * HPALLOC_PROFILE: one allocation in HPALLOC_PROFILE_RATE bytes is noted with its stack. It becomes
 * a large block, whose free takes a slow path anyway and knows it by its descriptor: `free`, which
 * large blocks have no other use for, is its entry in the table of stacks, and `carved` how many
 * bytes were asked for, or 0 for as many as its units have. So the hit path of free stays as it is;
 * that of malloc misses, as no slab is in its tables (hp_arena_miss_always()), counts bytes and
 * goes on as it would have.
 */
#ifndef HP_API_SAMPLE_H
#define HP_API_SAMPLE_H

#include "api/block.h"
#include "profile/stacks.h"

/* Bytes a sample stands for; 0: there is no profile. Constant from the constructor on. */
extern HP_HIDDEN size_t hp_sample_rate;

/* Once, from the constructor, if the option says so. */
void hp_sample_init(void);

static inline bool hp_sample_is_on(void)
{
	return HP_UNLIKELY(hp_sample_rate);
}

/* hp_block_take() */
void *hp_sample_take(size_t bytes, size_t align_bytes, enum hp_content content);

/*
 * The same in parts, for who takes the large block itself: whether a block of so many bytes is due,
 * which counts them; its stack, false where that cannot be read, within the unwinder's own use of
 * malloc; and that this is it.
 */
bool hp_sample_is_due(size_t bytes);
bool hp_sample_stack(uintptr_t frames[HP_STACKS_FRAMES]);
void hp_sample_note(struct hp_span *large, const uintptr_t frames[HP_STACKS_FRAMES], size_t bytes);

/* What a large block is a sample of, if it is one. */
struct hp_sample {
	struct hp_stacks_entry *entry; /* NULL: it is none */
	size_t bytes;
};

struct hp_sample hp_sample_of(const struct hp_span *large);

/* A large block that may be a sample is freed. */
void hp_sample_freed(struct hp_sample sample);

/* One that was `before` has another size now, perhaps elsewhere: as if freed and allocated. */
void hp_sample_resized(struct hp_sample before, struct hp_span *large, size_t bytes);

#endif
