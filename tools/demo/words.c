/* See demo.h. */
#include <inttypes.h>
#include <math.h>

#include "common/amounts.h"
#include "demo/demo.h"
#include "machine/tlb.h"

#define BASE_PAGE_BYTES (4 * HP_KB)
#define ALIKE 0.02 /* of the time: no difference that one could see */

static double ratio(hp_demo_results results, enum hp_demo_heap heap, enum hp_demo demo)
{
	return results[heap][demo].answer.ns / results[HP_DEMO_PLAIN][demo].answer.ns;
}

static void print_row(FILE *out, hp_demo_results results, enum hp_demo_heap heap)
{
	static const char *const names[HP_DEMO_HEAPS] = {
		[HP_DEMO_PLAIN] = "the C library's malloc",
		[HP_DEMO_THP] = "hpalloc, transparent huge pages",
		[HP_DEMO_POOL] = "hpalloc, pages of the pool",
	};

	if (!results[heap][0].is_measured)
		return;
	fprintf(out, "%-32s", names[heap]);
	for (enum hp_demo demo = 0; demo < HP_DEMO_COUNT; demo++) {
		const struct hp_demo_answer *answer = &results[heap][demo].answer;

		fprintf(out, " %9.1f %6.2f %5u %%", answer->ns, ratio(results, heap, demo),
			hp_percent(answer->huge_bytes, answer->held_bytes));
	}
	fputc('\n', out);
}

/* The best of ours, as measured. */
static enum hp_demo_heap best(hp_demo_results results, enum hp_demo demo)
{
	if (results[HP_DEMO_POOL][demo].is_measured &&
	    ratio(results, HP_DEMO_POOL, demo) < ratio(results, HP_DEMO_THP, demo))
		return HP_DEMO_POOL;
	return HP_DEMO_THP;
}

/* "38 % less time" */
static void print_change(FILE *out, double ratio)
{
	if (fabs(1 - ratio) < ALIKE)
		fputs("as much time", out);
	else
		fprintf(out, "%.0f %% %s time", fabs(1 - ratio) * 100, ratio < 1 ? "less" : "more");
}

static void print_walk(FILE *out, hp_demo_results results)
{
	struct hp_tlb tlb;

	hp_tlb_read(&tlb);
	fputs("\nThe walk follows pointers through ", out);
	hp_amount_print(out, HP_DEMO_WALK_BYTES);
	fprintf(out,
		", in random order. Each step has an address to be translated.\nThe TLB keeps %s%u "
		"translations: of pages of 4 KB they reach ",
		tlb.is_assumed ? "perhaps " : "", tlb.entries);
	hp_amount_print(out, tlb.entries * BASE_PAGE_BYTES);
	fputs(", of huge pages ", out);
	hp_amount_print(out, tlb.entries * HP_HUGEPAGE_BYTES);
	fputs(".\nOn hpalloc's the same walk took ", out);
	print_change(out, ratio(results, best(results, HP_DEMO_WALK), HP_DEMO_WALK));
	fputs(".\n", out);
}

static void print_pair(FILE *out, hp_demo_results results)
{
	fprintf(out,
		"\nThe other program frees and allocates small blocks and does little else: its "
		"time is the\nallocator's own. On hpalloc it took ");
	print_change(out, ratio(results, best(results, HP_DEMO_PAIR), HP_DEMO_PAIR));
	fputs(".\n", out);
}

/* Where a heap is not on what it should be, the comparison is another one: said. */
static void print_doubts(FILE *out, hp_demo_results results)
{
	const struct hp_demo_answer *plain = &results[HP_DEMO_PLAIN][HP_DEMO_WALK].answer;
	const struct hp_demo_answer *thp = &results[HP_DEMO_THP][HP_DEMO_WALK].answer;

	if (hp_percent(plain->huge_bytes, plain->held_bytes) >= 50)
		fputs("\nThe C library's heap was on huge pages, too: this machine gives them to "
		      "all programs.\n",
		      out);
	if (hp_percent(thp->huge_bytes, thp->held_bytes) < 50)
		fputs("\nhpalloc did not get transparent huge pages: 'hpalloc doctor' says why.\n",
		      out);
}

void hp_demo_print(FILE *out, hp_demo_results results)
{
	fprintf(out, "%32s %25s%25s\n", "", "a walk through 256 MB ", "malloc and free ");
	fprintf(out, "%-32s", "");
	for (enum hp_demo demo = 0; demo < HP_DEMO_COUNT; demo++)
		fprintf(out, " %9s %6s %7s", demo == HP_DEMO_WALK ? "ns a step" : "ns a pair", "",
			"on huge");
	fputc('\n', out);
	for (enum hp_demo_heap heap = 0; heap < HP_DEMO_HEAPS; heap++)
		print_row(out, results, heap);
	print_walk(out, results);
	print_pair(out, results);
	print_doubts(out, results);
	fputs("\nYour program is somewhere between. 'hpalloc run PROGRAM' runs it on such a heap, "
	      "'hpalloc explain\nPROGRAM' says on which pages it was and whether more would help, "
	      "and 'hpalloc trace record' and\n'replay' compare allocators on what it does.\n",
	      out);
}
