/* Which processes have memory on huge pages of the pool. */
#ifndef HP_TOOLS_POOL_USERS_H
#define HP_TOOLS_POOL_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hp_user {
	unsigned pid;
	unsigned uid;
	char name[64];	/* as the kernel has it, made harmless */
	uint64_t bytes; /* on pages of any size */
	bool is_split;	/* the kernel tells of which of them are the process's alone: */
	uint64_t private_bytes, shared_bytes;
};

struct hp_users {
	struct hp_user *at; /* the largest first */
	size_t count;
	size_t unread;	/* processes that the kernel does not tell of */
	uint64_t bytes; /* of all; shared pages count once for each process */
};

/* Returns 0 or a negative errno. */
int hp_users_read(struct hp_users *out_users);
void hp_users_done(struct hp_users *users);

#endif
