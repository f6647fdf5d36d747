/* Options that a program changes while it runs: which ones, options_live.def says. */
#include <errno.h>
#include <hpalloc/hpalloc.h>

#include "api/init.h"
#include "pool/limit.h"
#include "pool/pool.h"
#include "rt/options.h"

int hp_option_set(const char *name, const char *text)
{
	int error;

	hp_init();
	hp_pool_lock(); /* among those who set, and for the limits */
	error = hp_options_set(name, text);
	hp_limit_renew();
	hp_pool_unlock();
	return -error;
}

int hp_option_get(const char *name, char *out_text, size_t text_bytes)
{
	hp_init();
	return -hp_options_get(name, out_text, text_bytes);
}
