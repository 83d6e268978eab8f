"""Lines of a chat: "NAME: text", "<NAME> text", "[10:12] NAME: text", one message a line.

A play, an interview and a table of terms have lines like that too. Times of day or angle brackets
tell a chat; without them the names must recur, be several, and speak in haste.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from moderation.records import Range
from moderation.threads.dumps.found import Dump, Found, Item
from moderation.threads.dumps.lines import Line
from moderation.threads.dumps.marks import is_comment_heading, read_mark
from moderation.threads.dumps.register import measure, name_score, words

LAYOUT = "chat-lines"
FEWEST = 6  # messages
LONGEST_NAME = 30
_TIME = (
    r"(?P<time>[\[(]?(?:\d{1,4}[./-]\d{1,2}[./-]\d{1,4},?\s+)?"
    r"\d{1,2}:\d\d(?::\d\d)?(?:\s?[AaPp][Mm])?[\])]?)"
)
_MESSAGE = re.compile(
    rf"(?:{_TIME}\s*(?:[-–]\s+)?)?"
    r"(?:<[@+%~&]?(?P<angled>[^<>\s][^<>]{0,29})>\s+|(?P<name>[^\s:<>][^:<>]{0,29}):\s+)(?P<said>\S)"
)


@dataclass(slots=True)
class _Message:
    name: str
    start: int
    end: int
    time: str | None
    angled: bool


def find(dump: Dump) -> Found | None:
    """The longest run of messages; None where it is no chat."""
    best: list[_Message] = []
    first = 0
    for start, run in _runs(dump.lines):
        if len(run) > len(best):
            best, first = run, start
    if len(best) < FEWEST:
        return None
    count = len(best)
    names = Counter(message.name for message in best)
    recurring = sum(1 for times in names.values() if times > 1)
    if len(names) < 2 or recurring < 2 or len(names) > 0.7 * count:
        return None
    likely = sum(name_score(name) * times for name, times in names.items()) / count
    if likely < 0.5:
        return None
    texts = [dump.text[message.start : message.end] for message in best]
    registers = [measure(text) for text in texts]
    hasty = sum(1 for r in registers if r.informal or r.lower_starts) / count
    remarks = sum(1 for r in registers if r.remark > 0) / count
    marked = sum(1 for message in best if message.time or message.angled) / count
    headed = any(is_comment_heading(mark) for mark in dump.marks[max(0, first - 6) : first])
    cues = [f"{recurring} of {len(names)} names recur", f"{hasty:.0%} written in haste"]
    if marked >= 0.8:
        score = 0.75
        cues.append("with times or angle brackets")
    elif len(names) >= 3 and remarks >= 0.4 and (headed or hasty >= 0.35):
        score = 0.55 + (0.2 if headed else 0.0)
    else:
        return None
    items = [
        Item(
            [Range(message.start, message.end)],
            message.name,
            created=message.time,
            confidence=0.8,
        )
        for message in best
    ]
    reason = f'{count} lines like "NAME: text"; ' + ", ".join(cues)
    start = dump.lines[first].visible
    return Found(LAYOUT, score, reason, items, start)


def _runs(lines: Sequence[Line]) -> list[tuple[int, list[_Message]]]:
    """Runs of messages with the index of their first line; a deeper line goes on with the last."""
    runs: list[tuple[int, list[_Message]]] = []
    run: list[_Message] = []
    indent = 0
    for index, line in enumerate(lines):
        message = _read(line)
        if message is not None and line.gap <= 1:
            if not run:
                indent = line.indent
                runs.append((index, run))
            run.append(message)
        elif run and line.gap == 0 and line.indent > indent:
            run[-1].end = line.visible + len(line.shown)
        elif message is not None:
            run, indent = [message], line.indent
            runs.append((index, run))
        else:
            run = []
    return runs


def _read(line: Line) -> _Message | None:
    match = _MESSAGE.match(line.shown)
    if match is None:
        return None
    name = (match["angled"] or match["name"]).strip()
    if match["angled"] is None and (
        name_score(name) < 0.25
        or name.lower() in words("labels")
        or read_mark(line).buttons
        or len(name) > LONGEST_NAME
    ):
        return None
    said = line.visible + match.start("said")
    time = match["time"]
    return _Message(
        name,
        said,
        line.visible + len(line.shown),
        None if time is None else time.strip("[]()"),
        match["angled"] is not None,
    )
