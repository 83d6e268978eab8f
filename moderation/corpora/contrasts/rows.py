"""The rows of contrasts.jsonl: which families are held out, how rows are built and read again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from moderation.corpora.contrasts.expanding import expand_templates
from moderation.corpora.contrasts.lines import check_labels, json_object, numbered_lines
from moderation.corpora.contrasts.material import Material, digest
from moderation.corpora.contrasts.readings import collect_readings
from moderation.errors import LabelError

HELDOUT_SHARE = 4  # one family in four of each capability is never trained on


def read_contrasts(path: str | Path) -> list[dict[str, Any]]:
    """The rows of a contrast file, checked.

    Each row is `{"id", "pair", "family", "capability", "part": "train" | "heldout", "text",
    "labels": {label: 0 | 1}, "target", "readings": {"A": {...}, "B": {...} | None}}`.
    Raises LabelError with file:line for a malformed row.
    """
    rows: list[dict[str, Any]] = []
    seen: set[str] = set()
    for number, line in numbered_lines(Path(path)):
        place = f"{path}:{number}"
        row = json_object(line, place)
        for key in ("id", "pair", "family", "capability", "part", "text", "target"):
            if not isinstance(row.get(key), str):
                raise LabelError(place, f'expected a string for "{key}"')
        if row["part"] not in ("train", "heldout"):
            raise LabelError(place, f'part is "{row["part"]}", expected "train" or "heldout"')
        check_labels(row.get("labels"), place)
        if not isinstance(row.get("readings"), dict) or "A" not in row["readings"]:
            raise LabelError(place, 'expected "readings" with at least reading "A"')
        if row["id"] in seen:
            raise LabelError(place, f'id "{row["id"]}" stands twice')
        seen.add(row["id"])
        rows.append(row)
    return rows


def build_rows(material: Material) -> Iterator[dict[str, Any]]:
    """The rows of contrasts.jsonl, two a pair, in the order of the templates.

    `labels` is the decision where there is one and reading A elsewhere. Reading B of a side whose
    samples were read differently is null for that label; it is None where nobody has read it yet.
    """
    second, decided = collect_readings(material.readings)
    heldout = set(material.heldout)
    for expansion in expand_templates(material):
        pair = expansion.pair
        stem = f"{pair.family}-{digest(pair.sides[0].text + pair.sides[1].text)[:8]}"
        pair_id = f"{stem}-{expansion.number}"
        for letter, side, text, target in zip(
            "ab", pair.sides, expansion.texts, expansion.targets, strict=True
        ):
            labels = dict(decided.get(side.key, side.labels))
            yield {
                "id": f"{pair_id}{letter}",
                "pair": pair_id,
                "family": pair.family,
                "capability": pair.capability,
                "part": "heldout" if pair.family in heldout else "train",
                "text": text,
                "labels": labels,
                "target": target if labels["toxicity"] else "none",
                "readings": {"A": dict(side.labels), "B": second.get(side.key)},
            }


def draw_heldout(material: Material) -> list[str]:
    """The held-out families: those on the list already, and new draws up to one in four.

    Within a capability families are drawn in the order of their names' digests; a family that is
    not drawn when it is new is not drawn later unless its capability has grown.
    """
    capabilities: dict[str, list[str]] = {}
    for pair in material.pairs:
        names = capabilities.setdefault(pair.capability, [])
        if pair.family not in names:
            names.append(pair.family)
    drawn = list(material.heldout)
    for names in capabilities.values():
        missing = round(len(names) / HELDOUT_SHARE) - sum(name in drawn for name in names)
        fresh = sorted((name for name in names if name not in drawn), key=digest)
        drawn.extend(fresh[: max(0, missing)])
    return drawn
