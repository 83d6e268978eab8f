"""What the project set out to reach, and whether a report says that it does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from moderation.evaluation.data import read_data
from moderation.evaluation.report import Figure, Report

ABSENT = "not measured"


@dataclass(frozen=True, slots=True)
class Aim:
    """A row of aims.toml: see there."""

    title: str
    set: str
    label: str
    measure: str
    aim: float
    group: str = ""
    least: float | None = None
    most: bool = False
    anchor: str = ""
    anchor_set: str = ""
    anchor_measure: str = ""
    anchor_source: str = ""
    readme: bool = False

    def reached(self, value: float, bound: float) -> bool:
        """Whether `value` is on the right side of `bound`."""
        return value <= bound if self.most else value >= bound


@dataclass(frozen=True, slots=True)
class Verdict:
    """An aim with the figure that it is held against (None: not measured)."""

    aim: Aim
    figure: Figure | None

    @property
    def outcome(self) -> str:
        """ "met", "least met" (the lesser aim only), "missed" or "not measured"."""
        if self.figure is None:
            return ABSENT
        if self.aim.reached(self.figure.value, self.aim.aim):
            return "met"
        if self.aim.least is not None and self.aim.reached(self.figure.value, self.aim.least):
            return "least met"
        return "missed"


def read_aims() -> list[Aim]:
    """The rows of aims.toml."""
    return [Aim(**row) for row in read_data("aims.toml")["aim"]]


def judge(aims: Iterable[Aim], report: Report) -> list[Verdict]:
    """Each aim with its figure; of several that it covers ("*"), the worst one."""
    verdicts = []
    for aim in aims:
        found = [
            figure
            for figure in report.figures
            if (figure.set, figure.measure) == (aim.set, aim.measure)
            and aim.label in ("*", figure.label)
            and (figure.group == aim.group or aim.group == "*")
        ]
        worst = (max if aim.most else min)(found, key=lambda f: f.value) if found else None
        verdicts.append(Verdict(aim, worst))
    return verdicts
