/* See trace_file.h. */
#include "rt/trace_file.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "base/check.h"
#include "base/text.h"
#include "rt/meta.h"

enum {
	NAMES_TRIED = 100,
	CLOCK_SHIFT = 5, /* a unit of 32 ns where the system's clock is used */
	MODULES_BYTES = 240 << 10,
	NUMBER_BYTES = 16,
};

struct hp_trace_clock hp_trace_clock;

/* The mappings as they are written; with the work, mapped once. */
struct modules {
	size_t bytes;
	uint64_t sum; /* of those in the file */
	char payload[MODULES_BYTES];
	char work[HP_OS_MODULES_WORK_BYTES] HP_ALIGNED(16);
};

static struct {
	struct hp_os_log log;
	_Atomic bool is_open;
	_Atomic bool is_in_modules; /* a thread has `modules` */
	struct modules *modules;
} file;

bool hp_trace_file_is_open(void)
{
	return atomic_load_explicit(&file.is_open, memory_order_relaxed);
}

static void fail(int error)
{
	if (atomic_exchange(&file.is_open, false))
		hp_warn("HPALLOC_TRACE: the trace ends here: %s cannot be written (error %u)",
			file.log.path, (unsigned)-error);
}

void hp_trace_file_write(struct hp_trace_block *block, const void *payload, size_t bytes)
{
	int error;

	if (!hp_trace_file_is_open())
		return;
	block->magic = HP_TRACE_MAGIC;
	block->bytes = (uint32_t)bytes;
	block->written_time = hp_trace_now();
	block->written_ns = hp_os_now_ns();
	block->sum = 0;
	block->sum = hp_trace_sum(hp_trace_sum(0, block, sizeof(*block)), payload, bytes);
	error = hp_os_log_write(&file.log, block, sizeof(*block), payload, bytes);
	if (error)
		fail(error);
}

/* ---- the name ---- */

static int create(const char *path, bool is_forked)
{
	char name[HP_OS_LOG_PATH_BYTES];
	unsigned pid = (unsigned)hp_os_pid();
	bool has_pid = hp_text_expand_pid(path, pid, name, sizeof(name) - 3 * (size_t)NUMBER_BYTES);
	size_t length = strlen(name);
	int error = is_forked && !has_pid ? -EEXIST : hp_os_log_create(name, &file.log);

	if (error == -EEXIST && !has_pid) {
		length += hp_text_format(name + length, sizeof(name) - length, ".%u", pid);
		error = hp_os_log_create(name, &file.log);
	}
	for (unsigned i = 2; error == -EEXIST && i < NAMES_TRIED; i++) {
		hp_text_format(name + length, sizeof(name) - length, ".%u", i);
		error = hp_os_log_create(name, &file.log);
	}
	return error;
}

/* ---- blocks that are not of events ---- */

static void add_module(const struct hp_os_module *mapped, void *context)
{
	const struct hp_trace_module module = { mapped->start, mapped->end, mapped->offset };
	struct modules *modules = context;
	size_t path_bytes = strlen(mapped->path) + 1;

	if (sizeof(module) + path_bytes > sizeof(modules->payload) - modules->bytes)
		return;
	memcpy(modules->payload + modules->bytes, &module, sizeof(module));
	memcpy(modules->payload + modules->bytes + sizeof(module), mapped->path, path_bytes);
	modules->bytes += sizeof(module) + path_bytes;
}

void hp_trace_file_write_modules(void)
{
	struct hp_trace_block block = { .kind = HP_TRACE_MODULES };
	struct modules *modules = file.modules;
	uint64_t sum;

	if (!modules || atomic_exchange(&file.is_in_modules, true))
		return;
	modules->bytes = 0;
	hp_os_modules_walk((void *)modules->work, add_module, modules);
	sum = hp_trace_sum(0, modules->payload, modules->bytes);
	if (sum != modules->sum && modules->bytes)
		hp_trace_file_write(&block, modules->payload, modules->bytes);
	modules->sum = sum;
	atomic_store(&file.is_in_modules, false);
}

static void write_start(bool is_forked, bool is_hardened)
{
	struct hp_trace_block block = { .kind = HP_TRACE_START };
	struct {
		struct hp_trace_start start;
		char program[4096];
	} payload = {
		.start = {
			.version = HP_TRACE_VERSION,
			.flags = (is_forked ? HP_TRACE_IS_FORKED : 0u) |
				 (is_hardened ? HP_TRACE_IS_HARDENED : 0u),
			.pid = (uint64_t)hp_os_pid(),
			.parent_pid = hp_os_parent_pid(),
			.unix_ns = hp_os_unix_ns(),
		},
	};

	hp_os_program_path(payload.program, sizeof(payload.program));
	hp_trace_file_write(&block, &payload, sizeof(payload.start) + strlen(payload.program) + 1);
}

void hp_trace_file_write_end(void)
{
	struct hp_trace_block block = { .kind = HP_TRACE_END };

	hp_trace_file_write(&block, NULL, 0);
}

int hp_trace_file_create(const char *path, bool is_forked, bool is_hardened)
{
	void *modules = NULL;
	int error;

	if (!is_forked) {
		hp_trace_clock.is_ticks = hp_os_ticks_are_steady();
		hp_trace_clock.shift = hp_trace_clock.is_ticks ? HP_TICKS_SHIFT : CLOCK_SHIFT;
	}
	if (!file.modules && !hp_os_map(NULL, sizeof(struct modules), HP_PAGE_BYTES, &modules)) {
		hp_meta_count(sizeof(struct modules));
		file.modules = modules;
	}
	error = create(path, is_forked);
	if (error)
		return error;
	atomic_store(&file.is_open, true);
	write_start(is_forked, is_hardened);
	hp_trace_file_write_modules();
	return 0;
}

void hp_trace_file_leave(void)
{
	if (hp_trace_file_is_open())
		hp_os_log_close(&file.log);
	atomic_store(&file.is_open, false);
	atomic_store(&file.is_in_modules, false);
	if (file.modules)
		file.modules->sum = 0;
}
