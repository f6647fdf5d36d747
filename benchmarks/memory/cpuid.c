/* What an x86 processor says of its TLB: see memory.h. Which leaf means what, hardware.py knows. */
#include "memory.h"

#include <cpuid.h>
#include <stdio.h>

enum { INTEL_TRANSLATION = 0x18, SUBLEAVES_MAX = 32 };

#define AMD_L1 0x80000005u
#define AMD_L2 0x80000006u

static void print_leaf(unsigned leaf, unsigned subleaf)
{
	unsigned a, b, c, d;

	if (__get_cpuid_count(leaf, subleaf, &a, &b, &c, &d))
		printf("cpuid %x %x %x %x %x %x\n", leaf, subleaf, a, b, c, d);
}

void memory_print_cpuid(void)
{
	for (unsigned subleaf = 0; subleaf < SUBLEAVES_MAX; subleaf++)
		print_leaf(INTEL_TRANSLATION, subleaf);
	print_leaf(AMD_L1, 0);
	print_leaf(AMD_L2, 0);
}
