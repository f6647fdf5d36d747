/* See root.h. */
#include "root.h"

const char *hp_root(void)
{
	return "";
}
