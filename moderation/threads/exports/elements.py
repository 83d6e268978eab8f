"""XML exports, streamed: each record of a file as a flat dictionary, no tree.

Parsed by defusedxml's SAX reader, so entities that are declared in the file (billion laughs,
external files) are refused with InputError. Before the parser sees the text, characters that XML
forbids are taken out, bytes that do not fit the encoding are replaced, and HTML's entities
(&nbsp;) become their characters; each is reported once. Where the file is broken nevertheless,
reading goes on at the next record, and where it breaks off, everything before is kept.
"""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.entities import html5
from typing import Any
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from moderation.errors import InputError
from moderation.threads.document import Document
from moderation.threads.exports.items import Report

CHUNK = 1 << 20
MAX_DEPTH = 1_000  # elements in elements; exports need about six
FRAGMENT = "fragment"
MAX_REPAIRS = 1_000  # broken records after which the rest of the file is left

_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]+")
_REFERENCE = re.compile(r"&(?:#x([0-9A-Fa-f]{1,8});|#([0-9]{1,8});|([A-Za-z][A-Za-z0-9]{1,31});)?")
_XML_ENTITIES = frozenset(("lt", "gt", "amp", "quot", "apos"))


def _decode(document: Document, report: Report) -> Iterator[str]:
    head = document.head
    name = "utf-8"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        name = "utf-16"
    elif head[:2] == b"<\x00":
        name = "utf-16-le"
    elif head[:2] == b"\x00<":
        name = "utf-16-be"
    elif head.startswith(codecs.BOM_UTF8):
        name = "utf-8-sig"
    elif match := _DECLARED.search(head[:1024]):
        declared = match[1].decode("ascii")
        try:
            name = codecs.lookup(declared).name
            if not codecs.lookup(name)._is_text_encoding or name.startswith("utf-16"):
                name = "utf-8"
            if name in ("iso8859-1", "ascii"):
                name = "cp1252"  # what is declared so holds typographic quotes, as in HTML
        except (LookupError, AttributeError):
            report.add(f'line 1: the declared encoding "{declared}" is unknown; read as UTF-8')
    decoder = codecs.getincrementaldecoder(name)("strict")
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
                decoder = codecs.getincrementaldecoder(name)("replace")
                decoder.setstate(state)
                text = decoder.decode(block, final=not block)
            seen += len(block)
            if text:
                yield text
            if not block:
                return


def _clean(chunks: Iterator[str], report: Report) -> Iterator[str]:
    """The text without what XML forbids; references outside CDATA made ones that XML knows."""
    line = 1
    told: set[str] = set()
    literal = False  # in a CDATA section
    rest = ""

    def tell(what: str, text: str, position: int) -> None:
        if what not in told:
            told.add(what)
            report.add(f"line {line + text.count(chr(10), 0, position):,}: {what}")

    def mend(match: re.Match[str]) -> str:
        hexadecimal, decimal, name = match.groups()
        if name is not None:
            character = html5.get(f"{name};")
            if name in _XML_ENTITIES:
                return match[0]
            if character is not None:
                return html.escape(character)
        elif hexadecimal is not None or decimal is not None:
            number = int(hexadecimal, 16) if hexadecimal else int(decimal)
            if number < 0x110000 and not _FORBIDDEN.match(chr(number)):
                return match[0]
            return ""
        tell("an & that belongs to no entity; taken for a character", match.string, match.start())
        return f"&amp;{match[0][1:]}"

    while True:
        chunk = next(chunks, "")
        text = rest + chunk
        cut = len(text)
        if chunk:  # what may go on in the next chunk waits for it
            tail = max(0, cut - 40)
            marks = ("]",) if literal else ("<", "&", "]")
            found = [at for mark in marks if (at := text.rfind(mark, tail)) >= 0]
            cut = min(found, default=cut)
        text, rest = text[:cut], text[cut:]
        forbidden = _FORBIDDEN.search(text)
        if forbidden is not None:
            tell("characters that XML forbids; left out", text, forbidden.start())
        parts: list[str] = []
        at = 0
        while at < len(text):
            end = text.find("]]>" if literal else "<![CDATA[", at)
            stop = len(text) if end < 0 else end
            piece = text[at:stop]
            parts.append(piece if literal or "&" not in piece else _REFERENCE.sub(mend, piece))
            if end >= 0:
                mark = "]]>" if literal else "<![CDATA["
                parts.append(mark)
                stop += len(mark)
                literal = not literal
            at = stop
        cleaned = "".join(parts)
        if forbidden is not None:
            cleaned = _FORBIDDEN.sub("", cleaned)
        if cleaned:
            yield cleaned
        line += text.count("\n")
        if not chunk:
            return


@dataclass(slots=True)
class Record:
    """One element of interest: `fields` maps the path below it to its text ("author/name") or to
    an attribute ("parent@dsq:id", "@dsq:id"); of several alike the first counts."""

    name: str
    line: int
    fields: dict[str, str] = field(default_factory=dict)
    depth: int = 0

    def get(self, key: str) -> str | None:
        """A field without the white space around it, None where it is missing or blank."""
        return (self.fields.get(key) or "").strip() or None


