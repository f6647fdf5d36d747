/* What the private copy of liburcu adds, for src/rt/reclaim.c. */
#ifndef HP_URCU_BP_H
#define HP_URCU_BP_H

#include <stdbool.h>

/* Around urcu_bp_before_fork() and its kin. */
void hp_urcu_bp_init_lock(void);
void hp_urcu_bp_init_unlock(void);

/* As urcu_bp_register_thread(); false if there is no memory. May call malloc. */
bool hp_urcu_bp_try_register(void);

#endif
