/* The libFuzzer target of what the tool reads of /proc/self/cgroup. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is_right)
{
	if (!is_right)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *kept = strdup(text);
	const char *path = hp_machine_cgroup(text);

	if (path) {
		/* A whole line behind "0::", and the first such. */
		size_t at = (size_t)(path - text);

		check(*path == '/' && !strchr(path, '\n'));
		check(at == 3 || kept[at - 4] == '\n');
		check(memcmp(kept + at - 3, "0::", 3) == 0);
		check(strcspn(kept + at, "\n") == strlen(path));
	} else {
		check(strncmp(text, "0::/", 4) != 0 && !strstr(text, "\n0::/"));
	}
	free(kept);
	free(text);
	return 0;
}
