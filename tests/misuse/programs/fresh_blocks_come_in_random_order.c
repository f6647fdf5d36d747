/* 1: nothing */
#include "misuse.h"

int main(void)
{
	char *blocks[64];
	int rising = 0;

	for (int i = 0; i < 64; i++)
		blocks[i] = malloc(40);
	for (int i = 1; i < 64; i++)
		rising += blocks[i] == blocks[i - 1] + 48;
	return rising > 16;
}
