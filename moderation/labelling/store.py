"""The label file: JSONL, append-only, one reading of one comment a line.

A later line for the same comment, reading and reader supersedes the earlier one; nothing is ever
rewritten. The comments' texts stand in `threads.jsonl` beside the label file, or in the lines
themselves. An unreadable line is reported with its place, never skipped.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast, get_args

import msgspec

from moderation.errors import InputError, LabelError, unreadable
from moderation.labelling.scheme import LabelRecord, Reading, find_problems, suggest, text_digest
from moderation.records import LABELS, Range

try:
    import fcntl
except ImportError:  # not on Windows: appends are then only as safe as one write is
    fcntl = None  # type: ignore[assignment, unused-ignore]

THREADS_NAME = "threads.jsonl"
"""The file beside a label file that holds the comments' texts."""

CONTEXT = "context"
"""A key that forms may carry to help the reader; it is no part of a record."""

_TYPES = {"str": "a string", "int": "a whole number", "array": "a list", "object": "an object"}


class _Line(msgspec.Struct):
    """The types of a line's values; what they may be is checked afterwards, by name."""

    comment: str
    source: str
    reading: str
    reader: str
    date: str
    codebook: str
    labels: dict[str, Any]
    target: str
    rationale: list[tuple[int, int]]
    note: str = ""
    text_sha256: str | None = None
    text: str | None = None


