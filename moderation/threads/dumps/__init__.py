"""Text dumps of pages: lines, the layouts that comments take in them, one chosen by evidence.

    bytes ─► text ─► lines, paragraphs ─► each layout's judge ─► the surest ─► Thread
             (decoding)  (lines)          (nested, rhythm, bare, …)  (choosing)

Article text taken for somebody's comment is the worst error here, so that a layout must be sure
enough, or the thread has no comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from moderation.records import Comment, Range, Source, Thread, read_spans
from moderation.threads.decoding import decode
from moderation.threads.document import Document, Evidence, ReadOptions
from moderation.threads.dumps.choosing import choose, read_dump
from moderation.threads.dumps.found import Dump, Found
from moderation.threads.dumps.quotes import find_quotes
from moderation.threads.dumps.register import prose
from moderation.threads.pages.dates import parse_date

__all__ = ["READER", "DumpReader", "read_text"]

LONGEST_TITLE = 200


class DumpReader:
    """Reads any bytes as a text dump; the reader of last resort."""

    name = "dumps"

    def evidence(self, document: Document) -> Evidence | None:
        """Always little: whatever knows its own format comes first."""
        return Evidence(0.05, "any text can be a dump")

    def read(self, document: Document, options: ReadOptions) -> Iterator[Thread]:
        """Yield one Thread, without comments where none are found."""
        decoded = decode(document.read())
        source = Source(document.name, document.sha256, "text", decoded.encoding)
        yield read_text(decoded.text, source, options, decoded.warnings)


READER = DumpReader()


def read_text(
    text: str, source: Source, options: ReadOptions, warnings: tuple[str, ...] = ()
) -> Thread:
    """Find the comments of a decoded dump; never raises, linear in the length of `text`."""
    dump = read_dump(text)
    found = choose(dump, options)
    title, after = _title(dump, found)
    if found.items and found.confidence < 0.7:
        warnings = (*warnings, "layout_uncertain")
    return Thread(
        source=source,
        title=title,
        article=tuple(_article(dump, found, after)),
        layout=found.layout,
        confidence=found.confidence,
        warnings=warnings,
        counts={"extracted": len(found.items)},
        comments=_comments(text, source, found),
    )


def _comments(text: str, source: Source, found: Found) -> tuple[Comment, ...]:
    day_first = _day_first(item.created for item in found.items)
    ids = [f"{source.sha256[:12]}:{item.spans[0].start}" for item in found.items]
    return tuple(
        Comment(
            id=ids[index],
            text=read_spans(text, item.spans),
            author=item.author,
            parent_id=None if item.parent is None else ids[item.parent],
            parent_known=item.parent_known,
            depth=item.depth,
            order=index,
            spans=tuple(item.spans),
            quotes=find_quotes(text, item.spans),
            native_id=item.native,
            created_at=None if item.created is None else parse_date(item.created, day_first),
            created_raw=item.created,
            confidence=round(min(item.confidence, 1.0), 3),
        )
        for index, item in enumerate(found.items)
    )


_NUMERIC = re.compile(r"(?<!\d)(\d{1,2})[./-](\d{1,2})[./-]\d{2,4}")


def _day_first(dates: Iterable[str | None]) -> bool | None:
    """Whether the day stands first in dates like 03/04/2020: told by any number above 12."""
    for date in dates:
        match = None if date is None else _NUMERIC.search(date)
        if match is not None and int(match[1]) > 12:
            return True
        if match is not None and int(match[2]) > 12:
            return False
    return None


def _title(dump: Dump, found: Found) -> tuple[str | None, int]:
    """The first paragraph where it looks like a title, and where the article begins after it."""
    for paragraph in dump.paragraphs[:1]:
        text = paragraph.text
        letters = sum(1 for character in text if character.isalpha())
        if (
            len(paragraph.lines) == 1
            and len(dump.paragraphs) > 1
            and dump.paragraphs[1].gap > 0
            and len(text) <= LONGEST_TITLE
            and paragraph.span.end <= found.start
            and not paragraph.lines[0].bullet
            and letters >= 0.6 * len(text)
            and text[-1] not in ".,;:…"
        ):
            return " ".join(text.split()), paragraph.span.end
    return None, 0


def _article(dump: Dump, found: Found, after: int) -> list[Range]:
    """The paragraphs before the comments; of a page with menus only its running text."""
    before = [
        paragraph
        for paragraph in dump.paragraphs
        if after <= paragraph.span.start and paragraph.span.end <= found.start
    ]
    running = [prose(paragraph.text) for paragraph in before]
    if sum(running) * 2 < len(before):
        before = [paragraph for paragraph, good in zip(before, running, strict=True) if good]
    return [paragraph.span for paragraph in before]
