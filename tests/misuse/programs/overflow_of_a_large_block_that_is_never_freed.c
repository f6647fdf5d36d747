/* 1: ADDRESS was written to beyond its end (5013496-byte block) */
#include "misuse.h"

int main(void)
{
	char *block = malloc(5000000);

	block[5000000] = '\0';
}
