/*
 * liburcu's bp flavour, and the one lock that its fork handlers leave out: it is held for a moment
 * at each thread's start and end, and a child that inherits it locked hangs in its next thread.
 */
#include "src/urcu-bp.c"

#include "bp.h"

void hp_urcu_bp_init_lock(void)
{
	mutex_lock(&init_lock);
}

void hp_urcu_bp_init_unlock(void)
{
	mutex_unlock(&init_lock);
}
