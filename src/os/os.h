/*
 * Every request to the operating system, and nothing else: mechanism without policy or state.
 *
 * For all functions: addresses and lengths are multiples of HP_PAGE_BYTES, those of the hugetlb
 * functions multiples of HP_HUGEPAGE_BYTES. An `int` is 0 or a negative errno; outputs are
 * untouched on failure, and so is memory unless said otherwise. errno may change:
 * the public edge keeps it (api/). None takes a lock or allocates; all may run in any thread.
 * "Normal" memory is private and anonymous.
 * Tests make each of them fail by the linker's --wrap.
 */
#ifndef HP_OS_OS_H
#define HP_OS_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* The page that Linux on x86-64 and (by default) aarch64 uses; checked by hp_os_check_machine(). */
#define HP_PAGE_BYTES ((size_t)4096)
#define HP_HUGEPAGE_BYTES ((size_t)2 << 20)

#define HP_OS_LOG_PATH_BYTES ((size_t)4096 + 64)

/* -ENOTSUP where the page size is not HP_PAGE_BYTES. */
int hp_os_check_machine(void);

/* ---- map.c: address space and normal memory ---- */

/*
 * Reserves address space without access or memory. With `at`, exactly there, or -EEXIST if any
 * of it is taken; else anywhere, aligned to `align`.
 */
int hp_os_reserve(void *at, size_t bytes, size_t align, void **out_address);

/* Gives address space and all on it back. */
int hp_os_release(void *address, size_t bytes);

/*
 * Makes an address range readable and writable; the memory of one that was reserved comes at first
 * touch, zero.
 */
int hp_os_commit(void *address, size_t bytes);

/*
 * Forbids reading and writing of normal memory, and keeps what is there. To undo it can fail
 * (false) only where the process is at its limit of mappings and neighbours are sealed, too.
 */
int hp_os_seal(void *address, size_t bytes);
bool hp_os_unseal(void *address, size_t bytes);

/* As hp_os_reserve(), readable and writable at once. */
int hp_os_map(void *at, size_t bytes, size_t align, void **out_address);

/* Memory that is the same in this process and all that are forked from here on. */
int hp_os_map_shared(size_t bytes, void **out_address);

/* Drops the content; the next touch reads zero (normal memory), or see hp_os_populate(). */
int hp_os_purge(void *address, size_t bytes);

/*
 * Gets the pages, hugetlb or normal, zero where they are new, for a write: -EFAULT or -ENOMEM where
 * one can't be had, or may not be written to.
 */
int hp_os_populate(void *address, size_t bytes);

/* Makes memory read-only, until hp_os_commit(). */
int hp_os_protect(void *address, size_t bytes);

/* Puts fresh normal memory, readable and writable, in place of whatever is mapped there, if any. */
int hp_os_replace(void *address, size_t bytes);

/* As hp_os_replace(), with reserved address space: one mapping, without memory or a claim to it. */
int hp_os_vacate(void *address, size_t bytes);

/*
 * Moves the pages of [from, from + bytes) to `to`, replacing what is mapped there. What is left at
 * `from` is fresh, as before its first touch (normal memory) or unmapped (hugetlb: see
 * hp_os_move_huge()).
 */
int hp_os_move(void *from, size_t bytes, void *to);

/* As hp_os_move(), and `from` is unmapped afterwards. */
int hp_os_move_away(void *from, size_t bytes, void *to);

/* ---- huge.c: huge pages ---- */

/*
 * Has the pool promise so many bytes of pages to this process, without taking them, until they are
 * given back by hp_os_release().
 */
int hp_os_huge_reserve(int fd, size_t bytes, void **out_address);

/*
 * How many hugetlb pages of the range are shared with other processes: since a fork, unwritten.
 * `pagemap` is what the first of these opens, and the last one closes.
 */
int hp_os_pagemap_open(int *out_pagemap);
int hp_os_huge_shared(int pagemap, const void *address, size_t bytes, size_t *out_pages);
void hp_os_pagemap_close(int pagemap);

/*
 * Maps hugetlb pages over [address, address + bytes) without a reservation: not to be touched
 * before hp_os_populate(). `fd` is a file of hp_os_hugetlbfs_open(), or -1.
 */
int hp_os_huge_map(int fd, void *address, size_t bytes);

/* Pages of the pool that are free and promised to nobody; of a moment ago, and without surplus. */
int hp_os_huge_free(uint64_t *out_pages);

/*
 * A new file on the hugetlbfs of 2 MB pages mounted at `directory`, unlinked, large enough for any
 * offset. -EINVAL, and no file, where `directory` is anything else.
 */
