/* Blocks of explicit arenas, for the functions that take any block. */
#ifndef HP_API_EXPLICIT_H
#define HP_API_EXPLICIT_H

#include "arena/explicit.h"

/* hp_free(), of a block of a span that is_explicit, or no block. Keeps errno. */
void hp_explicit_free(struct hp_span *span, void *block);
void hp_explicit_free_main(struct hp_span *span, void *block); /* of the main region */

/* hp_realloc(), of such a block, at whose start it is, and a size that can be and is not 0. */
void *hp_explicit_realloc(struct hp_span *span, void *block, size_t bytes);

#endif
