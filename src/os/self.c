/* What the process knows of its own memory: see os.h. */
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

struct visit {
	hp_os_module_visitor *visit;
	void *context;
};

/* "START-END r-xp OFFSET DEVICE INODE PATH", numbers in hexadecimal. */
static void visit_module(const char *line, void *context)
{
	const struct visit *visit = context;
	const char *dash = strchr(line, '-'), *rights = strchr(line, ' ');
	struct hp_os_module module = { .path = strchr(line, '/') };

	if (!dash || !rights || !module.path || strlen(rights) < 6 || rights[3] != 'x')
		return;
	module.start = hp_text_leading_number(line, 16);
	module.end = hp_text_leading_number(dash + 1, 16);
	module.offset = hp_text_leading_number(rights + 6, 16);
	visit->visit(&module, visit->context);
}

void hp_os_modules(hp_os_module_visitor *visit, void *context)
{
	struct visit each = { visit, context };
	int fd = hp_file_open("/proc/self/maps", O_RDONLY, 0);

	if (fd < 0)
		return;
	hp_lines_read(fd, visit_module, &each);
	hp_file_close(fd);
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

bool hp_os_own_code(uintptr_t *out_start, uintptr_t *out_end)
{
	struct code code = { .inside = (uintptr_t)&hp_os_own_code };

	hp_os_modules(look_for_code, &code);
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
