"""`moderation model`."""

from __future__ import annotations

import click


@click.group()
def model() -> None:
    """Look into a model file.

    \b
    Example:
      moderation model show
      moderation model show models/default.safetensors
    """


@model.command()
@click.argument("file", required=False)
@click.option("--json", "as_json", is_flag=True, help="Everything but the tables, as JSON.")
def show(file: str | None, as_json: bool) -> None:
    """Print what is in FILE (default: the shipped model): arrays, settings, digest and card."""
    from moderation.model import find, load_file
    from moderation.streams import encode_json

    path = find(file)
    found = load_file(path)
    settings = {k: v for k, v in found.settings.items() if k != "tables"}
    if as_json:
        click.echo(encode_json({"file": str(path), "sha256": found.digest, **settings}))
        return
    click.echo(f"{found}  {path} ({path.stat().st_size / 1e6:.1f} MB)")
    click.echo(f"sha256      {found.digest}")
    click.echo(f"format      {settings['format']}")
    click.echo(f"labels      {', '.join(found.labels)}")
    for name in ("fingerprint", "weight", "vocabulary", "word_class", "pool"):
        array = getattr(found, name)
        click.echo(f"array       {name}: {array.dtype}{list(array.shape)}")
    filled = int((found.fingerprint != 0).sum())
    click.echo(f"features    {filled:,} of {len(found.fingerprint):,} slots")
    click.echo(f"vocabulary  {len(found.words):,} words, {len(found.classes):,} with a class")
    thresholds = ", ".join(f"{k} {v:.3f}" for k, v in found.thresholds.items())
    click.echo(f"thresholds  {thresholds}")
    for key, value in sorted(settings.get("trained", {}).items()):
        click.echo(f"{key:<11} {value if not isinstance(value, dict) else ''}".rstrip())
        if isinstance(value, dict):
            for name, detail in sorted(value.items()):
                click.echo(f"            {name}: {detail}")
    card = path.with_name(path.stem + ".md")
    if card.is_file():
        click.echo("")
        click.echo(card.read_text(encoding="utf-8").rstrip())
