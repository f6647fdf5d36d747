"""The pictures, as PNG: time against size, a line for each backing. README.md says how to read
them."""

from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

import plots
from answers import SUM
from hardware import BASE_PAGE, HUGEPAGE, Mark, size_text
from plan import ALONE, FORK_PARTS, LINE, PARTS

COLOURS = {"malloc": "#7f7f7f", "hpalloc": plots.OURS_COLOURS[1], "base": "#d55e00",
           "thp": "#e69f00", "hugetlb": "#009e73"}
MARKERS = {"malloc": "s", "hpalloc": "o", "base": "v", "thp": "D", "hugetlb": "^"}
PATTERN_COLOURS = {"sequential": "#009e73", "random": "#0072b2", "chase": "#d55e00",
                   "page": "#cc79a7"}
TITLES = {
    "sequential": "Sequential: line after line",
    "random": "Random: lines at random, many under way at once",
    "chase": "Chase: each line says where the next one is",
    "page": "Page: a chase through one line of each 4 KB page",
}
MODE_STYLES = {"thp": "--", "hugetlb": ":"}
SIZE, PANEL = (9.5, 5.6), (4.8, 5)  # inches: a picture, one of several side by side
CACHE_COLOUR, TLB_COLOUR = "#555555", "#5b3a8c"
TICKS_MOST = 9
MARGIN = 1.3  # above and below the lines, on a logarithmic scale


def _style(label, number):
    """A colour and a marker for each backing, and for allocators by their place."""
    if label in COLOURS:
        return {"color": COLOURS[label], "marker": MARKERS[label]}
    is_ours = label.startswith("hpalloc")
    colours = plots.OURS_COLOURS if is_ours else plots.PEER_COLOURS
    return {"color": colours[number % len(colours)],
            "marker": "o" if is_ours else plots.PEER_MARKERS[number % len(plots.PEER_MARKERS)],
            "linestyle": "-" if is_ours else MODE_STYLES.get(label.partition(":")[2], "-"),
            "markerfacecolor": "white" if ":" in label and not is_ours else None}


def _styles(labels):
    """{label: style}; ours are counted apart, and the modes of a peer share its colour."""
    names = list(dict.fromkeys(label.partition(":")[0] for label in labels))
    peers = [name for name in names if name != "hpalloc"]
    ours = [label for label in labels if label.partition(":")[0] == "hpalloc"]
    return {label: _style(label, ours.index(label) if label in ours
                          else peers.index(label.partition(":")[0])) for label in labels}


def _draw(axes, points, label, style, scale=None):
    """Draws a line, and returns its values. `scale`: what a value is divided by, of its size."""
    sizes = list(points)
    divide = [scale(size) if scale else 1 for size in sizes]
    values = [points[size].median / by for size, by in zip(sizes, divide)]
    axes.plot(sizes, values, label=label, markersize=4.5, linewidth=1.6, zorder=3, **style)
    return values


def _draw_band(axes, points, style):
    """Behind a line: from the least to the most of the rounds."""
    if any(len(point.values) > 1 for point in points.values()):
        axes.fill_between(list(points), [min(point.values) for point in points.values()],
                          [max(point.values) for point in points.values()],
                          color=style["color"], alpha=0.13, linewidth=0, zorder=2)


def _size_axis(axes, sizes, label):
    """Logarithmic, in powers of two, each second or fourth of them named."""
    low, high = min(sizes), max(sizes)
    axes.set_xscale("log", base=2)
    axes.set_xlim(low / 1.2, high * 1.2)
    powers = [1 << exponent for exponent in range(64) if low <= 1 << exponent <= high]
    step = 2 * -(-len(powers) // (2 * TICKS_MOST))
    axes.xaxis.set_major_locator(FixedLocator(powers[::step]))
    axes.xaxis.set_minor_locator(FixedLocator(powers))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda size, _: size_text(size)))
    axes.xaxis.set_minor_formatter(FuncFormatter(lambda *_: ""))
    axes.set_xlabel(label)


def _time_text(value, _=None):
    for factor, unit in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
        if value >= factor:
            return f"{value / factor:g} {unit}"
    return f"{value:g} ns"


def _time_axis(axes, values, is_logarithmic, label):
    axes.set_ylabel(label)
    if not is_logarithmic:
        axes.set_ylim(0, max(values) * 1.05)
    else:
        low, high = min(values) / MARGIN, max(values) * MARGIN
        axes.set_yscale("log")
        axes.set_ylim(low, high)
        factors = (1, 2, 5) if high / low < 1e4 else (1,)
        ticks = [factor * 10.0 ** power for power in range(-2, 12) for factor in factors]
        axes.yaxis.set_major_locator(FixedLocator([tick for tick in ticks if low <= tick <= high]))
        axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(_time_text))
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.7, zorder=0)
    axes.set_axisbelow(True)


