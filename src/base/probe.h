/*
 * USDT probes, `hpalloc:NAME`, for perf, bpftrace, SystemTap and gdb: what they mean is in
 * hpalloc(7). A probe is a nop and a note beside the program that says where it is and in which
 * registers its arguments are. Without <sys/sdt.h> there are none. Pure: includes nothing of ours.
 */
#ifndef HP_BASE_PROBE_H
#define HP_BASE_PROBE_H

#include "config.h"

#if HP_USDT
#define STAP_SDT_ARG_CONSTRAINT nr /* not in memory: clang would put it there first */
#include <sys/sdt.h>

#define HP_PROBE1(name, one) STAP_PROBE1(hpalloc, name, one)
#define HP_PROBE2(name, one, two) STAP_PROBE2(hpalloc, name, one, two)
#else
#define HP_PROBE1(name, one) ((void)(one))
#define HP_PROBE2(name, one, two) ((void)(one), (void)(two))
#endif

#endif
