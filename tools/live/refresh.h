/* What `stat` and `top` share: which processes, how often, how many times. */
#ifndef HP_TOOLS_LIVE_REFRESH_H
#define HP_TOOLS_LIVE_REFRESH_H

#include "common/arguments.h"
#include "live/live.h"

struct hp_refresh {
	double seconds; /* between two; 0: not asked for */
	uint64_t count; /* how many times; 0: until there is nothing left */
};

/* For an argp parser: -n SECONDS and -c COUNT. */
#define HP_REFRESH_OPTIONS                                                                         \
	{ .name = "interval",                                                                      \
	  .key = 'n',                                                                              \
	  .arg = "SECONDS",                                                                        \
	  .doc = "Again after so many seconds, 0.1 at least" },                                    \
	{                                                                                          \
		.name = "count", .key = 'c', .arg = "N", .doc = "So many times, then end"          \
	}
error_t hp_refresh_parse(int key, const char *text, struct hp_refresh *refresh);

/* Waits for the next time. False if that was the last. */
bool hp_refresh_wait(const struct hp_refresh *refresh, uint64_t done);

/* Starts the next picture: on a terminal in the place of the one before. */
void hp_refresh_clear(const struct hp_refresh *refresh, uint64_t done);

#endif
