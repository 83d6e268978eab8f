"""JSON as exports hold it, read value by value: lines, lists, documents, broken or not.

`read_values` yields the values of a stream of JSON: each line of a JSON Lines file, each element
of a list, or the one document; memory holds one value at a time. What breaks off is kept up to
there. Nesting of any depth is read without recursion (threads answer 2,000 levels deep).
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Generator, Iterator
from typing import Any

from moderation.errors import InputError
from moderation.threads.document import MAX_READ_BYTES, Document
from moderation.threads.exports.items import Report

CHUNK = 1 << 20
MAX_DEPTH = 100_000  # 2,000 answers need about 10,000 levels in a Reddit listing

_BLANK = re.compile(r"[ \t\n\r]*")
_BETWEEN = re.compile(r"[ \t\n\r,\x1e]*")  # \x1e: JSON text sequences (RFC 7464)
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_WORDS = {"true": True, "false": False, "null": None, "NaN": None, "Infinity": None}
_WORD = re.compile(r"true|false|null|NaN|-?Infinity")
_DECODER = json.JSONDecoder()
_scan_string: Callable[[str, int, bool], tuple[str, int]] = json.decoder.scanstring  # type: ignore[attr-defined]


def decode_stream(document: Document, report: Report) -> Iterator[str]:
    """The document's text in chunks; its encoding from a byte order mark, else UTF-8.

    Bytes that do not fit are replaced by U+FFFD; the first of them is reported with its place.
    """
    head = document.head
    name = "utf-8"
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if head.startswith(mark):
            name = encoding
            break
    else:
        if len(head) >= 4 and head[0] and not head[1]:
            name = "utf-16-le"
        elif len(head) >= 4 and head[1] and not head[0]:
            name = "utf-16-be"
    make = codecs.getincrementaldecoder(name)
    decoder = make("strict")
    seen = 0
    with document.open() as stream:
        while True:
            block = stream.read(CHUNK)
            state = decoder.getstate()
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                place = seen - len(state[0]) + error.start
                report.add(f"byte {place:,}: not {name}; unreadable bytes were replaced")
                decoder = make("replace")
                decoder.setstate(state)
                text = decoder.decode(block, final=not block)
            seen += len(block)
            if text:
                yield text
            if not block:
                return


class _Text:
    """A window on the stream: `text[at:]` is unread, `grow()` adds more at the end."""

    def __init__(self, name: str, chunks: Iterator[str]) -> None:
        self.name = name
        self.text = ""
        self.at = 0
        self.ended = False
        self._chunks = chunks
        self._line = 1
        self._line_at = 0
        self._bytes = 0

    def grow(self) -> bool:
        """Double what is unread (at least one chunk); False at the end of the stream."""
        if self.ended:
            return False
        line = self.line()
        self._bytes += len(self.text[: self.at].encode("utf-8", "surrogatepass"))
        parts = [self.text[self.at :]]
        wanted = max(CHUNK // 2, len(parts[0]))
        if len(parts[0]) > MAX_READ_BYTES:
            raise InputError(
                f"{self.name}:{line}",
                f"one JSON value is larger than {MAX_READ_BYTES >> 20} MiB; "
                "split it, or convert it to JSON Lines",
            )
        got = 0
        while got < wanted:
            chunk = next(self._chunks, None)
            if chunk is None:
                self.ended = True
                break
            parts.append(chunk)
            got += len(chunk)
        self.text = "".join(parts)
        self.at = self._line_at = 0
        return got > 0

    def line(self) -> int:
        """Number of the line at which the unread part begins, from 1."""
        self._line += self.text.count("\n", self._line_at, self.at)
        self._line_at = self.at
        return self._line

    def place(self, position: int) -> str:
        """A position in `text` for a reader of a report: its line and (in UTF-8) its byte."""
        line = self.line() + self.text.count("\n", self.at, position)
        byte = self._bytes + len(self.text[:position].encode("utf-8", "surrogatepass"))
        return f"line {line:,}, byte {byte:,}"

    def skip(self, pattern: re.Pattern[str]) -> str:
        """Skip what `pattern` matches; the next character, "" at the end of the stream."""
        while True:
            match = pattern.match(self.text, self.at)
            if match is not None:
                self.at = match.end()
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.grow():
                return ""


def read_values(document: Document, report: Report) -> Iterator[tuple[Any, str]]:
    """Yield (value, place) for each value of a file of JSON.

    A file may be JSON Lines, one document, several after another, or a list (then its elements
    come singly; place is "element 3"). A broken line is reported and left out; a document that
    breaks off is kept up to there and reported. Raises InputError where one value is larger than
    `MAX_READ_BYTES`.
    """
    text = _Text(document.name, decode_stream(document, report))
    lines = False  # seen: values that begin lines of their own
    count = 0
    while True:
        first = text.skip(_BETWEEN)
        if not first:
            return
        line = text.line()
        if first == "[" and not lines:
            text.at += 1
            if not (yield from _read_elements(text, report)):
                return
            continue
        if first not in "{[":
            report.add(f"line {line}: not JSON; left out")
            if not _skip_line(text):
                return
            continue
        value, problem, position = _read_value(text, by_line=True)
        count += 1
        if problem is None:
            text.at = position
            after = text.skip(_BETWEEN)
            lines = lines or (bool(after) and text.line() > line)
            yield value, f"line {line}" if lines or count > 1 else ""
            continue
        newline = text.text.find("\n", text.at)
        following = text.text[newline + 1 : newline + 2] if newline >= 0 else ""
        if (following in ("{", "[") or lines) and newline >= 0:
            report.add(f"line {line}: {problem}; the line is left out")
            lines = True
            text.at = newline + 1
            continue
        if lines and not isinstance(value, dict):
            report.add(f"line {line}: {problem}; the line is left out")
            return
        report.add(f"{text.place(position)}: {problem}; everything before was read")
        yield value, f"line {line}" if lines else ""
        return


def _skip_line(text: _Text) -> bool:
    while (newline := text.text.find("\n", text.at)) < 0:
        text.at = len(text.text)
        if not text.grow():
            return False
    text.at = newline + 1
    return True


def _read_elements(text: _Text, report: Report) -> Generator[tuple[Any, str], None, bool]:
    """The elements of a list whose bracket is read; returns whether the list was closed."""
    number = 0
    while True:
        first = text.skip(_BETWEEN)
        if first == "]":
            text.at += 1
            return True
        if not first:
            report.add(f"{text.place(text.at)}: the list breaks off; all before was read")
            return False
        value, problem, position = _read_value(text, by_line=False)
        number += 1
        if problem is not None:
            report.add(
                f"{text.place(position)}: {problem} in element {number}; everything before was read"
            )
            yield value, f"element {number}"
            return False
        text.at = position
        yield value, f"element {number}"


def _read_value(text: _Text, by_line: bool) -> tuple[Any, str | None, int]:
    """The value at `text.at`: (value, None, its end) or (what came of it, problem, place)."""
    while True:
        try:
            value, end = _DECODER.raw_decode(text.text, text.at)
        except RecursionError:
            newline = text.text.find("\n", text.at) if by_line else -1
            if newline >= 0 and text.text[newline + 1 : newline + 2] in ("{", "["):
                value, end, problem = parse_broken(text.text[:newline], text.at)
                if problem is None:
                    return value, None, end
            value, end, problem = parse_broken(text.text, text.at)
            if problem is not None and text.grow():
                continue
            return value, problem, end
        except ValueError as error:
            if _may_continue(error, len(text.text)) and text.grow():
                continue
            value, end, problem = parse_broken(text.text, text.at)
            return value, problem, end
        if end == len(text.text) and not isinstance(value, dict | list | str) and text.grow():
            continue  # a number may go on in the next chunk
        return value, None, end


def _may_continue(error: ValueError, length: int) -> bool:
    """Whether more text could mend this (the reader met the end, not a wrong character)."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    return error.msg.startswith("Unterminated") or error.pos >= length - 16