_KEYS = _Line.__struct_fields__
_REQUIRED = tuple(_KEYS[: len(_KEYS) - len(_Line.__struct_defaults__)])


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no label record: `problems` say `what; next step` each, at `place`.

    `comment` and `reading` are what could still be read of it, else None.
    """

    place: str
    problems: tuple[str, ...]
    comment: str | None = None
    reading: str | None = None


@dataclass(frozen=True, slots=True)
class CommentText:
    """A comment as a threads file has it: `source` is the sha256 of its document.

    `expected` is whether it calls for labels: not a deleted or empty one, a pingback or the like.
    `context` helps a person to see whom the text means: title, author and parent's text.
    """

    comment: str
    text: str
    source: str
    place: str
    expected: bool = True
    title: str | None = None
    author: str | None = None
    parent_id: str | None = None


def scan_labels(path: str | Path) -> Iterator[LabelRecord | BadLine]:
    """Yield every line of a label file in order, the malformed ones as BadLine.

    Only the shape is judged here (JSON, keys, types, label names, 0 or 1); the codebook's rules are
    in `scheme.find_problems`. Blank lines are passed over. Raises LabelError where the file cannot
    be read at all.
    """
    for number, line, ended in _lines(path):
        place = f"{path}:{number}"
        try:
            shape = _decode(line)
        except _MalformedError as error:
            if not ended:
                yield BadLine(place, (_TRUNCATED,))
            else:
                yield BadLine(place, (f"{error}; expected one JSON object a line",))
            continue
        yield _parse(shape, place)


def read_labels(path: str | Path) -> list[LabelRecord]:
    """All records of a label file in the order of its lines, superseded ones included.

    Raises LabelError (`file:line: what; next step`) at the first malformed line.
    """
    records = []
    for entry in scan_labels(path):
        if isinstance(entry, BadLine):
            raise LabelError(entry.place, entry.problems[0])
        records.append(entry)
    return records


def current(records: Iterable[LabelRecord]) -> list[LabelRecord]:
    """The records that hold: the last of each comment, reading and reader.

    They keep the order in which their keys first came.
    """
    last: dict[tuple[str, str, str], LabelRecord] = {}
    for record in records:
        last[record.key] = record
    return list(last.values())


def decisions(records: Iterable[LabelRecord]) -> dict[str, LabelRecord]:
    """The decision of each comment that has one, by comment id: the last one in the file."""
    return {record.comment: record for record in records if record.reading == "decision"}


def append_label(path: str | Path, record: LabelRecord) -> None:
    """Append one record, as a whole or not at all, and wait until it is on the disk.

    The line is written by one call under a lock, so that several writers never mix. Raises
    LabelError if the record breaks a rule of the codebook, or if the file ends in a line that was
    cut off (which must be mended first, or this record would be glued to it).
    """
    problems = find_problems(record)
    if problems:
        raise LabelError(f"{path}: comment {record.comment}", problems[0])
    line = encode_line(record.to_dict())
    path = Path(path)
    is_new = not path.exists()
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    except OSError as error:
        raise LabelError(str(path), f"cannot be written: {error.strerror or error}") from error
    with os.fdopen(descriptor, "r+b", buffering=0) as stream:
        if fcntl is not None:
            fcntl.flock(stream, fcntl.LOCK_EX)
        if not _ends_in_line(stream, path):
            line = b"\n" + line
        size = os.fstat(descriptor).st_size
        written = os.write(descriptor, line)
        if written != len(line):  # a full disk: take the part back, so that no half line stays
            os.ftruncate(descriptor, size)
            raise LabelError(str(path), "no room left for the line; free some space and try again")
        os.fsync(descriptor)
    if is_new:
        _sync_folder(path.parent)


def threads_beside(path: str | Path) -> Path:
    """Where the texts of a label file are looked for: `threads.jsonl` in its folder."""
    return Path(path).parent / THREADS_NAME


def load_comments(threads_path: str | Path) -> dict[str, CommentText]:
    """The comments of a threads file (one Thread a line, see `moderation extract`) by id.

    Raises InputError where a line is no thread, or where one id stands for two texts.
    """
    comments: dict[str, CommentText] = {}
    for number, line, _ in _lines(threads_path, InputError):
        place = f"{threads_path}:{number}"
        try:
            shape = _decode(line)
            thread = msgspec.convert(shape, _ThreadShape)
        except _MalformedError as error:
            raise InputError(place, f"{error}; expected one thread a line") from error
        except msgspec.ValidationError as error:
            raise InputError(
                place, f"{_describe(error)}; expected a thread as `moderation extract` writes it"
            ) from error
        for item in thread.comments:
            comment = CommentText(
                comment=item.id,
                text=item.text,
                source=thread.source.sha256,
                place=place,
                expected=bool(item.text.strip())
                and item.kind in ("comment", "post")
                and item.status != "deleted",
                title=thread.title,
                author=item.author,
                parent_id=item.parent_id,
            )
            known = comments.setdefault(item.id, comment)
            if known.text != comment.text:
                raise InputError(
                    place,
                    f'comment "{item.id}" has another text than at {known.place}; '
                    "extract the documents again",
                )
    return comments


def load_texts(threads_path: str | Path) -> dict[str, str]:
    """The texts of a threads file by comment id; raises as `load_comments` does."""
    return {key: comment.text for key, comment in load_comments(threads_path).items()}


def labelled_texts(
    path: str | Path, threads_path: str | Path | None = None
) -> list[tuple[LabelRecord, str]]:
    """Each comment's decision with its text: what training needs of a label file.

    Texts come from the record itself, else from `threads_path` (default: beside the label file).
    Raises LabelError at the first line that is malformed, breaks the codebook, names an unknown
    comment, or whose text has changed; comments without a decision are left out.
    """
    texts: dict[str, str] | None = None
    found = []
    for record in decisions(read_labels(path)).values():
        text = record.text
        if text is None:
            if texts is None:
                texts = load_texts(threads_path or threads_beside(path))
            text = texts.get(record.comment)
        if text is None:
            raise LabelError(record.place, unknown_comment(record.comment, texts or ()))
        problems = find_problems(record, text)
        if problems:
            raise LabelError(record.place, problems[0])
        found.append((record, text))
    return found


def unknown_comment(comment: str, known: Iterable[str]) -> str:
    """The message for a comment that is not in the threads file."""
    known = list(known)
    # Close matches cost a comparison with each id, so they are sought in small files only.
    hint = suggest(comment, known) if len(known) <= 2000 else ""
    if "did you mean" not in hint:
        hint = f"; the threads file has {len(known)} comments: extract its document into it"
    return f'comment "{comment}" is unknown{hint}'


def encode_line(shape: dict[str, Any]) -> bytes:
    """One JSON line; lone surrogates are escaped, everything else is written as it is."""
    try:
        line = json.dumps(shape, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        line = json.dumps(shape, ensure_ascii=True).encode()
    return line + b"\n"


class _MalformedError(Exception):
    """A line that is not one JSON object; the message says what it is instead."""


_TRUNCATED = (
    "the last line is cut off (it has no line end): a write was interrupted; complete or remove it"
)


def _lines(
    path: str | Path, failure: type[InputError] = LabelError
) -> Iterator[tuple[int, bytes, bool]]:
    """(number from 1, line without its end, whether it had one) of every line that is not blank."""
    try:
        with open(path, "rb") as stream:
            for number, raw in enumerate(stream, start=1):
                line = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
                if line.strip():
                    yield number, line.strip(), raw.endswith(b"\n")
    except OSError as error:
        raise failure(str(path), unreadable(error)) from error


def _decode(line: bytes) -> dict[str, Any]:
    try:
        line.decode("utf-8")  # msgspec says no place, or that within the string
        shape = msgspec.json.decode(line)
    except UnicodeDecodeError as error:
        raise _MalformedError(f"not UTF-8 at byte {error.start + 1}") from error
    except RecursionError as error:
        raise _MalformedError("JSON nested too deeply") from error
    except msgspec.DecodeError as error:
        # msgspec refuses escaped lone surrogates, which texts from the wild do hold.
        if rb"\u" not in line:
            raise _MalformedError(_lower(str(error))) from error
        try:
            shape = json.loads(line)
        except (ValueError, RecursionError):
            raise _MalformedError(_lower(str(error))) from error
    if not isinstance(shape, dict):
        raise _MalformedError("not a JSON object")
    return shape


def _parse(shape: dict[str, Any], place: str) -> LabelRecord | BadLine:
    problems = [
        f'key "{key}" is unknown{suggest(key, _KEYS)}'
        for key in shape
        if key not in _KEYS and key != CONTEXT
    ]
    problems += [f'key "{key}" is missing; add it' for key in _REQUIRED if key not in shape]
    line: _Line | None = None
    if not problems:
        try:
            line = msgspec.convert(shape, _Line)
        except msgspec.ValidationError as error:
            problems.append(f"{_describe(error)}; see the file format in the codebook")
    rationale: list[Range] = []
    if line is not None:
        if line.reading not in get_args(Reading):
            problems.append(
                f'reading "{line.reading}" is unknown{suggest(line.reading, get_args(Reading))}'
            )
        for label, value in line.labels.items():
            if label not in LABELS:
                problems.append(f'label "{label}" is not in the scheme{suggest(label, LABELS)}')
            elif value is not None and (type(value) is not int or value not in (0, 1)):
                problems.append(
                    f'label "{label}" is {json.dumps(value)[:40]}; write 0 or 1, '
                    "or null where it is missing"
                )
        for start, end in line.rationale:
            if 0 <= start <= end:
                rationale.append(Range(start, end))
            else:
                problems.append(f"span [{start}, {end}] is no range; give 0 <= start < end")
    if problems or line is None:
        comment, reading = shape.get("comment"), shape.get("reading")
        return BadLine(
            place,
            tuple(problems),
            comment if isinstance(comment, str) else None,
            reading if isinstance(reading, str) else None,
        )
    return LabelRecord(
        comment=line.comment,
        source=line.source,
        reading=cast(Reading, line.reading),
        reader=line.reader,
        date=line.date,
        codebook=line.codebook,
        labels={label: line.labels.get(label) for label in LABELS},
        target=line.target,
        rationale=tuple(rationale),
        note=line.note,
        text_sha256=line.text_sha256,
        text=line.text,
        place=place,
    )


def _describe(error: msgspec.ValidationError) -> str:
    """msgspec's "Expected `str`, got `int` - at `$.note`" as `"note": expected a string, …`."""
    what, _, where = str(error).partition(" - at `$")
    for name, plain in _TYPES.items():
        what = what.replace(f"`{name}`", plain)
    where = where.rstrip("`").lstrip(".")
    return f'"{where}": {_lower(what)}' if where else _lower(what)


