/* See root.h. */
#include "machine/root.h"

const char *hp_root(void)
{
	return "";
}
