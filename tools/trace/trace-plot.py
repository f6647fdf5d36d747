#!/usr/bin/python3
"""Usage: trace-plot.py PNG: draws what `hpalloc trace plot` counted, from standard input.

Its lines: "program PATH", "live SECONDS BYTES", "size LOG2 COUNT BYTES" and
"life LOG2_OF_BYTES LOG2_OF_NS COUNT"; a logarithm of N says that values are below 2**N.
"""

import sys

try:
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import colors, pyplot, ticker
except ImportError:
    sys.exit("hpalloc: trace plot needs matplotlib: apt-get install python3-matplotlib")


def scaled(value, step, units):
    for unit in units[:-1]:
        if value < step:
            return f"{value:g} {unit}"
        value /= step
    return f"{value:g} {units[-1]}"


def size_text(exponent):
    return scaled(2 ** exponent, 1024, ["B", "KB", "MB", "GB", "TB"])


def time_text(exponent):
    return scaled(float(f"{2 ** exponent:.2g}"), 1000, ["ns", "us", "ms", "s"])


def read(lines):
    program, rows = "", {"live": [], "size": [], "life": []}
    for line in lines:
        kind, _, rest = line.rstrip("\n").partition(" ")
        if kind == "program":
            program = rest
        else:
            rows[kind].append([float(field) for field in rest.split()])
    return program, rows


def draw_live(axes, rows):
    top = max((row[1] for row in rows), default=0)
    unit, divisor = next((pair for pair in (("GB", 2 ** 30), ("MB", 2 ** 20), ("KB", 2 ** 10))
                          if top >= pair[1]), ("B", 1))
    axes.fill_between([row[0] for row in rows], [row[1] / divisor for row in rows],
                      color="tab:blue", alpha=0.4, linewidth=0)
    axes.plot([row[0] for row in rows], [row[1] / divisor for row in rows], linewidth=1)
    axes.set(title="live memory", xlabel="seconds", ylabel=f"{unit} asked for and not freed")
    axes.set_ylim(bottom=0)
    axes.margins(x=0)


def draw_sizes(axes, rows):
    axes.bar([row[0] - 0.2 for row in rows], [row[1] for row in rows], 0.4, label="blocks")
    axes.set(title="sizes", ylabel="blocks", yscale="log")
    axes.xaxis.set_major_formatter(lambda value, _: "< " + size_text(int(value)))
    axes.xaxis.set_major_locator(ticker.MaxNLocator(integer=True, nbins=9))
    axes.tick_params(axis="x", rotation=45)
    other = axes.twinx()
    other.bar([row[0] + 0.2 for row in rows], [max(row[2], 1) for row in rows], 0.4,
              color="tab:orange", label="bytes")
    other.set(ylabel="bytes", yscale="log")
    handles = [pair.get_legend_handles_labels() for pair in (axes, other)]
    axes.legend(handles[0][0] + handles[1][0], handles[0][1] + handles[1][1], ncols=2,
                loc="lower right", bbox_to_anchor=(1, 1), frameon=False)


def draw_lives(figure, axes, rows):
    axes.set(title="lifetimes by size (of freed blocks)")
    if not rows:
        return
    points = axes.scatter([row[0] for row in rows], [row[1] for row in rows],
                          c=[row[2] for row in rows], marker="s", s=60,
                          norm=colors.LogNorm(1, max(2, *(row[2] for row in rows))))
    axes.xaxis.set_major_formatter(lambda value, _: "< " + size_text(int(value)))
    axes.yaxis.set_major_formatter(lambda value, _: "< " + time_text(int(value)))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(ticker.MaxNLocator(integer=True, nbins=9))
    axes.tick_params(axis="x", rotation=45)
    figure.colorbar(points, ax=axes, label="blocks")


def main():
    program, rows = read(sys.stdin)
    figure, axes = pyplot.subplot_mosaic([["live", "live"], ["size", "life"]],
                                         figsize=(12, 9), layout="constrained")
    figure.suptitle(program)
    draw_live(axes["live"], rows["live"])
    draw_sizes(axes["size"], rows["size"])
    draw_lives(figure, axes["life"], rows["life"])
    try:
        figure.savefig(sys.argv[1], format="png", dpi=100)
    except OSError as error:
        sys.exit(f"hpalloc: {sys.argv[1]}: {error.strerror}")


main()
