/*
 * Probes as the first statement of a function, and no others, in the files that include this. They
 * cost no instruction: the nop is what keeps a probe apart from code that is reached otherwise,
 * too, and nothing but its call reaches the first instruction of a function that is no loop.
 */
#ifndef HP_API_ENTRY_PROBE_H
#define HP_API_ENTRY_PROBE_H

#include "base/probe.h"

#if HP_USDT
#undef _SDT_NOP
#define _SDT_NOP
#endif

#endif
