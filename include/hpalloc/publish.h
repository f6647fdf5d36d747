/*
 * The page of counters that a process publishes where HPALLOC_PUBLISH names a file: a reader maps
 * that file and sees the heap as it is, also after the process was killed.
 *
 * The file must exist, be a regular file of the same user that nobody else may write to, with one
 * name, at a path without symbolic links, at least sizeof(struct hp_published) long, and hold zeros
 * or such a page; else nothing is published. The library never creates it. Its maker may set `pid`
 * to the process that is meant, or leave it 0 for the first that comes; no other process writes,
 * though it inherits the variable. After exec the new program starts anew in the same file. A
 * reader copies the structure while `sequence` is even and the same before and after.
 */
#ifndef HPALLOC_PUBLISH_H
#define HPALLOC_PUBLISH_H

#include <stdint.h>

#include <hpalloc/hpalloc.h>

#define HP_PUBLISHED_MAGIC 0x3165676170706874ull /* "thppage1", little endian */

struct hp_published {
	uint64_t magic;	   /* HP_PUBLISHED_MAGIC once the heap has started, 0 before */
	uint64_t pid;	   /* who writes; 0: the first that comes */
	uint64_t sequence; /* odd while being written */
	/*
	 * Set at the exit of the program from /proc/self/smaps, 0 before: how much of the heap's
	 * normal memory (thp_bytes and base_bytes) had been touched then, and how much of that
	 * really was on huge pages.
	 */
	uint64_t thp_huge_bytes;
	uint64_t thp_resident_bytes;
	struct hp_stats stats; /* in_use_bytes, arenas and orphans are not kept up to date here */
};

#endif
