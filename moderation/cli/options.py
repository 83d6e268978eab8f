"""Options that several commands share."""

from __future__ import annotations

import click

register_option = click.option(
    "--register",
    type=click.Choice(["talk", "social"]),
    help="How all comments are written, if you know: as on talk pages or as in social media.",
)
