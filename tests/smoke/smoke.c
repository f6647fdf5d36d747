/*
 * The least program that uses the library: for the ways of linking it that ./dev test tries,
 * shared, static, as a subproject, cross-compiled, and with the system's liburcu.
 */
#include <stdio.h>
#include <string.h>

#include <pthread.h>

#include <hpalloc/hpalloc.h>

enum { ROUNDS = 1000, MAX_BYTES = 100000 };

static void *churn(void *unused)
{
	for (size_t i = 0; i < ROUNDS; i++) {
		size_t bytes = 1 + i * 7919 % MAX_BYTES;
		unsigned char *block = hp_malloc(bytes);

		if (!block || !hp_owns(block))
			return NULL;
		memset(block, (int)(i & 0xff), bytes);
		block = hp_realloc(block, 2 * bytes);
		if (!block || block[0] != (i & 0xff) || block[bytes - 1] != (i & 0xff))
			return NULL;
		hp_free(block);
	}
	(void)unused;
	return (void *)churn;
}

int main(void)
{
	struct hp_stats stats;
	pthread_t thread;
	void *other = NULL;

	if (pthread_create(&thread, NULL, churn, NULL) || !churn(NULL) ||
	    pthread_join(thread, &other) || !other) {
		fputs("smoke: a block was lost\n", stderr);
		return 1;
	}
	if (hp_stats_get(&stats, sizeof(stats)) || stats.peak_bytes == 0) {
		fputs("smoke: no statistics\n", stderr);
		return 1;
	}
	printf("libhpalloc %s: %llu bytes at the peak\n", hp_version(),
	       (unsigned long long)stats.peak_bytes);
	return 0;
}
