/* See callers.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/say.h"
#include "common/symbols.h"
#include "trace/callers.h"

#define FIRST_ROOM ((size_t)256)

static size_t place_of(const struct hp_callers *callers, uint64_t address)
{
	size_t i = (size_t)(address * 0x9e3779b97f4a7c15u >> 20) & (callers->room - 1);

	while (callers->table[i] && callers->addresses[callers->table[i] - 1] != address)
		i = (i + 1) & (callers->room - 1);
	return i;
}

static bool grow(struct hp_callers *callers)
{
	size_t room = callers->room ? 2 * callers->room : FIRST_ROOM;
	uint64_t *addresses = reallocarray(callers->addresses, room, sizeof(*addresses));
	uint32_t *table = calloc(room, sizeof(*table));

	if (addresses)
		callers->addresses = addresses;
	if (!addresses || !table) {
		free(table);
		return false;
	}
	free(callers->table);
	callers->table = table;
	callers->room = room;
	for (uint32_t i = 0; i < callers->count; i++)
		table[place_of(callers, addresses[i])] = i + 1;
	return true;
}

uint32_t hp_callers_number(struct hp_callers *callers, uint64_t address)
{
	size_t place;

	if (callers->count >= callers->room / 2 && !grow(callers))
		return UINT32_MAX;
	place = place_of(callers, address);
	if (!callers->table[place]) {
		callers->addresses[callers->count] = address;
		callers->table[place] = ++callers->count;
	}
	return callers->table[place] - 1;
}

static const struct hp_tape_module *module_of(const struct hp_tape *tape, uint64_t address)
{
	for (size_t i = tape->module_count; i-- > 0;) {
		const struct hp_trace_module *where = &tape->modules[i].where;

		if (address >= where->first && address < where->end)
			return &tape->modules[i];
	}
	return NULL;
}

void hp_callers_name(const struct hp_callers *callers, uint32_t number, char *out_name,
		     size_t name_bytes)
{
	uint64_t address = number < callers->count ? callers->addresses[number] : 0, offset;
	uint64_t call = address ? address - 1 : 0; /* inside the instruction that called */
	const struct hp_tape_module *module = module_of(callers->tape, call);
	struct hp_symbols *symbols;
	const char *symbol;

	if (!module) {
		snprintf(out_name, name_bytes, "0x%" PRIx64, call);
		return;
	}
	offset = call - module->where.first + module->where.offset;
	symbols = hp_symbols_read(module->path);
	symbol = hp_symbols_find(symbols, offset);
	if (symbol)
		snprintf(out_name, name_bytes, "%s (%s+0x%" PRIx64 ")", symbol, module->path,
			 offset);
	else
		snprintf(out_name, name_bytes, "%s+0x%" PRIx64, module->path, offset);
	hp_symbols_free(symbols);
	hp_make_harmless(out_name, strlen(out_name));
}

const char *hp_callers_file(const struct hp_callers *callers, uint32_t number)
{
	uint64_t address = number < callers->count ? callers->addresses[number] : 0;
	const struct hp_tape_module *module = module_of(callers->tape, address ? address - 1 : 0);

	return module ? module->path : NULL;
}

void hp_callers_fini(struct hp_callers *callers)
{
	free(callers->addresses);
	free(callers->table);
}
