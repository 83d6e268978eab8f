"""A second reader of the contrast set: what is shown without labels, what was read and decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from moderation.corpora.contrasts.expanding import expand_templates
from moderation.corpora.contrasts.material import Material, Side, digest


def export_blind(material: Material, samples: int = 2) -> list[dict[str, str]]:
    """`{"id", "text"}` for a second reader: up to `samples` texts a side, shuffled, no labels.

    Sides that reader B has already read are left out.
    """
    second, _ = collect_readings(material.readings)
    rows: list[dict[str, str]] = []
    counts: Counter[str] = Counter()
    for expansion in expand_templates(material):
        for side, text in zip(expansion.pair.sides, expansion.texts, strict=True):
            if side.key in second or counts[side.key] >= samples:
                continue
            rows.append({"id": blind_id(side, counts[side.key]), "text": text})
            counts[side.key] += 1
    return sorted(rows, key=lambda row: row["id"])


def blind_id(side: Side, sample: int) -> str:
    """Says nothing to a reader, and stays the same when other templates are added."""
    return digest(f"blind {side.key} {sample}")[:12]


def collect_readings(
    readings: Iterable[Mapping[str, Any]],
) -> tuple[dict[str, dict[str, int | None]], dict[str, dict[str, int]]]:
    """Reading B by side (None where its samples differ), and the decision by side (the last)."""
    second: dict[str, dict[str, int | None]] = {}
    decided: dict[str, dict[str, int]] = {}
    for record in readings:
        side, labels = record["side"], record["labels"]
        if record["reader"] == "decision":
            decided[side] = dict(labels)
        elif side in second:
            for name, value in labels.items():
                if second[side][name] != value:
                    second[side][name] = None
        else:
            second[side] = dict(labels)
    return second, decided
