/*
 * What control groups allow: see os.h. Found by the process's membership and the mounts, versions 1
 * and 2, each controller wherever it is; then read in each group up to the highest that is visible.
 * A group that can't be seen (another namespace's mount) is -ENOENT, not "no limit".
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/bits.h"
#include "base/text.h"
#include "os/file.h"
#include "os/os.h"

/* Longer lines and paths are passed over; no path that can be opened is. */
enum { TEXT_BYTES = PATH_MAX, READ_BYTES = 512 };

/* Version 1 says "unlimited" by about 2^63. */
#define LEAST_UNLIMITED_BYTES ((uint64_t)1 << 62)

static const char *const controllers[] = {
	[HP_OS_CGROUP_MEMORY] = "memory",
	[HP_OS_CGROUP_HUGETLB] = "hugetlb",
};

enum version { VERSION_1, VERSION_2 };

/* A limit and what counts against it. */
struct pair {
	const char *limit, *use;
};

enum { PAIRS = 2 };

static const struct pair pairs[][2][PAIRS] = {
	[HP_OS_CGROUP_MEMORY] = {
		[VERSION_1] = { { "memory.limit_in_bytes", "memory.usage_in_bytes" } },
		[VERSION_2] = { { "memory.max", "memory.current" } },
	},
	[HP_OS_CGROUP_HUGETLB] = {
		[VERSION_1] = { { "hugetlb.2MB.limit_in_bytes", "hugetlb.2MB.usage_in_bytes" },
				{ "hugetlb.2MB.rsvd.limit_in_bytes",
				  "hugetlb.2MB.rsvd.usage_in_bytes" } },
		[VERSION_2] = { { "hugetlb.2MB.max", "hugetlb.2MB.current" },
				{ "hugetlb.2MB.rsvd.max", "hugetlb.2MB.rsvd.current" } },
	},
};

struct reader {
	int fd;
	size_t at, end;
	char chunk[READ_BYTES];
};

static bool next_character(struct reader *reader, char *out_character)
{
	if (reader->at == reader->end) {
		ssize_t got = hp_file_read(reader->fd, reader->chunk, sizeof(reader->chunk));

		if (got <= 0)
			return false;
		reader->at = 0;
		reader->end = (size_t)got;
	}
	*out_character = reader->chunk[reader->at++];
	return true;
}

/* The next line without its end, empty if it is too long; false at the end of the file. */
static bool next_line(struct reader *reader, char *line)
{
	size_t length = 0;
	char character;
	bool any = false;

	while (next_character(reader, &character)) {
		any = true;
		if (character == '\n')
			break;
		if (length < TEXT_BYTES)
			line[length++] = character;
	}
	line[length < TEXT_BYTES ? length : 0] = '\0';
	return any;
}

static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (;;) {
		if (!strncmp(list, word, length) && (!list[length] || list[length] == ','))
			return true;
		list = strchr(list, ',');
		if (!list)
			return false;
		list++;
	}
}

/* A line of /proc/self/cgroup, "4:memory:/group" or "0::/group"; NULL if it is no such line. */
static const char *split_membership(char *line, const char **out_list)
{
	char *list = strchr(line, ':'), *path = list ? strchr(list + 1, ':') : NULL;

	if (!path)
		return NULL;
	*path = '\0';
	*out_list = list + 1;
	return path + 1;
}

/* The group as the hierarchy names it: that of version 1 if the controller is there. */
static int find_group(enum hp_os_cgroup_kind kind, char *line, char *path,
		      enum version *out_version)
{
	struct reader reader = { .fd = hp_file_open("/proc/self/cgroup", O_RDONLY, 0) };
	const char *group, *list = NULL;
	int error = -ENOENT;

	if (reader.fd < 0)
		return -ENOENT;
	while (next_line(&reader, line)) {
		group = split_membership(line, &list);
		if (!group || (*list && !has_word(list, controllers[kind])))
			continue;
		strcpy(path, group);
		*out_version = *list ? VERSION_1 : VERSION_2;
		error = 0;
		if (*list)
			break;
	}
	hp_file_close(reader.fd);
	return error;
}

/* Spaces and the like are written as \040. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++, to++) {
		if (*text == '\\' && text[1] && text[2] && text[3]) {
			*to = (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + text[3] - '0');
			text += 3;
		} else {
			*to = *text;
		}
	}
	*to = '\0';
}

/* Ends the field at `text`; returns the one behind it, or NULL. */
static char *end_field(char *text)
{
	char *end = text ? strchr(text, ' ') : NULL;

	if (!end)
		return NULL;
	*end = '\0';
	return end + 1;
}

