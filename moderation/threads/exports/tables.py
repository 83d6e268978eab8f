"""Flat records with a column map: CSV, TSV, JSON Lines or lists of JSON objects.

`ReadOptions.columns` maps our field to their column, e.g. {"text": "body", "id": "comment_id"};
the fields are `FIELDS`. Without it columns are mapped by their names where these are unmistakable
(`guess_columns`); else one error line says which columns there are and how to map them.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

from moderation.errors import InputError
from moderation.records import Kind, Status, Thread
from moderation.streams import SEPARATORS
from moderation.threads.document import Document, Evidence, ReadOptions
from moderation.threads.exports.items import (
    Heading,
    Item,
    Report,
    add_personal,
    as_text,
    hold_last,
    source_of,
)
from moderation.threads.exports.markup import read_mixed
from moderation.threads.exports.reader import peek_values
from moderation.threads.exports.spool import gather_threads
from moderation.threads.exports.values import read_values

_NAMES: dict[str, str] = {
    # our field: their names for it, the surer first; compared by their letters and digits alone
    "text": (
        "text comment body content message comment_text comment_body comment_content "
        "comment_message message_text post_text post_body full_text"
    ),
    "id": "id comment_id cid native_id message_id",
    "author": (
        "author author_name user_name username user name commenter comment_author "
        "nickname nick screen_name display_name author_display_name by poster"
    ),
    "parent": (
        "parent parent_id parent_comment_id in_reply_to in_reply_to_id reply_to "
        "reply_to_id comment_parent parent_comment pid"
    ),
    "created": (
        "created_at created created_utc create_date creation_date timestamp date "
        "datetime time published_at published comment_date posted_at date_posted"
    ),
    "thread": (
        "thread thread_id article_id post_id story_id topic_id video_id link_id submission_id "
        "conversation_id discussion_id page_id article_url page_url url link"
    ),
    "status": "status state approved moderation_status comment_approved",
    "kind": "kind",
    "title": "title article_title thread_title page_title headline",
    "email": "email author_email user_email comment_author_email",
    "ip": "ip ip_address author_ip remote_addr comment_author_ip",
}
FIELDS: tuple[str, ...] = tuple(_NAMES)
"""What a column can be mapped to."""
_ALIASES = {"parent_id": "parent", "created_at": "created", "created_raw": "created"}

_STATUS: dict[str, Status] = {
    **dict.fromkeys(("visible", "approved", "published", "public", "1", "true", "yes"), "visible"),
    **dict.fromkeys(
        ("pending", "unapproved", "hold", "held", "heldforreview", "queued", "0", "false", "no"),
        "pending",
    ),
    **dict.fromkeys(("spam", "likelyspam", "flagged"), "spam"),
    **dict.fromkeys(("deleted", "removed", "trash", "trashed", "rejected"), "deleted"),
}
_KINDS: dict[str, Kind] = {
    "comment": "comment",
    "post": "post",
    "pingback": "pingback",
    "trackback": "trackback",
    "system": "system",
}
FIELD_CHARACTERS = 16 << 20  # the longest cell that is read
ROW_LINES = 1_000  # the most lines of one row
_NAME = re.compile(r"[^\W_][\w .:/#()\[\]-]{0,63}|_[\w.]{1,40}")
_LETTERS = re.compile(r"[\W_]+")


def guess_columns(names: Iterable[str]) -> dict[str, str] | None:
    """Our field -> their column, by the columns' names; None where the text is not unmistakable.

    Unmistakable: exactly one column bears one of the names for a comment's text.
    """
    names = list(names)
    plain = {name: _LETTERS.sub("", name).lower() for name in names}
    texts = [name for name in names if plain[name] in _known("text")]
    if len(texts) != 1:
        return None
    columns = {"text": texts[0]}
    for field in FIELDS:
        for wanted in _known(field):
            found = [n for n in names if plain[n] == wanted and n not in columns.values()]
            if field not in columns and len(found) == 1:
                columns[field] = found[0]
    return columns


def _known(field: str) -> list[str]:
    return [_LETTERS.sub("", name) for name in _NAMES[field].split()]


def choose_columns(names: list[str], options: ReadOptions, place: str) -> dict[str, str]:
    """The map that the caller gave, checked, or a guessed one. Raises InputError without any."""
    if options.columns:
        given = {_ALIASES.get(ours, ours): theirs for ours, theirs in options.columns.items()}
        unknown = [field for field in given if field not in FIELDS]
        if unknown:
            raise InputError(
                place, f'there is no field "{unknown[0]}" to map to; fields: {", ".join(FIELDS)}'
            )
        absent = [column for column in given.values() if column not in names]
        if absent:
            raise InputError(
                place, f'there is no column "{absent[0]}"; columns: {_list_names(names)}'
            )
        if "text" not in given:
            raise InputError(place, "which column is the text? add text=COLUMN to the map")
        return given
    columns = guess_columns(names)
    if columns is None:
        raise InputError(
            place,
            f"which column is the comment's text? columns: {_list_names(names)}; "
            "map them, e.g. --map text=COLUMN,id=COLUMN,author=COLUMN,parent=COLUMN",
        )
    options.note(f"columns: {', '.join(f'{ours}={theirs}' for ours, theirs in columns.items())}")
    return columns


def _list_names(names: list[str]) -> str:
    shown = ", ".join(name[:40] for name in names[:30])
    return shown + (", …" if len(names) > 30 else "")


def _make_item(
    row: dict[str, Any], columns: dict[str, str], place: str, options: ReadOptions
) -> tuple[Item, str | None]:
    def get(field: str) -> str | None:
        column = columns.get(field)
        return None if column is None else as_text(row.get(column))

    text, quotes = read_mixed(get("text") or "")
    status = (get("status") or "").lower().replace("_", "").replace("-", "").replace(" ", "")
    native = get("id")
    item = Item(
        native_id=native,
        text=text,
        thread=get("thread"),
        parent=get("parent"),
        parent_known="parent" in columns,
        author=get("author"),
        created_raw=get("created"),
        kind=_KINDS.get((get("kind") or "comment").lower(), "comment"),
        status=_STATUS.get(status, "visible"),
        quotes=quotes,
        place=place,
    )
    if item.parent is not None and item.parent in (item.thread, f"t3_{item.thread}"):
        item.parent = None  # an answer to the posting itself
    add_personal(item, options, email=get("email"), ip=get("ip"))
    return item, get("title")


def _with_title(made: tuple[Item, str | None]) -> Iterator[Item | Heading]:
    item, title = made
    if title is not None:
        yield Heading(thread=item.thread, title=title)
    yield item


class CsvReader:
    """Rows with a header row; the separator is the one that gives every row as many cells."""

    name = "csv"

    def evidence(self, document: Document) -> Evidence | None:
        """A header of names, and rows that are as long as it."""
        found = _find_table(document)
        if found is None:
            return None
        delimiter, names, rows = found
        shown = {"\t": "tab"}.get(delimiter, delimiter)
        reason = f"{len(names)} columns separated by {shown!r} in {rows} rows"
        columns = guess_columns(names) or {}
        # Prose has commas too, with blanks after them and more than three words between them.
        prose = f"{delimiter} " in _decode_head(document).lstrip().split("\n", 1)[0]
        if len(columns) > (1 if prose else 0):
            return Evidence(0.9, f"{reason}; one is named as the text")
        if prose or rows < 3 or any(len(name.split()) > 3 for name in names):
            return None
        return Evidence(0.6, reason)

    def read(self, document: Document, options: ReadOptions) -> Iterator[Thread]:
        """Yield the rows' threads after the whole file is read."""
        report = Report()
        source = source_of(document, self.name, _encoding(document))
        yield from hold_last(
            gather_threads(source, self._items(document, options, report), qualify=True),
            report,
            source,
        )

    def _items(
        self, document: Document, options: ReadOptions, report: Report
    ) -> Iterator[Item | Heading]:
        found = _find_table(document)
        delimiter = found[0] if found is not None else ","
        if csv.field_size_limit() < FIELD_CHARACTERS:
            csv.field_size_limit(FIELD_CHARACTERS)
        names: list[str] | None = None
        columns: dict[str, str] = {}
        for line, row in _rows_of(_lines(document, report), delimiter, report):
            if not any(cell.strip() for cell in row):
                continue
            if names is None:
                names = [cell.strip() for cell in row]
                columns = choose_columns(names, options, f"{document.name}:{line}")
                continue
            if len(row) != len(names):
                report.add(f"line {line:,}: {len(row)} cells instead of {len(names)}")
                if columns["text"] not in names[: len(row)]:
                    continue
            cells = dict(zip(names, row, strict=False))
            yield from _with_title(_make_item(cells, columns, f"line {line}", options))


