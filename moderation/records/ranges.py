"""Positions: half-open ranges of Unicode code points."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


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