def parse_broken(text: str, start: int = 0) -> tuple[Any, int, str | None]:
    """JSON that may be cut off, damaged or nested too deep for the standard parser.

    Returns the value, or what was complete of it; where reading ended; and the problem, None
    where there was none. Iterative: objects are filled from the outside in.
    """
    at = start
    length = len(text)
    root: Any = None
    stack: list[dict[str, Any] | list[Any]] = []
    keys: list[str] = []  # of the objects on the stack: the key whose value comes next
    want_value = True
    try:
        while True:
            blank = _BLANK.match(text, at)
            at = blank.end() if blank else at
            if at >= length:
                return root, at, "breaks off here"
            char = text[at]
            if want_value:
                value: Any
                opened = False
                if char == '"':
                    value, at = _scan_string(text, at + 1, False)
                elif char in "{[":
                    value = {} if char == "{" else []
                    opened = True
                    at += 1
                elif char == "]" and stack and stack[-1] == []:
                    stack.pop()
                    at += 1
                    want_value = False
                    if not stack:
                        return root, at, None
                    continue
                else:
                    value, at = _scalar(text, at)
                if not stack:
                    if not opened:
                        return value, at, None
                    root = value
                elif isinstance(container := stack[-1], dict):
                    container[keys[-1]] = value
                else:
                    container.append(value)
                want_value = False
                if opened:
                    if len(stack) >= MAX_DEPTH:
                        return root, at, f"is nested more than {MAX_DEPTH:,} levels deep"
                    stack.append(value)
                    if isinstance(value, dict):
                        keys.append("")
                        at = _next_key(text, at, keys, closing=True)
                        if at < 0:
                            at = -at
                            stack.pop()
                            keys.pop()
                            if not stack:
                                return root, at, None
                        else:
                            want_value = True
                    else:
                        want_value = True
                continue
            container = stack[-1]
            if char == ",":
                at += 1
                if isinstance(container, dict):
                    at = _next_key(text, at, keys, closing=False)
                want_value = True
            elif char == ("}" if isinstance(container, dict) else "]"):
                at += 1
                stack.pop()
                if isinstance(container, dict):
                    keys.pop()
                if not stack:
                    return root, at, None
            else:
                return root, at, "is not JSON"
    except json.JSONDecodeError as error:
        ended = error.msg.startswith("Unterminated") or error.pos >= length
        return root, error.pos, "breaks off here" if ended else "is not JSON"


