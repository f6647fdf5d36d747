/* The main of a workload: its options, and which of its cases run. See workload.h. */
#include "workload.h"

#include <argp.h>
#include <stdio.h>
#include <string.h>

static struct {
	bool is_quick, is_list;
} options;

size_t bench_count(size_t count)
{
	return options.is_quick ? (count + 9) / 10 : count;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	(void)argument;
	(void)state;
	if (key == 'q')
		options.is_quick = true;
	else if (key == 'l')
		options.is_list = true;
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

static bool is_wanted(const struct bench_case *one, char **names, int count)
{
	for (int i = 0; i < count; i++) {
		if (!strcmp(names[i], one->name))
			return true;
	}
	return count == 0;
}

int main(int argc, char **argv)
{
	static const struct argp_option table[] = {
		{ "quick", 'q', NULL, 0, "A tenth of the operations", 0 },
		{ "list", 'l', NULL, 0, "Print the names of the cases", 0 },
		{ 0 },
	};
	static const struct argp parser = { .options = table,
					    .parser = parse_option,
					    .args_doc = "[CASE...]",
					    .doc = "Prints `name value unit` for each case." };
	static char buffer[BUFSIZ];
	int first, ran = 0;

	setvbuf(stdout, buffer, _IOLBF, sizeof(buffer));
	argp_parse(&parser, argc, argv, 0, &first, NULL);
	for (const struct bench_case *one = bench_cases; one->name; one++) {
		if (!is_wanted(one, argv + first, argc - first))
			continue;
		ran++;
		if (options.is_list)
			puts(one->name);
		else
			one->run(one);
	}
	bench_check(ran, "no case of that name");
	return 0;
}
