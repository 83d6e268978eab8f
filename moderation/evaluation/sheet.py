"""What the parts of a model card share: its sources, figures as text, tables with a caption."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from moderation.evaluation import needed_corpora, set_names
from moderation.evaluation.aims import ABSENT, Aim
from moderation.evaluation.data import digest_of
from moderation.evaluation.report import Figure, Report
from moderation.model import DEFAULT_NAME

DIGITS = 12  # of a sha256, as `str(model)` shows them
MANY = 12  # sets from which a caption's command measures everything instead of naming them

PROBE_OF = {
    "identity_templates/test:bias": "bias",
    "noisyhate/test:perturbation": "perturbation",
    "perspective_scores/test:beside_perspective": "beside_perspective",
    "toxic_spans/dev:explanation": "explanation",
    "contrasts/held-out": "contrasts",
}
"""Name of a probe's figures -> what `--set` calls it, where they differ."""

OWN_SENTENCES = {
    "sentences": "sentences.toml",
    "functional": "functional.toml",
    "everyday": "everyday.toml",
    "mentions": "short.toml",
}
"""Probe -> the file of the project's own sentences that it asks."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What a card is written from, besides the report.

    - `settings`: those of the model file; `size`: its bytes; `features`: filled slots;
    - `codebook`: text of seeds/CODEBOOK.md;
    - `weights`: corpus -> weight of its rows by label, as the recipe has them;
    - `seeds`: {"n", "figures", "command"} of leave-one-thread-out, if it was run;
    - `links`: title -> path of pages to point at.
    """

    settings: Mapping[str, Any]
    codebook: str
    size: int | None = None
    features: int | None = None
    weights: Mapping[str, Sequence[float]] = field(default_factory=dict)
    seeds: Mapping[str, Any] | None = None
    links: Mapping[str, str] = field(default_factory=dict)
    command: str = "python -m moderation.evaluation card --corpora DIR --readme README.md"


class Sheet:
    """A report and its sources; other classes add a method for each mark of the template."""

    def __init__(self, report: Report, sources: Sources) -> None:
        self.report = report
        self.sources = sources
        told = f"/{report.register}" if report.register else ""
        self.name = f"{report.model}@{report.digest[:DIGITS]}{told}"
        self.known = set(set_names())

    # --- shared ---

    def value(self, figure: Figure | None) -> str:
        return ABSENT if figure is None else str(figure)

    def find(self, set_name: str, label: str, measure: str, group: str = "") -> Figure | None:
        return self.report.find(set_name, label, measure, group)

    def caption(self, sets: Iterable[str]) -> str:
        """Model, data and command of a table about these sets."""
        asked = list(dict.fromkeys(self._asked(name) for name in sets))
        whole = len(asked) > MANY
        corpora: list[str] = []
        for name in asked:
            corpora += ["contrasts"] if name == "contrasts" else needed_corpora([name])
        digests = [
            f"{name} {self.report.corpora[name][:DIGITS]}"
            for name in dict.fromkeys(corpora)
            if name in self.report.corpora
        ]
        for name, file in OWN_SENTENCES.items():
            if name in asked:
                digests.append(f"{file} {digest_of(file)[:DIGITS]}")
        command = ["moderation evaluate"]
        if self.report.model != DEFAULT_NAME:
            command.append(f"--model {self.report.model}")
        if self.report.register:
            command.append(f"--register {self.report.register}")
        command.append("--corpora DIR")
        if not whole:
            command += [f"--set {name}" for name in asked]
        if whole or "contrasts" in asked:
            command.append("--contrasts seeds/contrasts.jsonl")
        if whole or "tricks" in asked:
            command.append("--tricks bench/tricks.py")
        command.append(f"--bootstrap {self.report.bootstrap} --seed {self.report.seed}")
        return f"`{self.name}` · {', '.join(digests)} · `{' '.join(command)}`"

    def _asked(self, name: str) -> str:
        if name.endswith(":recalibration"):
            return "calibration"
        return PROBE_OF.get(name, name)

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]], sets: Iterable[str]) -> str:
        """A table with its caption, or that there is nothing to show."""
        sets = list(sets)
        if not rows:
            return f"Not measured ({', '.join(dict.fromkeys(map(self._asked, sets)))})."
        return f"{markdown(head, rows)}\n\n{self.caption(sets)}"

    def note(self, name: str) -> str:
        """The report's own words on how a set was made."""
        note = self.report.notes.get(name, "")
        return f"{note[0].upper()}{note[1:]}." if note else ""

    def bound(self, aim: Aim) -> str:
        sign = "≤" if aim.most else "≥"
        least = f" (at least {aim.least:.3f})" if aim.least is not None else ""
        return f"{sign} {aim.aim:.3f}{least}"

    def anchor(self, aim: Aim, *, short: bool = False) -> str:
        if aim.anchor_measure:
            place = aim.anchor_set or aim.set
            figure = self.find(place, aim.label, aim.anchor_measure)
            source = aim.anchor_source.split(",")[0] if short else aim.anchor_source
            return f"{self.value(figure)} ({source})"
        return f"{aim.anchor} ({aim.anchor_source})" if aim.anchor else "–"


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for row in rows:
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |")
    return "\n".join(lines)
