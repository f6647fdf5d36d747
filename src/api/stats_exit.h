/* HPALLOC_STATS: the statistics are written when the program ends by itself. */
#ifndef HP_API_STATS_EXIT_H
#define HP_API_STATS_EXIT_H

/* Once, after the options are read: the environment and the working directory may change. */
void hp_stats_exit_init(void);

#endif
