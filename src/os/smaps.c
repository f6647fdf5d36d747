/* See smaps.h. */
#include "os/smaps.h"

#include <string.h>

#include "base/text.h"

static bool is_inside(const struct hp_smaps *smaps, const char *line)
{
	uint64_t start = hp_text_leading_number(line, 16);

	return start >= smaps->first && start < smaps->end;
}

/* The line of a mapping begins with its addresses; that of a sum with its name and a colon. */
void hp_smaps_add_line(const char *line, void *context)
{
	struct hp_smaps *smaps = context;
	const char *dash = strchr(line, '-'), *colon = strchr(line, ':');
	uint64_t bytes;

	if (dash && (!colon || dash < colon)) {
		smaps->is_inside = is_inside(smaps, line);
		return;
	}
	if (!smaps->is_inside || !colon)
		return;
	bytes = hp_text_leading_number(colon + 1 + strspn(colon + 1, " "), 10) * 1024;
	if (!strncmp(line, "Rss:", 4))
		smaps->sums.normal += bytes;
	else if (!strncmp(line, "AnonHugePages:", 14))
		smaps->sums.huge += bytes;
	else if (!strncmp(line, "Private_Hugetlb:", 16) || !strncmp(line, "Shared_Hugetlb:", 15))
		smaps->sums.hugetlb += bytes;
	else if (!strncmp(line, "Swap:", 5))
		smaps->sums.swapped += bytes;
}
