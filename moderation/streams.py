"""Comments in and records out: JSON lines, CSV, plain lines and threads; checked at the border.

Every reader yields `(id, text)` pairs as they come, so that memory stays flat; what is malformed
raises `InputError` naming file:line, or is counted where the caller asks to skip it.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, TextIO

from moderation.errors import InputError, unreadable

FORMATS = ("auto", "jsonl", "csv", "lines", "threads")
MAX_LINE = 64 << 20  # bytes; a longer line is refused rather than held in memory
SEPARATORS = (",", "\t", ";", "|")  # of CSV; spreadsheets write ";" where "," is for decimals


@dataclass
class Skips:
    """What was skipped: the number of bad lines and the first few complaints."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, error: InputError) -> None:
        """Count one bad line."""
        self.count += 1
        if len(self.first) < 5:
            self.first.append(str(error))


@contextlib.contextmanager
def open_input(name: str) -> Iterator[tuple[str, BinaryIO]]:
    """A file's bytes, or standard input for "-", with the name to use in messages."""
    if name == "-":
        yield "<stdin>", sys.stdin.buffer
        return
    try:
        stream = open(name, "rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise InputError(name, unreadable(error)) from error
    with stream:
        yield name, stream


@contextlib.contextmanager
def open_output(name: str | None) -> Iterator[TextIO]:
    """Standard output (None or "-"), or a file that appears whole or not at all.

    The file is written beside as NAME.partial and renamed at the end; on an error the partial file
    is left there and the old one is untouched.
    """
    if name is None or name == "-":
        yield sys.stdout
        sys.stdout.flush()
        return
    partial = f"{name}.partial"
    if os.path.isdir(name):
        raise InputError(name, "cannot be written: it is a folder")
    try:
        stream = open(  # noqa: SIM115 - closed below
            partial, "w", encoding="utf-8", errors="surrogatepass", newline="\n"
        )
    except OSError as error:
        raise InputError(name, f"cannot be written: {error.strerror or error}") from error
    with stream:
        yield stream
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(partial, name)


def read_comments(
    name: str,
    stream: BinaryIO,
    format: str = "auto",
    *,
    text_column: str = "text",
    id_column: str = "id",
    skips: Skips | None = None,
) -> Iterator[tuple[str, str]]:
    """Yield `(id, text)` of each comment.

    `format` "auto" looks at the first line: an object with "comments" and "source" begins threads
    (see `moderation extract`), another object JSON lines, a header line with the text column CSV,
    and anything else is an error that asks for `--format lines`. What separates the columns of CSV
    is told by its header: see `separator_of`. A comment without an id gets its line number. With
    `skips`, malformed lines are counted there instead of raised.
    """
    lines = _lines(name, stream, skips)
    first = next(lines, None)
    if first is None:
        return
    if format == "auto":
        format = _guess(name, first[1], text_column)
    lines = _chain(first, lines)
    if format == "lines":
        for number, line in lines:
            yield str(number), line
    elif format == "csv":
        yield from _csv(name, lines, text_column, id_column, skips)
    else:
        for number, line in lines:
            if not line.strip():
                continue
            try:
                yield from _objects(name, number, line, format, text_column, id_column)
            except InputError as error:
                if skips is None:
                    raise
                skips.add(error)


def _chain(first: tuple[int, str], rest: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    yield first
    yield from rest


def _lines(name: str, stream: BinaryIO, skips: Skips | None) -> Iterator[tuple[int, str]]:
    number = 0
    while True:
        raw = stream.readline(MAX_LINE + 1)
        if not raw:
            return
        number += 1
        if number == 1 and raw.startswith(codecs.BOM_UTF8):
            raw = raw[3:]
        if len(raw) > MAX_LINE:
            raise InputError(f"{name}:{number}", f"is longer than {MAX_LINE >> 20} MiB; cut it")
        try:
            line = raw.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError as error:
            problem = InputError(
                f"{name}:{number}",
                f"is not UTF-8 (byte {error.start + 1} of the line); convert the file to UTF-8",
            )
            if skips is None:
                raise problem from error
            skips.add(problem)
            continue
        yield number, line.rstrip("\r\n")


def _guess(name: str, line: str, text_column: str) -> str:
    text = line.lstrip()
    if text.startswith("{"):
        try:
            value = json.loads(text)
        except ValueError:
            return "jsonl"
        if isinstance(value, dict) and "comments" in value and "source" in value:
            return "threads"
        return "jsonl"
    if _separator_in(line, text_column) is not None:
        return "csv"
    raise InputError(
        f"{name}:1",
        f"is neither a JSON object nor a CSV header with a column {text_column!r}; if the text "
        "has another name give --text-column NAME, for one comment a line --format lines",
    )


def separator_of(header: str, column: str) -> str:
    """What separates the columns of CSV whose header line is `header`; `column`: one of them.

    One of SEPARATORS: the first with which the header has such a column, or else the comma.
    """
    return _separator_in(header, column) or ","


def _separator_in(header: str, column: str) -> str | None:
    import csv  # not at the top: scoring a text given on the command line needs none of it

    csv.field_size_limit(MAX_LINE)
    for separator in SEPARATORS:
        try:
            if column in next(csv.reader([header], delimiter=separator, strict=False), []):
                return separator
        except csv.Error:
            continue  # no header with this one
    return None


def _objects(
    name: str, number: int, line: str, format: str, text_column: str, id_column: str
) -> Iterator[tuple[str, str]]:
    place = f"{name}:{number}"
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        what = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deep"
        raise InputError(place, f'is not JSON ({what}); expected {{"id", "text"}}') from error
    if not isinstance(value, dict):
        raise InputError(place, f'is a JSON {type(value).__name__}; expected {{"id", "text"}}')
    if format == "threads":
        comments = value.get("comments")
        if not isinstance(comments, list):
            raise InputError(place, 'has no list "comments"; expected a line of `extract`')
        found = []
        for comment in comments:
            if not isinstance(comment, dict) or not isinstance(comment.get("text"), str):
                raise InputError(place, "a comment has no text; expected a line of `extract`")
            if comment.get("status", "visible") != "deleted":
                found.append((str(comment.get("id", number)), comment["text"]))
        yield from found
        return
    text = value.get(text_column)
    if not isinstance(text, str):
        what = "has no" if text_column not in value else "has no string in"
        raise InputError(
            place, f"{what} {text_column!r}; expected {{{id_column!r}, {text_column!r}}}"
        )
    yield str(value.get(id_column, number)), text


def _csv(
    name: str,
    lines: Iterator[tuple[int, str]],
    text_column: str,
    id_column: str,
    skips: Skips | None,
) -> Iterator[tuple[str, str]]:
    import csv

    csv.field_size_limit(MAX_LINE)
    first = next(lines)
    lines = _chain(first, lines)
    separator = separator_of(first[1], text_column)
    record: list[str] = []  # the lines of the record that is being read
    start = 0  # number of its first line

    def feed() -> Iterator[str]:
        nonlocal start
        for number, line in lines:
            if not record:
                start = number
            record.append(line + "\n")
            yield record[-1]

    reader = csv.reader(feed(), delimiter=separator, strict=False)
    try:
        header = next(reader, [])
    except csv.Error as error:
        raise InputError(f"{name}:1", f"is not CSV ({_plainly(error)})") from error
    if text_column not in header:
        raise InputError(
            f"{name}:1", f"has no column {text_column!r}; columns: {', '.join(map(repr, header))}"
        )
    text_at = header.index(text_column)
    id_at = header.index(id_column) if id_column in header else None
    while True:
        record.clear()
        try:
            row = next(reader)
            if len(record) > 1 or '"' in record[0]:
                _check_quotes(record, separator)
        except StopIteration:
            return
        except csv.Error as error:
            problem = InputError(f"{name}:{start}", f"is not CSV ({_plainly(error)})")
            if skips is None:
                raise problem from error
            skips.add(problem)
            continue
        if not row:
            continue
        if len(row) <= text_at:
            problem = InputError(
                f"{name}:{start}",
                f"has {len(row)} columns; {text_column!r} is column {text_at + 1}",
            )
            if skips is None:
                raise problem
            skips.add(problem)
            continue
        has_id = id_at is not None and len(row) > id_at
        yield (
            (row[id_at] if has_id and id_at is not None else str(start)),
            row[text_at],
        )


def _plainly(error: Exception) -> str:
    """What the csv module says, without the advice that it gives to programmers."""
    return str(error).partition(" - ")[0]


def _check_quotes(record: list[str], separator: str) -> None:
    """Raise csv.Error where the lines of one record open a quotation that none closes."""
    import csv

    try:
        next(csv.reader(record, delimiter=separator, strict=True))
    except csv.Error as error:
        # other strictness ('"a"b') is waived: the lenient reader made sense of it
        if "unexpected end of data" in str(error):
            raise csv.Error("a quotation mark is never closed") from error


def encode_json(value: object) -> str:
    """One JSON line, readable as it stands; lone surrogates are escaped so that it is UTF-8."""
    line = json.dumps(value, ensure_ascii=False, allow_nan=False)
    try:
        line.encode("utf-8")
    except UnicodeEncodeError:
        line = json.dumps(value, ensure_ascii=True, allow_nan=False)
    return line


def write_json_lines(values: Iterable[object], output: TextIO) -> int:
    """Write JSON lines and return how many."""
    count = 0
    for value in values:
        output.write(encode_json(value) + "\n")
        count += 1
    return count


def read_text(stream: BinaryIO) -> io.TextIOWrapper:
    """A text view of UTF-8 bytes that accepts lone surrogates."""
    return io.TextIOWrapper(stream, encoding="utf-8", errors="surrogatepass")
