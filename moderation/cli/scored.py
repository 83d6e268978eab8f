"""What `moderation score` does once its arguments are known; nothing here needs click."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from moderation.model import Model
    from moderation.records import Score

BATCH = 1_024


def score_plainly(texts: Sequence[str]) -> None:
    """`moderation score TEXT...` without options: the shipped model, to standard output."""
    from moderation.model import load

    try:
        with reader_may_leave():
            write_scores(number_texts(texts), load())
    except KeyboardInterrupt:
        print("\nAborted!", file=sys.stderr)  # the words and the code of click
        sys.exit(1)


@contextlib.contextmanager
def reader_may_leave() -> Iterator[None]:
    """The reader of our output (head, less) went away: not an error."""
    try:
        yield
    except BrokenPipeError:
        # nothing more can be written, not even what is flushed at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def number_texts(texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Texts of the command line with their numbers for ids, from "1".

    Who gives the name of a file wants its comments scored, most likely, and is told how.
    """
    for number, given in enumerate(texts, 1):
        if os.path.isfile(given):
            print(
                f"moderation: {given!r} was scored as a text; "
                "for the comments in the file of that name give --input FILE",
                file=sys.stderr,
            )
        yield str(number), given


def write_scores(
    rows: Iterable[tuple[str, str]],
    model: Model,
    output_name: str | None = None,
    as_table: bool | None = None,
    explain: bool = False,
) -> None:
    """Score `(id, text)` rows as they come; `as_table` None: a table for a terminal."""
    from moderation.streams import encode_json, open_output

    if as_table is None:
        as_table = output_name is None and sys.stdout.isatty()
    with open_output(output_name) as output:
        if as_table:
            from moderation.cli.tables import write_table

            write_table(_scored(rows, model), model, explain, output)
            return
        for identity, given, found in _scored(rows, model):
            record: dict[str, object] = {"id": identity, **found.to_dict()}
            if explain:
                from moderation.explanation import explain as explain_text

                record |= explain_text(given, model).to_dict()
            output.write(encode_json(record) + "\n")


def _scored(rows: Iterable[tuple[str, str]], model: Model) -> Iterator[tuple[str, str, Score]]:
    from moderation.scoring import score_many

    batch: list[tuple[str, str]] = []
    chars = 0

    def flush() -> Iterator[tuple[str, str, Score]]:
        scores = score_many([given for _, given in batch], model)
        for (identity, given), found in zip(batch, scores, strict=True):
            yield identity, given, found

    for row in rows:
        batch.append(row)
        chars += len(row[1])
        if len(batch) >= BATCH or chars > 1_000_000:
            yield from flush()
            batch, chars = [], 0
    if batch:
        yield from flush()
