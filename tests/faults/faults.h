/* The faults that faults.c names and other files bring about. */
#ifndef HP_FAULTS_FAULTS_H
#define HP_FAULTS_FAULTS_H

/* forks.c */
void child_writes(void);
void parent_writes(void);
void child_reads_a_file(void);
void sigbus_is_blocked(void);
void no_handlers_run(void);
void child_writes_in_a_group(void);
void pages_go_after_the_fork(void);
void children_live_on(void);

/* Populates all pages of the pool that are free, as another process would. */
void take_what_is_free(void);

/* limits.c */
void address_space_is_small(void);
void address_space_is_limited(void);
void data_is_limited(void);
void address_space_is_full(void);
void no_mapping_is_left(void);
void all_is_locked(void);

#endif
