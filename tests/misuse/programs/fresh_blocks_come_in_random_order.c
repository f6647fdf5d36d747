/* 1: nothing */
/* ends with: 0 random, 1 rising */
#include "misuse.h"

int main(void)
{
	char *blocks[64];
	long step = 1 << 20;
	int rising = 0;

	for (int i = 0; i < 64; i++)
		blocks[i] = malloc(40);
	for (int i = 1; i < 64; i++)
		if (labs(blocks[i] - blocks[i - 1]) < step)
			step = labs(blocks[i] - blocks[i - 1]);
	for (int i = 1; i < 64; i++)
		rising += blocks[i] - blocks[i - 1] == step;
	return rising > 16;
}
