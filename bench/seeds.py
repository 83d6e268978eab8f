"""How a model that never saw the seed comments judges them, beside their hand labels.

    moderation train --contrasts seeds/contrasts.jsonl --harmless seeds/harmless.list \
        --mentions seeds/mentions.toml --everyday seeds/everyday.toml --corpora DIR \
        --output out/without-seeds
    python bench/seeds.py --model out/without-seeds --output models/default.seeds.json

The model is trained without any of the three threads, which is stricter than leaving out one at a
time. There are 25 comments: the figures say that nothing is badly wrong, and no more.
"""

from __future__ import annotations

import json
from pathlib import Path

import click
import numpy as np
from sklearn.metrics import roc_auc_score

import moderation
from moderation.labelling.store import labelled_texts
from moderation.records import LABELS


@click.command()
@click.option("--model", required=True, help="A model trained without the seeds' labels.")
@click.option("--labels", default="seeds/labels.jsonl", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path))
def main(model: str, labels: str, output: Path | None) -> None:
    """Print the figures by label, and write them for the model card."""
    loaded = moderation.load(model)
    sources = loaded.settings.get("trained", {}).get("sources", {})
    if Path(labels).name in sources:
        raise click.UsageError(f"{loaded} was trained with {labels}: train one without --labels")
    pairs = labelled_texts(labels)
    truth = np.array([[record.labels[name] or 0 for name in LABELS] for record, _ in pairs])
    found = loaded.predict_proba([text for _, text in pairs])
    figures: dict[str, float] = {}
    click.echo(f"{len(pairs)} comments, {loaded}")
    for number, name in enumerate(LABELS):
        y, p = truth[:, number], found[:, number]
        yes = p >= loaded.thresholds[name]
        figures[f"{name} positives"] = int(y.sum())
        figures[f"{name} accuracy"] = round(float((yes == y).mean()), 3)
        if 0 < y.sum() < len(y):
            figures[f"{name} auc"] = round(float(roc_auc_score(y, p)), 3)
        shown = ", ".join(
            f"{k.split()[1]} {v}" for k, v in figures.items() if k.startswith(f"{name} ")
        )
        click.echo(f"{name:<16} {shown}")
    if output is not None:
        command = f"python bench/seeds.py --model {model} (trained without --labels)"
        record = {"n": len(pairs), "model": str(loaded), "figures": figures, "command": command}
        output.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
