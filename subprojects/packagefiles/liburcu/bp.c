/*
 * liburcu's bp flavour, and what it lacks. The one lock that its fork handlers leave out: it is
 * held for a moment at each thread's start and end, and a child that inherits it locked hangs in
 * its next thread. And a registration that may fail: its own ends the program where there is no
 * memory for the thread's entry.
 */
#include "src/urcu-bp.c"

#include "bp.h"

/* They fill a page. */
#define FIRST_ENTRIES ((4096 - sizeof(struct registry_chunk)) / sizeof(struct rcu_reader))

void hp_urcu_bp_init_lock(void)
{
	mutex_lock(&init_lock);
}

void hp_urcu_bp_init_unlock(void)
{
	mutex_unlock(&init_lock);
}

static bool has_entry(void)
{
	struct registry_chunk *chunk;

	cds_list_for_each_entry(chunk, &registry_arena.chunk_list, node)
	{
		if (chunk->data_len - chunk->used >= sizeof(struct rcu_reader))
			return true;
	}
	return false;
}

/* As expand_arena() if it cannot enlarge the last chunk, but for what it does without memory. */
static bool add_entries(void)
{
	struct cds_list_head *chunks = &registry_arena.chunk_list;
	size_t bytes = FIRST_ENTRIES * sizeof(struct rcu_reader);
	struct registry_chunk *chunk;

	if (!cds_list_empty(chunks))
		bytes = 2 * cds_list_entry(chunks->prev, struct registry_chunk, node)->data_len;
	chunk = mmap(NULL, sizeof(*chunk) + bytes, PROT_READ | PROT_WRITE,
		     MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
	if (chunk == MAP_FAILED)
		return false;
	chunk->data_len = bytes;
	cds_list_add_tail(&chunk->node, chunks);
	return true;
}

/* From the look for an entry on until it is taken, nobody else takes one. */
static bool try_add_thread(void)
{
	bool is_added;

	mutex_lock(&rcu_registry_lock);
	is_added = has_entry() || add_entries();
	if (is_added)
		add_thread();
	mutex_unlock(&rcu_registry_lock);
	return is_added;
}

static bool try_register(void)
{
	_urcu_bp_init();
	/* The first value of a key may need memory, from malloc: not under the lock. */
	if (!pthread_setspecific(urcu_bp_key, &registry_arena) && try_add_thread())
		return true;
	pthread_setspecific(urcu_bp_key, NULL);
	urcu_bp_exit();
	return false;
}

bool hp_urcu_bp_try_register(void)
{
	sigset_t all, before;
	bool is_registered;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	is_registered = URCU_TLS(urcu_bp_reader) || try_register();
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return is_registered;
}
