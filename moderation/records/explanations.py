"""Explanations: why a text got its scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from moderation.records.ranges import Range
from moderation.records.scores import Score


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
