/*
 * A library that allocates in its constructor comes and goes in a loop, from two threads at once;
 * its blocks may outlive it. So does a library that is not there: dlerror's text is a block, too.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

enum { ROUNDS = 300, THREADS = 2, KEPT = 16 };

static const char *plugin_path;

static void *open_and_close(void *unused)
{
	char *kept[KEPT] = { 0 };

	for (int round = 0; round < ROUNDS; round++) {
		void *plugin = dlopen(plugin_path, round % 2 ? RTLD_NOW : RTLD_LAZY);
		char *(*hello)(const char *);

		CHECK(plugin);
		*(void **)&hello = dlsym(plugin, "plugin_hello");
		CHECK(hello);
		free(kept[round % KEPT]);
		kept[round % KEPT] = hello("world");
		CHECK(!dlclose(plugin));
		CHECK(hp_test_owns(kept[round % KEPT]));
		CHECK(!strcmp(kept[round % KEPT], "hello world"));

		CHECK(!dlopen("/nonexistent/library.so", RTLD_NOW));
		CHECK(strstr(dlerror(), "nonexistent"));
		CHECK(!dlsym(RTLD_DEFAULT, "no_such_name"));
	}
	for (int i = 0; i < KEPT; i++)
		free(kept[i]);
	return unused;
}

int main(int count, char **arguments)
{
	pthread_t threads[THREADS];

	CHECK(count == 2);
	plugin_path = arguments[1];
	for (int i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, open_and_close, NULL));
	for (int i = 0; i < THREADS; i++)
		CHECK(!pthread_join(threads[i], NULL));
	return 0;
}
