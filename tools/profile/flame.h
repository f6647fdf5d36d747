/*
 * A flame graph: a box for each function in each place of the call tree, as wide as what was
 * allocated below it, callers at the bottom. (https://www.brendangregg.com/flamegraphs.html)
 */
#ifndef HP_TOOLS_PROFILE_FLAME_H
#define HP_TOOLS_PROFILE_FLAME_H

#include <stdbool.h>
#include <stdio.h>

#include "profile/names.h"

/* Writes a self-contained SVG; false if there was no memory. */
bool hp_flame_write(FILE *out, const struct hp_profile *profile, const struct hp_names *names,
		    bool is_live);

#endif
