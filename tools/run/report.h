/* The summary of a program's run: how much of its heap was on which pages, and why not better. */
#ifndef HP_TOOLS_RUN_REPORT_H
#define HP_TOOLS_RUN_REPORT_H

#include <hpalloc/publish.h>

#include "machine/machine.h"

/* One line without its end; the caller frees it. NULL if memory is out. */
char *hp_report_text(const struct hp_published *page, const struct hp_machine *machine);

#endif
