/* The verb `pool`: its command line, and the task that it asks for. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/amounts.h"
#include "common/arguments.h"
#include "common/say.h"
#include "pool/pools.h"
#include "pool/verb.h"
#include "run/program.h"
#include "verbs.h"

enum key {
	KEY_SET = 256,
	KEY_NODE,
	KEY_PAGE_SIZE,
	KEY_PERSIST,
	KEY_MOUNT,
	KEY_USER,
	KEY_SIZE,
	KEY_JSON
};

struct command {
	const char *set; /* as it was written */
	const char *mount;
	const char *user;
	uint64_t set_bytes, page_bytes, max_bytes;
	int node;
	bool is_persistent, is_json;
};

static error_t parse_size(const char *text, const char *option, uint64_t *out_bytes)
{
	if (hp_amount_parse(text, out_bytes))
		return 0;
	hp_say("%s '%s': a size is a number, and may end in K, M, G or T", option, text);
	return HP_ARGUMENTS_SAID;
}

static error_t parse_page_size(const char *text, uint64_t *out_bytes)
{
	error_t error = parse_size(text, "--page-size", out_bytes);

	if (!error && !*out_bytes) {
		hp_say("--page-size 0: 'hpalloc pool' lists those that there are");
		return HP_ARGUMENTS_SAID;
	}
	return error;
}

static error_t parse_node(const char *text, int *out_node)
{
	uint64_t node;

	if (!hp_amount_parse(text, &node) || node > INT_MAX) {
		hp_say("--node '%s': nodes have numbers; 'hpalloc pool' lists them", text);
		return HP_ARGUMENTS_SAID;
	}
	*out_node = (int)node;
	return 0;
}