def _lower(message: str) -> str:
    return message if message.startswith("JSON") else message[:1].lower() + message[1:]


def _ends_in_line(stream: BinaryIO, path: Path) -> bool:
    """Whether the file is empty or ends in a line end; LabelError if its last line is cut off."""
    size = stream.seek(0, os.SEEK_END)
    if size == 0:
        return True
    stream.seek(size - 1)
    if stream.read(1) == b"\n":
        return True
    number, last = 0, b""
    for number, last, _ in _lines(path):  # noqa: B007  (the last of them is wanted)
        pass
    try:
        _decode(last)
    except _MalformedError as error:
        raise LabelError(f"{path}:{number}", _TRUNCATED) from error
    return False


def _sync_folder(folder: Path) -> None:
    """Make a new file's name durable; not every system lets a folder be opened."""
    with contextlib.suppress(PermissionError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class _SourceShape(msgspec.Struct):
    sha256: str


class _CommentShape(msgspec.Struct):
    id: str
    text: str
    author: str | None = None
    parent_id: str | None = None
    kind: str = "comment"
    status: str = "visible"


class _ThreadShape(msgspec.Struct):
    source: _SourceShape
    comments: list[_CommentShape]
    title: str | None = None


__all__ = [
    "CONTEXT",
    "THREADS_NAME",
    "BadLine",
    "CommentText",
    "LabelRecord",
    "append_label",
    "current",
    "decisions",
    "encode_line",
    "labelled_texts",
    "load_comments",
    "load_texts",
    "read_labels",
    "scan_labels",
    "text_digest",
    "threads_beside",
    "unknown_comment",
]
