/*
 * What our copy of liburcu has beside its own fork handlers (packagefiles/liburcu/bp.c); the
 * distribution's does without: a fork beside a thread's start or end may hang its child.
 */
#ifndef HP_RT_URCU_FORK_H
#define HP_RT_URCU_FORK_H

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
#endif

#endif
