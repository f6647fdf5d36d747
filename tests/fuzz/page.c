/*
 * The libFuzzer target of the page of counters, which the program that is run may write as it
 * likes: the tool reads it, says one line, and explains it. The first bytes are of the machine, the
 * next one how long the file is, the others what is in it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "explain/explanation.h"
#include "live/figures.h"
#include "live/page.h"
#include "run/report.h"

enum { MACHINE_BYTES = 5, TEXT_MAX = 1024, FIGURES_MAX = 100000, EXPLANATION_MAX = 8192 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is_right)
{
	if (!is_right)
		abort();
}

static struct hp_machine machine_of(const uint8_t *bytes)
{
	return (struct hp_machine){
		.has_pool = bytes[0] & 1,
		.is_default_size = bytes[0] & 2,
		.is_thp_off = bytes[0] & 4,
		.is_address_limited = bytes[0] & 8,
		.cgroup_limit = { bytes[0] & 16 ? '/' : '\0' },
		.cgroup_unlimited = "max",
		.is_container = bytes[0] & 64,
		.own_limit = bytes[0] & 128 ? "HPALLOC_POOL_MAX" : NULL,
		.backing = bytes[0] & 32 ? "thp" : NULL,
		.pool_pages = bytes[1] * (uint64_t)bytes[2],
		.free_pages = bytes[3] * (uint64_t)bytes[4],
	};
}

/* Most inputs begin as a page does, or nothing of it would be read. */
static struct hp_published page_of(const uint8_t *data, size_t size)
{
	struct hp_published page = { .magic = HP_PUBLISHED_MAGIC };
	const size_t start = offsetof(struct hp_published, thp_huge_bytes);

	memcpy((char *)&page + start, data,
	       size < sizeof(page) - start ? size : sizeof(page) - start);
	return page;
}

/* Lines of printable characters. */
static void check_explanation(const struct hp_published *page, const struct hp_machine *machine)
{
	const struct hp_tlb tlb = { .entries = 1536 };
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	hp_explanation_print(
		out, &(struct hp_explained){ .page = page, .machine = machine, .tlb = &tlb });
	fclose(out);
	check(bytes < EXPLANATION_MAX && text[bytes - 1] == '\n');
	for (size_t i = 0; i < bytes; i++)
		check((text[i] >= ' ' && text[i] <= '~') || text[i] == '\n');
	free(text);
}

/* Whatever a page says: figures, and as many lines as there are. */
static void check_figures(const struct hp_published *before, const struct hp_published *page)
{
	struct hp_live live = { .pid = 1, .name = "name", .page = *page };
	struct hp_rates rates = hp_rates_between(before, page, 0.5);
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	check(out);
	hp_figures_json(out, &live, &rates);
	check(!fflush(out) && bytes < FIGURES_MAX && strchr(text, '\n') == text + bytes - 1);
	hp_figures_text(out, &live, &rates);
	hp_figures_prometheus(out, &live, 1);
	fclose(out);
	check(bytes < FIGURES_MAX && !strpbrk(text, "\r\033") && !strstr(text, "nan") &&
	      !strstr(text, "inf"));
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	struct hp_published page, read, tolerant;
	struct hp_machine machine;
	char *text;

	if (fd < 0)
		fd = memfd_create("page", MFD_CLOEXEC);
	if (size <= MACHINE_BYTES)
		return 0;
	machine = machine_of(data);
	page = page_of(data + MACHINE_BYTES + 1, size - MACHINE_BYTES - 1);
	/* Where memory is short, there is nothing to read. */
	if (ftruncate(fd, 0) || pwrite(fd, &page, sizeof(page), 0) != sizeof(page) ||
	    ftruncate(fd, (off_t)sizeof(page) - data[MACHINE_BYTES]))
		return 0;
	read = hp_page_get(&(struct hp_page){ .fd = fd });
	check(read.magic == (data[MACHINE_BYTES] ? 0 : HP_PUBLISHED_MAGIC));
	/* What was cut off, or is said not to be there, is 0. */
	if (hp_page_read(fd, &tolerant))
		check_figures(&tolerant, &page);
	check_figures(&page, &page);
	text = hp_report_text(&page, &machine);
	check(text && strlen(text) < TEXT_MAX && !strpbrk(text, "\n\r\033"));
	free(text);
	check_explanation(&page, &machine);
	return 0;
}
