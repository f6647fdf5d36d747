/* HPALLOC_PUBLISH: the counters go on in a file; see hpalloc/publish.h. */
#ifndef HP_API_PUBLISH_H
#define HP_API_PUBLISH_H

/* Once, after the options are read. */
void hp_publish_init(void);

#endif
