/* A processor without the instruction CPUID: see memory.h. */
#include "memory.h"

void memory_print_cpuid(void)
{
}
