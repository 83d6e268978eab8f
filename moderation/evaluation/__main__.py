"""`python -m moderation.evaluation floors`: rewrite tests/quality.json from a measured model."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from moderation.errors import ModerationError


@click.group()
def tools() -> None:
    """Tools around evaluation that maintainers use."""


@tools.command()
@click.option(
    "--corpora",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with the corpora.",
)
@click.option("--model", default=None, help="Name or path; the shipped model if left out.")
@click.option(
    "--contrasts",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=Path("seeds/contrasts.jsonl"),
    show_default=True,
)
@click.option("--output", type=click.Path(path_type=Path), default=Path("tests/quality.json"))
@click.option("--lower", is_flag=True, help="Allow floors to fall.")
@click.option("--reason", default="", help="Why they may: kept beside each lowered floor.")
def floors(
    corpora: Path, model: str | None, contrasts: Path, output: Path, lower: bool, reason: str
) -> None:
    """Measure the pinned figures and set the floors just below them.

    \b
    Example:
      python -m moderation.evaluation floors --corpora DIR
      python -m moderation.evaluation floors --corpora DIR --lower --reason "half the size"
    """
    from moderation.evaluation import evaluate_model
    from moderation.evaluation.floors import SETS, read_floors, set_floors, write_floors
    from moderation.model import load

    if lower and not reason.strip():
        raise click.UsageError("--lower needs --reason.")
    report = evaluate_model(
        load(model), corpora, sets=SETS, bootstrap=0, contrasts=contrasts, tricks=None
    )
    old = read_floors(output) if output.exists() else None
    try:
        new = set_floors(report, old, lower=lower, reason=reason)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    write_floors(output, new)
    click.echo(f"{output}: {len(new['floors'])} floors for model {report.digest[:12]}")


if __name__ == "__main__":
    try:
        tools.main(prog_name="python -m moderation.evaluation")
    except ModerationError as error:
        click.echo(f"moderation.evaluation: {error}", err=True)
        sys.exit(1)
