/*
 * See copy.h. The loader binds a variable's name once for all copies. A function's would say
 * nothing: each copy calls its own (-Bsymbolic-functions).
 */
#include "api/copy.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/attr.h"
#include "os/os.h"

/* Weak, so that no compiler takes it for one that nobody replaces. */
extern const char hp_copy_in_use;
__attribute__((weak, visibility("default"))) const char hp_copy_in_use = 0;
extern const char hp_copy_own HP_HIDDEN __attribute__((alias("hp_copy_in_use")));

/* Of the preload library that is so even where the program itself has hp_malloc, and exports it. */
static bool has_malloc(void)
{
	uintptr_t start, end;

	return hp_os_own_code(&start, &end) && (uintptr_t)&malloc - start < end - start;
}

bool hp_copy_is_shadowed(void)
{
	const char *in_use = &hp_copy_in_use;

	__asm__("" : "+r"(in_use));
	return in_use != &hp_copy_own && !has_malloc();
}
