"""The parts put together: a Model, and its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from moderation.features.combinations import Combined
from moderation.model import HEADS, SUFFIX, Model, load_file, save
from moderation.reading.hashing import slots
from moderation.records import LABELS
from moderation.settings import FORMAT
from moderation.training.arrays import Float32
from moderation.training.concepts import CONCEPTS
from moderation.training.knowledge import Knowledge
from moderation.training.recipe import Recipe
from moderation.training.screening import Screen
from moderation.weights import on_grid


def assemble(
    name: str,
    knowledge: Knowledge,
    chosen: Screen,
    heads: Float32,
    pooling: Float32,
    recipe: Recipe,
    extra: dict[str, Any],
    combined: Combined | None = None,
) -> Model:
    """Put the parts together: `heads` float32 (F, H), `pooling` float32 (H, P).

    `combined` has masks over `concepts.CONCEPTS`.

    ValueError where `chosen` has two features of one slot: see `screening.prune`.
    """
    slots_total = 1 << recipe.bits
    fingerprint = np.zeros(slots_total, np.uint16)
    weight = np.zeros((slots_total, len(HEADS)), np.float16)
    slot, fingerprints = slots(chosen.keys, recipe.bits)
    if len(np.unique(slot)) < len(slot):
        raise ValueError("two features want one slot: prune them first")
    fingerprint[slot] = fingerprints
    weight[slot] = on_grid(heads * chosen.idf[:, None])
    unused = ~weight.any(axis=1)
    fingerprint[unused] = 0
    words = list(knowledge.tables.vocabulary)
    settings: dict[str, Any] = {
        "format": FORMAT,
        "name": name,
        "labels": list(LABELS),
        "bits": recipe.bits,
        "kappa": recipe.kappa,
        "unknown": recipe.unknown,
        "classes": list(knowledge.class_names),
        "telling": knowledge.telling,
        "tables": knowledge.tables.to_json(),
        "thresholds": dict.fromkeys(LABELS, 0.5),
        "rationale": [0.4, 0.3],
        **extra,
    }
    if combined is not None:
        settings["concepts"] = [list(names) for names in CONCEPTS.values()]
    return Model(
        name=name,
        settings=settings,
        fingerprint=fingerprint,
        weight=weight,
        vocabulary=np.frombuffer("\n".join(words).encode("utf-8"), np.uint8),
        word_class=np.array([knowledge.classes.get(word, 0) for word in words], np.uint8),
        pool=pooling,
        context=knowledge.tables.context,
        combined=combined,
    )


def write(model: Model, output: str | Path) -> Model:
    """Save a model as OUTPUT.safetensors and read it back."""
    path = Path(output)
    if path.suffix != SUFFIX:
        path = path.with_name(path.name + SUFFIX)
    save(model, path)
    return load_file(path)
