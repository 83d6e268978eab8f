"""Choose one layout by its evidence, or none."""

from __future__ import annotations

from collections.abc import Callable

from moderation.threads.document import ReadOptions
from moderation.threads.dumps import bare, chat, headers, nested, rhythm, signed
from moderation.threads.dumps.found import CONFIDENT_ENOUGH, Dump, Found
from moderation.threads.dumps.lines import Line, split_lines, split_paragraphs
from moderation.threads.dumps.marks import read_mark

LAYOUTS: tuple[Callable[[Dump], Found | None], ...] = (
    signed.find,
    nested.find,
    headers.find,
    rhythm.find,
    chat.find,
    bare.find,
)
"""Each layout's judge, the most telling first: of two that are equally sure, the first wins."""


def read_dump(text: str) -> Dump:
    """Cut a decoded dump into lines and paragraphs."""
    lines = split_lines(text)
    paragraphs = split_paragraphs(lines, unwrapped=_unwrapped(lines))
    return Dump(text, lines, paragraphs, [read_mark(line) for line in lines])


def choose(dump: Dump, options: ReadOptions) -> Found:
    """The surest layout; "none" where no layout is sure enough."""
    best: Found | None = None
    for judge in LAYOUTS:
        found = judge(dump)
        if found is None:
            continue
        options.note(f"layout {found.layout}: {found.confidence:.2f} ({found.reason})")
        if best is None or found.confidence > best.confidence:
            best = found
    if best is not None and best.confidence >= CONFIDENT_ENOUGH:
        options.note(f"chosen: {best.layout}")
        return best
    doubt = 0.0 if best is None else best.confidence
    options.note("chosen: none (no layout is sure enough)")
    return Found("none", 1.0 - doubt, "no layout is sure enough", [], len(dump.text))


def _unwrapped(lines: list[Line]) -> bool:
    """Whether each line is a paragraph: hardly any blank lines, and lines of very uneven length."""
    if len(lines) < 2:
        return False
    visible = [len(line.shown) for line in lines]
    if sum(line.gap for line in lines) * 10 > len(visible):
        return False
    longest = max(visible)
    if longest < 120:
        return False
    # lines broken to a width: most are nearly as long as the longest
    full = sum(1 for length in visible if length > 0.85 * longest)
    return full < 0.5 * len(visible)
