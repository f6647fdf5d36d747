/* Traces that were compressed by zstd. */
#ifndef HP_TOOLS_TRACE_UNPACK_H
#define HP_TOOLS_TRACE_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool hp_unpack_is_packed(const uint8_t *bytes, size_t size);

/* Returns 0 and memory that the caller frees, or a negative errno. Runs the command zstd. */
int hp_unpack(const char *path, uint8_t **out_bytes, size_t *out_size);

#endif
