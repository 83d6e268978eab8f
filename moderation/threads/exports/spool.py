"""Comments of many threads, written one after another, brought together thread by thread.

Up to `MEMORY_ITEMS` comments stay in memory; from then on they lie in a temporary SQLite file, so
that memory depends on the largest thread of an export, not on the export.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from moderation.records import Range, Source, Thread
from moderation.threads.exports.items import Heading, Item, build_thread

MEMORY_ITEMS = 5_000
_BATCH = 1_000


def gather_threads(
    source: Source, records: Iterable[Item | Heading], *, qualify: bool = False
) -> Iterator[Thread]:
    """Threads in the order in which their first comment or heading came.

    Threads without comments are left out. All of `records` is read before the first thread comes.
    `qualify`: native ids may start anew in each thread; where they do, ids name the thread too.
    """
    waiting: list[Item | Heading] = []
    stream = iter(records)
    for record in stream:
        waiting.append(record)
        if len(waiting) > MEMORY_ITEMS:
            break
    else:
        yield from _from_memory(source, waiting, qualify)
        return
    with tempfile.TemporaryDirectory(prefix="moderation-", ignore_cleanup_errors=True) as folder:
        database = sqlite3.connect(Path(folder) / "spool.sqlite", isolation_level=None)
        try:
            yield from _from_database(database, source, waiting, stream, qualify)
        finally:
            database.close()


def _merge(heading: Heading, other: Heading) -> None:
    heading.title = heading.title or other.title
    if other.declared is not None:
        heading.declared = max(heading.declared or 0, other.declared)
    heading.missing += other.missing


def _from_memory(source: Source, records: list[Item | Heading], qualify: bool) -> Iterator[Thread]:
    items: dict[str | None, list[Item]] = {}
    headings: dict[str | None, Heading] = {}
    for record in records:
        if isinstance(record, Item):
            items.setdefault(record.thread, []).append(record)
        else:
            items.setdefault(record.thread, [])
            _merge(headings.setdefault(record.thread, Heading()), record)
    if qualify:
        natives: dict[str, str | None] = {}
        qualify = any(
            natives.setdefault(item.native_id, thread) != thread
            for thread, group in items.items()
            for item in group
            if item.native_id is not None
        )
    for thread, group in items.items():
        if group:
            yield build_thread(
                source, group, native_id=thread, heading=headings.get(thread), qualify=qualify
            )


def _from_database(
    database: sqlite3.Connection,
    source: Source,
    waiting: list[Item | Heading],
    stream: Iterator[Item | Heading],
    qualify: bool,
) -> Iterator[Thread]:
    for statement in (
        "PRAGMA journal_mode = OFF",
        "PRAGMA synchronous = OFF",
        "PRAGMA temp_store = FILE",
        "PRAGMA cache_size = -8192",  # KiB
        "CREATE TABLE thread (number INTEGER PRIMARY KEY, name TEXT UNIQUE)",
        "CREATE TABLE record (thread INTEGER, number INTEGER PRIMARY KEY, item INTEGER, data TEXT, "
        "native TEXT)",
        "BEGIN",
    ):
        database.execute(statement)
    known: dict[str, int] = {}
    batch: list[tuple[int, bool, str, str | None]] = []

    def find(name: str) -> int:
        number = known.get(name)
        if number is None:
            if len(known) >= 4 * _BATCH:
                known.clear()
            database.execute("INSERT OR IGNORE INTO thread (name) VALUES (?)", (name,))
            row = database.execute("SELECT number FROM thread WHERE name = ?", (name,)).fetchone()
            number = known[name] = int(row[0])
        return number

    def write() -> None:
        database.executemany(
            "INSERT INTO record (thread, item, data, native) VALUES (?, ?, ?, ?)", batch
        )
        batch.clear()

    for records in (waiting, stream):
        for record in records:
            data = json.dumps(_fields_of(record), separators=(",", ":"))
            native = json.dumps(record.native_id) if qualify and isinstance(record, Item) else None
            batch.append((find(json.dumps(record.thread)), isinstance(record, Item), data, native))
            if len(batch) >= _BATCH:
                write()
        waiting.clear()
    write()
    database.execute("COMMIT")
    database.execute("CREATE INDEX by_thread ON record (thread, number)")
    if qualify:
        shared = database.execute(
            "SELECT 1 FROM record WHERE native NOT IN ('null') "
            "GROUP BY native HAVING COUNT(DISTINCT thread) > 1 LIMIT 1"
        )
        qualify = shared.fetchone() is not None
    for number, name in database.execute("SELECT number, name FROM thread ORDER BY number"):
        heading = Heading()
        items: list[Item] = []
        rows = database.execute(
            "SELECT item, data FROM record WHERE thread = ? ORDER BY number", (number,)
        )
        for is_item, data in rows:
            if is_item:
                items.append(_item_of(json.loads(data)))
            else:
                _merge(heading, Heading(*json.loads(data)))
        if items:
            yield build_thread(
                source, items, native_id=json.loads(name), heading=heading, qualify=qualify
            )


_ITEM = tuple(field.name for field in fields(Item))
_QUOTES = _ITEM.index("quotes")
_HEADING = tuple(field.name for field in fields(Heading))


def _fields_of(record: Item | Heading) -> list[Any]:
    if isinstance(record, Heading):
        return [getattr(record, name) for name in _HEADING]
    values = [getattr(record, name) for name in _ITEM]
    values[_QUOTES] = [quote.to_list() for quote in record.quotes]
    return values


def _item_of(values: list[Any]) -> Item:
    values[_QUOTES] = tuple(Range(start, end) for start, end in values[_QUOTES])
    return Item(*values)
