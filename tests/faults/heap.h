/*
 * What the faults do with a heap, whosever it is: blocks that are filled, checked and given back.
 * They use malloc and free alone, so that the same program shows what any allocator does.
 */
#ifndef HP_FAULTS_HEAP_H
#define HP_FAULTS_HEAP_H

#include <stdbool.h>
#include <stddef.h>

enum { MIB = 1 << 20 };

/* So much more, in blocks of 64 KB, filled; false where one was refused. */
bool heap_take(size_t mib);

/* Until the pool of huge pages has none left that is free, or the heap has 64 MB. */
void heap_take_until_the_pool_is_dry(void);

void heap_write(int value);

/* Whether all blocks hold what was written last. */
bool heap_is_whole(void);

void heap_give(void);

/* Small, middle and large blocks come and go, all whole; false where one was refused. */
bool heap_works(void);

/* Fills every block by read(2); false if the kernel could not write to one. */
bool heap_read_into(void);

/* Huge pages of this process, in MB. */
size_t hugetlb_mib(void);

size_t pool_read(const char *name);
void pool_write(const char *name, size_t value);

/* Adds words to what the program says has come of the fault. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

#endif
