"""Floors: figures that the shipped model must not fall below, pinned in tests/quality.json.

    {"data": {corpus: sha256}, "model": digest of the model file or null,
     "floors": [{"set", "label", "measure", "group", "floor" or "ceiling", "reason"}, …]}

A measure where less is better has a ceiling instead. Raising a floor is free; lowering one takes
`lower=True` and a reason, which is kept beside it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moderation.errors import InputError
from moderation.evaluation.report import Figure, Report

MARGIN = 0.002
# One flipped row of the 591 in the smallest pinned split moves an accuracy by 0.0017: float
# summation order on another machine may do that, and nothing worse should pass.

LOWER_IS_BETTER = frozenset(
    {
        "ece",
        "ece_as_shipped",
        "ece_recalibrated",
        "false_positive_rate",
        "false_alarm_ratio",
        "mean_absolute_change",
        "absolute_change_95_percent_point",
        "decisions_changed",
    }
)

Key = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Pin:
    """A figure worth pinning, and why."""

    set: str
    label: str
    measure: str
    reason: str
    group: str = ""


PINS: tuple[Pin, ...] = (
    Pin("perspective_scores/test", "toxicity", "auc", "beside the real Perspective: 0.990"),
    Pin("perspective_scores/test", "toxicity", "ap", "beside the real Perspective: 0.935"),
    Pin("jigsaw2018_test_balanced/test", "toxicity", "auc", "the largest test of toxicity"),
    Pin("jigsaw2018_test_sixlabel/test", "mean of six", "auc", "all six heads"),
    Pin("jigsaw2018_any/dev", "toxicity", "ece", "calibration at natural prevalence"),
    Pin("dynahate/test", "identity_attack", "auc", "hate written to fool models"),
    Pin("dynahate/test", "identity_attack", "macro_f1", "hate written to fool models"),
    Pin("hatemoji_build/test", "identity_attack", "macro_f1", "hate by emoji"),
    Pin("hatexplain/test:hatespeech", "identity_attack", "auc", "hate speech against the rest"),
    Pin("hatexplain/test", "toxicity", "auc", "not normal against normal"),
    Pin("cad/test:any_abuse", "toxicity", "auc", "any abuse on Reddit"),
    Pin("trac1/dev", "toxicity", "auc", "overt aggression against none"),
    Pin("identity_templates/test", "toxicity", "auc", "bias: overall"),
    Pin(
        "identity_templates/test:bias",
        "toxicity",
        "bpsn_auc_power_mean",
        "bias: naming is no abuse",
    ),
    Pin(
        "identity_templates/test:bias",
        "toxicity",
        "bnsp_auc_power_mean",
        "bias: abuse is still seen",
    ),
    Pin("sentences", "toxicity", "bpsn_auc_power_mean", "naming is no abuse, own sentences"),
    Pin("sentences", "toxicity", "bnsp_auc_power_mean", "abuse is still seen, own sentences"),
    Pin("sentences", "identity_attack", "false_positive_rate", "naming is no hate, own sentences"),
    Pin("functional", "identity_attack", "accuracy", "functional tests of our own"),
    Pin("everyday", "toxicity", "recall", "short everyday abuse is found"),
    Pin("everyday", "toxicity", "false_positive_rate", "short everyday comments are left alone"),
    Pin("noisyhate/test:perturbation", "toxicity", "kept", "people's own misspellings"),
    Pin("dilution", "toxicity", "recall_diluted", "abuse hidden between harmless sentences"),
    Pin("dilution", "toxicity", "false_positive_rate", "length is no abuse", "long comments"),
    Pin("mentions", "toxicity", "false_alarm_ratio", "naming is no abuse", "jigsaw2018_any"),
    Pin(
        "mentions",
        "identity_attack",
        "false_positive_rate",
        "a name alone is no hate",
        "own short sentences",
    ),
    Pin("dialect", "toxicity", "false_alarm_ratio", "dialect is no abuse"),
    Pin("contrasts/held-out", "toxicity and identity_attack", "accuracy", "own contrast set"),
    Pin(
        "toxic_spans/dev:explanation", "toxicity", "character_f1", "explanations point at the words"
    ),
)

SETS: tuple[str, ...] = tuple(
    dict.fromkeys(
        {
            "identity_templates/test:bias": "bias",
            "noisyhate/test:perturbation": "perturbation",
            "contrasts/held-out": "contrasts",
            "toxic_spans/dev:explanation": "explanation",
        }.get(pin.set, pin.set)
        for pin in PINS
    )
)
"""What `evaluate(sets=…)` must run for every pin."""


def read_floors(path: Path) -> dict[str, Any]:
    """The file as it stands. Raises InputError if it is absent or of another shape."""
    try:
        floors = json.loads(path.read_text(encoding="utf-8"))
        if not (isinstance(floors, dict) and {"data", "model", "floors"} <= set(floors)):
            raise ValueError("needs the keys data, model and floors")
        for row in floors["floors"]:
            if ("floor" in row) == ("ceiling" in row) or not row.get("reason"):
                raise ValueError(f"{row.get('set')}: needs a reason and a floor or a ceiling")
    except FileNotFoundError:
        raise InputError(str(path), "is not there; write it with `floors --output`") from None
    except ValueError as error:
        raise InputError(str(path), f"not a file of floors: {error}") from None
    assert isinstance(floors, dict)
    return floors


def check_floors(report: Report, floors: Mapping[str, Any]) -> list[str]:
    """One line for each floor that the report breaks, or that it cannot be held against."""
    problems = [
        f"{name}: sha256 {report.corpora[name][:12]}, but the floors were set on {digest[:12]}"
        for name, digest in floors["data"].items()
        if name in report.corpora and report.corpora[name] != digest
    ]
    if floors["model"] and report.digest and report.digest != floors["model"]:
        problems.append(
            f"model {report.digest[:12]}, but the floors were set for {floors['model'][:12]}; "
            "set them anew with `python -m moderation.evaluation floors`"
        )
    for row in floors["floors"]:
        figure = report.find(row["set"], row["label"], row["measure"], row.get("group", ""))
        what = " ".join(filter(None, _key(row)))
        if figure is None:
            problems.append(f"{what}: not measured")
        elif "floor" in row and figure.value < row["floor"]:
            problems.append(f"{what}: {figure.value:.4f} is below its floor {row['floor']:.4f}")
        elif "ceiling" in row and figure.value > row["ceiling"]:
            problems.append(f"{what}: {figure.value:.4f} is above its ceiling {row['ceiling']:.4f}")
    return problems


def set_floors(
    report: Report,
    old: Mapping[str, Any] | None = None,
    *,
    pins: Sequence[Pin] = PINS,
    lower: bool = False,
    reason: str = "",
) -> dict[str, Any]:
    """New floors from a report: each pinned figure less `MARGIN`, never worse than in `old`.

    With `lower` (and a `reason`, which is written beside each) floors that the report breaks are
    lowered to what it reaches; without it they raise ValueError. A lowered floor keeps its reason,
    and as `best` what it was, until it is back there. Old floors that the report has no figure for
    stay as they are.
    """
    if lower and not reason.strip():
        raise ValueError("lowering a floor takes a reason")
    before = {_key(row): dict(row) for row in (old or {"floors": []})["floors"]}
    rows: dict[Key, dict[str, Any]] = dict(before)
    worse = []
    for pin in pins:
        figure = report.find(pin.set, pin.label, pin.measure, pin.group)
        if figure is None:
            continue
        kind = "ceiling" if pin.measure in LOWER_IS_BETTER else "floor"
        row: dict[str, Any] = {"set": pin.set, "label": pin.label, "measure": pin.measure}
        if pin.group:
            row["group"] = pin.group
        row |= {kind: _bound(figure, kind), "reason": pin.reason}
        key = _key(row)
        if key in before:
            kept = before[key]
            sign = 1 if kind == "floor" else -1
            best = kept.get("best", kept[kind])
            if sign * (figure.value - kept[kind]) < 0:
                worse.append(f"{' '.join(filter(None, key))} {kept[kind]:.4f} -> {row[kind]:.4f}")
                row["reason"] = f"{pin.reason}; lowered from {kept[kind]:.4f}: {reason.strip()}"
                row["best"] = best
            elif sign * (row[kind] - kept[kind]) <= 0:
                row = kept
            elif sign * (row[kind] - best) < 0:
                row |= {"reason": kept["reason"], "best": best}
        rows[key] = row
    if worse and not lower:
        raise ValueError(
            f"{len(worse)} floors would fall ({'; '.join(worse)}); pass --lower with --reason"
        )
    data = dict((old or {}).get("data", {})) | report.corpora
    return {"data": data, "model": report.digest or None, "floors": list(rows.values())}


def write_floors(path: Path, floors: Mapping[str, Any]) -> None:
    """Write the file, beside it first."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(floors, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(path)


def _bound(figure: Figure, kind: str) -> float:
    """The value less (or plus) the margin, rounded outwards to four digits."""
    if kind == "floor":
        return math.floor((figure.value - MARGIN) * 1e4) / 1e4
    return math.ceil((figure.value + MARGIN) * 1e4) / 1e4


def _key(row: Mapping[str, Any]) -> Key:
    return (row["set"], row["label"], row["measure"], row.get("group", ""))
