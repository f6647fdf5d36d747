"""The results as rows of a CSV file: one for each value that a run printed, written at once.

A run that failed, and a mode that was left out, has one row without a value; `exit` says why.
"""

import csv
import dataclasses

import allocators

SKIPPED = "skipped"  # begins the `exit` of what was left out


@dataclasses.dataclass
class Row:
    workload: str
    case: str
    metric: str  # the case, or the case and a suffix; "" without a value
    allocator: str
    mode: str
    round: int
    value: float  # None: there is none
    unit: str
    peak_kib: int  # of the run, so the same for all its values; 0: unknown
    exit: str  # 0, or what went wrong

    @property
    def label(self):
        return allocators.label_of(self.allocator, self.mode)

    @property
    def is_skipped(self):
        return self.exit.startswith(SKIPPED)


class Writer:
    """Writes rows of one dataclass, whose fields are the columns: str, int, or float or None."""

    def __init__(self, path, kind=Row):
        self._file = open(path, "w", newline="", encoding="utf-8")
        self._csv = csv.writer(self._file, lineterminator="\n")
        self._csv.writerow([field.name for field in dataclasses.fields(kind)])
        self.rows = []

    def add(self, row):
        self.rows.append(row)
        self._csv.writerow([_text(value) for value in dataclasses.astuple(row)])
        self._file.flush()

    def close(self):
        self._file.close()


def _text(value):
    if value is None:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else f"{value:.6g}"
    return value


def read(path, kind=Row):
    with open(path, newline="", encoding="utf-8") as file:
        return [_parsed(fields, kind) for fields in csv.DictReader(file)]


def _parsed(fields, kind):
    def value(field):
        text = fields[field.name]
        return None if field.type is float and not text else field.type(text)
    return kind(**{field.name: value(field) for field in dataclasses.fields(kind)})
