/*
 * Allocation before the allocator's own constructor could have run: in the program's
 * preinit_array, which comes before the constructors of all libraries, and in a constructor of
 * the first priority. The blocks live on, grow and are freed in main and at exit.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"

enum { FIRST_PRIORITY = 101, BYTES = 3 << 20 };

static char *from_preinit;
static char *from_constructor;

static char *filled(size_t bytes)
{
	char *block = malloc(bytes);

	CHECK(hp_test_owns(block));
	memset(block, 0x5a, bytes);
	return block;
}

static void preinit(void)
{
	from_preinit = filled(1000);
	free(filled(BYTES));
}
__attribute__((section(".preinit_array"), used)) static void (*entry)(void) = preinit;

__attribute__((constructor(FIRST_PRIORITY))) static void construct(void)
{
	CHECK(from_preinit);
	from_constructor = filled(BYTES);
}

__attribute__((destructor(FIRST_PRIORITY))) static void destruct(void)
{
	free(from_constructor);
	free(filled(BYTES));
}

int main(void)
{
	char *grown = realloc(from_preinit, BYTES);

	CHECK(hp_test_owns(grown) && grown[0] == 0x5a && grown[999] == 0x5a);
	CHECK(from_constructor[BYTES - 1] == 0x5a);
	free(grown);
	return 0;
}
