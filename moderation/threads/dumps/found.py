"""What a layout finds in a dump: items in reading order, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from moderation.records import Range
from moderation.threads.dumps.lines import Line, Paragraph
from moderation.threads.dumps.marks import Mark
from moderation.threads.dumps.register import prose


@dataclass(slots=True)
class Item:
    """One comment: spans of its text, and what the page showed about it.

    `parent` is an index into the same list; `depth` None = not recoverable.
    """

    spans: list[Range]
    author: str | None = None
    depth: int | None = None
    parent: int | None = None
    parent_known: bool = False
    created: str | None = None
    native: str | None = None
    confidence: float = 1.0


@dataclass(slots=True)
class Found:
    """A layout's answer: `confidence` in [0, 1], `start` = position where its comments begin.

    Less than `CONFIDENT_ENOUGH` means that the reader prefers to stay silent. `rank` is the sum of
    the evidence where a layout compares several readings of its own.
    """

    layout: str
    confidence: float
    reason: str
    items: list[Item] = field(default_factory=list)
    start: int = 0
    rank: float = 0.0


CONFIDENT_ENOUGH = 0.5


@dataclass(slots=True)
class Dump:
    """A decoded dump, cut into lines and paragraphs once for all layouts.

    `marks` says for each line what it can be.
    """

    text: str
    lines: list[Line]
    paragraphs: list[Paragraph]
    marks: list[Mark]


def is_running(paragraphs: Sequence[Paragraph], least: float = 0.5) -> bool:
    """Whether this is an article or talk, and not a page with its menus and lists."""
    bullets = sum(1 for paragraph in paragraphs if paragraph.lines[0].bullet)
    running = sum(1 for paragraph in paragraphs if prose(paragraph.text))
    return bullets <= 0.2 * len(paragraphs) and running >= least * len(paragraphs)


def link_by_depth(items: Sequence[Item]) -> None:
    """Set each item's parent from the depths: the nearest one above that is less deep.

    Depths are renumbered to steps of one, beginning with 0.
    """
    stack: list[tuple[int, int]] = []
    for index, item in enumerate(items):
        if item.depth is None:
            continue
        while stack and stack[-1][0] >= item.depth:
            stack.pop()
        item.parent = stack[-1][1] if stack else None
        item.parent_known = True
        level = len(stack)
        stack.append((item.depth, index))
        item.depth = level
