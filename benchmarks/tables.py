"""The tables of the results, for the terminal, for Markdown and for the page: the same ones."""

import dataclasses
import html
import math

import ratios

TIME_LIMIT = 1.10  # of the best peer
MEMORY_LIMIT = 1.5  # of the median peer
MEMORY_LIMIT_MB = 4  # or so much more, whichever is more
NOTHING = "–"


@dataclasses.dataclass
class Table:
    title: str
    note: str
    header: list
    rows: list  # of texts; the first column is left-aligned

    def text(self):
        lines = [self.header, *self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.header))]
        return "\n".join([f"{self.title}", *(_aligned(line, widths) for line in lines)])

    def markdown(self):
        ruler = ["---"] + ["--:"] * (len(self.header) - 1)
        lines = [f"| {' | '.join(line)} |" for line in [self.header, ruler, *self.rows]]
        return "\n".join([f"### {self.title}", "", self.note, "", *lines, ""])

    def html(self):
        def line(cells, tag):
            return "<tr>" + "".join(f"<{tag}>{html.escape(c)}</{tag}>" for c in cells) + "</tr>"
        body = "\n".join(line(row, "td") for row in self.rows)
        return (f"<h2>{html.escape(self.title)}</h2>\n<p>{html.escape(self.note)}</p>\n"
                f"<div class=wide><table>\n<thead>{line(self.header, 'th')}</thead>\n"
                f"<tbody>\n{body}\n</tbody></table></div>\n")


def _aligned(line, widths):
    first, *rest = line
    cells = [first.ljust(widths[0]), *(c.rjust(w) for c, w in zip(rest, widths[1:]))]
    return ("  " + "  ".join(cells)).rstrip()


def ratio_text(ratio):
    return NOTHING if ratio is None or math.isnan(ratio) else f"{ratio:.2f}"


def summary(results):
    """Ours against each peer, and against the best of them."""
    ours = results.ours()
    header = ["against"] + [f"{what}, {label}" for label in ours for what in ("time", "memory")]

    def row(name, time_base, memory_base):
        cells = [name]
        for label in ours:
            for figures, base in ((results.times, time_base), (results.peaks, memory_base)):
                base = base(label) if base else None
                found = ratios.ratios(figures, label, base) if base else {}
                cells.append(ratio_text(ratios.mean_of_workloads(found)))
        return cells

    rows = [row(_with_share(results, peer), lambda _, p=peer: p, lambda _, p=peer: p)
            for peer in results.peers()]
    plain = results.plain_peers()
    rows.append(row("best plain peer of each", lambda _: ratios.best_of(plain), None))
    rows.append(row("best peer of each, any mode",
                    lambda label: ratios.best_of(results.rivals(label)), None))
    rows.append(row("median plain peer of each", None, lambda _: ratios.median_of(plain)))
    return Table("Ours against each peer",
                 "Geometric means over the workloads of ours / peer: below 1, ours is faster, or "
                 "smaller. Memory is the peak of RSS plus huge pages. With an empty pool, any mode "
                 "means those that need no pool.", header, rows)


def _with_share(results, label):
    """The label, and how much was left for its means if some cases failed."""
    found = sum(label in spreads for spreads in results.times.values())
    if found == len(results.times):
        return label
    return f"{label} ({found} of {len(results.times)})"


def slower(results):
    rows = []
    for ours in results.ours():
        for loss in ratios.losses(results.times, ours, results.rivals(ours), TIME_LIMIT):
            apart = "all runs" if loss.is_all_separate else "quartiles"
            rows.append([loss.key.metric, ours, loss.peer, ratio_text(loss.ratio),
                         apart if loss.is_separate else "no"])
    return Table(f"Above {TIME_LIMIT:.2f} of the best peer's time",
                 "The best peer of each figure, in any mode that had the same pool. Separate: "
                 "whether the quartiles do not meet, or not even any two runs.",
                 ["figure", "ours", "best peer", "ratio", "separate"], rows)


def larger(results):
    base = ratios.median_of(results.plain_peers())
    rows = []
    for ours in results.ours():
        for key, spreads in results.peaks.items():
            if ours not in spreads or base(spreads) is None:
                continue
            mine, median = spreads[ours].median, base(spreads)
            if mine > max(MEMORY_LIMIT * median, median + MEMORY_LIMIT_MB):
                rows.append([key.case, ours, f"{mine:.1f} MB", f"{median:.1f} MB",
                             ratio_text(mine / median)])
    return Table(f"Peak of memory above {MEMORY_LIMIT} of the median plain peer, "
                 f"and {MEMORY_LIMIT_MB} MB above it",
                 "RSS plus huge pages, the most at one time.",
                 ["case", "ours", "peak", "median peer", "ratio"], rows)


def figures(results, name, table, note, labels):
    """Each figure on each allocator: the median, and the quartiles as a share of it."""
    rows = []
    for key, spreads in table.items():
        unit = next(iter(spreads.values())).unit
        rows.append([f"{key.metric}, {unit}"] + [_cell(results, key, spreads, label)
                                                for label in labels])
    return Table(name, note, ["figure", *labels], rows)


def _cell(results, key, spreads, label):
    if label in spreads:
        low, high = spreads[label].quartiles
        median = spreads[label].median
        share = max(high - median, median - low) / median if median else 0
        return f"{median:.4g} ±{share:.0%}"
    if any(case == key.case and failed == label for case, failed, _ in results.failures):
        return "failed"
    return NOTHING


def relative(results, name, table, labels):
    """Each figure as a ratio to the base's."""
    base = results.base()
    by_label = {label: ratios.ratios(table, label, base) for label in labels}
    rows = [[key.metric] + [ratio_text(by_label[label].get(key)) for label in labels]
            for key in table]
    rows.append(["geometric mean of workloads"] + [
        ratio_text(ratios.mean_of_workloads(by_label[label])) for label in labels])
    return Table(name, f"As a ratio to {base}: below 1 is better.", ["figure", *labels], rows)


def failures(results):
    rows = [[case, label, status, str(count)]
            for (case, label, status), count in results.failures.items()]
    rows += [["all", label, reason, NOTHING] for label, reason in results.skipped.items()]
    return Table("Failed or left out",
                 "A mode with a failed run of a case is in none of that case's figures.",
                 ["case", "mode", "how it ended", "runs"], rows)


def for_people(results):
    """The tables that answer a question; the others have all figures."""
    labels = results.ours() + results.plain_peers()
    tables = [summary(results), slower(results), larger(results), failures(results),
              relative(results, "Time", results.times, labels),
              relative(results, "Peak of memory", results.peaks, labels)]
    if results.held:
        tables.append(relative(results, "Memory held after a phase", results.held, labels))
    return tables


def with_all_figures(results):
    note = "Median of the rounds ± the farther quartile."
    return [figures(results, "All times", results.times, note, results.labels),
            figures(results, "All peaks of memory", results.peaks, note, results.labels),
            figures(results, "All memory held", results.held, note, results.labels),
            figures(results, "What is neither", results.others, note, results.labels)]
