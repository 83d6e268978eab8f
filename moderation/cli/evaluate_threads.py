"""`moderation evaluate threads`: extraction measured against gold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from moderation.errors import InputError
from moderation.threads import Document, read_threads
from moderation.threads.judging import (
    Judgement,
    compare,
    fill_texts,
    find_document,
    format_table,
    read_gold,
    summarise,
)


@click.command("threads")
@click.option(
    "--gold",
    "gold_path",
    required=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The gold: JSON Lines, one comment a line.",
)
@click.option(
    "--json",
    "output",
    metavar="OUT",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write all counts and measures here.",
)
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    metavar="PATH...",
    type=click.Path(exists=True, path_type=Path),
)
def threads(gold_path: Path, output: Path | None, paths: tuple[Path, ...]) -> None:
    """Measure the extraction of threads from files, or all files of folders, against gold.

    A file of which the gold has no comment counts as one without comments. Gold lines are
    told by their keys; a page's are {"doc", "index", "text", "author", "depth",
    "parent_index"}, an export's {"file", "native_id", "parent_native_id", "author",
    "created_raw", "status", "kind", "thread", "text_raw"}, a dump's {"tool", "doc", "index",
    "author", "depth", "parent_index", "start", "end"}, a forum's {"doc", "index",
    "author_display", "text"}.

    \b
    Example:
      moderation evaluate threads --gold gold.jsonl pages/ --json figures.json
    """
    gold = read_gold(gold_path)
    groups: dict[str, dict[str, Judgement]] = {}
    seen: set[str] = set()
    for path in list_files(paths, gold_path):
        name = find_document(path, gold)
        wanted = gold.get(name, []) if name is not None else []
        document = Document.from_path(path)
        fill_texts(wanted, document)
        try:
            found = list(read_threads(document))
        except InputError as error:
            click.echo(f"moderation: {error} (counted as without threads)", err=True)
            found = []
        shown = name if name is not None else f"{path.parent.name}/{path.name}"
        if name is not None:
            seen.add(name)
        groups.setdefault(_group(path), {})[shown] = compare(found, wanted)
    unread = sorted(set(gold) - seen)
    if len(unread) == len(gold):
        raise InputError(str(gold_path), f'names none of the files, but e.g. "{unread[0]}"')
    if unread:
        count = f"{len(unread)} documents of the gold were not given, e.g. {unread[0]}"
        click.echo(f"moderation: {count}", err=True)
    for number, (group, judged) in enumerate(groups.items()):
        rows = [(name, _row(judgement)) for name, judgement in judged.items()]
        rows.append((f"**average of {group}**", dict(summarise(judged.values()))))
        click.echo(("\n" if number else "") + format_table(rows))
    everything = [judgement for judged in groups.values() for judgement in judged.values()]
    if len(groups) > 1:
        summary = [(group, dict(summarise(judged.values()))) for group, judged in groups.items()]
        summary.append(("**all**", dict(summarise(everything))))
        click.echo("\n" + format_table(summary, "group"))
    if output is not None:
        shape: dict[str, Any] = {
            "average": summarise(everything),
            "groups": {group: summarise(judged.values()) for group, judged in groups.items()},
            "documents": {
                name: judgement.to_dict()
                for judged in groups.values()
                for name, judgement in judged.items()
            },
        }
        _write(output, json.dumps(shape, indent=1, ensure_ascii=False) + "\n")


def list_files(paths: tuple[Path, ...], gold_path: Path) -> Iterator[Path]:
    """The files of `paths`, folders walked in order; not the gold, hidden files or read-mes."""
    for path in paths:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            hidden = path.is_dir() and (file.name.startswith(".") or file.stem == "README")
            if not hidden and file.resolve() != gold_path.resolve():
                yield file


def _group(path: Path) -> str:
    return path.resolve().parent.name


def _row(judgement: Judgement) -> dict[str, Any]:
    return {
        "gold": judgement.gold,
        "extracted": judgement.extracted,
        **judgement.measures(),
    }


def _write(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(text, "utf-8")
        partial.replace(path)
    except OSError as error:
        raise InputError(str(path), f"cannot be written: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)
