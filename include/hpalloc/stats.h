/*
 * Statistics of the heap; part of <hpalloc/hpalloc.h>, whose rules hold here.
 *
 * Nothing is counted for them on the way of a malloc or free that hits: who asks pays, with a walk
 * over the heap's tables beside the running threads, which are neither stopped nor slowed. So a
 * figure is exact where the threads it is about rest, and else of some moment during the call;
 * figures of one answer may be of different moments.
 *
 * All structures grow at their ends. A program passes the size of its own, and goes on working with
 * a library that knows more; a library that knows less says EINVAL.
 */
#ifndef HP_STATS_H
#define HP_STATS_H

#include <stddef.h>
#include <stdint.h>

#include <hpalloc/hpalloc.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Why memory is not on pages of the hugetlb pool (the first ones) or not on huge pages at all. */
enum hp_fallback {
	HP_FALLBACK_POOL_EMPTY, /* the pool had no page left */
	HP_FALLBACK_LIMIT,	/* a cgroup's limit, HPALLOC_POOL_MAX or _LEAVE; or drained */
	HP_FALLBACK_MAPPING,	/* mmap or mremap failed: address-space limit, too many mappings */
	HP_FALLBACK_LAZY_LARGE, /* a very large block: lazy, so that only what is touched costs */
	HP_FALLBACK_FORK,	/* the child of a fork received a copy on normal memory */
	HP_FALLBACK_WARMUP,	/* the first part of the heap stands on base pages */
	HP_FALLBACK_THP_OFF,	/* transparent huge pages are disabled (sysfs or prctl) */
	HP_FALLBACK_THP_FAILED, /* the kernel could not make the huge page */
	HP_FALLBACK_COUNT
};

/*
 * How full a hugepage of the heap is, by the bytes of its blocks: no block on it, up to 10 %, up to
 * 20 %, ... up to 100 % but not all of it, full. One that stands on base pages counts as a whole.
 */
enum { HP_FULLNESS_EMPTY, HP_FULLNESS_FULL = 11, HP_FULLNESS_COUNT };

/*
 * What the heap holds. Counts of bytes are multiples of the base page, but for those of blocks.
 *
 * "Held" is what the heap has asked the system for and not given back: of the three kinds of page,
 * whose sum is `heap_bytes`. A page of the hugetlb pool is there from the start. 2 MB of the heap
 * that were given to transparent huge pages count as "thp" as a whole from their first use on,
 * though the kernel may not have touched a part yet: a sparse block of 10 GB is held with 10 GB.
 * hp_stats_get_resident() tells what is there.
 *
 * What is held is, where the threads rest:
 *   heap_bytes == in_use_bytes + inbox_bytes + outbox_bytes + quarantine_bytes + free_bytes +
 *                 fresh_bytes + waste_bytes + gap_bytes + idle_bytes
 *
 * "Since the start" is since the start of the process, in the child of a fork too.
 */
struct hp_stats {
	uint64_t heap_bytes;	     /* memory held from the system for blocks */
	uint64_t hugetlb_bytes;	     /* ... of it on pages of the hugetlb pool */
	uint64_t thp_bytes;	     /* ... of it on transparent huge pages */
	uint64_t base_bytes;	     /* ... of it on base pages */
	uint64_t peak_bytes;	     /* the most that heap_bytes ever was, */
	uint64_t peak_hugetlb_bytes; /* and its parts at that moment */
	uint64_t peak_thp_bytes;
	uint64_t peak_base_bytes;
	uint64_t in_use_bytes;	  /* usable bytes of all blocks that are the program's */
	uint64_t idle_bytes;	  /* whole hugepages held without a block on them */
	uint64_t metadata_bytes;  /* memory of the allocator's own, outside heap_bytes */
	uint64_t reserved_bytes;  /* address space, mostly without memory */
	uint64_t hugepages_taken; /* from the hugetlb pool, since the start */
	uint64_t hugepages_given; /* back to it */
	uint64_t purged_bytes;	  /* of other memory given back to the system, since the start */
	uint64_t realloc_copied_bytes; /* large blocks that realloc had to copy, since the start */
	uint64_t fallbacks[HP_FALLBACK_COUNT]; /* hugepages that stand elsewhere, by reason */
	uint64_t arenas;	  /* threads' arenas, those of ended threads included */
	uint64_t orphans;	  /* ... of them without a thread */
	uint64_t forks_copied;	  /* forks for which hugetlb memory was copied */
	uint64_t forks_shared;	  /* ... was shared, the pool having as many pages again */
	uint64_t forks_uncovered; /* ... was shared for want of memory to copy it */
	uint64_t rescued;	/* hugepages moved to normal memory at a write that found no page */
	uint64_t pool_withheld; /* hugepages that HPALLOC_POOL_MAX or _LEAVE kept off the pool */

