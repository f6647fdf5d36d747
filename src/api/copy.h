/*
 * Where a program is linked with the library and runs under the preload library, there are two
 * copies of us, and all calls go to the one that the loader found first.
 */
#ifndef HP_API_COPY_H
#define HP_API_COPY_H

#include <stdbool.h>

/* Whether this copy is the other one: it has nothing to tell, and its files are the first one's. */
bool hp_copy_is_shadowed(void);

#endif
