"""Records that cross the borders between rooms: frozen, standard library only.

Positions are half-open ranges of Unicode code points, so `text[span.start:span.end]` is what a
span covers. `to_dict` gives the JSON shape written by the command line; keys may be added to it,
never renamed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
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


def read_spans(source: str, spans: Iterable[Range]) -> str:
    """The text that `spans` of a decoded source give, white space folded as `Comment` states."""
    lines: list[str] = []
    for span in spans:
        for line in _LINE_END.split(span.of(source)):
            folded = " ".join(line.split())
            if folded:
                lines.append(folded)
    return "\n".join(lines)


_LINE_END = re.compile(r"\r\n|\r|\n")


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


@dataclass(frozen=True, slots=True)
class Score:
    """Calibrated probabilities of one text.

    - `scores`: label -> probability in [0, 1]: of a hundred comments that score 0.8, about eighty
      were given the label by annotators of the kind that the model was trained on;
    - `abusive`: toxicity reaches the model's threshold; `hateful`: identity_attack does;
    - `model`: name and digest of the model, "NAME@12 hex digits".
    """

    scores: dict[str, float]
    abusive: bool
    hateful: bool
    model: str

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape: `{"scores": {label: p}, "abusive", "hateful", "model"}`."""
        return {
            "scores": {label: round(p, 4) for label, p in self.scores.items()},
            "abusive": self.abusive,
            "hateful": self.hateful,
            "model": self.model,
        }


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the text that moved a label's score.

    `start`, `end`: half-open code points of the text as written. `contribution`: what it adds to
    the label's logit (negative: it speaks against the label).
    """

    start: int
    end: int
    label: str
    contribution: float

    def of(self, text: str) -> str:
        """The part of `text` that this span covers."""
        return text[self.start : self.end]

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape: `{"start", "end", "label", "contribution"}`."""
        return {
            "start": self.start,
            "end": self.end,
            "label": self.label,
            "contribution": round(self.contribution, 4),
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a text got its scores, exactly.

    For each label, `bias[label]` plus the contributions of its `spans` is `logits[label]`, and the
    logistic function of that is the score. `spans` do not overlap within a label and are in text
    order. `rationale[label]` are the ranges that most carry the label; `sentence[label]` is the
    range of the worst sentence.
    """

    text: str
    score: Score
    logits: dict[str, float]
    bias: dict[str, float]
    spans: tuple[Span, ...]
    rationale: dict[str, tuple[Range, ...]]
    sentence: dict[str, Range]

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape."""
        return {
            **self.score.to_dict(),
            "logits": {label: round(z, 4) for label, z in self.logits.items()},
            "bias": {label: round(z, 4) for label, z in self.bias.items()},
            "spans": [span.to_dict() for span in self.spans],
            "rationale": {
                label: [span.to_list() for span in spans] for label, spans in self.rationale.items()
            },
            "sentence": {label: span.to_list() for label, span in self.sentence.items()},
        }
