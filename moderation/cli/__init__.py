"""The command line: one module a command, each calling one public function.

Commands are looked up in `COMMANDS` and imported only when they run, so that `moderation score`
never pays for reading HTML or for training. Texts without an option (`moderation score TEXT...`)
do not even need click, whose import takes longer than scoring them.
"""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING, Any

from moderation.errors import ModerationError

if TYPE_CHECKING:
    from moderation.cli.group import cli

__all__ = ["COMMANDS", "cli", "is_plain", "main"]

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


def __getattr__(name: str) -> Any:
    if name != "cli":
        raise AttributeError(f"module 'moderation.cli' has no attribute {name!r}")
    from moderation.cli.group import cli

    return cli


def is_plain(arguments: list[str]) -> bool:
    """Whether the arguments are `score` and texts, with nothing that could be an option."""
    return (
        len(arguments) > 1
        and arguments[0] == "score"
        and not any(argument.startswith("-") for argument in arguments[1:])
    )


def main() -> None:
    """Entry point: a user's mistake becomes one line on stderr and exit code 1 (usage: 2)."""
    arguments = sys.argv[1:]
    try:
        if is_plain(arguments):
            # So short a run leaves nothing to collect; to look for it takes 4 % of its time.
            gc.disable()
            from moderation.cli.scored import score_plainly

            score_plainly(arguments[1:])
        else:
            from moderation.cli.group import cli

            cli.main(standalone_mode=True)
    except ModerationError as error:
        print(f"moderation: {error}", file=sys.stderr)
        sys.exit(1)
