/* The table of a profile: which functions hold most. */
#ifndef HP_TOOLS_PROFILE_TOP_H
#define HP_TOOLS_PROFILE_TOP_H

#include <stdbool.h>

#include "profile/names.h"

/*
 * Prints `rows` functions, the largest share first: of what was never freed where `is_live`, else
 * of all.
 */
bool hp_top_print(const struct hp_profile *profile, const struct hp_names *names, bool is_live,
		  size_t rows);

#endif
