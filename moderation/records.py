"""Records that cross the borders between rooms: frozen, standard library only.

Positions are half-open ranges of Unicode code points, so `text[span.start:span.end]` is what a
span covers. `to_dict` gives the JSON shape written by the command line; keys may be added to it,
never renamed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

LABELS: tuple[str, ...] = (
    "toxicity",
    "severe_toxicity",
    "insult",
    "profanity",
    "threat",
    "identity_attack",
)
"""The six labels in the order of every array's label axis (Perspective API's attribute names)."""

Kind = Literal["comment", "post", "pingback", "trackback", "system"]
Status = Literal["visible", "pending", "spam", "deleted"]


@dataclass(frozen=True, slots=True)
class Range:
    """Half-open range of code points, `0 <= start <= end`."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"not a range: [{self.start}, {self.end})")

    def of(self, text: str) -> str:
        """The part of `text` that this range covers."""
        return text[self.start : self.end]

    def to_list(self) -> list[int]:
        """`[start, end]`, the shape used in JSON."""
        return [self.start, self.end]


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
    - `spans` are ranges of the decoded source, in order; the texts that they cover, each with its
      white space folded to single spaces except for line ends, joined by a line end, are `text`.
      Exports, whose text is unescaped from markup, may have none.
    - `quotes` are ranges of `text` that quote another comment.
    - `created_at` is ISO 8601 (UTC, or naive if the page shows no zone), `created_raw` as shown.
    - `confidence` in [0, 1]: how sure the reader is that this is one whole comment.
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

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape: `{"id", "author", "parent_id", "depth", "order", "kind", …}`."""
        return {
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


@dataclass(frozen=True, slots=True)
class Thread:
    """A document's comments in reading order.

    `article` holds the spans of the text that the comments are about; `layout` names the layout
    or system that was recognised ("none" where there are no comments), `confidence` in [0, 1] how
    sure the reader is of it. `counts` has "extracted" and, where the source tells, "declared",
    "placeholders" (deleted comments kept for the thread's shape) and "missing_parents".
    """

    source: Source
    title: str | None = None
    article: tuple[Range, ...] = ()
    layout: str = "none"
    confidence: float = 1.0
    warnings: tuple[str, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    comments: tuple[Comment, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape: `{"source", "title", "article", "layout", …, "comments"}`."""
        return {
            "source": self.source.to_dict(),
            "title": self.title,
            "article": [span.to_list() for span in self.article],
            "layout": self.layout,
            "confidence": round(self.confidence, 3),
            "warnings": list(self.warnings),
            "counts": {"extracted": len(self.comments), **self.counts},
            "comments": [comment.to_dict() for comment in self.comments],
        }
