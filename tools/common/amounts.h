/* Sizes, as a user writes and reads them. */
#ifndef HP_TOOLS_COMMON_AMOUNTS_H
#define HP_TOOLS_COMMON_AMOUNTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define HP_KB ((uint64_t)1 << 10)
#define HP_MB ((uint64_t)1 << 20)
#define HP_GB ((uint64_t)1 << 30)

/* The size of page that the heap is made of. */
#define HP_HUGEPAGE_BYTES (2 * HP_MB)

/* Room for any of hp_amount_exact(). */
#define HP_AMOUNT_BYTES 24

/* "512", "2M", "1G", as the library reads it: K, M, G or T, of either case. False if it is none. */
bool hp_amount_parse(const char *text, uint64_t *out_bytes);

/* "2M", "1G", "1536K": nothing is rounded. */
void hp_amount_exact(char out[static HP_AMOUNT_BYTES], uint64_t bytes);

/* "312 KB", "4.5 MB", "312 MB": for people. */
void hp_amount_print(FILE *out, uint64_t bytes);

/* Of a hundred, rounded, 100 at most: a part may have been counted later than its whole. */
unsigned hp_percent(uint64_t part, uint64_t whole);

/* How many pages of this size hold so many bytes. */
uint64_t hp_pages_for(uint64_t bytes, uint64_t page_bytes);

#endif
