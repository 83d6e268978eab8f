"""How well this project and trafilatura find the comments of the same documents, side by side.

    python bench/threads.py FOLDER... [--output bench/threads.md]

Each FOLDER holds documents and a gold.jsonl in one of the shapes of `moderation.threads.judging`
(pages, forums, dumps); trafilatura (peers.txt) reads HTML only. Both run in this process, on the
same bytes, and are judged by the same code. trafilatura gives the text of all comments in
paragraphs: each paragraph is taken for a comment, and "text found" counts the gold comments whose
letters and digits stand anywhere in a tool's comments, whoever draws the borders between them.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from moderation.cli.evaluate_threads import list_files
from moderation.errors import InputError, ModerationError
from moderation.records import Comment, Source, Thread
from moderation.threads import Document, read_threads
from moderation.threads.judging import (
    COLUMNS,
    GoldComment,
    Judgement,
    compare,
    fill_texts,
    find_document,
    fold,
    read_gold,
    summarise,
)

Tool = Callable[[Document], list[Thread] | None]
"""Threads of a document; None where the tool does not read its kind."""


def run_ours(document: Document) -> list[Thread] | None:
    """This project."""
    try:
        return list(read_threads(document))
    except InputError:
        return []


def run_trafilatura(document: Document) -> list[Thread] | None:
    """trafilatura with comments on: one comment a paragraph, no authors, no parents."""
    import trafilatura

    head = document.head[:4096].lower()
    if not any(tag in head for tag in (b"<!doctype html", b"<html", b"<head", b"<body")):
        return None
    found = trafilatura.bare_extraction(document.read(), include_comments=True)
    body = getattr(found, "commentsbody", None)
    texts = [" ".join(element.itertext()) for element in body] if body is not None else []
    comments = tuple(
        Comment(id=str(number), text=text, order=number)
        for number, text in enumerate(texts)
        if text.strip()
    )
    return [Thread(Source(document.name, document.sha256, "html"), comments=comments)]


def count_contained(threads: Sequence[Thread], gold: Sequence[GoldComment]) -> tuple[int, int]:
    """Gold comments whose letters and digits stand in the comments' joined text; of how many."""
    everything = fold("\n".join(c.text for thread in threads for c in thread.comments))
    asked = [comment for comment in gold if any(comment.texts)]
    right = sum(1 for c in asked if any(text and text in everything for text in c.texts))
    return right, len(asked)


def measure(folder: Path, tool: Tool) -> dict[str, Any] | None:
    """The measures of one tool on one folder, None where it reads none of its documents."""
    gold_path = folder / "gold.jsonl"
    gold = read_gold(gold_path)
    judged: list[Judgement] = []
    shares: list[float] = []
    seconds = 0.0
    authors = parents = False
    for path in list_files((folder,), gold_path):
        name = find_document(path, gold)
        wanted = gold.get(name, []) if name is not None else []
        document = Document.from_path(path)
        fill_texts(wanted, document)
        start = time.process_time()
        threads = tool(document)
        seconds += time.process_time() - start
        if threads is None:
            continue
        comments = [comment for thread in threads for comment in thread.comments]
        authors = authors or any(comment.author is not None for comment in comments)
        parents = parents or any(comment.parent_known for comment in comments)
        judged.append(compare(threads, wanted))
        right, asked = count_contained(threads, wanted)
        if asked:
            shares.append(right / asked)
    if not judged:
        return None
    contained = sum(shares) / len(shares) if shares else None
    shape: dict[str, Any] = {**summarise(judged), "contained": contained, "seconds": seconds}
    if not authors:
        shape["author"] = None  # this tool does not give them: no accuracy to speak of
    if not parents:
        shape["parent"] = None
    return shape


def digest(path: Path) -> str:
    """The first digits of a file's sha256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def format_rows(rows: Sequence[tuple[str, str, dict[str, Any] | None]]) -> str:
    """A Markdown table, a line for each folder and tool."""
    columns = [*COLUMNS[:6], ("text found", "contained"), *COLUMNS[8:]]
    heads = ["documents", "tool", "number", *(head for head, _ in columns), "CPU s"]
    lines = [heads, ["---", "---", *["---:"] * (len(heads) - 2)]]
    for folder, tool, shape in rows:
        cells = [folder, tool]
        if shape is None:
            cells += ["reads no such files", *[""] * (len(heads) - 3)]
        else:
            values = [shape[key] for _, key in columns]
            cells.append(str(shape["documents"]))
            cells += ["" if value is None else f"{value:.3f}" for value in values]
            cells.append(f"{shape['seconds']:.1f}")
        lines.append(cells)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path))
def main(folders: tuple[Path, ...], output: Path | None) -> None:
    """Print the table; write it to OUTPUT as well."""
    try:
        version = importlib.metadata.version("trafilatura")
    except importlib.metadata.PackageNotFoundError:
        raise click.UsageError("trafilatura is missing: pip install -r bench/peers.txt") from None
    own = importlib.metadata.version("moderation")
    tools: list[tuple[str, Tool]] = [
        (f"moderation {own}", run_ours),
        (f"trafilatura {version}", run_trafilatura),
    ]
    try:
        rows = [(f.name, name, measure(f, tool)) for f in folders for name, tool in tools]
    except ModerationError as error:
        click.echo(f"bench/threads.py: {error}", err=True)
        sys.exit(1)
    gold = [f"{f.name} {digest(f / 'gold.jsonl')}" for f in folders]
    named = " ".join(f.name for f in folders)
    table = (
        f"<!-- Printed by: python bench/threads.py {named}; sha256 of gold: {', '.join(gold)} -->\n"
        "Averages over documents; F1, precision and recall by exact letters and digits.\n\n"
        f"{format_rows(rows)}\n"
    )
    click.echo(table, nl=False)
    if output is not None:
        output.write_text(table, "utf-8")


if __name__ == "__main__":
    main()
