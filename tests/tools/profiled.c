/*
 * A program with a known profile: what each function allocates, and what it keeps. With an argument
 * it writes its profile there in the middle, by the function of the library.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BODY __attribute__((noinline, noclone, used))

static void *kept[400];
static void *volatile sink;

/* So that the call is no jump, which would hide the caller. */
#define CALL(what)                                                                                 \
	do {                                                                                       \
		sink = (what);                                                                     \
		__asm__ volatile("" ::: "memory");                                                 \
	} while (0)

static BODY void keeps_a_hundred(void)
{
	for (size_t i = 0; i < 100; i++) {
		CALL(malloc(1000));
		kept[i] = sink;
	}
}

static BODY void frees_all(void)
{
	for (size_t i = 0; i < 200; i++) {
		CALL(malloc(3000));
		free(sink);
	}
}

static BODY void clears(void)
{
	for (size_t i = 100; i < 150; i++) {
		CALL(calloc(50, 20));
		kept[i] = sink;
		if (memcmp(kept[i], (char[1000]){ 0 }, 1000))
			abort();
	}
}

static BODY void grows(void)
{
	CALL(malloc(1 << 20));
	for (size_t bytes = 2 << 20; bytes <= 8 << 20; bytes *= 2) {
		memset(sink, 7, bytes / 2);
		CALL(realloc(sink, bytes));
		if (((char *)sink)[bytes / 2 - 1] != 7)
			abort();
	}
	kept[150] = sink;
}

static BODY void aligns(void)
{
	for (size_t i = 151; i < 161; i++) {
		CALL(aligned_alloc(4096, 4096));
		kept[i] = sink;
		if ((size_t)sink % 4096)
			abort();
	}
}

static BODY void *in_a_thread(void *unused)
{
	for (size_t i = 200; i < 300; i++) {
		CALL(malloc(50));
		kept[i] = sink;
	}
	return unused;
}

static void write_now(const char *path)
{
	int (*write_profile)(const char *) = NULL;

	*(void **)&write_profile = dlsym(RTLD_DEFAULT, "hp_profile_write");
	printf("%d\n", write_profile(path));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	pthread_t thread;
	pid_t child;

	keeps_a_hundred();
	frees_all();
	if (argc > 1)
		write_now(argv[1]);
	clears();
	grows();
	aligns();
	pthread_create(&thread, NULL, in_a_thread, NULL);
	pthread_join(thread, NULL);
	child = fork();
	if (!child)
		exit(0);
	waitpid(child, NULL, 0);
	return 0;
}
