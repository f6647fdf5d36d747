/* The process, its environment and its threads: see os.h. */
#include <errno.h>
#include <link.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "os/file.h"
#include "os/os.h"
#include "os/result.h"

uint64_t hp_os_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The kernel hands every program 16 random bytes at its start: no system call needed. */
uint64_t hp_os_random(void)
{
	const void *seed = (const void *)getauxval(AT_RANDOM);
	uint64_t random[2] = { 0 };

	if (seed)
		memcpy(random, seed, sizeof(random));
	return (random[0] ^ random[1]) * 0x9e3779b97f4a7c15u;
}

/* The kernel's own where it gives them at once; a strict filter may forbid the call. */
uint64_t hp_os_secret(void)
{
	uint64_t secret = 0;

	if (syscall(SYS_getrandom, &secret, sizeof(secret), GRND_NONBLOCK) != sizeof(secret))
		secret = hp_os_random() ^ (uintptr_t)&secret;
	return secret;
}

/* The start of the program or library that this is part of. */
extern const ElfW(Ehdr) __ehdr_start HP_HIDDEN;

/* Libc, which gives the process its environment, is initialised after us (-z initfirst). */
bool hp_os_is_late(void)
{
	uintptr_t own_headers = (uintptr_t)&__ehdr_start + __ehdr_start.e_phoff;

	return environ && own_headers != getauxval(AT_PHDR);
}

bool hp_os_is_secure(void)
{
	return getauxval(AT_SECURE);
}

int hp_os_barrier_register(void)
{
	return hp_os_result(
		syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0));
}

/* glibc's, since 2.32. */
extern char __libc_single_threaded __attribute__((weak));

bool hp_os_is_single_threaded(void)
{
	return &__libc_single_threaded && __libc_single_threaded;
}

int hp_os_barrier_all(void)
{
	/* A thread needs none for itself; a filter of system calls may forbid the asking. */
	if (hp_os_is_single_threaded())
		return 0;
	return hp_os_result(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
}

extern void _IO_list_lock(void) __attribute__((weak));
extern void _IO_list_unlock(void) __attribute__((weak));
extern void _IO_list_resetlock(void) __attribute__((weak));

void hp_os_stdio_lock(void)
{
	if (_IO_list_lock)
		_IO_list_lock();
}

void hp_os_stdio_unlock(void)
{
	if (_IO_list_unlock)
		_IO_list_unlock();
}

void hp_os_stdio_reset(void)
{
	if (_IO_list_resetlock)
		_IO_list_resetlock();
}

void hp_os_yield(void)
{
	sched_yield();
}

int hp_os_pid(void)
{
	return (int)getpid();
}

unsigned hp_os_parent_pid(void)
{
	return (unsigned)getppid();
}

void hp_os_exit(int status)
{
	for (;;)
		syscall(SYS_exit_group, status);
}

unsigned hp_os_tid(void)
{
	return (unsigned)syscall(SYS_gettid);
}

void hp_os_program_path(char *out_path, size_t path_bytes)
{
	ssize_t length = readlink("/proc/self/exe", out_path, path_bytes - 1);

	out_path[length > 0 ? length : 0] = '\0';
}
