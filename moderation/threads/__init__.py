"""Documents in, threads out: `read_threads(source)`.

    bytes ── evidence of each reader ──► the surest reader ──► Thread, Thread, …

Readers live one a format: `exports` (WXR, Disqus, Reddit, …), `pages` (HTML) and `dumps` (text).
They are chosen by the bytes, never by the file's name alone.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from moderation.records import Thread
from moderation.threads import privacy
from moderation.threads.document import Document, Evidence, Reader, ReadOptions

__all__ = ["READERS", "Document", "ReadOptions", "choose_reader", "read_threads"]

READERS: tuple[str, ...] = (
    # module:attribute of each Reader; imported when a document is read
    "moderation.threads.exports.own:READER",
    "moderation.threads.exports.wxr:READER",
    "moderation.threads.exports.disqus:READER",
    "moderation.threads.exports.reddit:READER",
    "moderation.threads.exports.hackernews:READER",
    "moderation.threads.exports.youtube:READER",
    "moderation.threads.exports.discourse:READER",
    "moderation.threads.exports.mastodon:READER",
    "moderation.threads.exports.commento:READER",
    "moderation.threads.exports.remark42:READER",
    "moderation.threads.exports.isso:READER",
    "moderation.threads.exports.tables:CSV_READER",
    "moderation.threads.exports.tables:JSON_READER",
    "moderation.threads.pages:READER",
    "moderation.threads.dumps:READER",
)


def _readers() -> Iterator[Reader]:
    for entry in READERS:
        module, attribute = entry.split(":")
        yield getattr(importlib.import_module(module), attribute)


def choose_reader(document: Document, options: ReadOptions | None = None) -> Reader:
    """The reader with the strongest evidence; the text reader accepts anything."""
    options = options or ReadOptions()
    best: tuple[Evidence, Reader] | None = None
    for reader in _readers():
        found = reader.evidence(document)
        if found is None:
            continue
        if options.columns and reader.name in ("csv", "json"):
            found = Evidence(1.0, f"{found.reason}; the caller maps its columns")
        options.note(f"{reader.name}: {found.confidence:.2f} ({found.reason})")
        if best is None or found.confidence > best[0].confidence:
            best = (found, reader)
    assert best is not None  # the text reader never says None
    return best[1]


def read_threads(
    source: str | Path | bytes | Document, options: ReadOptions | None = None
) -> Iterator[Thread]:
    """Yield the threads of one document.

    `source` is a path, the document's bytes, or a Document. A page or a dump yields exactly one
    Thread (without comments where it has none); an export yields one for each thread in it.
    Raises InputError where nothing of it can be read.
    """
    options = options or ReadOptions()
    if isinstance(source, bytes):
        source = Document.from_bytes(source)
    elif not isinstance(source, Document):
        source = Document.from_path(source)
    damage_told = False
    for thread in choose_reader(source, options).read(source, options):
        if source.damage is not None and not damage_told:
            damage_told = True
            thread = replace(thread, warnings=(*thread.warnings, source.damage))
        if not options.keep_personal:
            thread = privacy.drop_personal(thread)
        if options.pseudonym_key is not None:
            thread = privacy.pseudonymise(thread, options.pseudonym_key)
        yield thread
