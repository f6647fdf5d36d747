/* 0: realloc of ADDRESS, which is no block of this heap */
#include "misuse.h"

int main(void)
{
	realloc((void *)24, 1000);
}
