/* Fork: everything at rest before, one thread with the whole heap after. */
#ifndef HP_API_FORK_H
#define HP_API_FORK_H

/* Installs the handlers; once. */
void hp_fork_init(void);

#endif