def _mark(axes, marks, colour, style, up):
    """Vertical lines at sizes that the axis has, named above it; `up` keeps two kinds apart."""
    low, high = axes.get_xlim()
    for mark in marks:
        if low < mark.size_bytes < high:
            axes.axvline(mark.size_bytes, color=colour, linestyle=style, linewidth=0.9, zorder=1)
            axes.annotate(f"{mark.name}", (mark.size_bytes, 1), xycoords=("data", "axes fraction"),
                          xytext=(0, up), textcoords="offset points", ha="center",
                          fontsize="x-small", color=colour)


def _mark_hardware(axes, hardware, pattern):
    """Where what is read no longer fits. Of a page only one line is read, by the pattern page."""
    factor = BASE_PAGE // LINE if pattern == "page" else 1
    caches = [Mark(f"{cache.name} × {factor}" if factor > 1 else cache.name,
                   cache.size_bytes * factor) for cache in hardware.caches]
    _mark(axes, caches, CACHE_COLOUR, "--", 3)
    _mark(axes, hardware.reaches(), TLB_COLOUR, ":", 14)


def _finish(figure, axes, title, note=""):
    axes.set_title(title, loc="left", fontweight="bold", pad=40 if not note else 46)
    if note:
        axes.annotate(note, (0, 1), xycoords="axes fraction", xytext=(0, 31),
                      textcoords="offset points", fontsize="small", color="#444444")
    plots.without_frame(axes)
    axes.legend(loc="upper left", frameon=False, fontsize="small")
    return plots.png(figure)


def reading(figures, hardware, pattern, is_logarithmic):
    """All backings of one pattern, one thread; None: no figure."""
    lines = {backing: figures.line(pattern, backing) for backing in figures.backings}
    lines = {backing: points for backing, points in lines.items() if points}
    if not lines:
        return None
    styles = _styles(figures.backings)
    figure, axes = plots.plt.subplots(figsize=SIZE)
    values = []
    for backing, points in lines.items():
        values += _draw(axes, points, backing, styles[backing])
        _draw_band(axes, points, styles[backing])
    _size_axis(axes, [size for points in lines.values() for size in points], "size of the buffer")
    _time_axis(axes, values, is_logarithmic, "time of an access")
    _mark_hardware(axes, hardware, pattern)
    return _finish(figure, axes, TITLES[pattern],
                   "logarithmic: the steps are the caches" if is_logarithmic
                   else "linear: heights are times, so gains are seen as large as they are")


def patterns(figures, hardware):
    """The patterns against each other: base pages, and beside them huge ones."""
    backings = [backing for backing in ("base", "thp", "hugetlb") if backing in figures.backings]
    huge = backings[-1] if len(backings) > 1 else None
    figure, axes = plots.plt.subplots(figsize=SIZE)
    values, sizes = [], []
    for pattern in figures.patterns():
        for backing, style in ((backings[:1] or [None])[0], "-"), (huge, "--"):
            points = figures.line(pattern, backing) if backing else {}
            if points:
                values += _draw(axes, points, f"{pattern}, {backing}",
                                {"color": PATTERN_COLOURS[pattern], "linestyle": style})
                sizes += points
    if not values:
        plots.plt.close(figure)
        return None
    _size_axis(axes, sizes, "size of the buffer")
    _time_axis(axes, values, True, "time of an access")
    _mark_hardware(axes, hardware, "")
    return _finish(figure, axes, "The patterns: what an access costs, by what is known in advance")


def threads(figures, hardware, pattern):
    """One pattern on one backing: alone, and with others in the ways of sharing."""
    backing = "base" if "base" in figures.backings else figures.backings[0]
    lines = {"1 thread": figures.line(pattern, backing)}
    for count, sharing in figures.threads(pattern):
        name = {"same": "same buffer", "offset": "same buffer, each elsewhere",
                "separate": "a buffer each"}[sharing]
        lines[f"{count} threads, {name}"] = figures.line(pattern, backing, count, sharing)
    lines = {name: points for name, points in lines.items() if points}
    if len(lines) < 2:
        return None
    last = max(max(points) for name, points in lines.items() if name != "1 thread")
    lines["1 thread"] = {size: point for size, point in lines["1 thread"].items() if size <= last}
    figure, axes = plots.plt.subplots(figsize=SIZE)
    values = []
    for number, (name, points) in enumerate(lines.items()):
        style = {"color": plots.PEER_COLOURS[number % len(plots.PEER_COLOURS)],
                 "marker": plots.PEER_MARKERS[number % len(plots.PEER_MARKERS)]}
        values += _draw(axes, points, name, style)
        _draw_band(axes, points, style)
    _size_axis(axes, [size for points in lines.values() for size in points],
               "size of a buffer")
    _time_axis(axes, values, True, "time of an access, in each thread")
    _mark_hardware(axes, hardware, pattern)
    return _finish(figure, axes, f"Threads: {pattern}, on {backing}")


