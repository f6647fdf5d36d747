/* See refresh.h. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "common/say.h"
#include "live/refresh.h"

#define SECONDS_MIN 0.1
#define SECONDS_MAX 86400.0

error_t hp_refresh_parse(int key, const char *text, struct hp_refresh *refresh)
{
	char *end = NULL;

	errno = 0;
	switch (key) {
	case 'n':
		refresh->seconds = strtod(text, &end);
		if (end != text && !*end && refresh->seconds >= SECONDS_MIN &&
		    refresh->seconds <= SECONDS_MAX)
			return 0;
		break;
	case 'c':
		refresh->count = strtoull(text, &end, 10);
		if (end != text && !*end && *text != '-' && !errno && refresh->count)
			return 0;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	hp_say("'%s' is no %s", text, key == 'n' ? "interval in seconds" : "count");
	return HP_ARGUMENTS_SAID;
}

bool hp_refresh_wait(const struct hp_refresh *refresh, uint64_t done)
{
	double seconds = refresh->seconds;
	struct timespec pause = { .tv_sec = (time_t)seconds };

	if (seconds <= 0 || (refresh->count && done >= refresh->count))
		return false;
	pause.tv_nsec = (long)((seconds - (double)pause.tv_sec) * 1e9);
	while (nanosleep(&pause, &pause) && errno == EINTR)
		;
	return true;
}

void hp_refresh_clear(const struct hp_refresh *refresh, uint64_t done)
{
	if (refresh->seconds > 0 && isatty(STDOUT_FILENO))
		fputs("\033[H\033[2J", stdout);
	else if (done)
		fputs("\n", stdout);
}
