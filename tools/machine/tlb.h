/* How much memory the TLB reaches, and whether a heap is past that. */
#ifndef HP_TOOLS_MACHINE_TLB_H
#define HP_TOOLS_MACHINE_TLB_H

#include <stdbool.h>
#include <stdint.h>

struct hp_tlb {
	unsigned entries; /* of pages of 4 KB */
	bool is_assumed;  /* the kernel does not tell: as processors of these years have them */
	bool has_misses;  /* they were counted: */
	double misses_per_1000; /* loads that missed, of a thousand instructions */
};

/* The number of entries; nothing is counted. */
void hp_tlb_read(struct hp_tlb *out_tlb);

/*
 * Counts the misses of a process for a while, where the machine and its settings allow it; else
 * leaves has_misses false and returns a negative errno.
 */
int hp_tlb_measure(struct hp_tlb *tlb, int pid, unsigned milliseconds);

/* Out of the text of /proc/cpuinfo; 0 if it does not tell. */
unsigned hp_tlb_entries(const char *text);

#endif
