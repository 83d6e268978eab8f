"""`moderation score`."""

from __future__ import annotations

from collections.abc import Iterator

import click

from moderation.cli.options import register_option


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
@register_option
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
    register: str | None,
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
    from moderation.cli.scored import number_texts, write_scores
    from moderation.model import load
    from moderation.streams import Skips, open_input, read_comments

    model = load(model_name, register)
    skips = Skips() if skip_errors else None

    def rows() -> Iterator[tuple[str, str]]:
        if input_name is None:
            yield from number_texts(text)
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

    write_scores(rows(), model, output_name, as_table, explain)
    if skips is not None and skips.count:
        for line in skips.first:
            click.echo(f"moderation: skipped {line}", err=True)
        click.echo(f"moderation: {skips.count} malformed lines were skipped", err=True)