/* What belongs together. */
static error_t check(const struct command *command)
{
	const char *wrong = NULL;

	if (command->set && command->mount)
		wrong = "--set and --mount are two tasks";
	else if (command->is_json && (command->set || command->mount))
		wrong = "--json is for the list";
	else if (!command->set && (command->is_persistent || command->node != HP_ALL_NODES))
		wrong = "--persist and --node go with --set";
	else if (!command->mount && (command->user || command->max_bytes))
		wrong = "--user and --size go with --mount";
	else if (!command->set && !command->mount && command->page_bytes)
		wrong = "--page-size goes with --set or --mount";
	if (!wrong)
		return 0;
	hp_say("pool: %s", wrong);
	return HP_ARGUMENTS_SAID;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct command *command = state->input;

	switch (key) {
	case KEY_SET:
		command->set = text;
		return parse_size(text, "--set", &command->set_bytes);
	case KEY_NODE:
		return parse_node(text, &command->node);
	case KEY_PAGE_SIZE:
		return parse_page_size(text, &command->page_bytes);
	case KEY_PERSIST:
		command->is_persistent = true;
		return 0;
	case KEY_MOUNT:
		command->mount = text;
		return 0;
	case KEY_USER:
		command->user = text;
		return 0;
	case KEY_SIZE:
		return parse_size(text, "--size", &command->max_bytes);
	case KEY_JSON:
		command->is_json = true;
		return 0;
	case ARGP_KEY_END:
		return check(command);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The kernel's sysctl knows neither nodes nor other sizes. */
static int check_persistence(const struct command *command, uint64_t default_bytes)
{
	if (!command->is_persistent)
		return HP_POOL_DONE;
	if (command->node != HP_ALL_NODES) {
		hp_say("--persist is for the machine as a whole: no file sets a node's pool at "
		       "boot, but the kernel's command line does ('hugepages=NODE:COUNT')");
		return HP_EXIT_FAILED;
	}
	if (command->page_bytes != default_bytes) {
		hp_say("--persist is for pages of the default size: others are had at boot, by "
		       "'hugepagesz=SIZE hugepages=COUNT' on the kernel's command line");
		return HP_EXIT_FAILED;
	}
	return HP_POOL_DONE;
}

static int resize(const struct command *command)
{
	struct hp_pool_change change = {
		.page_bytes = command->page_bytes,
		.node = command->node,
		.target = hp_pages_for(command->set_bytes, command->page_bytes),
	};
	int error = hp_pool_resize(&change), status;

	if (error) {
		hp_pool_say_error(&change, error);
		return HP_POOL_REFUSED;
	}
	hp_pool_say_change(&change);
	status = change.bound == HP_POOL_REACHED ? HP_POOL_DONE : HP_POOL_IN_PART;
	if (command->is_persistent && hp_pool_persist(change.target))
		status = HP_POOL_REFUSED;
	return status;
}

static int set(struct command *command)
{
	struct hp_pools pools;
	uint64_t default_bytes;
	char size[HP_AMOUNT_BYTES];
	int error = hp_pools_read(&pools), status;

	if (error) {
		hp_say("%s", strerror(-error));
		return HP_EXIT_FAILED;
	}
	default_bytes = pools.default_bytes;
	hp_pools_done(&pools);
	hp_amount_exact(size, command->page_bytes);
	if (command->set_bytes && command->set_bytes < command->page_bytes) {
		hp_say("--set %s: that is less than a page of %s; a size in bytes is asked for, "
		       "such as 512M or 4G",
		       command->set, size);
		return HP_EXIT_FAILED;
	}
	status = check_persistence(command, default_bytes);
	return status ? status : resize(command);
}

static const struct argp_option options[] = {
	{ .name = "set",
	  .key = KEY_SET,
	  .arg = "SIZE",
	  .group = 1,
	  .doc = "Has the pool be of this size: 0, 512M, 4G. Memory is compacted before it grows" },
	{ .name = "mount",
	  .key = KEY_MOUNT,
	  .arg = "DIRECTORY",
	  .group = 1,
	  .doc = "Mounts a hugetlbfs, which HPALLOC_HUGETLBFS may name" },
	{ .name = "json", .key = KEY_JSON, .group = 1, .doc = "Prints the list as JSON" },
	{ .name = "node",
	  .key = KEY_NODE,
	  .arg = "N",
	  .group = 2,
	  .doc = "With --set: the pool of this NUMA node" },
	{ .name = "persist",
	  .key = KEY_PERSIST,
	  .group = 2,
	  .doc = "With --set: at each start of the machine, too (/etc/sysctl.d)" },
	{ .name = "size",
	  .key = KEY_SIZE,
	  .arg = "SIZE",
	  .group = 2,
	  .doc = "With --mount: so much at most" },
	{ .name = "user",
	  .key = KEY_USER,
	  .arg = "USER",
	  .group = 2,
	  .doc = "With --mount: it is this user's, else everybody's" },
	{ .name = "page-size",
	  .key = KEY_PAGE_SIZE,
	  .arg = "2M|1G",
	  .group = 2,
	  .doc = "With either: the size of the pages, 2M if not given" },
	{ 0 },
};

static const struct argp pool_argp = {
	.options = options,
	.parser = parse,
	.doc = "Lists the machine's pools of huge pages and who uses them, or changes them.\v"
	       "The exit status is 0, or 1 if the pool got less than was asked for, 2 if it could "
	       "not be changed at all, 125 if hpalloc itself fails.",
};

int hp_verb_pool(int argc, char **argv)
{
	struct command command = { .node = HP_ALL_NODES };
	int status = hp_arguments_parse(&pool_argp, argc, argv, &command);

	if (status)
		return status;
	if (!command.page_bytes)
		command.page_bytes = HP_HUGEPAGE_BYTES;
	if (command.set)
		return set(&command);
	if (command.mount)
		return hp_pool_mount(&(struct hp_mount_request){
			.directory = command.mount,
			.page_bytes = command.page_bytes,
			.max_bytes = command.max_bytes,
			.user = command.user,
		});
	return hp_pool_list(command.is_json);
}
