"""WXR, WordPress's export (versions 1.0 to 1.2): RSS with posts and their comments.

- `created_raw` is "comment_date_gmt" (UTC), or the local "comment_date" where that is not set.
- comment_approved: 1 = visible, 0 = pending, spam, trash and post-trashed = deleted.
- comment_type: pingback, trackback; shop notes and logs are of kind "system".
- A thread is a post that has comments; its article is not taken. WordPress shows line ends of a
  comment as line ends, so they are kept. `author` is the export's own string (WordPress stores
  "&" in names as "&amp;", and pings carry titles).
"""

from __future__ import annotations

import html
from collections.abc import Iterator

from moderation.records import Kind, Status, Thread
from moderation.threads.document import Document, Evidence, ReadOptions
from moderation.threads.exports.elements import Record, read_records
from moderation.threads.exports.items import (
    Heading,
    Item,
    Report,
    add_personal,
    answered,
    build_thread,
    hold_last,
    source_of,
)
from moderation.threads.exports.markup import remove_markup
from moderation.threads.exports.times import read_time

_STATUS: dict[str, Status] = {
    "1": "visible",
    "approve": "visible",
    "approved": "visible",
    "0": "pending",
    "hold": "pending",
    "spam": "spam",
    "trash": "deleted",
    "post-trashed": "deleted",
}
_KINDS: dict[str, Kind] = {
    "pingback": "pingback",
    "webmention": "pingback",
    "trackback": "trackback",
    "order_note": "system",
    "action_log": "system",
    "webhook_delivery": "system",
}
_COMMENT = "id author author_email author_IP date date_gmt content approved type parent".split()
_WANTED = frozenset(
    (*(f"wp:comment_{name}" for name in _COMMENT), "title", "link", "guid", "wp:post_id")
)


def _comment(record: Record, options: ReadOptions) -> Item:
    def get(name: str) -> str | None:
        return record.get(f"wp:comment_{name}")

    text, quotes = remove_markup(get("content") or "", keep_lines=True)
    gmt, own = get("date_gmt"), get("date")
    created = read_time(gmt, utc=True)
    item = Item(
        native_id=get("id"),
        text=text,
        parent=answered(get("parent")),
        author=get("author"),
        created_raw=gmt if created is not None or own is None else own,
        created_at=created or read_time(own),
        kind=_KINDS.get(get("type") or "", "comment"),
        status=_STATUS.get(get("approved") or "0", "pending"),
        quotes=quotes,
        place=f"line {record.line}",
    )
    add_personal(item, options, email=get("author_email"), ip=get("author_IP"))
    return item


class WxrReader:
    """Reads post by post: memory holds the comments of one post."""

    name = "wxr"

    def evidence(self, document: Document) -> Evidence | None:
        """WordPress's export namespace, or elements with its prefix."""
        head = document.head.replace(b"\0", b"")
        if b"wordpress.org/export/" in head or b"<wp:wxr_version" in head:
            return Evidence(0.99, "WordPress's export namespace")
        if b"<wp:comment>" in head or b"<wp:post_id>" in head:
            return Evidence(0.9, "elements with WordPress's export prefix")
        return None

    def read(self, document: Document, options: ReadOptions) -> Iterator[Thread]:
        """Yield a thread for each post with comments, as soon as the post is read."""
        report = Report()
        source = source_of(document, self.name)
        yield from hold_last(self._threads(document, options, report), report, source)

    def _threads(
        self, document: Document, options: ReadOptions, report: Report
    ) -> Iterator[Thread]:
        source = source_of(document, self.name)
        items: list[Item] = []
        levels = {"item": 0, "wp:comment": 1}
        for record in read_records(document, report, levels, _WANTED):
            if record.name == "wp:comment":
                items.append(_comment(record, options))
                continue
            if items:
                title = record.get("title")
                yield build_thread(
                    source,
                    items,
                    native_id=record.get("wp:post_id") or record.get("link") or record.get("guid"),
                    heading=Heading(title=None if title is None else html.unescape(title)),
                )
            items = []
        if items:  # comments outside any post: a fragment of an export
            yield build_thread(source, items)


READER = WxrReader()
