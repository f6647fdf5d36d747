/* The start of the heap: by its first use, which may come before any constructor has run. */
#ifndef HP_API_INIT_H
#define HP_API_INIT_H

/* Does it once; a thread that comes meanwhile waits. Cheap when done. */
void hp_init(void);

/*
 * The calling thread is the program's only one, and its thread-locals are still zero: it is a guest
 * until they have their values. Not in a static program, where they have no place yet.
 */
void hp_init_before_locals(void);

#endif
