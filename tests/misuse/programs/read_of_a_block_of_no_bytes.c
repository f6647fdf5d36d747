/* 1: nothing */
#include "misuse.h"

int main(void)
{
	volatile char *block = malloc(0);

	return *block && 0;
}
