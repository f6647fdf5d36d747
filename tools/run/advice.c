/* See advice.h. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/amounts.h"
#include "run/advice.h"

#define THP_ENABLED "/sys/kernel/mm/transparent_hugepage/enabled"

static void set_command(struct hp_advice *advice, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void set_command(struct hp_advice *advice, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(advice->command, sizeof(advice->command), format, arguments);
	va_end(arguments);
}

static uint64_t peak_hugepages(const struct hp_stats *stats)
{
	return hp_pages_for(stats->peak_bytes, HP_HUGEPAGE_BYTES);
}

/* Enlarges the pool until it would hold the peak beside what others have of it. */
static void set_pool_command(struct hp_advice *advice, const char *before, uint64_t hugepages,
			     const struct hp_machine *machine)
{
	uint64_t pool = machine->pool_pages - machine->free_pages + hugepages;

	if (machine->is_default_size)
		set_command(advice, "%ssysctl vm.nr_hugepages=%" PRIu64, before, pool);
	else
		set_command(advice,
			    "%secho %" PRIu64 " > /sys/kernel/mm/hugepages/"
			    "hugepages-2048kB/nr_hugepages",
			    before, pool);
}

static void say_of_container(struct hp_advice *advice, const struct hp_machine *machine,
			     const char *where, uint64_t hugepages)
{
	if (machine->is_container)
		snprintf(advice->container, sizeof(advice->container),
			 "%sKubernetes: resources.limits: hugepages-2Mi: %" PRIu64 "Mi", where,
			 hugepages * 2);
}

static void advise_pool(struct hp_advice *advice, const struct hp_stats *stats,
			const struct hp_machine *machine)
{
	uint64_t hugepages = peak_hugepages(stats);
	char unset[HP_SETTING_BYTES] = "";

	if (!machine->has_pool) {
		advice->why = "this kernel has no pool of 2 MB pages";
	} else if (machine->free_pages >= hugepages) {
		advice->why = "the pool had too few pages then and has enough now";
	} else {
		advice->why =
			stats->peak_hugetlb_bytes ? "the pool was too small" : "the pool was empty";
		advice->effect = "would hold it";
		if (machine->own_limit) /* it would have the last word */
			snprintf(unset, sizeof(unset), "unset %s; ", machine->own_limit);
		set_pool_command(advice, unset, hugepages, machine);
		say_of_container(advice, machine,
				 "the pool is the host's: the command runs there; ", hugepages);
	}
}

static void advise_limit(struct hp_advice *advice, const struct hp_stats *stats,
			 const struct hp_machine *machine)
{
	if (machine->own_limit && stats->pool_withheld > stats->fallbacks[HP_FALLBACK_LIMIT] / 2) {
		advice->why = "a setting holds it back from the pool";
		set_command(advice, "unset %s", machine->own_limit);
	} else if (*machine->cgroup_limit) {
		advice->why = "a cgroup limits huge pages";
		set_command(advice, "echo %s > %s", machine->cgroup_unlimited,
			    machine->cgroup_limit);
		say_of_container(advice, machine, "", peak_hugepages(stats));
	} else {
		advise_pool(advice, stats, machine);
	}
}

static void advise_mapping(struct hp_advice *advice, const struct hp_machine *machine)
{
	if (machine->is_address_limited) {
		advice->why = "the address space is limited";
		set_command(advice, "ulimit -v unlimited");
	} else if (machine->is_data_limited) {
		advice->why = "the data of a process is limited";
		set_command(advice, "ulimit -d unlimited");
		if (machine->is_container)
			strcpy(advice->container, "docker run --ulimit data=-1");
	} else {
		advice->why = "too many mappings";
		set_command(advice, "sysctl vm.max_map_count=1048576");
		if (machine->is_container)
			strcpy(advice->container, "it is the host's: the command runs there");
	}
}

static void advise_lazy(struct hp_advice *advice, const struct hp_stats *stats,
			const struct hp_machine *machine)
{
	uint64_t hugepages = peak_hugepages(stats);
	char setting[HP_AMOUNT_BYTES + sizeof("HPALLOC_LAZY_MIN=G after ")];

	snprintf(setting, sizeof(setting), "HPALLOC_LAZY_MIN=%" PRIu64 "G",
		 stats->peak_bytes / HP_GB + 1);
	advice->why = "very large blocks are left lazy";
	advice->effect = "puts them on the pool";
	advice->hint = "a block that is never touched as a whole costs more then";
	if (machine->has_pool && machine->free_pages < hugepages) {
		strcat(setting, " after ");
		set_pool_command(advice, setting, hugepages, machine);
	} else {
		set_command(advice, "%s", setting);
	}
}

static void advise_thp_off(struct hp_advice *advice, const struct hp_machine *machine)
{
	if (machine->is_thp_off) {
		advice->why = "transparent huge pages are off";
		set_command(advice, "echo madvise > " THP_ENABLED);
		if (machine->is_container)
			strcpy(advice->container, "it is the host's: the command runs there");
	} else {
		advice->why = "transparent huge pages are off for this process (prctl)";
		advice->hint = "whoever starts it asks for that (PR_SET_THP_DISABLE)";
	}
}

void hp_advice_get(enum hp_fallback reason, const struct hp_stats *stats,
		   const struct hp_machine *machine, struct hp_advice *out_advice)
{
	*out_advice = (struct hp_advice){ .why = "for a reason that this version does not know" };
	switch (reason) {
	case HP_FALLBACK_POOL_EMPTY:
		advise_pool(out_advice, stats, machine);
		break;
	case HP_FALLBACK_LIMIT:
		advise_limit(out_advice, stats, machine);
		break;
	case HP_FALLBACK_MAPPING:
		advise_mapping(out_advice, machine);
		break;
	case HP_FALLBACK_LAZY_LARGE:
		advise_lazy(out_advice, stats, machine);
		break;
	case HP_FALLBACK_FORK:
		out_advice->why = "a fork left a copy on normal memory";
		out_advice->hint = "HPALLOC_FORK=keep shares the pages instead, where the pool has "
				   "as many again";
		break;
	case HP_FALLBACK_THP_OFF:
		advise_thp_off(out_advice, machine);
		break;
	case HP_FALLBACK_THP_FAILED:
		out_advice->why = "memory is fragmented";
		set_command(out_advice, "sysctl vm.compact_memory=1 before the start");
		break;
	case HP_FALLBACK_WARMUP:
		out_advice->why = "the first part of a heap is on base pages until it has grown";
		out_advice->hint = "HPALLOC_WARMUP=0 starts on huge pages";
		break;
	case HP_FALLBACK_COUNT:
		break;
	}
}

/* Among equals it is the first of the list, which has the worst pages first. */
enum hp_fallback hp_advice_main_reason(const struct hp_stats *stats)
{
	static const enum hp_fallback reasons[] = {
		HP_FALLBACK_THP_OFF, HP_FALLBACK_POOL_EMPTY, HP_FALLBACK_LIMIT,
		HP_FALLBACK_MAPPING, HP_FALLBACK_THP_FAILED, HP_FALLBACK_LAZY_LARGE,
		HP_FALLBACK_FORK,
	};
	enum hp_fallback found = HP_FALLBACK_WARMUP;
	uint64_t most = 0;

	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		if (stats->fallbacks[reasons[i]] > most) {
			most = stats->fallbacks[reasons[i]];
			found = reasons[i];
		}
	}
	return found;
}

bool hp_advice_is_asked_for(const struct hp_machine *machine)
{
	return machine->backing &&
	       (strcmp(machine->backing, "thp") == 0 || strcmp(machine->backing, "base") == 0);
}
