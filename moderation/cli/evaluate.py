"""`moderation evaluate`: every figure of a model's card, from one command."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import click

from moderation.cli.options import register_option
from moderation.errors import InputError


class EvaluateGroup(click.Group):
    """A command of its own that also has subcommands, imported when they are asked for."""

    SUBCOMMANDS = ("threads",)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [
            name
            for name in self.SUBCOMMANDS
            if importlib.util.find_spec(f"moderation.cli.evaluate_{name}") is not None
        ]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = getattr(importlib.import_module(f"moderation.cli.evaluate_{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=EvaluateGroup, invoke_without_command=True)
@click.option(
    "--model", default=None, help="Name or path of the model; the shipped one if left out."
)
@register_option
@click.option(
    "--corpora",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with the corpora (NAME.jsonl.gz).",
)
@click.option("--set", "sets", multiple=True, help="A corpus, set or probe; may be repeated.")
@click.option(
    "--split",
    type=click.Choice(["dev", "test", "all"]),
    default="all",
    show_default=True,
    help="dev for choosing, test for final figures only.",
)
@click.option("--bootstrap", type=click.IntRange(0), default=1000, show_default=True,
              help="Samples for the 95 % intervals; 0 for none.")  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the bootstrap.")
@click.option("--groups", is_flag=True, help="Print the figures of every group as well.")
@click.option(
    "--contrasts",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The contrast set, as seeds/contrasts.jsonl.",
)
@click.option(
    "--tricks",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Python file with TRICKS: name -> function of text and random.Random. It is run.",
)
@click.option("--html", "page", type=click.Path(dir_okay=False, path_type=Path),
              help="Write a page with tables and curves.")  # fmt: skip
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path),
              help="Write every figure as JSON.")  # fmt: skip
@click.option("--list", "listing", is_flag=True, help="List the names that --set takes.")
@click.pass_context
def evaluate(
    ctx: click.Context,
    model: str | None,
    register: str | None,
    corpora: Path | None,
    sets: tuple[str, ...],
    split: str,
    bootstrap: int,
    seed: int,
    groups: bool,
    contrasts: Path | None,
    tricks: Path | None,
    page: Path | None,
    output: Path | None,
    listing: bool,
) -> None:
    """Measure a model on public corpora, or thread extraction (see the commands).

    \b
    Example:
      moderation evaluate --corpora DIR --split dev --set jigsaw2018_any
      moderation evaluate --corpora DIR --html report.html --output report.json
    """
    if ctx.invoked_subcommand is not None:
        return
    from moderation import evaluation
    from moderation.evaluation.page import write_page
    from moderation.evaluation.report import write_tables

    splits = ("dev", "test") if split == "all" else (split,)
    if listing:
        click.echo("\n".join(evaluation.set_names(splits)))
        return
    if corpora is None:
        raise click.UsageError("Missing option '--corpora': name the folder with the corpora.")
    from moderation.model import load

    report = evaluation.evaluate_model(
        load(model, register),
        corpora,
        sets=sets or None,
        splits=splits,
        bootstrap=bootstrap,
        seed=seed,
        tricks=read_tricks(tricks) if tricks else None,
        contrasts=contrasts,
    )
    click.echo(write_tables(report, groups=groups), nl=False)
    if output:
        _write(output, json.dumps(report.to_dict(), indent=1, ensure_ascii=False) + "\n")
    if page:
        _write(page, write_page([report], f"Evaluation of {report.title}"))


def read_tricks(path: Path) -> dict[str, Any]:
    """TRICKS of a Python file, and those of its SCATTER (if any) as "NAME, any word".

    Raises InputError if it has none or cannot be run.
    """
    spec = importlib.util.spec_from_file_location("moderation_tricks", path)
    if spec is None or spec.loader is None:
        raise InputError(str(path), "is not a Python file; name one that defines TRICKS")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise InputError(str(path), f"cannot be run: {type(error).__name__}: {error}") from None
    found = getattr(module, "TRICKS", None)
    if not isinstance(found, dict) or not found:
        raise InputError(str(path), "defines no TRICKS (a dict from name to function)")
    scattered = getattr(module, "SCATTER", {})
    return {**found, **{f"{name}, any word": trick for name, trick in scattered.items()}}


def _write(path: Path, content: str) -> None:
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(content, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise InputError(str(path), f"cannot be written: {error.strerror}") from None
