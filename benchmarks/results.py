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


FIELDS = [field.name for field in dataclasses.fields(Row)]


class Writer:
    def __init__(self, path):
        self._file = open(path, "w", newline="", encoding="utf-8")
        self._csv = csv.writer(self._file, lineterminator="\n")
        self._csv.writerow(FIELDS)
        self.rows = []

    def add(self, row):
        self.rows.append(row)
        values = dataclasses.asdict(row)
        values["value"] = "" if row.value is None else f"{row.value:.6g}"
        self._csv.writerow([values[name] for name in FIELDS])
        self._file.flush()

    def close(self):
        self._file.close()


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return [_parsed(fields) for fields in csv.DictReader(file)]


def _parsed(fields):
    value = float(fields["value"]) if fields["value"] else None
    return Row(**{**fields, "value": value, "round": int(fields["round"]),
                  "peak_kib": int(fields["peak_kib"])})
