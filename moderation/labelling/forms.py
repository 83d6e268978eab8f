"""Blank forms for independent readings, and putting the filled ones together.

A form is a label file whose labels are null. It shows the text and what helps to see whom the text
means; merging drops both again, so that the label file holds judgements only.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from moderation.errors import LabelError
from moderation.labelling.scheme import CODEBOOK, LabelRecord, Reading, find_problems, text_digest
from moderation.labelling.store import (
    CONTEXT,
    CommentText,
    current,
    encode_line,
    read_labels,
)
from moderation.records import LABELS


def blank_forms(
    comments: Mapping[str, CommentText],
    *,
    reading: Reading,
    reader: str,
    date: str,
    shuffle: int | None = None,
    readings: Iterable[LabelRecord] = (),
) -> Iterator[dict[str, Any]]:
    """Yield a blank line (JSON shape) for each comment that calls for labels.

    `shuffle` is a seed for another order than the thread's, as the second reading should have.
    `readings` are shown beside the text, for a decision; never give them for a reading A or B.
    """
    chosen = [comment for comment in comments.values() if comment.expected]
    if shuffle is not None:
        random.Random(shuffle).shuffle(chosen)
    others: dict[str, dict[str, Any]] = {}
    for record in current(readings):
        others.setdefault(record.comment, {})[f"{record.reading} ({record.reader})"] = {
            "labels": dict(record.labels),
            "target": record.target,
            "rationale": [span.to_list() for span in record.rationale],
            "note": record.note,
        }
    for comment in chosen:
        parent = comments.get(comment.parent_id) if comment.parent_id else None
        context = {
            "title": comment.title,
            "author": comment.author,
            "parent": parent.text if parent else None,
        }
        if comment.comment in others:
            context["readings"] = others[comment.comment]  # type: ignore[assignment]
        record = LabelRecord(
            comment=comment.comment,
            source=comment.source,
            reading=reading,
            reader=reader,
            date=date,
            codebook=CODEBOOK,
            labels=dict.fromkeys(LABELS),
            text_sha256=text_digest(comment.text),
            text=comment.text,
        )
        yield {CONTEXT: context, **record.to_dict()}


def merge_labels(
    paths: Sequence[str | Path], output: str | Path, *, keep_text: bool = False
) -> tuple[int, int]:
    """Append the records of filled forms to `output`; returns (lines added, lines there before).

    Existing lines of `output` stay byte for byte, and a record that it already holds is not added
    again, so a merge may be repeated. The text is dropped and its digest kept, unless `keep_text`.
    Raises LabelError at the first line that is not filled in or breaks the codebook; `output` is
    then left as it was (it is written beside and renamed).
    """
    output = Path(output)
    before = b""
    old: list[LabelRecord] = []
    if output.exists():
        old = read_labels(output)
        before = output.read_bytes()
        if before and not before.endswith(b"\n"):
            before += b"\n"
    holding = {record.key: record for record in old}
    added: list[bytes] = []
    for path in paths:
        for record in read_labels(path):
            problems = find_problems(record)
            if problems:
                raise LabelError(record.place, problems[0])
            if record.text is not None:
                record = replace(record, text_sha256=text_digest(record.text))
                if not keep_text:
                    record = replace(record, text=None)
            if holding.get(record.key) != record:
                holding[record.key] = record
                added.append(encode_line(record.to_dict()))
    write_whole(output, [before, *added])
    return len(added), len(old)


def write_whole(path: str | Path, lines: Iterable[bytes]) -> None:
    """Write a file beside its place (`.partial`) and rename it there when it is complete."""
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as stream:
            stream.writelines(lines)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    except OSError as error:
        raise LabelError(str(path), f"cannot be written: {error.strerror or error}") from error