int hp_os_hugetlbfs_open(const char *directory, int *out_fd);

/* Asks for transparent huge pages at the coming touches, or for none. */
int hp_os_thp_advise(void *address, size_t bytes);
int hp_os_thp_forbid(void *address, size_t bytes);

/* Makes a transparent huge page of what is there now. Takes up to some milliseconds. */
int hp_os_thp_collapse(void *address, size_t bytes);

/* 0 if transparent huge pages can be had by advice, -ENOTSUP if sysfs or prctl forbid them. */
int hp_os_thp_check(void);

/* Whether the child of a fork gets the range (the default) or a hole. */
int hp_os_fork_omit(void *address, size_t bytes);
int hp_os_fork_keep(void *address, size_t bytes);

/* The child of a fork finds the range, of normal memory, zero. */
int hp_os_fork_wipe(void *address, size_t bytes);

/* What is there of a range of addresses, in bytes. */
struct hp_os_resident {
	uint64_t normal;  /* of normal memory, huge pages included */
	uint64_t huge;	  /* ... of it on transparent huge pages */
	uint64_t hugetlb; /* pages of the hugetlb pool */
	uint64_t swapped;
};

/* Sums of /proc/self/smaps over the mappings that begin in the range. */
int hp_os_resident(const void *address, size_t bytes, struct hp_os_resident *out_resident);

/* How many base pages of the range this process has for itself: shared zeros do not count. */
int hp_os_pages_own(const void *address, size_t bytes, size_t *out_pages);

/* ---- trap.c: accesses that the kernel refuses ---- */

enum hp_os_trap {
	HP_OS_TRAP_NO_PAGE,   /* SIGBUS: no page for it */
	HP_OS_TRAP_PROTECTED, /* SIGSEGV: the page is protected, for a while */
	HP_OS_TRAP_GUARDED,   /* SIGSEGV: the page is protected, for good */
};

/* `instruction` made the access; where it lies at the address itself, it was a jump. */
typedef bool hp_os_mender(void *address, const void *instruction);

/*
 * From now on such an access, of any thread, calls `mend`, in the handler of its signal; if that
 * returns true, it is tried again. All else that comes by the signal goes to who had it before, or
 * has its default action. Called again, it takes the signal back from who took it. One thread at a
 * time; async-signal-safe.
 */
int hp_os_trap_catch(enum hp_os_trap trap, hp_os_mender *mend);

/* Calls what blocks all signals of this thread; those of refused accesses stay as they are. */
void hp_os_trap_spare(void (*block_all)(void));

/* ---- proc.c: the process ---- */

/* Monotonic time, coarse (some milliseconds). */
uint64_t hp_os_now_ms(void);

/* Memory that can be had without swapping, of the whole machine (MemAvailable). */
int hp_os_memory_available(uint64_t *out_bytes);

/* Random bits for the placement of the heap; never fails, weak where the kernel has none. */
uint64_t hp_os_random(void);

/* Random bits to keep from an attacker: not derived from what else in the process is. */
uint64_t hp_os_secret(void);

/* Whether both addresses lie in one mapping; false too where /proc cannot be read. Slow. */
bool hp_os_is_one_mapping(const void *one, const void *other);

/* Whether the eight bytes at a multiple of eight can be read. Changes errno. */
bool hp_os_is_readable(const void *address);

/* Whether the address lies in the program or one of its libraries, code or data; false too where
 * the C library has no way to tell without a lock. */
bool hp_os_is_program(const void *address);

/* Whether the address lies in what a file has mapped to be executed. Slow. */
bool hp_os_is_code(const void *address);

/* Reads memory that may not be there: how many bytes. 0 too where a filter forbids it. */
size_t hp_os_peek(const void *address, void *out_bytes, size_t bytes);

/* The file that is mapped at the address, its name cut to fit, and how far behind its start. */
bool hp_os_module_of(const void *address, char *out_path, size_t path_bytes, uintptr_t *out_offset);

/* A part of a file that is mapped as code. */
struct hp_os_module {
	uintptr_t start, end;
	uint64_t offset; /* of `start` in the file */
	const char *path;
};

typedef void hp_os_module_visitor(const struct hp_os_module *module, void *context);

#define HP_OS_MODULES_WORK_BYTES ((size_t)16 << 10)

/* Calls `visit` for each. The caller has the memory for the work, aligned to 16. */
struct hp_os_modules_work;
int hp_os_modules_walk(struct hp_os_modules_work *work, hp_os_module_visitor *visit, void *context);

/* Where the code of this library lies; false where it is part of the program itself. */
bool hp_os_own_code(uintptr_t *out_start, uintptr_t *out_end);

