/* The start of the heap: by its first use, which may come before any constructor has run. */
#ifndef HP_API_INIT_H
#define HP_API_INIT_H

/* Does it once; a thread that comes meanwhile waits. Cheap when done. */
void hp_init(void);

#endif
