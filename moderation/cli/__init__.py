"""The command line: one module a command, each calling one public function.

Commands are looked up in `COMMANDS` and imported only when they run, so that `moderation score`
never pays for reading HTML or for training.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

from moderation.errors import ModerationError

COMMANDS: dict[str, tuple[str, str]] = {
    # name: (module:attribute, one line for --help)
    "extract": ("moderation.cli.extract:extract", "Read comment threads from documents."),
    "labels": ("moderation.cli.labels:labels", "Check hand-made labels and their agreement."),
    "train": ("moderation.cli.train:train", "Train a model from labels and corpora."),
    "score": ("moderation.cli.score:score", "Score comments."),
    "explain": ("moderation.cli.explain:explain", "Show why a comment got its score."),
    "model": ("moderation.cli.model:model", "Show what is in a model file."),
    "evaluate": ("moderation.cli.evaluate:evaluate", "Measure a model, or thread extraction."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name][0].split(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # The reader of our output (head, less) went away: not an error, as click has it.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="moderation")
def cli() -> None:
    """Read comment threads, score comments for abuse, explain every score.

    \b
    Example:
      moderation score "You are a disgrace."
      moderation extract seeds/*.txt | moderation score --input -
    """


def main() -> None:
    """Entry point: a user's mistake becomes one line on stderr and exit code 1 (usage: 2)."""
    try:
        cli.main(standalone_mode=True)
    except ModerationError as error:
        click.echo(f"moderation: {error}", err=True)
        sys.exit(1)
