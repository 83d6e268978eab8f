"""Nested lists: a name behind a bullet, the text below it and deeper; the column gives the depth.

• Name

  What they say.

  • Another name

    A reply.
"""

from __future__ import annotations

from dataclasses import dataclass

from moderation.records import Range
from moderation.threads.dumps.found import Dump, Found, Item, link_by_depth
from moderation.threads.dumps.lines import Line, span_of
from moderation.threads.dumps.marks import read_mark
from moderation.threads.dumps.register import measure, name_score, prose

LAYOUT = "nested-list"
LONGEST_NAME = 60


@dataclass(slots=True)
class _Entry:
    head: Line
    body: list[Line]


def find(dump: Dump) -> Found | None:
    """The run of list entries that look like comments; None where there is no such list."""
    runs = _runs(dump.lines)
    best: Found | None = None
    for run, complete in runs:
        found = _judge(dump, run, complete)
        if found is not None and (best is None or found.confidence > best.confidence):
            best = found
    return best


def _runs(lines: list[Line]) -> list[tuple[list[_Entry], bool]]:
    """Maximal runs of entries; with each, whether nothing but the run's own lines follows it."""
    runs: list[tuple[list[_Entry], bool]] = []
    entries: list[_Entry] = []
    base = 0
    tail = 0  # visible lines since the run ended
    for line in lines:
        if line.bullet and line.text and not line.dash:
            if not entries or tail:
                if entries:
                    runs.append((entries, False))
                entries, base, tail = [], line.indent, 0
            elif line.indent < base:
                base = line.indent
            entries.append(_Entry(line, []))
        elif entries and not tail and line.indent > base:
            entries[-1].body.append(line)
        else:
            tail += 1
    if entries:
        runs.append((entries, tail == 0))
    return [run for run in runs if len(run[0]) >= 2]


def _judge(dump: Dump, run: list[_Entry], complete: bool) -> Found | None:
    spoken = [entry for entry in run if entry.body]
    if len(spoken) < 2 or len(spoken) < 0.8 * len(run):
        return None
    marks = [read_mark(entry.head) for entry in spoken]
    first = [read_mark(entry.body[0]) for entry in spoken]
    timed = sum(
        1
        for head, below in zip(marks, first, strict=True)
        if head.date or head.says or head.number or below.date
    )
    if timed >= 0.4 * len(spoken):
        return None  # header lines: their own layout reads them better
    named = [name_score(entry.head.text) for entry in spoken]
    short = sum(1 for entry in spoken if len(entry.head.text) <= LONGEST_NAME)
    if short < 0.9 * len(spoken) or sum(named) / len(named) < 0.4:
        return None
    cues: list[str] = []
    score = 0.15
    columns = {entry.head.indent for entry in spoken}
    if len(columns) > 1:
        score += 0.25
        cues.append(f"{len(columns)} depths")
    names = [entry.head.text for entry in spoken]
    if len(set(names)) < len(names):
        score += 0.2
        cues.append("a name recurs")
    bodies = [" ".join(line.shown for line in entry.body) for entry in spoken]
    if sum(1 for body in bodies if prose(body)) < 0.5 * len(bodies):
        return None
    remarks = [measure(body).remark for body in bodies]
    share = sum(1 for remark in remarks if remark > 0) / len(remarks)
    if share >= 0.3:
        score += 0.1 + 0.4 * share
        cues.append(f"{share:.0%} of the texts speak like remarks")
    if complete:
        score += 0.15
        cues.append("nothing follows")
    if len(spoken) <= 3 and len(columns) == 1 and len(set(names)) == len(names):
        score -= 0.2  # few entries of a flat list are no rhythm
    lengths = [len(body) for body in bodies]
    if min(lengths) * 8 < max(lengths):
        score += 0.1
        cues.append("lengths differ as in talk")
    items: list[Item] = []
    for entry in run:
        if not entry.body:
            continue
        items.append(
            Item(
                spans=_spans(entry.body),
                author=entry.head.text,
                depth=entry.head.indent,
                confidence=0.9 if name_score(entry.head.text) >= 0.4 else 0.7,
            )
        )
    link_by_depth(items)
    reason = f"{len(items)} names behind bullets with deeper text; " + ", ".join(cues)
    return Found(LAYOUT, min(score, 0.95), reason, items, run[0].head.start)


def _spans(body: list[Line]) -> list[Range]:
    return [span_of(body)]
