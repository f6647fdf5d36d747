"""One page with everything, which needs no other file: plots, answers, all figures."""

import base64
import html

import plots
import tables

STYLE = """
body { font: 15px/1.5 sans-serif; color: #222; max-width: 70em; margin: 2em auto; padding: 0 1em }
h1, h2 { line-height: 1.2 } h2 { margin-top: 2.5em }
.wide { overflow-x: auto }
img { max-width: 100% }
pre { background: #f4f4f4; padding: 1em; overflow-x: auto }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums }
th, td { padding: .2em .8em; text-align: right; white-space: nowrap }
th:first-child, td:first-child { text-align: left }
thead { border-bottom: 2px solid #444 } tbody tr:nth-child(even) { background: #f6f6f6 }
"""


def _image(png, text):
    data = base64.b64encode(png).decode()
    return f'<p><img alt="{html.escape(text)}" src="data:image/png;base64,{data}"></p>\n'


def _pictures(results):
    plain = results.ours() + results.plain_peers()
    found = [
        (plots.memory_against_time(results, results.labels, "Memory against time"),
         "memory against time"),
        (plots.dots(results, results.times, plain, "Time"), "time by figure"),
        (plots.dots(results, results.peaks, plain, "Peak of memory"), "memory by case"),
        (plots.dots(results, results.held, plain, "Memory held after a phase"), "memory held"),
    ]
    return [_image(png, text) for png, text in found if png]


def write(path, results, about):
    """`about`: lines on the machine and the command."""
    first, *others = _pictures(results)
    answers = tables.for_people(results)
    page = [
        "<!doctype html>\n<html lang=en><meta charset=utf-8><title>libhpalloc: benchmarks</title>",
        "<meta name=viewport content='width=device-width'>", f"<style>{STYLE}</style>",
        "<h1>libhpalloc and its peers</h1>",
        f"<p>{results.rounds} rounds; smaller is better throughout. A dot is the median of the "
        "rounds, the bar behind it reaches from quartile to quartile; hollow dots are peers on "
        "huge pages.</p>",
        f"<pre>{html.escape(chr(10).join(about))}</pre>",
        first, answers[0].html(), *others,
        *(table.html() for table in answers[1:] + tables.with_all_figures(results) if table.rows),
        "</html>",
    ]
    path.write_text("\n".join(page), encoding="utf-8")


def write_markdown(path, results, about):
    lines = [f"- {line}" for line in about] + [f"- rounds: {results.rounds}", ""]
    lines += [table.markdown() for table in tables.for_people(results) if table.rows]
    path.write_text("\n".join(lines), encoding="utf-8")
