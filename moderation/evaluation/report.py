"""What an evaluation found, as records: figures with intervals, and curves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

import numpy as np

FORMAT = 1

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Figure:
    """One number and what it was measured on.

    `low` and `high` are the ends of a 95 % bootstrap interval (None without one), `n` the rows,
    `positives` those among them whose label is at least one half. `group` is empty, or names the
    part of the set that this figure is about.
    """

    set: str
    label: str
    measure: str
    value: float
    low: float | None
    high: float | None
    n: int
    positives: int
    group: str = ""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What names the figure: set, label, measure, group."""
        return (self.set, self.label, self.measure, self.group)

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"{self.value:.3f}"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True, slots=True)
class Curve:
    """Points for plots of one label on one set.

    `roc` holds (false positive rate, recall), `pr` (recall, precision), `reliability` (mean
    score, share labelled, rows) and `thresholds` (threshold, precision, recall, share flagged);
    a precision with nothing flagged is None.
    """

    set: str
    label: str
    roc: list[tuple[float, float]]
    pr: list[tuple[float, float]]
    reliability: list[tuple[float, float, int]]
    thresholds: list[tuple[float, float | None, float, float]]


@dataclass(frozen=True, slots=True)
class Report:
    """Figures of one predictor on a number of sets.

    `corpora` maps a corpus's name to the sha256 of the file that was read, `thresholds` a label
    to the score from which it counts as flagged; `notes` say in words how a set was made.
    `register`: how the model was told that the comments are written, None if it was not.
    """

    model: str
    digest: str
    thresholds: dict[str, float]
    corpora: dict[str, str]
    seed: int
    bootstrap: int
    figures: list[Figure] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    register: str | None = None

    @property
    def title(self) -> str:
        """The predictor's name, with "/REGISTER" where it was told one."""
        return f"{self.model}/{self.register}" if self.register else self.model

    def find(self, set: str, label: str, measure: str, group: str = "") -> Figure | None:
        """The figure of that name, or None."""
        key = (set, label, measure, group)
        return next((figure for figure in self.figures if figure.key == key), None)

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape: the fields, with "format": 1."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_dict(cls, shape: dict[str, Any]) -> Report:
        """The report that `to_dict` gave; ValueError, TypeError or KeyError for another shape."""
        fields = dict(shape)
        if fields.pop("format", None) != FORMAT:
            raise ValueError(f"format is not {FORMAT}")
        fields["figures"] = [Figure(**figure) for figure in fields["figures"]]
        fields["curves"] = [Curve(**curve) for curve in fields["curves"]]
        return cls(**fields)


def write_tables(report: Report, *, groups: bool = False) -> str:
    """The figures as plain text: one table a set, one line a label; `groups` adds its parts."""
    lines = [
        f"model {report.title} {report.digest[:12]}",
        "thresholds " + ", ".join(f"{k} {v:g}" for k, v in report.thresholds.items()),
        f"95 % intervals from {report.bootstrap} bootstrap samples, seed {report.seed}"
        if report.bootstrap
        else "without intervals",
    ]
    for name in _in_order(figure.set for figure in report.figures):
        lines += ["", name]
        if name in report.notes:
            lines.append(f"  {report.notes[name]}")
        own = [figure for figure in report.figures if figure.set == name]
        for label, group in _in_order((f.label, f.group) for f in own):
            if group and not groups:
                continue
            row = [f for f in own if (f.label, f.group) == (label, group)]
            title = f"{label} ({group})" if group else label
            counts = f"n={row[0].n} positive={row[0].positives}"
            lines.append(f"  {title}  {counts}")
            lines += _wrap([f"{figure.measure} {figure}" for figure in row])
    return "\n".join(lines) + "\n"


def write_markdown(figures: Iterable[Figure]) -> str:
    """Figures as one Markdown table: set, label, measure, value with interval, n, positives."""
    lines = ["| set | label | measure | value | n | positive |", "|---|---|---|---|---|---|"]
    for f in figures:
        label = f"{f.label} ({f.group})" if f.group else f.label
        lines.append(f"| {f.set} | {label} | {f.measure} | {f} | {f.n} | {f.positives} |")
    return "\n".join(lines) + "\n"


def make_figure(
    set_name: str,
    label: str,
    measure: str,
    value: float,
    samples: Sequence[float] | np.ndarray[Any, Any] | None,
    n: int,
    positives: int,
    group: str = "",
) -> Figure | None:
    """A figure with the interval of its bootstrap `samples`; None where `value` is undefined."""
    from moderation.evaluation.metrics import interval

    if math.isnan(value):
        return None
    ends = None
    if samples is not None and len(samples):
        ends = interval(np.asarray(samples, dtype=np.float64))
        # Rows of one group are always drawn whole: that says nothing of chance.
        if ends and ends[0] == ends[1] and 0 < value < 1:
            ends = None
    low, high = ends if ends else (None, None)
    return Figure(set_name, label, measure, float(value), low, high, n, positives, group)


def _in_order(items: Iterable[T]) -> list[T]:
    return list(dict.fromkeys(items))


def _wrap(cells: Sequence[str], width: int = 100) -> list[str]:
    lines, line = [], "   "
    for cell in cells:
        if len(line) + len(cell) + 2 > width and line.strip():
            lines.append(line)
            line = "   "
        line += f" {cell} "
    return [*lines, line] if line.strip() else lines
