/*
 * Runs of units: inside one hugepage, the one with the tightest free run that fits first, or over
 * several in a row. Fuller hugepages are filled first, so that others run empty and go back.
 *
 * Any function in any thread; one lock.
 */
#ifndef HP_SPAN_UNITS_H
#define HP_SPAN_UNITS_H

#include "pool/pool.h"
#include "span/span.h"

struct hp_units_request {
	size_t units;
	size_t align_bytes;  /* a power of two; a unit or less for any place */
	size_t offset_units; /* where in its first hugepage the run shall begin; with a move only */
	size_t normal_units; /* so many at the front on normal memory, to be replaced by a move */
	enum hp_use use;
	enum hp_ground ground;
	bool zero; /* clear what is not zero */
};

/* Units of nobody else. *out_zero tells whether all read as zero. -ENOMEM. */
int hp_units_take(const struct hp_units_request *request, struct hp_units *out_units,
		  bool *out_zero);

/* Takes the `more` units behind a run as well, if they are free; -EBUSY if not, or -ENOMEM. */
int hp_units_extend(struct hp_units units, size_t more, enum hp_use use);

/* Their cells are zero again. With HP_GIVE_BLANK, their memory was moved away. */
void hp_units_give(struct hp_units units, enum hp_give how);

/* For fork. */
void hp_units_lock(void);
void hp_units_unlock(void);
void hp_units_reset(void);

#endif
