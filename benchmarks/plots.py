"""The plots of the report, as PNG: dots of ratios by figure, and memory against time."""

import io

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator  # noqa: E402

import ratios  # noqa: E402

# Colours that the colour-blind can tell apart (Okabe and Ito); ours are the two strongest.
OURS_COLOURS = ["#56b4e9", "#0072b2"]
PEER_COLOURS = ["#7f7f7f", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#5b3a8c", "#000000"]
PEER_MARKERS = "osDv^P*X"
TICKS = [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.4, 2, 3, 5, 10, 20, 50]
FINE_TICKS = [0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.4, 1.6, 1.8, 2, 2.4, 2.8]
FINE_RANGE = 4  # from end to end of an axis
MARGIN = 1.15  # at both ends of an axis
ROW_INCHES = 0.24
NAME_PLACES = [(7, 4), (7, -11), (-7, 4), (-7, -11)]  # from a point to its name
DPI = 110


class Style:
    """A colour for each allocator, a marker for each; modes on huge pages are hollow."""

    def __init__(self, results):
        self._ours = results.ours()
        peers = [label.partition(":")[0] for label in results.peers()]
        self._peers = list(dict.fromkeys(peers))

    def of(self, label):
        if label in self._ours:
            colour = OURS_COLOURS[self._ours.index(label) % len(OURS_COLOURS)]
            return {"color": colour, "marker": "o", "markersize": 9, "zorder": 4,
                    "markeredgecolor": "white"}
        allocator, _, mode = label.partition(":")
        number = self._peers.index(allocator)
        colour = PEER_COLOURS[number % len(PEER_COLOURS)]
        return {"color": colour, "marker": PEER_MARKERS[number % len(PEER_MARKERS)],
                "markersize": 6, "zorder": 3, "markeredgecolor": colour,
                "markerfacecolor": "white" if mode else colour}


def png(figure):
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DPI, bbox_inches="tight")
    plt.close(figure)
    return file.getvalue()


def _logarithmic(axes, direction, values):
    """A scale of ratios with ticks that one can read; `direction` is x or y. Returns its limits."""
    low, high = min([1, *values]) / MARGIN, max([1, *values]) * MARGIN
    axes.set(**{f"{direction}scale": "log"})
    axis = axes.xaxis if direction == "x" else axes.yaxis
    ticks = FINE_TICKS if high / low < FINE_RANGE else TICKS
    axis.set_major_locator(FixedLocator([tick for tick in ticks if low <= tick <= high]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())
    return low, high


def _whiskers(axes, row, spread, base, style):
    """The quartiles, for what would hide a difference."""
    low, high = spread.quartiles
    axes.plot([low / base, high / base], [row, row], color=style["color"], linewidth=2, alpha=0.5,
              zorder=2)


def dots(results, table, labels, title):
    """A row for each figure, a dot for each allocator: its ratio to the base. None: no figure."""
    base, style = results.base(), Style(results)
    keys = [key for key in table if base in table[key]]
    if not keys:
        return None
    figure, axes = plt.subplots(figsize=(9, 1.4 + ROW_INCHES * len(keys)))
    values = []
    for label in labels:
        points = [(ratio, keys.index(key))
                  for key, ratio in ratios.ratios(table, label, base).items()]
        values += [ratio for ratio, _ in points]
        for key in (keys[row] for _, row in points):
            _whiskers(axes, keys.index(key), table[key][label], table[key][base].median,
                      style.of(label))
        if points:
            axes.plot(*zip(*points), linestyle="none", label=label, **style.of(label))
    axes.set_xlim(*_logarithmic(axes, "x", values))
    axes.set_yticks(range(len(keys)), [key.metric for key in keys])
    axes.set_ylim(len(keys) - 0.5, -0.5)
    for row in range(1, len(keys)):
        is_border = keys[row].workload != keys[row - 1].workload
        axes.axhline(row - 0.5, color="#bbbbbb" if is_border else "#eeeeee", linewidth=0.8,
                     zorder=0)
    axes.axvline(1, color="#444444", linewidth=1, zorder=1)
    axes.set_xlabel(f"ratio to {base}, on a logarithmic scale; to the left is better")
    axes.set_title(title, loc="left", fontweight="bold", pad=34)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncol=7, frameon=False, fontsize="small",
                columnspacing=1, handletextpad=0.3)
    without_frame(axes)
    return png(figure)


def memory_against_time(results, labels, title):
    """A dot for each allocator and mode: geometric means of time and of memory."""
    base, style = results.base(), Style(results)
    points = {}
    for label in labels:
        time = ratios.mean_of_workloads(ratios.ratios(results.times, label, base))
        memory = ratios.mean_of_workloads(ratios.ratios(results.peaks, label, base))
        if time > 0 and memory > 0:  # not NaN
            points[label] = time, memory
    if not points:
        return None
    figure, axes = plt.subplots(figsize=(7.5, 5.5))
    for label, (time, memory) in points.items():
        axes.plot([time], [memory], linestyle="none", label=label, **style.of(label))
    low, high = _logarithmic(axes, "x", [time for time, _ in points.values()])
    axes.set_xlim(low, high * MARGIN)  # room for the names
    axes.set_ylim(*_logarithmic(axes, "y", [memory for _, memory in points.values()]))
    axes.axvline(1, color="#bbbbbb", linewidth=1, zorder=0)
    axes.axhline(1, color="#bbbbbb", linewidth=1, zorder=0)
    axes.set_xlabel(f"time as a ratio to {base}; to the left is faster")
    axes.set_ylabel(f"peak of memory as a ratio to {base}; below is smaller")
    axes.set_title(title, loc="left", fontweight="bold")
    without_frame(axes)
    _name_points(axes, points, results.ours())
    return png(figure)


def _name_points(axes, points, bold):
    """A name beside each point, where no other name is yet; the axes have their limits."""
    taken = []
    for label, point in points.items():
        for right, up in NAME_PLACES:
            name = axes.annotate(label, point, xytext=(right, up), textcoords="offset points",
                                 fontsize="small", ha="left" if right > 0 else "right",
                                 fontweight="bold" if label in bold else None)
            box = name.get_window_extent(axes.figure.canvas.get_renderer())
            if not any(box.overlaps(other) for other in taken):
                break
            name.remove()
        else:
            axes.add_artist(name)  # no place is free
        taken.append(box)


def without_frame(axes):
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=0)
