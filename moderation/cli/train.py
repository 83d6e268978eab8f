"""`moderation train`."""

from __future__ import annotations

import time
from pathlib import Path

import click


@click.command(
    epilog="""\b
Examples:
  moderation train --labels seeds/labels.jsonl --output out/small
  moderation train --labels seeds/labels.jsonl --contrasts seeds/contrasts.jsonl \\
      --corpora DIR --output models/default
"""
)
@click.option(
    "--labels",
    "label_files",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="A label file (see `moderation labels`); may be repeated.",
)
@click.option(
    "--contrasts",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The contrast set, as seeds/contrasts.jsonl.",
)
@click.option(
    "--harmless",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Harmless sentences, one a line, as seeds/harmless.list.",
)
@click.option(
    "--mentions",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Frames of sentences about groups, as seeds/mentions.toml.",
)
@click.option(
    "--everyday",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Short everyday comments with labels, as seeds/everyday.toml.",
)
@click.option(
    "--corpora",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder with public corpora (NAME.jsonl.gz).",
)
@click.option("--only", multiple=True, metavar="NAME", help="Only these corpora of the folder.")
@click.option(
    "--recipe",
    "recipe_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A recipe instead of the shipped one (moderation/data/recipe.toml).",
)
@click.option(
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the model goes: OUTPUT.safetensors.",
)
def train(
    label_files: tuple[Path, ...],
    contrasts: Path | None,
    harmless: Path | None,
    mentions: Path | None,
    everyday: Path | None,
    corpora: Path | None,
    only: tuple[str, ...],
    recipe_file: Path | None,
    output: Path,
) -> None:
    """Train a model from hand labels and public corpora.

    The same input gives the same file, byte for byte. Without --corpora the model knows nothing
    but the label files, which is worth as much as they are many.
    """
    if not label_files and corpora is None and contrasts is None:
        raise click.UsageError("give --labels, --contrasts or --corpora: there is nothing to learn")
    from moderation import training
    from moderation.errors import CorpusError

    started = time.monotonic()

    def log(line: str) -> None:
        click.echo(f"[{time.monotonic() - started:6.0f} s] {line}", err=True)

    recipe = training.read_recipe(recipe_file)
    own = training.Examples()
    for path in label_files:
        training.add_labels(own, path, recipe.labels_weight)
    if contrasts is not None:
        training.add_contrasts(own, contrasts, recipe.contrasts_weight)
    if harmless is not None:
        training.add_harmless(own, harmless, recipe.harmless_weight)
    if mentions is not None:
        training.add_mentions(own, mentions, recipe.mentions_weight)
        training.add_stances(own, mentions, recipe.stances_weight)
    if everyday is not None:
        training.add_everyday(own, everyday, recipe.everyday_weight)
    examples = training.Examples()
    if corpora is not None:
        from moderation.corpora import load_all

        if not corpora.is_dir():
            raise CorpusError(str(corpora), "no such folder; give one with NAME.jsonl.gz files")
        log(f"reading {corpora}")
        training.add_corpora(examples, load_all(corpora, only or None), recipe)
    examples.extend(own)
    model = training.train(examples, recipe, output.name.removesuffix(".safetensors"), log)
    if corpora is not None and (corpora / "toxic_spans.jsonl.gz").is_file():
        from moderation.corpora import load

        spans = load(corpora, "toxic_spans").part("train")
        marked = [row["toxic_characters"] for row in spans.raw_labels]
        floor, share, mean = training.choose_rationale(model, spans.texts[:2000], marked[:2000])
        model.settings["rationale"] = [floor, share]
        log(f"words are shown from {floor} and {share} of the largest: character F1 {mean:.3f}")
    written = training.write(model, output)
    log(f"wrote {written.path} ({written})")
    if corpora is None:
        count = examples.part.count("train")
        click.echo(
            f"This model has seen {count:,} labelled comments and nothing else: its scores say how "
            "much a comment resembles those, and are calibrated on the very same ones. Treat it as "
            "a trial of the pipeline; give --corpora for one that judges comments at large.",
            err=True,
        )
