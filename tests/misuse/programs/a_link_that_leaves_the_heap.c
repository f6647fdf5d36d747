/* 0: a 64-byte block was written to after it was freed: it leads to ADDRESS */
/* 1: ADDRESS was written to after it was freed (72-byte block) */
#include "misuse.h"

int main(void)
{
	char *block = block_beside_another(64), local;
	char *leads_to = &local;

	free(block);
	memcpy(block, &leads_to, sizeof(leads_to));
}
