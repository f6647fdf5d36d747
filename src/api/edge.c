/*
 * See edge.h. How far up the stack the answer is does not change for a place in our code: it is
 * looked for once, as the first word of the frame that can be a return address. What else lies in
 * the frame, the registers of the caller, may point to data that look like a call, but not to code
 * behind one.
 */
#include "api/edge.h"

#include <stdatomic.h>
#include <stddef.h>

#include "api/stack.h"
#include "os/os.h"

enum { PLACES = 16, WORDS_MAX = 32 };

static struct place {
	_Atomic uintptr_t at;
	_Atomic unsigned words; /* 0: not known yet, or nowhere */
} places[PLACES];

/* So that there is such a section in a program that is linked without any of those functions. */
static HP_EDGE __attribute__((used)) void edge(void)
{
}

static unsigned find_words(const uintptr_t *slot)
{
	for (unsigned words = 1; words <= WORDS_MAX; words++) {
		if (!hp_edge_has((const void *)slot[words]) &&
		    hp_stack_is_return_address(slot[words]) &&
		    hp_os_is_code((const void *)slot[words]))
			return words;
	}
	return 0;
}

/* The place of an address, claimed if it is new; NULL if there are too many. */
static struct place *place_of(uintptr_t at)
{
	for (unsigned i = 0; i < PLACES; i++) {
		uintptr_t found = atomic_load_explicit(&places[i].at, memory_order_relaxed);

		if (found == at ||
		    (!found &&
		     (atomic_compare_exchange_strong(&places[i].at, &found, at) || found == at)))
			return &places[i];
	}
	return NULL;
}

const void *hp_edge_caller(const void *caller, const void *frame)
{
	const uintptr_t *slot = (const uintptr_t *)frame + 1; /* behind the frame pointer */
	struct place *place = place_of((uintptr_t)caller);
	unsigned words;

	if (!place || *slot != (uintptr_t)caller)
		return caller;
	words = atomic_load_explicit(&place->words, memory_order_relaxed);
	if (HP_UNLIKELY(!words)) {
		words = find_words(slot);
		atomic_store_explicit(&place->words, words, memory_order_relaxed);
	}
	return words ? (const void *)slot[words] : caller;
}
