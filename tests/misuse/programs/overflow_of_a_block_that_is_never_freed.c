/* 1: ADDRESS was written to beyond its end (72-byte block) */
#include "misuse.h"

int main(void)
{
	char *block = block_beside_another(64);

	block[64] = '\0';
}
