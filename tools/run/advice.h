/*
 * Why memory is not on better pages and what changes that: the one place that knows, for the
 * summary of `hpalloc run` and for `hpalloc explain`. Pure.
 */
#ifndef HP_TOOLS_RUN_ADVICE_H
#define HP_TOOLS_RUN_ADVICE_H

#include <limits.h>

#include <hpalloc/hpalloc.h>

#include "machine/machine.h"

#define HP_COMMAND_BYTES (PATH_MAX + 100)
#define HP_SETTING_BYTES 200

struct hp_advice {
	const char *why;
	char command[HP_COMMAND_BYTES];	  /* what changes it; "": nothing does, or it needs none */
	const char *effect;		  /* of the command, as its predicate, or NULL */
	char container[HP_SETTING_BYTES]; /* what to set where a container is started, or "" */
	const char *hint;		  /* more words, for who asked for them, or NULL */
};

void hp_advice_get(enum hp_fallback reason, const struct hp_stats *stats,
		   const struct hp_machine *machine, struct hp_advice *out_advice);

/*
 * The reason that counts most; HP_FALLBACK_WARMUP, which every heap has, only where there is no
 * other.
 */
enum hp_fallback hp_advice_main_reason(const struct hp_stats *stats);

/* Whether the pages were asked for as they are. */
bool hp_advice_is_asked_for(const struct hp_machine *machine);

#endif
