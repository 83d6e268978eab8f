"""Records that cross the borders between rooms: frozen, standard library only.

Positions are half-open ranges of Unicode code points, so `text[span.start:span.end]` is what a
span covers. `to_dict` gives the JSON shape written by the command line; keys may be added to it,
never renamed.

The records are imported when they are first used: making the classes takes a tenth of what a
short run of `moderation score` takes, and it needs one of them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

LABELS: tuple[str, ...] = (
    "toxicity",
    "severe_toxicity",
    "insult",
    "profanity",
    "threat",
    "identity_attack",
)
"""The six labels in the order of every array's label axis (Perspective API's attribute names)."""

_ROOMS = {
    "Comment": "threads",
    "Explanation": "explanations",
    "Kind": "threads",
    "Range": "ranges",
    "Score": "scores",
    "Source": "threads",
    "Span": "explanations",
    "Status": "threads",
    "Thread": "threads",
    "read_spans": "ranges",
}

if TYPE_CHECKING:
    from moderation.records.explanations import Explanation, Span
    from moderation.records.ranges import Range, read_spans
    from moderation.records.scores import Score
    from moderation.records.threads import Comment, Kind, Source, Status, Thread

__all__ = [
    "LABELS",
    "Comment",
    "Explanation",
    "Kind",
    "Range",
    "Score",
    "Source",
    "Span",
    "Status",
    "Thread",
    "read_spans",
]


def __getattr__(name: str) -> Any:
    room = _ROOMS.get(name)
    if room is None:
        raise AttributeError(f"module 'moderation.records' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"moderation.records.{room}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
