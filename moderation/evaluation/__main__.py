"""`python -m moderation.evaluation`: rewrite what is pinned or printed from a measured model.

floors   tests/quality.json
card     the model card and the README's figures
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from moderation.errors import InputError, ModerationError


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


@tools.command()
@click.option("--model", default=None, help="Name or path; the shipped model if left out.")
@click.option(
    "--corpora",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with the corpora: measure everything.",
)
@click.option(
    "--report",
    "report_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A report of this model, as `moderation evaluate --output` writes it: measure nothing.",
)
@click.option(
    "--readme",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="README whose block of figures is to be written, too.",
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path),
              help="The card; MODEL.md beside the model file if left out.")  # fmt: skip
@click.option("--keep", type=click.Path(dir_okay=False, path_type=Path),
              help="Keep the measured report as JSON.")  # fmt: skip
@click.option("--bootstrap", type=click.IntRange(0), default=1000, show_default=True)
@click.option(
    "--contrasts",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=Path("seeds/contrasts.jsonl"),
    show_default=True,
)
@click.option(
    "--tricks",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=Path("bench/tricks.py"),
    show_default=True,
    help="Python file with TRICKS. It is run.",
)
@click.option(
    "--codebook",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=Path("seeds/CODEBOOK.md"),
    show_default=True,
)
def card(
    model: str | None,
    corpora: Path | None,
    report_file: Path | None,
    readme: Path | None,
    output: Path | None,
    keep: Path | None,
    bootstrap: int,
    contrasts: Path,
    tricks: Path,
    codebook: Path,
) -> None:
    """Measure a model and write its card and the README's figures (in the checkout's folder).

    \b
    Example:
      python -m moderation.evaluation card --corpora DIR --readme README.md
      python -m moderation.evaluation card --report report.json --readme README.md
    """
    from moderation.evaluation import evaluate_model
    from moderation.evaluation.card import (
        insert_figures,
        read_report,
        read_sources,
        write_card,
        write_figures,
    )
    from moderation.model import load

    if (corpora is None) == (report_file is None):
        raise click.UsageError("Give either --corpora (to measure) or --report.")
    if report_file is not None and keep is not None:
        raise click.UsageError("--keep goes with --corpora.")
    found = load(model)
    if report_file is not None:
        report = read_report(report_file)
        if report.digest != found.digest:
            raise InputError(
                str(report_file),
                f"measured model {report.digest[:12]}, but {found.path} is {found.digest[:12]}; "
                "measure it again",
            )
        if report.register != found.register:
            raise InputError(
                str(report_file),
                f"measured the model as told {report.register!r}, and {found.path} is told "
                f"{found.register!r}; measure it without --register",
            )
    else:
        from moderation.cli.evaluate import read_tricks

        assert corpora is not None
        report = evaluate_model(
            found, corpora, bootstrap=bootstrap, contrasts=contrasts, tricks=read_tricks(tricks)
        )
        if keep is not None:
            _replace(keep, json.dumps(report.to_dict(), indent=1, ensure_ascii=False) + "\n")
    sources = read_sources(found, report, codebook=codebook, named=model)
    # Both are made before either is written: a fault in one leaves both as they were.
    page = write_card(report, sources)
    whole = readme and insert_figures(
        readme.read_text(encoding="utf-8"), write_figures(report, sources), str(readme)
    )
    assert found.path is not None
    output = output or found.path.with_suffix(".md")
    _replace(output, page)
    click.echo(f"{output}: card of {found}, {len(report.figures)} figures")
    if readme and whole:
        _replace(readme, whole)
        click.echo(f"{readme}: figures of {found}")


def _replace(path: Path, content: str) -> None:
    """Write beside, then rename."""
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(content, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise InputError(str(path), f"cannot be written: {error.strerror}") from None


if __name__ == "__main__":
    try:
        tools.main(prog_name="python -m moderation.evaluation")
    except ModerationError as error:
        click.echo(f"moderation.evaluation: {error}", err=True)
        sys.exit(1)
