/* A helper of the command on one allocator: what it answers, and the most memory that it held. */
#ifndef HP_TOOLS_COMMON_TRIAL_H
#define HP_TOOLS_COMMON_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hp_trial {
	const char *name;   /* of the allocator, for what is said */
	const char *helper; /* the program, which writes its answer to its standard output */
	const char *argument;
	const char *library; /* to preload; NULL: the C library's malloc */
	const char *backing; /* HPALLOC_BACKING; NULL: as it is */
};

/*
 * Returns when it has ended. The memory is resident, with the pages of the hugetlb pool, which are
 * in no RSS, looked at every 2 ms. False, which is said, if it failed.
 */
bool hp_trial_run(const struct hp_trial *trial, void *out_answer, size_t answer_bytes,
		  uint64_t *out_peak_bytes);

/* Of what several trials answered; sorts them. */
double hp_trial_median(double *values, size_t count);

#endif
