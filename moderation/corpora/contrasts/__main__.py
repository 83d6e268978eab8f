"""`python -m moderation.corpora.contrasts`: build and read the contrast set."""

import sys

import click

from moderation.corpora.contrasts.commands import main
from moderation.errors import InputError

if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        click.echo(f"contrasts: {error}", err=True)
        sys.exit(1)
