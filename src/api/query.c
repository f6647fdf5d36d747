/* Questions about blocks and addresses. */
#include "api/block.h"
#include "api/foreign.h"
#include "api/harden.h"
#include "api/standard_name.h"

size_t hp_malloc_usable_size(void *block)
{
	struct hp_span *span;

	if (!block)
		return 0;
	span = hp_block_span(block, "malloc_usable_size");
	if (hp_harden_has(span, block))
		return hp_harden_usable(block, "malloc_usable_size");
	if (span)
		return hp_block_bytes(span);
	return hp_block_foreign(block, "malloc_usable_size")->usable_size(block);
}

size_t hp_good_size(size_t bytes)
{
	if (hp_harden_is_on())
		return bytes;
	if (bytes <= HP_CLASS_MAX_BYTES)
		return hp_class_bytes(hp_class_of(bytes ? bytes : 1));
	return bytes > PTRDIFF_MAX - HP_UNIT_BYTES ? bytes : hp_round_up(bytes, HP_UNIT_BYTES);
}

int hp_owns(const void *address)
{
	return hp_region_find(address) || hp_guard_owns(address);
}

#define TEXT(number) TEXT_OF(number)
#define TEXT_OF(number) #number

const char *hp_version(void)
{
	return TEXT(HP_API_VERSION_MAJOR) "." TEXT(HP_API_VERSION_MINOR) "." TEXT(
		HP_API_VERSION_PATCH);
}

HP_STANDARD_NAME(malloc_usable_size, hp_malloc_usable_size);
