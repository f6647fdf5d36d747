/* See launch.h. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/helper.h"
#include "common/say.h"
#include "live/page.h"
#include "options/settings.h"
#include "pool/reserve.h"
#include "run/child.h"
#include "run/launch.h"
#include "run/program.h"

/* ---- the environment of the program ---- */

/* For a profile: a program in C alone has nothing that could read its stacks. */
static const char *unwinder(void)
{
	return getenv("HPALLOC_PROFILE") ? ":libgcc_s.so.1" : "";
}

/* Puts the library before those that are to be preloaded anyway. */
static int preload(const char *library)
{
	const char *others = getenv("LD_PRELOAD");
	bool has_others = others && *others;
	char *list = NULL;
	int error;

	if (asprintf(&list, "%s%s%s%s", library, unwinder(), has_others ? ":" : "",
		     has_others ? others : "") < 0)
		return -1;
	error = setenv("LD_PRELOAD", list, 1);
	free(list);
	return error;
}

static int exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void report(const struct hp_launch *launch, const struct hp_page *page)
{
	struct hp_published published = hp_page_get(page);
	struct hp_machine machine;

	hp_machine_read("self", hp_machine_own_variable, NULL, &machine);
	launch->report(launch, &published, &machine);
}

static int run_with_page(const struct hp_launch *launch, const char *path, const char *library,
			 const struct hp_page *page)
{
	int status, error;

	if (preload(library) || setenv(HP_PUBLISH_VARIABLE, page->path, 1)) {
		hp_say("%s", strerror(errno));
		return HP_EXIT_FAILED;
	}
	if (launch->reserve_bytes)
		hp_reserve(launch->reserve_bytes);
	error = hp_child_run(path, launch->arguments, &page->shared->pid, &status);
	if (error) {
		hp_say("%s: %s", launch->arguments[0], strerror(-error));
		return hp_exit_of_errno(-error);
	}
	report(launch, page);
	return exit_status(status);
}

int hp_launch(const struct hp_launch *launch)
{
	struct hp_page page;
	char *path = NULL, *library = NULL;
	int status = hp_program_find(launch->arguments[0], &path), error;

	if (!status)
		status = hp_program_check(path);
	if (!status && !(library = hp_helper_library()))
		status = HP_EXIT_FAILED;
	if (!status) {
		error = hp_page_init(&page);
		if (error) {
			hp_say("no directory for the counters: %s", strerror(-error));
			status = HP_EXIT_FAILED;
		} else {
			status = run_with_page(launch, path, library, &page);
			hp_page_fini(&page);
		}
	}
	free(library);
	free(path);
	return status;
}
