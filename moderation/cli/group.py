"""The command `moderation`: a group whose commands are imported when they run."""

from __future__ import annotations

import importlib
from typing import Any

import click

from moderation.cli import COMMANDS
from moderation.cli.scored import reader_may_leave


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
        with reader_may_leave():
            return super().invoke(ctx)
        return None

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