def _panel(axes, figures, part, who, styles, scale=None, is_logarithmic=True):
    """`scale`: see _draw(); where it is None the size is left out."""
    values, sizes = [], []
    for backing in figures.backings:
        points = {size: point for size, point in figures.line(part, backing, *who).items()
                  if not scale or scale(size)}
        if points:
            values += _draw(axes, points, backing, styles[backing], scale)
            sizes += points
            if not scale and not figures.is_comparison:
                _draw_band(axes, points, styles[backing])
    if not values:
        return
    _size_axis(axes, sizes, "size of a block")
    _time_axis(axes, values, is_logarithmic, "time")
    plots.without_frame(axes)
    if part not in FORK_PARTS:
        marks = [Mark("4 KB page", BASE_PAGE), Mark("2 MB page", HUGEPAGE)]
        _mark(axes, marks, CACHE_COLOUR, "--", 3)


def allocation(figures, who=(1, ALONE)):
    """The whole of it: by block, logarithmic, and by page of a block, linear."""
    if not any(figures.line(SUM, backing, *who) for backing in figures.backings):
        return None
    styles = _styles(figures.backings)
    figure, (left, right) = plots.plt.subplots(1, 2, figsize=(2 * PANEL[0] + 1, PANEL[1]))
    _panel(left, figures, SUM, who, styles)
    if figures.is_comparison:
        base = figures.line(SUM, figures.base, *who)
        _panel(right, figures, SUM, who, styles, lambda size: size in base and base[size].median)
        right.yaxis.set_major_formatter(FuncFormatter(lambda ratio, _: f"{ratio:g}"))
        right.set_ylabel("ratio; below 1 is better")
        right.set_title(f"The same, as a ratio to {figures.base}", loc="left", pad=18)
    else:
        _panel(right, figures, SUM, who, styles, _base_pages, False)
        _limit_linear(right)
        right.set_title("The same, by 4 KB of the block", loc="left", pad=18)
    left.legend(loc="upper left", frameon=False, fontsize="small")
    left.set_title("A block", loc="left", pad=18)
    figure.suptitle(f"Allocate, touch, free: {_threads_text(who)}", fontweight="bold", x=0.02,
                    ha="left")
    figure.tight_layout()
    return plots.png(figure)


def _base_pages(size):
    return size / BASE_PAGE if size >= BASE_PAGE else None


def _limit_linear(axes):
    """Small blocks on pages of 2 MB cost a whole one; the picture is of what happens below that."""
    ends = [line.get_ydata()[-1] for line in axes.get_lines() if len(line.get_ydata()) > 2]
    if ends:
        axes.set_ylim(0, 2.5 * max(ends))


def _threads_text(who):
    return "one thread" if who[0] == 1 else f"{who[0]} threads at once"


def parts(figures, who=(1, ALONE)):
    """Its parts, side by side."""
    if not any(figures.line(PARTS[0], backing, *who) for backing in figures.backings):
        return None
    styles = _styles(figures.backings)
    figure, panels = plots.plt.subplots(1, 3, figsize=(3 * PANEL[0], PANEL[1]), sharey=True)
    for axes, part in zip(panels, PARTS):
        _panel(axes, figures, part, who, styles)
        axes.set_title(part.capitalize(), loc="left", pad=18)
        axes.label_outer()
    lines = [line for axes in panels for line in axes.get_lines() if len(line.get_ydata()) > 2]
    values = [value for line in lines for value in line.get_ydata()]
    if values:
        _time_axis(panels[0], values, True, "time")
    panels[0].legend(loc="upper left", frameon=False, fontsize="small")
    figure.suptitle(f"The parts: {_threads_text(who)}", fontweight="bold", x=0.01, ha="left")
    figure.tight_layout()
    return plots.png(figure)


def forks(figures):
    """What a fork takes, and a write after it."""
    if not any(figures.line(FORK_PARTS[0], backing) for backing in figures.backings):
        return None
    styles = _styles(figures.backings)
    figure, panels = plots.plt.subplots(1, 2, figsize=(2 * PANEL[0] + 1, PANEL[1]))
    for axes, part, title in zip(panels, FORK_PARTS, (
            "The fork", "Then a write of the parent, by 4 KB of the buffer")):
        _panel(axes, figures, part, (1, ALONE), styles)
        axes.set_xlabel("size of the buffer")
        axes.set_title(title, loc="left", pad=18)
    panels[0].legend(loc="upper left", frameon=False, fontsize="small")
    figure.suptitle("Fork with a buffer in use", fontweight="bold", x=0.02, ha="left")
    figure.tight_layout()
    return plots.png(figure)


def all_of(figures, hardware):
    """{name: PNG} of what there are figures for."""
    found = {"patterns": patterns(figures, hardware)} if len(figures.patterns()) > 1 else {}
    for pattern in figures.patterns():
        found[pattern] = reading(figures, hardware, pattern, True)
        found[f"{pattern}-linear"] = reading(figures, hardware, pattern, False)
        found[f"threads-{pattern}"] = threads(figures, hardware, pattern)
    for who in [(1, ALONE), *figures.threads(SUM)]:
        suffix = "" if who[0] == 1 else f"-{who[0]}-threads"
        found[f"allocation{suffix}"] = allocation(figures, who)
        found[f"allocation-parts{suffix}"] = parts(figures, who)
    found["fork"] = forks(figures)
    return {name: png for name, png in found.items() if png}
