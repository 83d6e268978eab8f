"""One label record, and what the codebook demands of it by itself.

The rules are those of seeds/CODEBOOK.md, "What follows from what" and "Target, rationale, note".
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from moderation.records import LABELS, Range

Reading = Literal["A", "B", "decision"]

READINGS: tuple[Reading, ...] = ("A", "B", "decision")
"""The two independent readings and the adjudication; every comment needs all three."""

CODEBOOKS: tuple[str, ...] = ("1.0",)
"""Versions of the codebook that a record may name, oldest first."""

CODEBOOK = CODEBOOKS[-1]
"""The version by which new labels are made."""

IMPLICATIONS: tuple[tuple[str, str], ...] = (
    ("severe_toxicity", "toxicity"),
    ("insult", "toxicity"),
    ("threat", "toxicity"),
    ("identity_attack", "toxicity"),
)
"""(premise, conclusion): where the premise is 1, the conclusion may not be 0."""

_GROUP = "group:"


@dataclass(frozen=True, slots=True)
class LabelRecord:
    """One reading of one comment: a line of a label file.

    - `comment` is the comment's id, `source` the sha256 of its document or the name of a data set.
    - `labels` has all six labels in their order; each is 0, 1, or None where it is missing.
    - `target` is "none", "person" or "group:<which>".
    - `rationale` are half-open code points of the comment's text that carry the decision.
    - `text_sha256` is the digest of the text that was read (see `text_digest`); `text` is the text
      itself, in files that carry their own comments.
    - `place` is the `file:line` that it was read from; it is not written and not compared.
    """

    comment: str
    source: str
    reading: Reading
    reader: str
    date: str
    codebook: str
    labels: Mapping[str, int | None]
    target: str = "none"
    rationale: tuple[Range, ...] = ()
    note: str = ""
    text_sha256: str | None = None
    text: str | None = None
    place: str = field(default="", compare=False)

    @property
    def key(self) -> tuple[str, str, str]:
        """(comment, reading, reader): a later record with the same key supersedes this one.

        A comment has one decision whoever made it, so there the reader is "".
        """
        return (self.comment, self.reading, "" if self.reading == "decision" else self.reader)

    @property
    def filled(self) -> bool:
        """Whether somebody judged this: a label is given, or a note says why none is."""
        return bool(self.note.strip()) or any(value is not None for value in self.labels.values())

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape; the optional keys stand there only where they have a value."""
        shape: dict[str, Any] = {
            "comment": self.comment,
            "source": self.source,
            "reading": self.reading,
            "reader": self.reader,
            "date": self.date,
            "codebook": self.codebook,
            "labels": {label: self.labels.get(label) for label in LABELS},
            "target": self.target,
            "rationale": [span.to_list() for span in self.rationale],
            "note": self.note,
        }
        if self.text_sha256 is not None:
            shape["text_sha256"] = self.text_sha256
        if self.text is not None:
            shape["text"] = self.text
        return shape


def text_digest(text: str) -> str:
    """sha256 (64 hex digits) of the text's UTF-8 bytes; lone surrogates are encoded as they are."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def suggest(wrong: str, right: Iterable[str]) -> str:
    """`; did you mean "…"?` where something in `right` is close to `wrong`, else all of `right`."""
    known = list(right)
    folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(wrong.casefold().replace(" ", "_"), folded, n=1)
    if close:
        return f'; did you mean "{folded[close[0]]}"?'
    return "; use one of " + ", ".join(known)


def find_problems(record: LabelRecord, text: str | None = None) -> list[str]:
    """What is wrong with one record, each as `what; next step`; empty where nothing is.

    `text` is the comment's text; without it (and without `record.text`) spans are only checked
    against each other and the digest not at all. A form that nobody filled in has just that
    problem.
    """
    problems: list[str] = []
    if not record.filled:
        problems.append(
            "no label is filled in; give each 0 or 1, or say in the note why it cannot be judged"
        )
        return problems
    problems += _header_problems(record)
    problems += _label_problems(record)
    problems += _target_problems(record)
    problems += _rationale_problems(record, record.text if text is None else text)
    return problems


def _header_problems(record: LabelRecord) -> list[str]:
    problems = []
    for name in ("comment", "source", "reader"):
        if not getattr(record, name).strip():
            problems.append(f'"{name}" is empty; fill it in')
    if record.codebook not in CODEBOOKS:
        problems.append(
            f'codebook version "{record.codebook}" is unknown{suggest(record.codebook, CODEBOOKS)}'
        )
    try:
        datetime.fromisoformat(record.date)
    except ValueError:
        problems.append(f'date "{record.date}" is not ISO 8601; write it like 2026-01-31')
    return problems


def _label_problems(record: LabelRecord) -> list[str]:
    return [
        f'"{premise}" is 1 but "{conclusion}" is 0, and the codebook says that the first implies '
        f"the second; change one of them"
        for premise, conclusion in IMPLICATIONS
        if record.labels.get(premise) == 1 and record.labels.get(conclusion) == 0
    ]


def _target_problems(record: LabelRecord) -> list[str]:
    target = record.target
    is_group = target.startswith(_GROUP) and bool(target[len(_GROUP) :].strip())
    if not is_group and target not in ("none", "person"):
        if target == _GROUP.rstrip(":") or target.startswith(_GROUP):
            return [f'target "{target}" does not say which group; write "group:<which>"']
        return [f'target "{target}" is unknown; use "none", "person" or "group:<which>"']
    if record.labels.get("identity_attack") == 1 and not is_group:
        return [f'"identity_attack" is 1 but the target is "{target}"; name the "group:<which>"']
    for label in ("insult", "threat"):
        if record.labels.get(label) == 1 and target == "none":
            return [f'"{label}" is 1 but the target is "none"; name the person or group']
    aimed = any(record.labels.get(label) != 0 for label in LABELS if label != "profanity")
    if not aimed and target != "none":
        return [f'the target is "{target}" but no label is 1 that has one; write "none"']
    return []


def _rationale_problems(record: LabelRecord, text: str | None) -> list[str]:
    problems = []
    if (
        text is not None
        and record.text_sha256 is not None
        and record.text_sha256 != text_digest(text)
    ):
        return [
            "the comment's text has changed since it was labelled (its digest is "
            f"{text_digest(text)}); read it again and append a new line"
        ]
    positive = any(value == 1 for value in record.labels.values())
    if positive and not record.rationale:
        problems.append("a label is 1 but the rationale is empty; mark the words that carry it")
    if record.rationale and all(record.labels.get(label) == 0 for label in LABELS):
        problems.append("all labels are 0 but there is a rationale; empty it or change a label")
    end = 0
    for span in record.rationale:
        shown = f"span {span.to_list()}"
        if span.start == span.end:
            problems.append(f"{shown} is empty; give start < end")
        elif text is not None and span.end > len(text):
            problems.append(
                f"{shown} lies outside the text, which has {len(text)} code points; "
                "count positions in the comment's text"
            )
        elif span.start < end:
            problems.append(f"{shown} overlaps the one before it or stands before it; sort them")
        elif text is not None and not span.of(text).strip():
            problems.append(f"{shown} covers only white space; mark words")
        end = max(end, span.end)
    return problems