def _rows_of(
    lines: Iterator[str], delimiter: str, report: Report
) -> Iterator[tuple[int, list[str]]]:
    """(number of its first line, cells) of each row.

    A quotation mark that is never closed would swallow the rest of the file: a row that ends so,
    or goes on for `ROW_LINES` lines, is its first line alone, and the others are read again.
    """
    limit = ROW_LINES  # falls with each such row, so that the work stays linear
    mended = 0
    ended = False
    again: list[str] = []  # lines to be read again, the next one last
    taken: list[str] = []  # lines of the row being read

    def feed() -> Iterator[str]:
        nonlocal ended
        while len(taken) < limit:
            line = again.pop() if again else next(lines, None)
            if line is None:
                ended = True
                return
            taken.append(line)
            yield line

    number = 1
    reader = csv.reader(feed(), delimiter=delimiter)
    while True:
        taken.clear()
        ended = False
        try:
            row = next(reader, None)
        except csv.Error:  # a cell longer than FIELD_CHARACTERS
            row = None
        if not taken:
            return
        stopped = row is None or ended or len(taken) >= limit
        if len(taken) > 1 and stopped and sum(line.count('"') for line in taken) % 2:
            mended += 1
            limit = max(10, ROW_LINES // (1 + mended))
            report.add(f"line {number:,}: a quotation mark is never closed; read as a single line")
            again.extend(reversed(taken[1:]))
            del taken[1:]
            row = next(csv.reader(taken, delimiter=delimiter, quoting=csv.QUOTE_NONE), [])
            reader = csv.reader(feed(), delimiter=delimiter)
        elif stopped:
            if row is None:
                report.add(f"line {number:,}: cannot be read as a row; left out")
            reader = csv.reader(feed(), delimiter=delimiter)
        yield number, row or []
        number += len(taken)


def _find_table(document: Document) -> tuple[str, list[str], int] | None:
    """(separator, header, rows) where the first bytes are a table."""
    text = _decode_head(document)
    if not text.strip() or text.lstrip()[:1] in ("{", "[", "<"):
        return None
    whole = len(document.head) < 60_000
    best: tuple[str, list[str], int] | None = None
    for delimiter in SEPARATORS:
        rows: list[list[str]] = []
        try:
            for row in csv.reader(_split(text), delimiter=delimiter):
                if any(cell.strip() for cell in row):
                    rows.append(row)
                if len(rows) >= 200:
                    break
            else:
                if not whole and len(rows) > 1:
                    rows.pop()  # cut off by the end of the first bytes
        except csv.Error:
            continue
        if len(rows) < 2 or len(rows[0]) < 2:
            continue
        names = [cell.strip() for cell in rows[0]]
        if len(set(names)) < len(names) or not all(_NAME.fullmatch(name) for name in names):
            continue
        alike = sum(1 for row in rows[1:] if len(row) == len(names))
        if alike < 0.9 * (len(rows) - 1):
            continue
        if best is None or len(names) > len(best[1]):
            best = (delimiter, names, len(rows) - 1)
    return best


def _encoding(document: Document) -> str:
    head = document.head
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with document.open() as stream:
            while block := stream.read(1 << 20):
                decoder.decode(block)
            decoder.decode(b"", final=document.damage is None)
    except UnicodeDecodeError:
        return "cp1252"  # what spreadsheets write that do not write UTF-8
    return "utf-8"


def _decode_head(document: Document) -> str:
    head = document.head
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head.decode("utf-16", "replace")
    return head.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")


def _split(text: str) -> list[str]:
    """Lines with their ends; `splitlines` would cut comments at U+2028 and the like as well."""
    return io.StringIO(text, newline="").readlines()


def _lines(document: Document, report: Report) -> Iterator[str]:
    encoding = _encoding(document)
    if encoding == "cp1252":
        report.add("not UTF-8; read as Windows-1252")
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    rest = ""
    with document.open() as stream:
        while True:
            block = stream.read(1 << 20)
            text = rest + decoder.decode(block, final=not block)
            if not block:
                if text:
                    yield text
                return
            lines = _split(text)
            rest = lines.pop() if lines else ""
            if len(rest) > 4 * FIELD_CHARACTERS:
                raise InputError(document.name, "one line is longer than 64 MiB; no table")
            yield from lines


class JsonTableReader:
    """JSON objects of no known system, one a line or in a list, found by their text's name."""

    name = "json"

    def evidence(self, document: Document) -> Evidence | None:
        """Any JSON: other readers are surer where they know the system."""
        values = peek_values(document)
        rows = _rows(values)
        if not rows:
            return Evidence(0.5, "JSON of no known export") if values else None
        if guess_columns(_names(rows)) is not None:
            return Evidence(0.85, "JSON objects, one of whose names is that of a text")
        return Evidence(0.55, "JSON objects")

    def read(self, document: Document, options: ReadOptions) -> Iterator[Thread]:
        """Yield the objects' threads after the whole file is read."""
        report = Report()
        source = source_of(document, self.name)
        yield from hold_last(
            gather_threads(source, self._items(document, options, report), qualify=True),
            report,
            source,
        )

    def _items(
        self, document: Document, options: ReadOptions, report: Report
    ) -> Iterator[Item | Heading]:
        names = _names(_rows(peek_values(document)))
        columns: dict[str, str] | None = None
        seen = False
        for value, place in read_values(document, report):
            for row in _rows([value]):
                seen = True
                if columns is None:
                    names = list(dict.fromkeys([*names, *row]))
                    columns = choose_columns(names, options, document.name)
                if columns["text"] not in row:
                    report.add(f'{place or "a record"}: no "{columns["text"]}"; left out')
                    continue
                yield from _with_title(_make_item(row, columns, place, options))
        if not seen:
            problem = f" ({report.lines[0]})" if report.lines else ""
            raise InputError(
                document.name,
                f"holds JSON of no export that is known here and no list of objects{problem}; "
                "convert it to CSV or JSON Lines with a column for the text",
            )


def _rows(values: list[Any]) -> list[dict[str, Any]]:
    """The flat records in some values: themselves, or those of a wrapper's list of comments."""
    rows: list[dict[str, Any]] = []
    for value in values:
        if isinstance(value, list):
            rows.extend(row for row in value if isinstance(row, dict))
        elif isinstance(value, dict):
            lists = [
                inner
                for inner in value.values()
                if isinstance(inner, list) and inner and isinstance(inner[0], dict)
            ]
            named = [inner for inner in lists if guess_columns(inner[0]) is not None]
            chosen = named if len(named) == 1 else lists
            if len(chosen) == 1 and guess_columns(value) is None:
                rows.extend(row for row in chosen[0] if isinstance(row, dict))
            elif value:
                rows.append(value)
    return rows


def _names(rows: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows[:20] for name in row))


CSV_READER = CsvReader()
JSON_READER = JsonTableReader()