/*
 * A line of /proc/self/mountinfo: "36 31 0:33 ROOT POINT rw,relatime ... - cgroup NAME rw,memory".
 * Whether this is the mount of the hierarchy; if so, ROOT and POINT end at their ends.
 */
static bool split_mount(char *line, enum hp_os_cgroup_kind kind, enum version version,
			char **out_root, char **out_point)
{
	char *root = line, *point, *options, *type, *super;

	for (int i = 0; i < 3 && root; i++)
		root = end_field(root);
	point = end_field(root);
	options = end_field(point);
	type = options ? strstr(options, " - ") : NULL;
	if (!type)
		return false;
	type += 3;
	super = end_field(end_field(type));
	if (!super || strcmp(type, version == VERSION_2 ? "cgroup2" : "cgroup") ||
	    (version == VERSION_1 && !has_word(super, controllers[kind])))
		return false;
	unescape(root);
	unescape(point);
	*out_root = root;
	*out_point = point;
	return true;
}

/* Puts the mount in front of the group's path, if the mount shows it. */
static bool put_under(const char *root, const char *point, char *path, size_t *out_point_length)
{
	size_t hidden = strcmp(root, "/") ? strlen(root) : 0;
	size_t prefix = strlen(point), length = strlen(path);

	if (strncmp(path, root, hidden) || (path[hidden] && path[hidden] != '/') ||
	    prefix + length - hidden >= PATH_MAX)
		return false;
	memmove(path + prefix, path + hidden, length - hidden + 1);
	memcpy(path, point, prefix);
	*out_point_length = prefix;
	return true;
}

/* From the group's path in its hierarchy to that of its directory; how much of it is the mount. */
static int find_directory(enum hp_os_cgroup_kind kind, enum version version, char *line, char *path,
			  size_t *out_point_length)
{
	struct reader reader = { .fd = hp_file_open("/proc/self/mountinfo", O_RDONLY, 0) };
	char *root = NULL, *point = NULL;
	int error = -ENOENT;

	if (reader.fd < 0)
		return -ENOENT;
	while (error && next_line(&reader, line)) {
		if (split_mount(line, kind, version, &root, &point) &&
		    put_under(root, point, path, out_point_length))
			error = 0;
	}
	hp_file_close(reader.fd);
	return error;
}

/* A number in a file of the directory `path`; false if there is none. */
static bool read_bytes(char *path, const char *name, uint64_t *out_bytes)
{
	size_t length = strlen(path);
	char text[32] = "";
	ssize_t got = -1;
	int fd;

	hp_text_format(path + length, PATH_MAX - length, "/%s", name);
	fd = hp_file_open(path, O_RDONLY, 0);
	path[length] = '\0';
	if (fd >= 0) {
		got = hp_file_read(fd, text, sizeof(text) - 1);
		hp_file_close(fd);
	}
	if (got <= 0)
		return false;
	*out_bytes = strncmp(text, "max", 3) ? hp_text_leading_number(text, 10) : UINT64_MAX;
	if (*out_bytes >= LEAST_UNLIMITED_BYTES)
		*out_bytes = UINT64_MAX;
	return true;
}

/* One group: the highest of version 2 has no such files, nor one without the controller. */
static void read_group(char *path, const struct pair *pair, uint64_t *limit_bytes,
		       uint64_t *left_bytes)
{
	uint64_t limit, use = 0;

	if (!read_bytes(path, pair->limit, &limit) || limit == UINT64_MAX)
		return;
	read_bytes(path, pair->use, &use);
	*limit_bytes = hp_min(*limit_bytes, limit);
	*left_bytes = hp_min(*left_bytes, use < limit ? limit - use : 0);
}

int hp_os_cgroup_read(enum hp_os_cgroup_kind kind, uint64_t *out_limit_bytes,
		      uint64_t *out_left_bytes)
{
	char path[PATH_MAX + 1], line[TEXT_BYTES + 1];
	uint64_t limit_bytes = UINT64_MAX, left_bytes = UINT64_MAX;
	enum version version = VERSION_1;
	size_t point_length = 0, length;
	int error = find_group(kind, line, path, &version);

	if (!error)
		error = find_directory(kind, version, line, path, &point_length);
	if (error)
		return error;
	for (;;) {
		for (int i = 0; i < PAIRS && pairs[kind][version][i].limit; i++)
			read_group(path, &pairs[kind][version][i], &limit_bytes, &left_bytes);
		length = strlen(path);
		if (length <= point_length)
			break;
		while (length > point_length && path[length - 1] != '/')
			length--;
		path[hp_max(length - 1, point_length)] = '\0';
	}
	*out_limit_bytes = limit_bytes;
	*out_left_bytes = left_bytes;
	return 0;
}
