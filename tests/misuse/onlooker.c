/*
 * A library preloaded before a malloc under test, which tells on standard error how far the
 * program came: "main is over" at exit, "went on" after it has then used the heap for a while, so
 * that what is only noticed when blocks are used again gets its chance, and where a fault was.
 *
 * Being first in LD_PRELOAD, it is started after all other libraries, and so its exit handler runs
 * before theirs. It allocates nothing but what it goes on with.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <ucontext.h>
#include <unistd.h>

enum { MOST_BLOCKS = 4096, ROUNDS = 20, HELD_BYTES = 4 << 20, PAGE_BYTES = 4096 };

static void say(const char *what, const char *where)
{
	const char *parts[] = { "onlooker: ", what, where, "\n" };

	for (int i = 0; i < 4; i++)
		if (write(STDERR_FILENO, parts[i], strlen(parts[i])) < 0)
			return;
}

#if defined(__x86_64__)
static uintptr_t instruction(const ucontext_t *context)
{
	return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
}
#elif defined(__aarch64__)
static uintptr_t instruction(const ucontext_t *context)
{
	return context->uc_mcontext.pc;
}
#else
#error "where is the instruction that a signal interrupted?"
#endif

/* A fault of the program's own instructions, or of the C library's on its behalf, is one that the
 * memory's protection brought about; one inside the malloc is a heap that is broken. */
static void on_fault(int number, siginfo_t *info, void *context)
{
	uintptr_t at = instruction(context);
	uintptr_t program = getauxval(AT_PHDR) & -(uintptr_t)PAGE_BYTES;
	Dl_info found = { 0 };

	(void)info;
	if (!at)
		say("no such function", "");
	else if (!dladdr((void *)at, &found) || (uintptr_t)found.dli_fbase == program)
		say("fault in ", "the program");
	else
		say("fault in ", found.dli_fname);
	/* The faulting instruction is run again, and then kills. */
	signal(number, SIG_DFL);
}

static void go_on(void)
{
	static const size_t sizes[] = { 64, 61, 1, 40, 100, 256, 1000, 8000, 100000, 5000000 };
	static void *held[MOST_BLOCKS];

	say("main is over", "");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t count = HELD_BYTES / sizes[i] + 1;

		if (count > MOST_BLOCKS)
			count = MOST_BLOCKS;
		for (int round = 0; round < ROUNDS; round++) {
			for (size_t j = 0; j < count; j++)
				held[j] = malloc(sizes[i]);
			for (size_t j = 0; j < count; j++)
				free(held[j]);
		}
	}
	say("went on", "");
}

__attribute__((constructor)) static void look_on(void)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	atexit(go_on);
}
