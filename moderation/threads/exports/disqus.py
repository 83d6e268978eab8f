"""Disqus's XML export: threads first, then the posts of all threads.

`native_id` and parents are dsq:id; isDeleted = deleted, isSpam = spam, isApproved false = pending.
`author` is the name shown, also of anonymous authors; else the user name.
"""

from __future__ import annotations

from collections.abc import Iterator

from moderation.records import Status, Thread
from moderation.threads.document import Document, Evidence, ReadOptions
from moderation.threads.exports.elements import Record, read_records
from moderation.threads.exports.items import (
    Heading,
    Item,
    Report,
    add_personal,
    hold_last,
    source_of,
)
from moderation.threads.exports.markup import remove_markup
from moderation.threads.exports.spool import gather_threads

_WANTED = frozenset(
    (
        "@dsq:id",
        "title",
        "message",
        "createdAt",
        "isDeleted",
        "isSpam",
        "isApproved",
        "ipAddress",
        "author/name",
        "author/username",
        "author/email",
        "thread@dsq:id",
        "parent@dsq:id",
    )
)


def _post(record: Record, options: ReadOptions) -> Item:
    def says(name: str) -> bool:
        return (record.get(name) or "").lower() == "true"

    text, quotes = remove_markup(record.get("message") or "")
    status: Status = "visible"
    if says("isDeleted"):
        status = "deleted"
    elif says("isSpam"):
        status = "spam"
    elif (record.get("isApproved") or "").lower() == "false":
        status = "pending"
    item = Item(
        native_id=record.get("@dsq:id"),
        text=text,
        thread=record.get("thread@dsq:id"),
        parent=record.get("parent@dsq:id"),
        author=record.get("author/name") or record.get("author/username"),
        created_raw=record.get("createdAt"),
        status=status,
        quotes=quotes,
        place=f"line {record.line}",
    )
    add_personal(item, options, email=record.get("author/email"), ip=record.get("ipAddress"))
    return item


class DisqusReader:
    """Posts of all threads interleave, so they are gathered (on disk, where they are many)."""

    name = "disqus"

    def evidence(self, document: Document) -> Evidence | None:
        """Disqus's root element or namespace."""
        head = document.head.replace(b"\0", b"")
        if b"<disqus" in head and (b"disqus.com" in head or b"dsq:id" in head):
            return Evidence(0.99, "Disqus's root element and namespace")
        if b"<post dsq:id=" in head or b"<thread dsq:id=" in head:
            return Evidence(0.9, "elements with Disqus's ids")
        return None

    def read(self, document: Document, options: ReadOptions) -> Iterator[Thread]:
        """Yield the threads that have posts, after the whole file is read."""
        report = Report()
        source = source_of(document, self.name)
        threads = gather_threads(source, self._items(document, options, report))
        yield from hold_last(threads, report, source)

    def _items(
        self, document: Document, options: ReadOptions, report: Report
    ) -> Iterator[Item | Heading]:
        for record in read_records(document, report, {"thread": 0, "post": 0}, _WANTED):
            if record.name == "thread":
                yield Heading(thread=record.get("@dsq:id"), title=record.get("title"))
            elif record.get("@dsq:id") is not None:
                yield _post(record, options)


READER = DisqusReader()
