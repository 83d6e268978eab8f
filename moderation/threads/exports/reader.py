"""The reader that all JSON exports share: a module of a format gives it two functions.

    recognise(values) -> Evidence | None   judges the first values of a file
    read_items(values, context)            yields Items and Headings

Adding a system is a module with these two, a line in `moderation.threads.READERS` and a case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from moderation.records import Thread
from moderation.threads.document import Document, Evidence, ReadOptions
from moderation.threads.exports.items import Heading, Item, Report, hold_last, source_of
from moderation.threads.exports.spool import gather_threads
from moderation.threads.exports.values import parse_broken, read_values, walk

MAX_PEEKED = 8  # values and list elements looked at to recognise a format
_START = re.compile(rb"\s*[\[{]")


@dataclass(slots=True)
class Context:
    """What a module may need beside the values: the caller's options, a place for problems."""

    options: ReadOptions
    report: Report = field(default_factory=Report)


@dataclass(frozen=True, slots=True)
class JsonReader:
    """A Reader for one JSON format, made of the module's two functions."""

    name: str
    recognise: Callable[[list[Any]], Evidence | None]
    read_items: Callable[[Iterator[tuple[Any, str]], Context], Iterable[Item | Heading]]
    qualify: bool = False

    def evidence(self, document: Document) -> Evidence | None:
        """Judge by the first values of the document."""
        values = peek_values(document)
        return self.recognise(values) if values else None

    def read(self, document: Document, options: ReadOptions) -> Iterator[Thread]:
        """Yield the export's threads; all of the file is read before the first."""
        context = Context(options)
        source = source_of(document, self.name)
        values = read_values(document, context.report)
        threads = gather_threads(source, self.read_items(values, context), qualify=self.qualify)
        yield from hold_last(threads, context.report, source)


def peek_values(document: Document) -> list[Any]:
    """The first values of a file that looks like JSON (elements, where it is a list), or []."""
    return _peek(document.head)


@lru_cache(maxsize=2)
def _peek(head: bytes) -> list[Any]:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = head.decode("utf-16", "replace")
    else:
        text = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    if not _START.match(text[:64].encode("utf-8", "replace")):
        return []
    values: list[Any] = []
    at = 0
    while len(values) < MAX_PEEKED:
        match = re.compile(r"[\s,]*").match(text, at)
        at = match.end() if match else at
        if text[at : at + 1] not in ("{", "["):
            break
        value, end, problem = parse_broken(text, at)
        if isinstance(value, list):
            values.extend(value[:MAX_PEEKED])
        else:
            values.append(value)
        if problem is not None or end <= at:
            newline = text.find("\n", at)
            if problem == "breaks off here" or newline < 0:
                break
            end = newline
        at = end
    return values


def peek_objects(values: list[Any], limit: int = 200) -> Iterator[dict[str, Any]]:
    """The objects in the first values, outer before inner, at most `limit` of them."""
    for number, node in enumerate(walk(values)):
        if number >= limit:
            return
        yield node
