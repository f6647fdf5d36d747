/* HPALLOC_PUBLISH: the counters go on in a file; see hpalloc/publish.h. */
#ifndef HP_API_PUBLISH_H
#define HP_API_PUBLISH_H

/* Once, after the options are read. */
void hp_publish_init(char **environment);

/*
 * Now and then, on the slow path of a thread with an arena, the gate passed: answers a reader, and
 * publishes for the child of a fork.
 */
void hp_publish_tick(void);

/* For fork: the page stays the parent's. */
void hp_publish_after_fork_child(void);

#endif
