/*
 * What our copy of liburcu has beside its own functions (packagefiles/liburcu/bp.c). The
 * distribution's does without: a fork beside a thread's start or end may hang its child.
 */
#ifndef HP_RT_URCU_OWN_H
#define HP_RT_URCU_OWN_H

#include <stdbool.h>

#include "config.h"

#if HP_PRIVATE_LIBURCU
#include <bp.h>
#else
static inline void hp_urcu_bp_init_lock(void)
{
}

static inline void hp_urcu_bp_init_unlock(void)
{
}

static inline bool hp_urcu_bp_try_register(void)
{
	return false;
}
#endif

#endif
