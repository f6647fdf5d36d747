/* 3: double free of ADDRESS (64-byte block) | allocated by | freed by */
#include "misuse.h"

int main(void)
{
	char *block = malloc(64);

	free(block);
	free(block);
}