class _Collector(ContentHandler):
    """Fills Records from SAX events; `done` holds those that were closed."""

    def __init__(self, name: str, levels: dict[str, int], wanted: frozenset[str]) -> None:
        super().__init__()
        self.done: list[Record] = []
        self.path: list[str] = []
        self.open: list[Record] = []
        self.line: Callable[[], int] = lambda: 1
        self._name = name
        self._levels = levels
        self._wanted = wanted
        self._key: str | None = None
        self._text: list[str] = []
        self._base: int | None = None  # how deep the outermost records stand

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802 (SAX)
        self.path.append(name)
        if len(self.path) > MAX_DEPTH:
            place = f"{self._name}:{self.line()}"
            raise InputError(place, f"elements nest more than {MAX_DEPTH:,} levels deep")
        level = self._levels.get(name)
        if level is not None and (not self.open or level > self._levels[self.open[-1].name]):
            if level == 0:
                self._base = len(self.path) - 1
            record = Record(name, self.line(), depth=len(self.path))
            self.open.append(record)
            key = ""
        elif self.open:
            record = self.open[-1]
            key = "/".join(self.path[record.depth :][:4])
        else:
            return
        self._key = key if key in self._wanted and key not in record.fields else None
        if self._key is not None:
            self._text = []
        for attribute in attrs.getNames() if len(attrs) else ():
            full = f"{key}@{attribute}"
            if full in self._wanted:
                record.fields.setdefault(full, attrs.getValue(attribute))

    def characters(self, content: str) -> None:
        if self._key is not None:
            self._text.append(content)

    def endElement(self, name: str) -> None:  # noqa: N802 (SAX)
        if self.open:
            record = self.open[-1]
            if self._key is not None:
                record.fields.setdefault(self._key, "".join(self._text))
                self._key = None
            if record.depth == len(self.path):
                self.done.append(self.open.pop())
        self.path.pop()

    def unwind(self, level: int) -> None:
        """Leave all open records of `level` or deeper: outermost ones count as closed."""
        self._key = None
        while self.open and self._levels[self.open[-1].name] >= level:
            record = self.open.pop()
            del self.path[record.depth - 1 :]
            if self._levels[record.name] == 0:
                self.done.append(record)
        if self.open:
            del self.path[self.open[-1].depth :]
        elif self._base is not None:
            del self.path[self._base :]
        if not self.path:
            self.path.append(FRAGMENT)  # the file has no root of its own


def read_records(
    document: Document,
    report: Report,
    levels: dict[str, int],
    wanted: frozenset[str],
) -> Iterator[Record]:
    """Yield each record of an XML file as it closes, inner ones before the one they stand in.

    `levels` maps the records' names to how deep they stand in one another (0 = outermost),
    `wanted` the fields to keep. A file that is broken inside a record goes on at the next one;
    an outermost record that is broken is yielded with what it had, an inner one is left out. Raises
    InputError where the file declares entities or nests deeper than `MAX_DEPTH`.
    """
    names = "|".join(re.escape(name) for name in levels)
    outer = "|".join(re.escape(name) for name, level in levels.items() if level == 0)
    resume = re.compile(rf"<({names})(?=[\s>/])|</(?:{outer})\s*>")
    collector = _Collector(document.name, levels, wanted)
    chunks = _clean(_decode(document, report), report)
    first = next(chunks, "")
    text = first.lstrip()  # XML allows nothing before its declaration
    line = 1 + first.count("\n", 0, len(first) - len(text))
    repairs = 0
    while True:
        parser, prefix = _start(collector, line)
        problem: SAXParseException | None = None
        offset = fed = 0
        while text:
            try:
                _feed(document.name, parser, text)
            except SAXParseException as error:
                problem = error
                offset = _offset(text, parser, prefix + fed)
                break
            yield from collector.done
            collector.done.clear()
            fed += len(text.encode("utf-8"))
            line += text.count("\n")
            text = next(chunks, "")
        yield from collector.done
        collector.done.clear()
        if problem is None:
            break
        where = line + text.count("\n", 0, offset)
        message = problem.getMessage()
        if message.startswith("junk after document"):
            report.add(f"line {where:,}: text after the end of the export; left out")
            return
        repairs += 1
        found = resume.search(text, offset) if repairs <= MAX_REPAIRS else None
        while found is None and repairs <= MAX_REPAIRS:
            keep = max(0, len(text) - 64)
            line += text.count("\n", 0, keep)
            more = next(chunks, "")
            if not more:
                break
            text = text[keep:] + more
            found = resume.search(text)
        if found is None:
            report.add(f"line {where:,}: {message}; everything before was read")
            collector.unwind(0)
            yield from collector.done
            return
        line += text.count("\n", 0, found.start())
        text = text[found.start() :]
        report.add(f"line {where:,}: {message}; reading went on at line {line:,}")
        collector.unwind(levels[found[1]] if found[1] else 1)
        yield from collector.done
        collector.done.clear()
    if collector.open or collector.path not in ([], [FRAGMENT]):
        report.add(f"line {line:,}: the file breaks off; everything before was read")
        collector.unwind(0)
        yield from collector.done


def _start(collector: _Collector, line: int) -> tuple[Any, int]:
    """A parser whose open elements are the collector's, at `line`; bytes fed to make it so."""
    parser = DefusedExpatParser()
    parser.setContentHandler(ContentHandler())
    prefix = "".join(f"<{name}>" for name in collector.path)
    if prefix:
        parser.feed(prefix)
    parser.setContentHandler(collector)
    collector.line = lambda: line - 1 + int(parser.getLineNumber() or 1)
    return parser, len(prefix.encode("utf-8"))


def _feed(name: str, parser: Any, text: str) -> None:
    try:
        parser.feed(text)
    except DefusedXmlException as error:
        raise InputError(
            name,
            f"declares entities or names other files ({type(error).__name__}), which no export "
            "does; refused",
        ) from error


def _offset(text: str, parser: Any, fed: int) -> int:
    """Where in `text` the parser stopped; `fed` bytes were fed before it."""
    index = int(parser._parser.ErrorByteIndex) - fed
    return len(text.encode("utf-8")[: max(0, index)].decode("utf-8", "ignore"))