def _next_key(text: str, at: int, keys: list[str], closing: bool) -> int:
    """Read `"key" :` into keys[-1]; where the value starts, or minus the end of a closed object."""
    blank = _BLANK.match(text, at)
    at = blank.end() if blank else at
    if closing and text[at : at + 1] == "}":
        return -(at + 1)
    if text[at : at + 1] != '"':
        raise json.JSONDecodeError("Expecting a key", text, at)
    keys[-1], at = _scan_string(text, at + 1, False)
    blank = _BLANK.match(text, at)
    at = blank.end() if blank else at
    if text[at : at + 1] != ":":
        raise json.JSONDecodeError("Expecting a colon", text, at)
    return at + 1


def _scalar(text: str, at: int) -> tuple[Any, int]:
    match = _NUMBER.match(text, at)
    if match is not None:
        digits = match[0]
        if len(digits) > 400:
            return digits, match.end()
        if match[1] or match[2]:
            return float(digits), match.end()
        return int(digits), match.end()
    match = _WORD.match(text, at)
    if match is not None:
        return _WORDS.get(match[0]), match.end()
    raise json.JSONDecodeError("Expecting a value", text, at)


def walk(value: Any) -> Iterator[dict[str, Any]]:
    """Each object in a value, outer before inner, in the order of the document, iteratively."""
    stack: list[Any] = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            yield node
            stack.extend(
                child for child in reversed(node.values()) if isinstance(child, dict | list)
            )
        elif isinstance(node, list):
            stack.extend(child for child in reversed(node) if isinstance(child, dict | list))
