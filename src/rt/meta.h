/*
 * Memory for the allocator's own objects, never from the heap: objects of one kind come zeroed
 * from mappings of their own and are reused for the same kind, never returned.
 */
#ifndef HP_RT_META_H
#define HP_RT_META_H

#include <stddef.h>
#include <stdint.h>

struct hp_meta_kind {
	size_t bytes; /* of one object, a multiple of 64 */
	void *given;  /* LIFO through the first word; meta lock */
};

/* A zeroed object, aligned to 64 bytes, or NULL. */
void *hp_meta_take(struct hp_meta_kind *kind);
void hp_meta_give(struct hp_meta_kind *kind, void *object);

/* Memory mapped for metadata by anyone: counts what others map (the tables of a region), too. */
void hp_meta_count(size_t bytes);
uint64_t hp_meta_bytes(void);

/* What of the objects' memory is there, not of what others map. Reads /proc. */
uint64_t hp_meta_resident_bytes(void);

/* For fork. */
void hp_meta_lock(void);
void hp_meta_unlock(void);
void hp_meta_reset(void);

#endif