/*
 * For the constructor: whether this library comes by dlopen(), when others have registered their
 * fork handlers.
 */
bool hp_os_is_late(void);

/* Whether the program is setuid or the like: it takes no advice from its environment. */
bool hp_os_is_secure(void);

/* Whether the process has one thread; false where the C library does not say. */
bool hp_os_is_single_threaded(void);

/* Makes hp_os_barrier_all() possible; cheap only while the process has one thread. */
int hp_os_barrier_register(void);

/*
 * Makes every running thread of the process pass a full memory barrier. -ENOSYS where that can't
 * be had.
 */
int hp_os_barrier_all(void);

/*
 * glibc's lock of the list of open files, which fork takes after all handlers: for handlers that
 * make other threads wait. Recursive; nothing happens on another libc.
 */
void hp_os_stdio_lock(void);
void hp_os_stdio_unlock(void);
void hp_os_stdio_reset(void);

void hp_os_yield(void);
int hp_os_pid(void);

/* Ends the process at once. */
HP_NORETURN void hp_os_exit(int status);

/* The kernel's number of the calling thread. */
unsigned hp_os_tid(void);
unsigned hp_os_parent_pid(void);

/* The path of the program's file; "" where /proc cannot be read. */
void hp_os_program_path(char *out_path, size_t path_bytes);

/* ---- clock.c ---- */

/* Monotonic time, and that of the calendar since 1970. */
uint64_t hp_os_now_ns(void);
uint64_t hp_os_unix_ns(void);

/* Whether hp_os_ticks() of os/ticks.h runs at one rate, the same on all processors. */
bool hp_os_ticks_are_steady(void);

/* ---- log.c: a file of the library's own that only grows ---- */

struct hp_os_log {
	_Atomic int fd;
	uint64_t device, inode;
	char path[HP_OS_LOG_PATH_BYTES]; /* absolute */
};

/*
 * Creates the file, which must not exist, for this user alone. No symbolic link in the path is
 * followed.
 */
int hp_os_log_create(const char *path, struct hp_os_log *out_log);

/*
 * Appends both pieces in one. Any thread. -ENOSPC if not all of it could be written; -ENOENT or the
 * like if the program closed our descriptor and the file is not to be had by its name any more.
 */
int hp_os_log_write(struct hp_os_log *log, const void *head, size_t head_bytes, const void *body,
		    size_t body_bytes);

/* Closes the descriptor, if it still is ours. */
void hp_os_log_close(struct hp_os_log *log);

/* ---- file.c: files that the library writes where its user says ---- */

/*
 * Maps a file of the caller's own, shared and writable, with all its pages there; see
 * hpalloc/publish.h for what it must be.
 */
int hp_os_publish_map(const char *path, size_t bytes, void **out_address);

/*
 * Opens a file of the caller's own for writing: empty, made with mode 0600 if it is not there, and
 * under the same conditions as hp_os_publish_map().
 */
int hp_os_file_create(const char *path, int *out_fd);

/* Writes all of it. */
int hp_os_file_write(int fd, const void *bytes, size_t count);
void hp_os_file_close(int fd);

/* ---- publish.c: what the process tells of itself ---- */

/*
 * As hp_os_publish_map(), of a new file PARENT/DIRECTORY/process id of mode 0600, whose path it
 * tells. The directory is made if need be, and must be this user's alone to write to.
 */
int hp_os_publish_create(const char *parent, const char *directory, size_t bytes, char *out_path,
			 size_t path_bytes, void **out_address);

void hp_os_unlink(const char *path);

/* The name of the process's numbers among those of containers; 0 where that can't be told. */
uint64_t hp_os_pid_space(void);

unsigned hp_os_uid(void);

/* The working directory; false where it has no path, or a longer one. */
bool hp_os_directory_get(char *out_path, size_t bytes);

/* ---- cgroup.c: control groups ---- */

enum hp_os_cgroup_kind { HP_OS_CGROUP_MEMORY, HP_OS_CGROUP_HUGETLB };

/*
 * What the process's control group and those above it allow, version 2 or 1: the least limit, and
 * the least that is left under any of them; UINT64_MAX where nothing limits. What is left is no
 * more than a guess: the use counts files that the kernel would let go, and others go on using.
 * -ENOENT where there are no control groups, or ours can't be seen. Opens and reads files, 9 KB of
 * stack: not under a lock.
 */
int hp_os_cgroup_read(enum hp_os_cgroup_kind kind, uint64_t *out_limit_bytes,
		      uint64_t *out_left_bytes);

#endif
