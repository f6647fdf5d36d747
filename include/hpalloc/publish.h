/*
 * The page of counters that a process publishes: a reader sees the heap as it is, beside the
 * running program, and also after it was killed. It costs the program nothing as long as nobody
 * reads: the heap's counters are kept in that page instead of elsewhere.
 *
 * HPALLOC_PUBLISH=1: each process makes a file of its own, of mode 0600,
 *   $XDG_RUNTIME_DIR/hpalloc/PID, or
 *   /run/user/UID/hpalloc/PID, or
 *   /tmp/hpalloc-UID/PID,
 * the first whose directory is there and only its user's to write to, and removes it at exit. Where
 * a process ends in another way (a signal, abort, _exit) the file stays until `hpalloc stat` or
 * `hpalloc top` meets it; an exec leaves it to the new program. The child of a fork publishes its
 * own when it first has something to tell, which one that only calls exec never has.
 *
 * HPALLOC_PUBLISH=FILE: the library creates nothing. The file must exist, be a regular file of the
 * same user that nobody else may write to, with one name, at a path without symbolic links, at
 * least sizeof(struct hp_published) long, and hold zeros or such a page; else nothing is published.
 * Its maker may set `pid` to the process that is meant, or leave it 0 for the first that comes; no
 * other process publishes there, though it inherits the variable. After exec the new program starts
 * anew in the same file.
 *
 * A reader copies the structure while `sequence` is even and the same before and after. It may
 * write `asked`, and nothing else.
 */
#ifndef HPALLOC_PUBLISH_H
#define HPALLOC_PUBLISH_H

#include <stdint.h>

#include <hpalloc/hpalloc.h>

#define HP_PUBLISHED_MAGIC 0x3265676170706874ull /* "thppage2", little endian */

/* The subdirectory of a runtime directory, and what the one in /tmp is called before the user. */
#define HP_PUBLISHED_DIRECTORY "hpalloc"

struct hp_published {
	uint64_t magic;	    /* HP_PUBLISHED_MAGIC once the heap has started, 0 before */
	uint64_t pid;	    /* who writes; 0: the first that comes */
	uint64_t sequence;  /* odd while being written */
	uint64_t bytes;	    /* sizeof(struct hp_published) of who writes: what it has of `stats` */
	uint64_t pid_space; /* inode of its /proc/self/ns/pid, or 0: where `pid` counts */
	/*
	 * Most of `stats` is always up to date. The rest takes a walk over the heap: in_use_bytes,
	 * metadata_bytes, reserved_bytes, arenas, orphans, in_use_blocks and all behind. They are
	 * brought up to date for a reader who sets `asked` to another number, by the next thread
	 * that comes to a slow path; then `answered` is that number, at answered_ms of
	 * CLOCK_MONOTONIC.
	 */
	uint64_t asked;
	uint64_t answered;
	uint64_t answered_ms;
	/*
	 * Set at the exit of the program from /proc/self/smaps, 0 before: how much of the heap's
	 * normal memory (thp_bytes and base_bytes) had been touched then, and how much of that
	 * really was on huge pages.
	 */
	uint64_t thp_huge_bytes;
	uint64_t thp_resident_bytes;
	struct hp_stats stats;
};

#endif
