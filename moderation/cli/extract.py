"""`moderation extract`: documents in, threads out."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click

from moderation.errors import InputError, unreadable
from moderation.records import Thread
from moderation.threads import Document, ReadOptions, read_threads

FIELDS = ("id", "text", "author", "parent_id", "created_at", "thread")
"""Our fields that `--map` accepts, as in `ReadOptions.columns`."""


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the threads here instead of standard output.",
)
@click.option("--explain", is_flag=True, help="Say on standard error why a layout was chosen.")
@click.option(
    "--keep-personal", is_flag=True, help="Keep e-mail and IP addresses in the authors' fields."
)
@click.option(
    "--pseudonyms",
    "key_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="KEYFILE",
    help="Replace authors by pseudonyms, stable under the key in this file.",
)
@click.option(
    "--map",
    "mapping",
    metavar="FIELD=COLUMN,...",
    help="For CSV and JSONL: which column holds what, e.g. text=body,id=comment_id.",
)
@click.option(
    "--html",
    "picture",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT.html",
    help="Also draw the source with each comment outlined in place (one FILE only).",
)
def extract(
    files: tuple[str, ...],
    output: Path | None,
    explain: bool,
    keep_personal: bool,
    key_file: Path | None,
    mapping: str | None,
    picture: Path | None,
) -> None:
    """Read comment threads from pages, text dumps and exports; one JSON line a thread.

    FILE may be - for standard input. A document without comments gives a thread without
    comments. Exit code 1 if a FILE cannot be read; the others are written all the same.

    \b
    Example:
      moderation extract seeds/*.txt --output threads.jsonl
      moderation extract --explain seeds/000_aa8068b1d9e807f2.txt
    """
    if picture is not None and len(files) != 1:
        raise click.UsageError("--html draws one document: give one FILE.")
    columns = None if mapping is None else _read_mapping(mapping)
    key = None if key_file is None else _read_key(key_file)
    failed = False
    with _open_output(output) as stream:
        for name in files:
            notes: list[str] | None = [] if explain else None
            options = ReadOptions(
                keep_personal=keep_personal, pseudonym_key=key, columns=columns, notes=notes
            )
            threads: list[Thread] = []
            try:
                document = _open_document(name)
                for thread in read_threads(document, options):
                    stream.write(format_thread(thread) + "\n")
                    if picture is not None:
                        threads.append(thread)
                if picture is not None:
                    drawing = importlib.import_module("moderation.threads.picture")
                    drawing.write_picture(document, threads, picture)
            except InputError as error:
                click.echo(f"moderation: {error}", err=True)
                failed = True
            for note in notes or ():
                click.echo(f"{name}: {note}", err=True)
    if failed:
        sys.exit(1)


def format_thread(thread: Thread) -> str:
    """One thread as a line of JSON: keys in the order of the records, Unicode as it is."""
    line = json.dumps(thread.to_dict(), ensure_ascii=False)
    # A lone surrogate (from an export's escapes) is no character of UTF-8: escaped again.
    return line.encode("utf-8", "backslashreplace").decode("utf-8")


def _open_document(name: str) -> Document:
    if name == "-":
        return Document.from_bytes(sys.stdin.buffer.read())
    return Document.from_path(name)


@contextmanager
def _open_output(path: Path | None) -> Iterator[TextIO]:
    """Standard output, or a file written beside its place and renamed when complete."""
    if path is None:
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
        yield sys.stdout
        return
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("w", encoding="utf-8", newline="\n") as stream:
            yield stream
        partial.replace(path)
    except OSError as error:
        place = str(error.filename or path)
        raise InputError(place, f"cannot be written: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)


def _read_mapping(mapping: str) -> dict[str, str]:
    columns: dict[str, str] = {}
    for pair in mapping.split(","):
        name, equals, column = pair.partition("=")
        name, column = name.strip(), column.strip()
        if not equals or not name or not column:
            raise click.UsageError(f'--map: "{pair}" is not FIELD=COLUMN, as in text=body.')
        if name in columns:
            raise click.UsageError(f'--map: "{name}" is given twice.')
        columns[name] = column
    return columns


def _read_key(path: Path) -> bytes:
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        raise InputError(str(path), unreadable(error)) from error
    if not key:
        raise InputError(str(path), "the key file is empty; put a secret line into it")
    return key
