/* What the process knows of its own memory: see os.h. */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/text.h"
#include "os/file.h"
#include "os/lines.h"
#include "os/os.h"

/* A mapping that has both addresses. */
struct common {
	uintptr_t one, other;
	bool found;
};

static void look_for_common(const char *line, void *context)
{
	struct common *common = context;
	const char *dash = strchr(line, '-');
	uintptr_t start, end;

	if (!dash)
		return;
	start = hp_text_leading_number(line, 16);
	end = hp_text_leading_number(dash + 1, 16);
	common->found |= common->one - start < end - start && common->other - start < end - start;
}

bool hp_os_is_one_mapping(const void *one, const void *other)
{
	struct common common = { (uintptr_t)one, (uintptr_t)other, false };
	int fd = hp_file_open("/proc/self/maps", O_RDONLY, 0);

	if (fd < 0)
		return false;
	hp_lines_read(fd, look_for_common, &common);
	hp_file_close(fd);
	return common.found;
}

/* The kernel reads the new mask before it sees that there is no such way to set it. */
bool hp_os_is_readable(const void *address)
{
	enum { NO_WAY = -1, MASK_BYTES = 8 };

	return !syscall(SYS_rt_sigprocmask, NO_WAY, address, NULL, MASK_BYTES) || errno != EFAULT;
}

static void look_for_available(const char *line, void *out_bytes)
{
	static const char NAME[] = "MemAvailable:";

	if (!strncmp(line, NAME, sizeof(NAME) - 1)) {
		line += sizeof(NAME) - 1;
		*(uint64_t *)out_bytes =
			hp_text_leading_number(line + strspn(line, " "), 10) * 1024;
	}
}

int hp_os_memory_available(uint64_t *out_bytes)
{
	int fd = hp_file_open("/proc/meminfo", O_RDONLY, 0);

	if (fd < 0)
		return -errno;
	hp_lines_read(fd, look_for_available, out_bytes);
	hp_file_close(fd);
	return 0;
}

/* Since glibc 2.35; takes no lock. */
struct dl_find_object;
extern int _dl_find_object(void *address, struct dl_find_object *result) __attribute__((weak));

bool hp_os_is_program(const void *address)
{
	uint64_t unused[16];

	return _dl_find_object && !_dl_find_object((void *)(uintptr_t)address,
						   (struct dl_find_object *)(void *)unused);
}

size_t hp_os_peek(const void *address, void *out_bytes, size_t bytes)
{
	struct iovec to = { out_bytes, bytes }, from = { (void *)(uintptr_t)address, bytes };
	ssize_t got = syscall(SYS_process_vm_readv, getpid(), &to, 1, &from, 1, 0);

	return got > 0 ? (size_t)got : 0;
}

struct hp_os_modules_work {
	struct hp_lines lines;
	hp_os_module_visitor *visit;
	void *context;
	char buffer[4096];
};

static_assert(sizeof(struct hp_os_modules_work) <= HP_OS_MODULES_WORK_BYTES, "room for the work");

/* "START-END r-xp OFFSET DEVICE INODE  PATH" */
static void visit_mapping(const char *line, void *context)
{
	struct hp_os_modules_work *work = context;
	const char *dash = strchr(line, '-'), *path = strchr(line, '/'), *space;

	space = dash ? strchr(dash, ' ') : NULL;
	if (!path || !space || strlen(space) < 6 || space[3] != 'x')
		return;
	work->visit(
		&(struct hp_os_module){
			.start = hp_text_leading_number(line, 16),
			.end = hp_text_leading_number(dash + 1, 16),
			.offset = hp_text_leading_number(space + 6, 16),
			.path = path,
		},
		work->context);
}

/* hp_lines_read() would need the stack that small threads lack. */
int hp_os_modules_walk(struct hp_os_modules_work *work, hp_os_module_visitor *visit, void *context)
{
	int fd = hp_file_open("/proc/self/maps", O_RDONLY, 0);
	ssize_t got;

	if (fd < 0)
		return -errno;
	work->lines.length = 0;
	work->visit = visit;
	work->context = context;
	while ((got = hp_file_read(fd, work->buffer, sizeof(work->buffer))) > 0)
		hp_lines_add(&work->lines, work->buffer, (size_t)got, visit_mapping, work);
	hp_file_close(fd);
	return 0;
}

struct code {
	uintptr_t inside, start, end;
};

static void look_for_code(const struct hp_os_module *module, void *context)
{
	struct code *code = context;

	if (code->inside - module->start < module->end - module->start) {
		code->start = module->start;
		code->end = module->end;
	}
}

static struct code code_around(uintptr_t address)
{
	struct code code = { .inside = address };
	struct hp_os_modules_work work;

	hp_os_modules_walk(&work, look_for_code, &code);
	return code;
}

bool hp_os_is_code(const void *address)
{
	return code_around((uintptr_t)address).end;
}

bool hp_os_own_code(uintptr_t *out_start, uintptr_t *out_end)
{
	struct code code = code_around((uintptr_t)&hp_os_own_code);

	*out_start = code.start;
	*out_end = code.end;
	return code.end && getauxval(AT_ENTRY) - code.start >= code.end - code.start;
}

/* A file's mappings follow each other, the one of its start first. */
struct module {
	uintptr_t address, start;
	char *path;
	size_t path_bytes;
	bool found;
};

static void look_for_module(const char *line, void *context)
{
	struct module *module = context;
	const char *dash = strchr(line, '-'), *path = strchr(line, '/');
	uintptr_t start, end;

	if (module->found || !dash)
		return;
	start = hp_text_leading_number(line, 16);
	end = hp_text_leading_number(dash + 1, 16);
	if (path && strncmp(path, module->path, module->path_bytes - 1)) {
		hp_text_format(module->path, module->path_bytes, "%s", path);
		module->start = start;
	}
	module->found = path && module->address - start < end - start;
}

bool hp_os_module_of(const void *address, char *out_path, size_t path_bytes, uintptr_t *out_offset)
{
	struct module module = { (uintptr_t)address, 0, out_path, path_bytes, false };
	int fd = hp_file_open("/proc/self/maps", O_RDONLY, 0);

	if (fd < 0)
		return false;
	*out_path = '\0';
	hp_lines_read(fd, look_for_module, &module);
	hp_file_close(fd);
	*out_offset = module.address - module.start;
	return module.found;
}
