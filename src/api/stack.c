/* See stack.h. */
#include "api/stack.h"

#include <stdint.h>
#include <string.h>
#include <unwind.h>

#include "base/attr.h"
#include "base/check.h"
#include "os/os.h"

enum { SCAN_WORDS = 512, CALL_BYTES = 8, PATH_BYTES = 256 };

extern __typeof__(_Unwind_Backtrace) _Unwind_Backtrace __attribute__((weak));
extern __typeof__(_Unwind_GetIP) _Unwind_GetIP __attribute__((weak));

/* The unwinder may allocate once: not to be met again then. */
static __thread bool is_busy;

struct frames {
	void **at;
	unsigned count, most;
};

/* Whether there is room for more. */
static bool add(struct frames *frames, uintptr_t address)
{
	frames->at[frames->count++] = (void *)address;
	return frames->count < frames->most;
}

static _Unwind_Reason_Code add_unwound(struct _Unwind_Context *context, void *frames)
{
	uintptr_t address = _Unwind_GetIP(context);

	return address && add(frames, address) ? _URC_NO_REASON : _URC_END_OF_STACK;
}

#if defined(__x86_64__)
/* `behind` is the byte behind the instruction: call rel32, call *reg, call *mem. */
static bool is_call(const uint8_t *behind)
{
	return behind[-5] == 0xe8 || (behind[-2] == 0xff && (behind[-1] & 0xf8) == 0xd0) ||
	       (behind[-3] == 0xff && (behind[-2] & 0xf8) == 0x50) ||
	       (behind[-6] == 0xff && ((behind[-5] & 0xf8) == 0x90 || behind[-5] == 0x15));
}
#elif defined(__aarch64__)
/* bl, blr. */
static bool is_call(const uint8_t *behind)
{
	uint32_t code;

	memcpy(&code, behind - 4, sizeof(code));
	return code >> 26 == 0x25 || (code & 0xfffffc1f) == 0xd63f0000;
}
#else
static bool is_call(const uint8_t *behind)
{
	(void)behind;
	return false;
}
#endif

bool hp_stack_is_return_address(uintptr_t address)
{
	uint8_t code[CALL_BYTES];
	const char *from = (const char *)address - CALL_BYTES;

	return hp_os_is_program((const void *)address) &&
	       hp_os_peek(from, code, sizeof(code)) == sizeof(code) && is_call(code + CALL_BYTES);
}

static void scan(struct frames *frames)
{
	uintptr_t words[SCAN_WORDS];
	size_t count =
		hp_os_peek(__builtin_frame_address(0), words, sizeof(words)) / sizeof(*words);

	for (size_t i = 0; i < count; i++) {
		if (hp_stack_is_return_address(words[i]) && !add(frames, words[i]))
			return;
	}
}

void hp_stack_get(void **out_frames, unsigned most)
{
	struct frames frames = { out_frames, 0, most };

	memset(out_frames, 0, most * sizeof(*out_frames));
	if (is_busy)
		return;
	is_busy = true;
	if (_Unwind_Backtrace && _Unwind_GetIP && hp_os_is_program(__builtin_return_address(0)))
		_Unwind_Backtrace(add_unwound, &frames);
	else
		scan(&frames);
	is_busy = false;
}

void hp_stack_say(const char *title, const struct hp_stack *stack)
{
	char path[PATH_BYTES], own[PATH_BYTES] = "";
	uintptr_t offset;

	hp_os_module_of(__builtin_return_address(0), own, sizeof(own), &offset);
	hp_warn("%s", title);
	for (unsigned i = 0; i < HP_STACK_FRAMES && stack->frames[i]; i++) {
		/* The call's own address, for what returns to the next function's start. */
		const char *call = (const char *)stack->frames[i] - 1;

		if (!hp_os_module_of(call, path, sizeof(path), &offset))
			hp_warn("  %p", (const void *)call);
		else if (strcmp(path, own))
			hp_warn("  %s+%p", path, (void *)offset);
	}
}
