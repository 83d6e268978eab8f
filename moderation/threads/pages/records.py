"""Records: the repeated parts of a page of which each may be one comment.

A record is one element, or a run of siblings (a header row and the rows below it). Records may
hold others (replies inside the comment they answer); what lies in the inner one belongs to it
alone. Making records costs time linear in the part of the page that they cover.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from moderation.records import Range
from moderation.threads.pages.tree import BREAK, Element, Page


@dataclass(eq=False, slots=True)
class Record:
    """One repeated part: `roots` are its element, or its siblings in a row.

    `elements` and `pieces` (numbers of pieces of text) are its own, without those of records
    inside; `outer` is the record around it.
    """

    roots: tuple[Element, ...]
    outer: Record | None = None
    number: int = 0
    elements: list[Element] = field(default_factory=list)
    pieces: list[int] = field(default_factory=list)
    _by_class: dict[str, list[Element]] | None = None

    def with_class(self, token: str) -> list[Element]:
        """Its own elements that have a class, in order."""
        if self._by_class is None:
            self._by_class = {}
            for element in self.elements:
                for name in element.classes:
                    self._by_class.setdefault(name, []).append(element)
        return self._by_class.get(token, [])

    @property
    def root(self) -> Element:
        """The first element."""
        return self.roots[0]

    @property
    def end(self) -> int:
        """Index behind the last element."""
        return self.roots[-1].end


def make_records(page: Page, roots: Iterable[tuple[Element, ...]]) -> list[Record]:
    """Records in document order, each with what it owns; doubled or crossing ones are left out."""
    records: list[Record] = []
    stack: list[Record] = []
    for group in sorted(roots, key=lambda g: (g[0].index, -g[-1].end)):
        start, end = group[0].index, group[-1].end
        while stack and stack[-1].end <= start:
            stack.pop()
        if stack and (end > stack[-1].end or start == stack[-1].root.index):
            continue
        record = Record(group, stack[-1] if stack else None, len(records))
        records.append(record)
        stack.append(record)
    owners: dict[int, Record] = {}
    for number, record in enumerate(records):
        if record.outer is not None:
            continue
        # walk over the outermost record and all inside it
        open_records = [record]
        following = number + 1
        for index in range(record.root.index, record.end):
            while open_records[-1].end <= index:
                open_records.pop()
            if following < len(records) and records[following].root.index == index:
                open_records.append(records[following])
                following += 1
            open_records[-1].elements.append(page.elements[index])
            owners[index] = open_records[-1]
        # between and behind siblings in a row, the text that stands in no element is theirs
        parent = record.root.parent if len(record.roots) > 1 else None
        last = record.roots[-1].last
        if parent is not None:
            while last < parent.last and page.owners[last] == parent.index:
                last += 1
        for piece in range(record.root.first, last):
            owner = owners.get(page.owners[piece])
            if owner is None and parent is not None and page.owners[piece] == parent.index:
                owner = record
            if owner is not None:
                owner.pieces.append(piece)
    return records


@dataclass(frozen=True, slots=True)
class Flow:
    """Text with line ends where the page breaks lines, its source spans, and ranges of quotes."""

    text: str
    spans: tuple[Range, ...]
    quotes: tuple[Range, ...] = ()


def compose(page: Page, pieces: Iterable[int], quotes: Iterable[Element] = ()) -> Flow:
    """Join pieces in order: line ends between blocks and at <br>, single spaces elsewhere.

    In <pre>, line ends of the source stay. The spans, read from the source and unescaped (as
    often as the page escaped them), give the text but for its white space.
    """
    wanted = sorted(quotes, key=lambda e: e.first)
    parts: list[str] = []
    spans: list[Range] = []
    quoted: list[tuple[int, int]] = []
    size = 0
    gap = 0
    previous = -2
    next_quote = 0
    quote_end = -1
    for piece in pieces:
        gap = max(gap, page.gaps[piece])
        if previous >= 0 and piece > previous + 1:
            # what was left out between two pieces parts them as it did on the page
            between = range(previous + 1, min(piece, previous + 200))
            gap = max(gap, 1, *(page.gaps[p] for p in between))
        previous = piece
        text = page.piece(piece)
        if not text:
            continue
        if "\n" in page.source[page.starts[piece] : page.stops[piece]] and _preformatted(
            page, piece
        ):
            text = "\n".join(
                line for line in (" ".join(part.split()) for part in page.lines_of(piece)) if line
            )
        if parts and gap:
            parts.append("\n" if gap >= BREAK else " ")
            size += 1
        begin = size
        parts.append(text)
        size += len(text)
        gap = 0
        span = Range(page.starts[piece], page.stops[piece])
        if spans and spans[-1].end == span.start:
            spans[-1] = Range(spans[-1].start, span.end)
        else:
            spans.append(span)
        while next_quote < len(wanted) and wanted[next_quote].last <= piece:
            next_quote += 1
        if piece < quote_end or (next_quote < len(wanted) and wanted[next_quote].first <= piece):
            if next_quote < len(wanted) and wanted[next_quote].first <= piece:
                quote_end = max(quote_end, wanted[next_quote].last)
            if quoted and "".join(parts[-2:-1]).strip() == "" and quoted[-1][1] >= begin - 1:
                quoted[-1] = (quoted[-1][0], size)
            else:
                quoted.append((begin, size))
    return Flow("".join(parts), tuple(spans), tuple(Range(a, b) for a, b in quoted))


def _preformatted(page: Page, piece: int) -> bool:
    element: Element | None = page.elements[page.owners[piece]]
    for _ in range(4):
        if element is None:
            return False
        if element.tag in ("pre", "listing", "xmp"):
            return True
        element = element.parent
    return False
