"""How good a predictor is, on which texts, and how sure we are of it.

    corpora ──► sets      splits and views: texts with labels
             └► probes    bias, evasion, dilution, swaps, dialect, contrasts, explanations
             └► told      a model that is told how comments are written
    predict ──► measuring figures with 95 % bootstrap intervals and curves
             └► metrics   AUC, AP, F1, ECE for many bootstrap samples at once
    Report  ──► report (text, Markdown, JSON), page (HTML with SVG), floors (tests/quality.json)

`predict` is any callable from texts to probabilities, so peers are measured by the same code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from moderation.corpora.registry import Corpus, entries, load
from moderation.errors import CorpusError
from moderation.evaluation.material import Explain, Judge, Material, Trick
from moderation.evaluation.measuring import Measuring, Predict, measure_set
from moderation.evaluation.probes import PROBES, Probe
from moderation.evaluation.report import Curve, Figure, Report
from moderation.evaluation.sets import build_sets, split_names
from moderation.records import LABELS

__all__ = [
    "Curve",
    "Figure",
    "Report",
    "evaluate",
    "evaluate_model",
    "load_sets",
    "needed_corpora",
    "set_names",
]

SPLITS = ("dev", "test")


def set_names(splits: Sequence[str] = SPLITS) -> list[str]:
    """Every name that `sets` may hold: corpora, sets and probes."""
    names = list(entries())
    for entry in entries().values():
        names += [
            n for n in split_names(entry.name, entry.dev) if n.split("/")[1].split(":")[0] in splits
        ]
    return names + [probe.name for probe in PROBES if probe.split in (*splits, "")]


def needed_corpora(sets: Sequence[str] | None, splits: Sequence[str] = SPLITS) -> list[str]:
    """The corpora that these sets and probes read (all, if `sets` is None).

    Raises CorpusError for an unknown name.
    """
    if sets is None:
        return list(entries())
    known = set_names(splits)
    needed: list[str] = []
    for name in sets:
        if name not in known:
            from difflib import get_close_matches

            close = get_close_matches(name, known, 1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise CorpusError(name, f"no such set, corpus or probe{hint}")
        probe = next((probe for probe in PROBES if probe.name == name), None)
        needed += probe.needs if probe else (name.split("/")[0],)
    return list(dict.fromkeys(needed))


def load_sets(
    directory: str | Path, sets: Sequence[str] | None = None, splits: Sequence[str] = SPLITS
) -> list[Corpus]:
    """The dev and test rows of the corpora that `sets` need (those present, if `sets` is None)."""
    names = needed_corpora(sets, splits)
    if sets is None:
        names = [name for name in names if (Path(directory) / f"{name}.jsonl.gz").exists()]
        if not names:
            raise CorpusError(str(directory), "holds no known corpus (NAME.jsonl.gz)")
    return [load(directory, name).part(*splits) for name in names]


def evaluate(
    predict: Predict,
    corpora: Sequence[Corpus],
    *,
    sets: Sequence[str] | None = None,
    splits: Sequence[str] = SPLITS,
    thresholds: Mapping[str, float] | None = None,
    bootstrap: int = 1000,
    seed: int = 0,
    explain: Explain | None = None,
    tricks: Mapping[str, Trick] | None = None,
    contrasts: str | Path | None = None,
    told: Mapping[str, Judge] | None = None,
    model: str = "",
    digest: str = "",
    register: str | None = None,
) -> Report:
    """Measure `predict` on the dev and test rows of `corpora`.

    - `predict`: texts -> float32, shape (C, L), in the order of `records.LABELS`; a column of NaN
      is a label that this predictor does not judge.
    - `sets`: names of corpora, sets or probes (see `set_names`); None for all that can be built.
    - `thresholds`: label -> score from which it counts as flagged, 0.5 by default.
    - `bootstrap`: samples for the 95 % intervals, 0 for none; `seed` fixes them.
    - `explain`: text -> ranges of code points that make it toxic; `tricks`: name -> function of
      text and `random.Random`; `contrasts`: path of the contrast set; `told`: register -> the
      model told it. Left out, their probes are.
    """
    report = Report(
        model=model,
        digest=digest,
        thresholds=dict.fromkeys(LABELS, 0.5) | dict(thresholds or {}),
        corpora={corpus.name: corpus.sha256 for corpus in corpora} | _digest(contrasts),
        seed=seed,
        bootstrap=bootstrap,
        register=register,
    )
    run = Measuring(predict, report.thresholds, report)
    material = Material(
        {corpus.name: corpus for corpus in corpora},
        tricks or {},
        explain,
        Path(contrasts) if contrasts else None,
        told or {},
        splits,
    )
    if sets is not None:
        needed_corpora(sets, splits)
    for data in build_sets(corpora, splits):
        if sets is None or data.name in sets or data.name.split("/")[0] in sets:
            measure_set(run, data)
    for probe in PROBES:
        if probe.split in (*splits, "") and (sets is None or _asked(probe, sets)):
            if _ready(probe, material):
                probe.run(run, material)
            elif sets is not None and probe.name in sets:
                raise CorpusError(probe.name, f"needs the corpora {', '.join(probe.needs)}")
    return report


def evaluate_model(
    model: Judge,
    directory: str | Path,
    *,
    sets: Sequence[str] | None = None,
    splits: Sequence[str] = SPLITS,
    bootstrap: int = 1000,
    seed: int = 0,
    tricks: Mapping[str, Trick] | None = None,
    contrasts: str | Path | None = None,
) -> Report:
    """`evaluate` for a loaded model at its own thresholds, on the corpora of a folder.

    A model that judges how texts are written is also measured where it is told so.
    """
    return evaluate(
        model.predict_proba,
        load_sets(directory, sets, splits),
        sets=sets,
        splits=splits,
        thresholds=model.thresholds,
        bootstrap=bootstrap,
        seed=seed,
        explain=lambda text: explain_toxicity(model, text),
        tricks=tricks,
        contrasts=contrasts,
        told=_tell(model),
        model=model.name,
        digest=model.digest,
        register=model.register,
    )


def _tell(model: Judge) -> dict[str, Judge]:
    """Register -> the model told it; none where it was told one or is of another kind."""
    from moderation.model import Model
    from moderation.registers import tell
    from moderation.settings import REGISTERS

    if not isinstance(model, Model) or model.register:
        return {}
    return {register: tell(model, register) for register in REGISTERS}


def explain_toxicity(model: Judge, text: str) -> list[tuple[int, int]]:
    """The explanation's own rationale for toxicity: half-open ranges of code points."""
    explanation: Any = import_module("moderation.explanation").explain(text, model)
    return [(span.start, span.end) for span in explanation.rationale["toxicity"]]


def _digest(contrasts: str | Path | None) -> dict[str, str]:
    if contrasts is None:
        return {}
    return {"contrasts": hashlib.sha256(Path(contrasts).read_bytes()).hexdigest()}


def _asked(probe: Probe, sets: Iterable[str]) -> bool:
    """By its name, or because it belongs to the one corpus that was asked for."""
    return any(name == probe.name or probe.needs == (name,) for name in sets)


def _ready(probe: Probe, material: Material) -> bool:
    present = [name in material.corpora for name in probe.needs]
    return any(present) if probe.any_of else all(present)
