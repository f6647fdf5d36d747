/* A name for each place of a profile: its function, or the file and the offset in it. */
#ifndef HP_TOOLS_PROFILE_NAMES_H
#define HP_TOOLS_PROFILE_NAMES_H

#include "profile/pprof.h"

struct hp_names;

/* Reads the files that the profile names. Freed by hp_names_free(), before the profile. */
struct hp_names *hp_names_make(const struct hp_profile *profile);
void hp_names_free(struct hp_names *names);

/* Printable; the same text for the same function's places, though not the same pointer. */
const char *hp_names_get(const struct hp_names *names, uint64_t location);

#endif
