/* 3: ADDRESS was touched before its start (64-byte block), at ADDRESS
 * | touched by | allocated by */
#include "misuse.h"

int main(void)
{
	char *block, sum = 0;

	for (int i = 0; i < 8; i++) {
		block = malloc(64);
		sum += block[-1];
	}
	return sum;
}
