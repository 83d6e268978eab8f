"""Threads: comments as read from a source, in reading order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from moderation.records.ranges import Range

Kind = Literal["comment", "post", "pingback", "trackback", "system"]
Status = Literal["visible", "pending", "spam", "deleted"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a thread came from.

    `name` is the file's base name, `sha256` the digest of its bytes (hex, 64 digits), `format`
    one of "text", "html", or an export's format such as "wxr"; `encoding` what decoded the bytes.
    """

    name: str
    sha256: str
    format: str
    encoding: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape."""
        return {
            "name": self.name,
            "sha256": self.sha256,
            "format": self.format,
            "encoding": self.encoding,
        }


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment of a thread.

    - `id` is unique in its thread: the first 12 hex digits of the source's sha256, a colon, and
      the native id (exports, pages that show one) or else the first span's start.
    - `parent_id` is None at the top level *or* where the source does not tell; `parent_known`
      says which. `depth` (0 = top level) is None where it cannot be recovered.
    - `spans` are ranges of the decoded source, in order, none overlapping another. For sources of
      format "text", `read_spans(source, spans) == text`: in what each span covers, a run of white
      space that holds a line end (LF, CR, CR LF) becomes one LF, any other run one space, none
      stays at the ends; the spans' texts are joined by LF. Exports, whose text is unescaped from
      markup, may have none.
    - `quotes` are ranges of `text` that quote another comment.
    - `created_at` is ISO 8601 (UTC, or naive if the page shows no zone), `created_raw` as shown.
    - `confidence` in [0, 1]: how sure the reader is that this is one whole comment.
    - `personal` is empty unless the caller asked to keep personal data: "email", "ip", "avatar".
    - A parent that the source names but does not hold keeps its id here: `parent_id` is then the
      id of no comment of the thread, and the thread counts it in "missing_parents".
    """

    id: str
    text: str
    author: str | None = None
    parent_id: str | None = None
    parent_known: bool = False
    depth: int | None = None
    order: int = 0
    kind: Kind = "comment"
    status: Status = "visible"
    spans: tuple[Range, ...] = ()
    quotes: tuple[Range, ...] = ()
    native_id: str | None = None
    created_at: str | None = None
    created_raw: str | None = None
    confidence: float = 1.0
    personal: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape: `{"id", "author", "parent_id", "depth", "order", "kind", …}`.

        "personal" is there only where it is not empty.
        """
        shape: dict[str, Any] = {
            "id": self.id,
            "author": self.author,
            "parent_id": self.parent_id,
            "parent_known": self.parent_known,
            "depth": self.depth,
            "order": self.order,
            "kind": self.kind,
            "status": self.status,
            "text": self.text,
            "spans": [span.to_list() for span in self.spans],
            "quotes": [span.to_list() for span in self.quotes],
            "native_id": self.native_id,
            "created_at": self.created_at,
            "created_raw": self.created_raw,
            "confidence": round(self.confidence, 3),
        }
        if self.personal:
            shape["personal"] = dict(self.personal)
        return shape


@dataclass(frozen=True, slots=True)
class Thread:
    """A document's comments in reading order.

    `article` holds the spans of the text that the comments are about; `layout` names the layout
    or system that was recognised ("none" where there are no comments), `confidence` in [0, 1] how
    sure the reader is of it. `counts` has "extracted" and, where the source tells, "declared",
    "placeholders" (deleted comments kept for the thread's shape) and "missing_parents".
    `native_id` is what an export calls the thread (a post's number, a video, an address).
    """

    source: Source
    title: str | None = None
    article: tuple[Range, ...] = ()
    layout: str = "none"
    confidence: float = 1.0
    warnings: tuple[str, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    comments: tuple[Comment, ...] = ()
    native_id: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape: `{"source", "title", "article", "layout", …, "comments"}`."""
        return {
            "source": self.source.to_dict(),
            "title": self.title,
            "native_id": self.native_id,
            "article": [span.to_list() for span in self.article],
            "layout": self.layout,
            "confidence": round(self.confidence, 3),
            "warnings": list(self.warnings),
            "counts": {"extracted": len(self.comments), **self.counts},
            "comments": [comment.to_dict() for comment in self.comments],
        }
