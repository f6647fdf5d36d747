/*
 * The page on which the library of one program publishes its counters (hpalloc/publish.h): a file
 * with no name left once the program has ended.
 */
#ifndef HP_TOOLS_LIVE_PAGE_H
#define HP_TOOLS_LIVE_PAGE_H

#include <stdbool.h>

#include <hpalloc/publish.h>

struct hp_page {
	char *path;
	int fd;
	struct hp_published
		*shared; /* written by the library; not to be read here: it may be cut */
};

/* Returns 0 or a negative errno. */
int hp_page_init(struct hp_page *page);
void hp_page_fini(struct hp_page *page);

/* The counters as of the last complete writing; zeros where the program has cut the file. */
struct hp_published hp_page_get(const struct hp_page *page);

/* The same of any process's page, and of an older or newer library; false if it is none. */
bool hp_page_read(int fd, struct hp_published *out_page);

#endif