	/* Where in_use_bytes are, and what is held beside them. */
	uint64_t in_use_blocks;	   /* blocks that are the program's */
	uint64_t large_blocks;	   /* ... of them beyond 128 KB, or aligned to more than 16 KB */
	uint64_t large_bytes;	   /* ... and their bytes */
	uint64_t slabs;		   /* runs of memory that are cut into blocks of one size */
	uint64_t slab_bytes;	   /* ... and their bytes */
	uint64_t free_bytes;	   /* freed blocks and cut ones in slabs, to be handed out next */
	uint64_t fresh_bytes;	   /* of slabs, not cut into blocks yet: mostly never touched */
	uint64_t waste_bytes;	   /* ends of slabs, too short for a block */
	uint64_t empty_bytes;	   /* slabs kept without a block; part of free_bytes and the like */
	uint64_t inbox_bytes;	   /* freed by other threads, not taken in by their owner yet */
	uint64_t outbox_bytes;	   /* freed, and still with the threads that did it */
	uint64_t quarantine_bytes; /* freed, and kept apart for a while by HPALLOC_HARDEN */
	uint64_t guarded_blocks;   /* on pages of their own by HPALLOC_HARDEN=2, beside it */
	uint64_t gap_bytes;	   /* between slabs and large blocks, on hugepages in use */

	/*
	 * What the slow paths did, since the start, but for those of explicit arenas. The hits in
	 * between are not counted, so these are bounds from below: a program that mallocs and frees
	 * one block for ever adds nothing.
	 */
	uint64_t refills;	  /* mallocs that found the list of their size empty */
	uint64_t refilled_blocks; /* ... and the blocks that were put there for them and the next */
	uint64_t handed_blocks;	  /* frees by another thread than the block's, handed over: all */
	uint64_t slabs_taken;	  /* slabs begun */
	uint64_t slabs_given;	  /* ... and ended */
	uint64_t large_taken;	  /* large blocks allocated: all of them */
	uint64_t large_given;	  /* ... and freed */

	/* How many hugepages of the heap are how full; those held without a block first. */
	uint64_t hugetlb_fullness[HP_FULLNESS_COUNT];
	uint64_t thp_fullness[HP_FULLNESS_COUNT];
	uint64_t base_fullness[HP_FULLNESS_COUNT];
};

/*
 * Fills the first `stats_bytes` bytes of *out_stats, which is sizeof(struct hp_stats). Returns 0,
 * or EINVAL if stats_bytes is larger than the library's own structure. Microseconds per hugepage.
 */
HP_PUBLIC int hp_stats_get(struct hp_stats *out_stats, size_t stats_bytes);

/*
 * What of the held memory is there now, as the kernel says in /proc/self/smaps: pages that were
 * touched, and not given back or swapped out.
 */
struct hp_stats_resident {
	uint64_t hugetlb_bytes;	 /* on pages of the hugetlb pool: equal to that of hp_stats */
	uint64_t thp_bytes;	 /* really on transparent huge pages */
	uint64_t base_bytes;	 /* on base pages */
	uint64_t swapped_bytes;	 /* swapped out */
	uint64_t metadata_bytes; /* of the allocator's tables, pages that no other process shares */
};

