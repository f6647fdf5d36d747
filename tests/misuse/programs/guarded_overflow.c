/* 3: ADDRESS was touched beyond its end (64-byte block), at ADDRESS | touched by | allocated by */
#include "misuse.h"

int main(void)
{
	char *block;

	for (int i = 0; i < 3; i++)
		block = malloc(64);
	return block[64] + block[80];
}
