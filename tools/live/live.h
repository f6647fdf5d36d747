/*
 * The pages of counters that running processes publish (hpalloc/publish.h), as far as this user may
 * read them. What they say is not trusted: a page counts only for a process of the file's owner
 * that has it mapped.
 */
#ifndef HP_TOOLS_LIVE_LIVE_H
#define HP_TOOLS_LIVE_LIVE_H

#include <stdbool.h>
#include <sys/types.h>

#include <hpalloc/publish.h>

/* As the kernel bounds it, and a zero. */
#define HP_LIVE_NAME_BYTES 16

struct hp_live {
	pid_t pid;
	uid_t uid;
	char name[HP_LIVE_NAME_BYTES]; /* harmless to a terminal */
	int fd;
	struct hp_published page; /* as it was read last */
};

/*
 * All of them, by process id; the caller gives the list to hp_live_free(). Files of processes that
 * are gone are removed. Returns their number; exits where memory is out.
 */
size_t hp_live_find(struct hp_live **out_list);
void hp_live_free(struct hp_live *list, size_t count);

/* Reads the page anew; false if the process is gone. */
bool hp_live_read(struct hp_live *live);

/* Asks for what takes a walk over the heap, and waits for all answers, so many ms at most. */
void hp_live_ask(struct hp_live *list, size_t count);
void hp_live_wait(struct hp_live *list, size_t count, unsigned ms);

/* Whether the page has an answer at all, and how old it is. */
bool hp_live_has_answer(const struct hp_live *live);
uint64_t hp_live_age_ms(const struct hp_live *live);

#endif
