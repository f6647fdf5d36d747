/* What the private copy of liburcu adds, for hp_reclaim_before_fork() and its kin. */
#ifndef HP_URCU_BP_H
#define HP_URCU_BP_H

void hp_urcu_bp_init_lock(void);
void hp_urcu_bp_init_unlock(void);

#endif
