"""Short everyday comments with labels (`seeds/everyday.toml`): abuse, and what only looks like it.

Public corpora hold few comments of a handful of words, and those say "you idiot" more often than
"lazy bum" or "I know where you live". Each kind of comment has one set of labels.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from moderation.errors import InputError
from moderation.records import LABELS
from moderation.training.tables import read_table


class Everyday(NamedTuple):
    """A comment, the labels that are 1, and those that are missing; all others are 0."""

    text: str
    labels: frozenset[str]
    missing: frozenset[str]

    def row(self) -> list[float]:
        """1, 0 or NaN (missing) in the order of LABELS."""
        known = [float(label in self.labels) for label in LABELS]
        return [
            float("nan") if label in self.missing else value
            for label, value in zip(LABELS, known, strict=True)
        ]


def read_everyday(path: str | Path) -> list[Everyday]:
    """The comments of a file, in its order.

    Each table of [[kinds]] has a `name`, `labels`, those that are 1 of all its comments, maybe
    `missing`, those that were not judged, and `comments`. Raises InputError naming the file and the
    kind, also where a comment stands twice.
    """
    kinds = read_table(path).get("kinds")
    if not isinstance(kinds, list) or not kinds:
        raise InputError(str(path), "has no [[kinds]]: tables of name, labels and comments")
    found: dict[str, Everyday] = {}
    for number, kind in enumerate(kinds, 1):
        place = f"kind {number}"
        if not _is_kind(kind):
            raise InputError(
                str(path), f"{place}: give a name, a list of labels and a list of comments"
            )
        place = f"kind {kind['name']!r}"
        ones, missing = frozenset(kind["labels"]), frozenset(kind.get("missing", ()))
        for label in sorted(ones | missing):
            if label not in LABELS:
                raise InputError(str(path), f"{place} names no label of ours: {label!r}")
        if ones & missing:
            raise InputError(str(path), f"{place}: {min(ones & missing)!r} is 1 and missing")
        for text in kind["comments"]:
            if text in found:
                raise InputError(str(path), f"{place}: {text!r} stands twice")
            found[text] = Everyday(text, ones, missing)
    return list(found.values())


def _is_kind(kind: Any) -> bool:
    return (
        isinstance(kind, dict)
        and isinstance(kind.get("name"), str)
        and all(
            isinstance(strings, list) and all(isinstance(one, str) for one in strings)
            for strings in (kind.get("labels"), kind.get("comments"), kind.get("missing", []))
        )
    )
