"""`moderation score`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from moderation.model import Model
    from moderation.records import Score

BATCH = 1_024


@click.command(
    epilog="""\b
Examples:
  moderation score "You are a disgrace." "Thank you, that was kind."
  moderation extract seeds/*.txt | moderation score --input -
  moderation score --input comments.csv --text-column body --output scores.jsonl
"""
)
@click.argument("text", nargs=-1)
@click.option("--input", "input_name", metavar="FILE", help="Read comments from FILE; - is stdin.")
@click.option("--output", "output_name", metavar="FILE", help="Write JSON lines to FILE.")
@click.option(
    "--format",
    "input_format",
    type=click.Choice(["auto", "jsonl", "csv", "lines", "threads"]),
    default="auto",
    show_default=True,
    help="JSON lines with id and text, CSV, plain lines, or threads from `extract`.",
)
@click.option("--text-column", default="text", show_default=True, help="Where the text is.")
@click.option("--id-column", default="id", show_default=True, help="Where the id is.")
@click.option(
    "--model", "model_name", metavar="NAME", help="A model file or a shipped model's name."
)
@click.option("--explain", is_flag=True, help="Add the spans that made each score.")
@click.option("--skip-errors", is_flag=True, help="Count malformed lines instead of stopping.")
@click.option(
    "--table/--json", "as_table", default=None, help="Output form (default: by terminal)."
)
def score(
    text: tuple[str, ...],
    input_name: str | None,
    output_name: str | None,
    input_format: str,
    text_column: str,
    id_column: str,
    model_name: str | None,
    explain: bool,
    skip_errors: bool,
    as_table: bool | None,
) -> None:
    """Score comments for six labels, each a calibrated probability.

    Give TEXT on the command line or comments by --input. "abusive" and "hateful" are toxicity and
    identity_attack at the model's own thresholds.
    """
    if bool(text) == (input_name is not None):
        raise click.UsageError("give either TEXT or --input FILE (and not both)")
    from moderation.model import load
    from moderation.streams import Skips, encode_json, open_input, open_output, read_comments

    model = load(model_name)
    skips = Skips() if skip_errors else None
    if as_table is None:
        as_table = output_name is None and sys.stdout.isatty()

    def rows() -> Iterator[tuple[str, str]]:
        if input_name is None:
            for number, given in enumerate(text, 1):
                yield str(number), given
            return
        with open_input(input_name) as (name, stream):
            yield from read_comments(
                name,
                stream,
                input_format,
                text_column=text_column,
                id_column=id_column,
                skips=skips,
            )

    with open_output(output_name) as output:
        if as_table:
            from moderation.cli.tables import write_table

            write_table(_scored(rows(), model), model, explain, output)
        else:
            for identity, given, found in _scored(rows(), model):
                record: dict[str, object] = {"id": identity, **found.to_dict()}
                if explain:
                    from moderation.explanation import explain as explain_text

                    record |= explain_text(given, model).to_dict()
                output.write(encode_json(record) + "\n")
    if skips is not None and skips.count:
        for line in skips.first:
            click.echo(f"moderation: skipped {line}", err=True)
        click.echo(f"moderation: {skips.count} malformed lines were skipped", err=True)


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
