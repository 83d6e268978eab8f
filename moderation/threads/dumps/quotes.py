"""What a comment quotes from others: lines behind ">", set in below "NAME wrote:", or in [quote].

Marked, not removed: the text stays as the source has it, and whoever scores it can leave the
quoted ranges out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from moderation.records import Range
from moderation.threads.dumps.lines import TAB
from moderation.threads.dumps.register import words

LONGEST_LEAD = 100  # code points of "NAME wrote on DATE:"
_LINE_END = re.compile(r"\r\n|\r|\n")
_BEHIND = re.compile(r">(?!>> |>\d|[=)(:;])")  # not ">>> code", ">>1234", ">:("
_BBCODE = re.compile(r"\[quote\b[^\]\n]{0,100}\]|\[/quote\]", re.IGNORECASE)


@dataclass(slots=True)
class _Line:
    """A line of the text at `[start, end)`, and its column in the source (None: unknown)."""

    shown: str
    start: int
    end: int
    indent: int | None


def find_quotes(source: str, spans: Iterable[Range]) -> tuple[Range, ...]:
    """Ranges of `read_spans(source, spans)` that quote somebody, in order, none touching."""
    lines = _lines(source, spans)
    quoted = [_BEHIND.match(line.shown) is not None for line in lines]
    known = [line.indent for line in lines if line.indent is not None]
    base = min(known, default=0)
    index = 0
    while index < len(lines):
        if quoted[index] or not _leads(lines[index].shown):
            index += 1
            continue
        end = index + 1
        if end < len(lines) and quoted[end]:
            quoted[index] = True
        else:
            while end < len(lines) and (lines[end].indent or 0) > base:
                end += 1
            if end > index + 1 and end < len(lines):
                quoted[index:end] = [True] * (end - index)
        index = end
    _mark_bbcode(lines, quoted)
    ranges: list[Range] = []
    for line, inside in zip(lines, quoted, strict=True):
        if not inside:
            continue
        if ranges and ranges[-1].end + 1 == line.start:
            ranges[-1] = Range(ranges[-1].start, line.end)
        else:
            ranges.append(Range(line.start, line.end))
    return tuple(ranges)


def _lines(source: str, spans: Iterable[Range]) -> list[_Line]:
    lines: list[_Line] = []
    position = 0
    for span in spans:
        start = span.start
        while start > 0 and span.start - start < 4 * LONGEST_LEAD and source[start - 1] in " \t":
            start -= 1
        margin = start == 0 or source[start - 1] in "\r\n"
        for number, raw in enumerate(_LINE_END.split(span.of(source))):
            shown = " ".join(raw.split())
            if not shown:
                continue
            indent: int | None = _width(raw)
            if number == 0:
                indent = _width(source[start : span.start] + "x") if margin else None
            lines.append(_Line(shown, position, position + len(shown), indent))
            position += len(shown) + 1
    return lines


def _width(raw: str) -> int:
    lead = raw[: len(raw) - len(raw.lstrip())]
    return len(lead.expandtabs(TAB))


def _leads(shown: str) -> bool:
    """Whether a line announces a quotation: "NAME wrote:", "Zitat von NAME", "Quote:"."""
    if len(shown) > LONGEST_LEAD:
        return False
    text = shown.strip("*_ ").lower()
    if text[-1:] in (":", "…") or text.endswith("..."):
        return _announced().search(text) is not None
    return _announced().match(text) is not None


@cache
def _announced() -> re.Pattern[str]:
    phrases = sorted(words("quoted"), key=len, reverse=True)
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, phrases)) + r")(?!\w)")


def _mark_bbcode(lines: list[_Line], quoted: list[bool]) -> None:
    opened: list[int] = []
    for index, line in enumerate(lines):
        for match in _BBCODE.finditer(line.shown):
            if match.group()[1] != "/":
                opened.append(index)
            elif opened:
                first = opened.pop()
                if not opened:
                    quoted[first : index + 1] = [True] * (index + 1 - first)
