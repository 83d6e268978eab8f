"""`moderation model`."""

from __future__ import annotations

from pathlib import Path

import click

from moderation.cli.options import register_option


@click.group()
def model() -> None:
    """Look into a model file, or fit its scores to comments of your own.

    \b
    Example:
      moderation model show
      moderation model show models/default.safetensors
      moderation model recalibrate --input own.jsonl --output models/own
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
    for name in ("fingerprint", "weight", "vocabulary", "word_class", "word_sums", "pool"):
        array = getattr(found, name)
        click.echo(f"array       {name}: {array.dtype}{list(array.shape)}")
    if found.context is not None:
        rows = len(found.context.value)
        click.echo(f"array       context: uint16[{rows}], context_value: uint8[{rows}]")
    if found.combined is not None:
        rows, heads = found.combined.value.shape
        click.echo(f"array       combination: uint64[{rows}, 2]")
        click.echo(f"array       combination_value: float16[{rows}, {heads}]")
    filled = int((found.fingerprint != 0).sum())
    click.echo(f"features    {filled:,} of {len(found.fingerprint):,} slots")
    click.echo(f"vocabulary  {len(found.words):,} words, {len(found.classes):,} with a class")
    thresholds = ", ".join(f"{k} {v:.3f}" for k, v in found.thresholds.items())
    click.echo(f"thresholds  {thresholds}")
    if found.register:
        click.echo(f"register    {found.register}, told")
    note = settings.get("recalibrated")
    if note:
        click.echo(f"recalibrated on {note['rows']} comments ({note['source'][:12]}), from model "
                   f"{note['from'][:12]}: {', '.join(note['labels'])}")  # fmt: skip
    for key, value in sorted(settings.get("trained", {}).items()):
        click.echo(f"{key:<11} {value if not isinstance(value, dict) else ''}".rstrip())
        if isinstance(value, dict):
            for name, detail in sorted(value.items()):
                click.echo(f"            {name}: {detail}")
    card = path.with_name(path.stem + ".md")
    if card.is_file():
        click.echo("")
        click.echo(card.read_text(encoding="utf-8").rstrip())


@model.command()
@click.option(
    "--input",
    "labelled",
    required=True,
    type=click.Path(dir_okay=False),
    help="JSON lines or CSV: text, and a column 0 or 1 for each label that you judged.",
)
@click.option("--model", "name", default=None, help="Name or path; the shipped model if left out.")
@register_option
@click.option(
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the new model goes: OUTPUT.safetensors.",
)
def recalibrate(labelled: str, name: str | None, register: str | None, output: Path) -> None:
    """Fit a model's scores to some 200 labelled comments of your own (at least 50).

    \b
    Example:
      moderation model recalibrate --input own.jsonl --output models/own
      moderation score --model models/own --input comments.jsonl
    """
    from moderation.model import SUFFIX, load, save
    from moderation.recalibration import read_labelled
    from moderation.recalibration import recalibrate as fit

    given = load(name, register)
    texts, labels, digest = read_labelled(labelled)
    if output.suffix != SUFFIX:
        output = output.with_name(output.name + SUFFIX)
    if given.path is not None and output.exists() and output.samefile(given.path):
        raise click.UsageError("--output is the model itself; give another file")
    found = fit(given, texts, labels, name=output.stem, source=digest, place=labelled)
    written = save(found.model, output)
    for one in found.fits:
        share = one.positives / one.n
        click.echo(
            f"{one.label}: {one.positives} of {one.n} ({share:.3f}); "
            f"mean score {one.mean_before:.3f} -> {one.mean_after:.3f}; "
            f"log loss {one.loss_before:.3f} -> {one.loss_after:.3f} (cross-validated); "
            f"slope {one.slope:.2f}, offset {one.offset:+.2f}"
        )
        if one.loss_after > one.loss_before:
            click.echo(f"{one.label}: the model as it was fits these comments no worse")
    for label, reason in found.unchanged.items():
        click.echo(f"{label}: unchanged ({reason})")
    click.echo(f"wrote {output} ({output.stem}@{written[:12]})")
