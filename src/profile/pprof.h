/*
 * The profile in pprof's format, for `go tool pprof`, `pprof` and `hpalloc profile`: uncompressed,
 * addresses without names, which the reader looks up in the files that it names.
 * (https://github.com/google/pprof/blob/main/proto/profile.proto)
 *
 * Samples have four values: allocations and their bytes since the start, those that are live.
 */
#ifndef HP_PROFILE_PPROF_H
#define HP_PROFILE_PPROF_H

#include <stddef.h>

/* Writes what hp_stacks_get() has: 0 or a negative errno. One sample is for `mean` bytes. */
int hp_pprof_write(int fd, size_t mean);

#endif