/*
 * Fills the first `resident_bytes` bytes of *out_resident. Returns 0, EINVAL as hp_stats_get(), or
 * what opening /proc/self/smaps says. Reads that file, which takes the kernel a millisecond or
 * more per GB of the whole process.
 */
HP_PUBLIC int hp_stats_get_resident(struct hp_stats_resident *out_resident, size_t resident_bytes);

/* The blocks of one size; fragmentation is what slab_bytes has beyond blocks * block_bytes. */
struct hp_stats_class {
	uint64_t block_bytes;  /* 0 for the large blocks, each of which has a size of its own */
	uint64_t blocks;       /* that are the program's */
	uint64_t free_blocks;  /* to be handed out next */
	uint64_t fresh_blocks; /* not cut yet */
	uint64_t inbox_blocks; /* as in hp_stats */
	uint64_t outbox_blocks;
	uint64_t quarantine_blocks;
	uint64_t slabs; /* 0 for the large blocks */
	uint64_t empty_slabs;
	uint64_t slab_bytes; /* all of its slabs, or of the large blocks */
};

/*
 * One entry for each size that slabs were made for, the smallest first, and the last for large
 * blocks: as many as fit in *inout_count, each of class_bytes, which is sizeof(struct
 * hp_stats_class). *inout_count becomes how many there are; NULL as `out` only counts. Returns 0 or
 * EINVAL as hp_stats_get().
 */
HP_PUBLIC int hp_stats_get_classes(struct hp_stats_class *out, size_t class_bytes,
				   size_t *inout_count);

enum hp_stats_arena_state {
	HP_STATS_ARENA_OWNED,	/* a thread's */
	HP_STATS_ARENA_ORPHAN,	/* of a thread that ended: for the next one, or until it is empty */
	HP_STATS_ARENA_LATE,	/* serves threads before they have one and after they gave it up */
	HP_STATS_ARENA_EXPLICIT /* one that the program made: see hpalloc/arena.h */
};

#define HP_STATS_NAME_BYTES 32

/* What one arena has. Blocks that others freed are live until it has taken them in. */
struct hp_stats_arena {
	/* In the order of their making; a thread's that retires is reused. Explicit: > 2^32. */
	uint64_t id;
	uint64_t state; /* of hp_stats_arena_state */
	uint64_t live_blocks;
	uint64_t live_bytes;
	uint64_t free_bytes; /* as in hp_stats */
	uint64_t slabs;
	uint64_t slab_bytes;
	uint64_t empty_slabs;
	uint64_t outbox_blocks; /* others' blocks, which its thread freed */
	uint64_t refills;	/* since it was made, by all threads that had it */
	uint64_t refilled_blocks;
	/* Of an explicit arena, whose large blocks are among the live ones; else 0. */
	uint64_t large_blocks;
	uint64_t large_bytes;
	uint64_t limit_bytes; /* 0: none */
	char name[HP_STATS_NAME_BYTES];
};

/*
 * One entry for each explicit arena, and each other that has slabs or a thread, in no order. The
 * rest as hp_stats_get_classes(), and ENOMEM where there is no memory to sort them in.
 */
HP_PUBLIC int hp_stats_get_arenas(struct hp_stats_arena *out, size_t arena_bytes,
				  size_t *inout_count);

enum hp_stats_format {
	HP_STATS_TEXT, /* for people: may change */
	HP_STATS_JSON  /* one object; names are those of the structures' fields */
};

/*
 * Writes all of the above to a file descriptor, without allocating. Returns 0, EINVAL for another
 * format, or the error of write(2).
 */
HP_PUBLIC int hp_stats_print(int fd, enum hp_stats_format format);

#ifdef __cplusplus
}
#endif

#endif
