"""Probes: what plain splits do not show. Each takes rows of corpora and adds figures to the run.

    bias               AUC by identity on templates (Borkan et al. 2019)
    sentences          the same on sentences of the project's own, to choose by
    functional         decisions about hate on others of them, by what they ask
    everyday           decisions about toxicity on own short everyday comments
    perturbation       decisions kept under people's own misspellings
    beside_perspective ours beside the real Perspective's scores on the same comments
    explanation        character F1 of explained spans (SemEval-2021 task 5)
    dilution           short abuse between harmless sentences; long harmless texts
    tricks             decisions kept under spelling tricks
    counterfactual     identity terms swapped in real comments
    mentions           false alarms where an identity is named
    dialect            false alarms on African-American English, approximated by markers
    contrasts          the project's own contrast set, held-out families
    calibration        error as shipped and after fitting two numbers on 200 rows
    reference          error on the mixture of corpora that a label's probabilities are about

What they take, and how they choose rows: `material`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from moderation.errors import InputError
from moderation.evaluation.bias import measure_bias, measure_sentences
from moderation.evaluation.calibrating import (
    CALIBRATED,
    REFERENCE,
    measure_calibration,
    measure_reference,
)
from moderation.evaluation.evasion import measure_dilution, measure_perturbation, measure_tricks
from moderation.evaluation.fairness import (
    COMMENTS,
    DIALECT,
    measure_counterfactual,
    measure_dialect,
    measure_mentions,
)
from moderation.evaluation.functional import measure_everyday, measure_functional
from moderation.evaluation.material import TOXICITY, Material, add_ranking
from moderation.evaluation.measuring import Measuring
from moderation.evaluation.metrics import Ranking, character_f1
from moderation.evaluation.report import make_figure
from moderation.evaluation.told import NAME, SOCIAL, TALK, measure_told
from moderation.records import LABELS


@dataclass(frozen=True, slots=True)
class Probe:
    """A named measure: it needs these corpora (all, or with `any_of` at least one).

    It looks at rows of `split`; where that is empty, at those of any split.
    """

    name: str
    split: str
    needs: tuple[str, ...]
    run: Callable[[Measuring, Material], None]
    any_of: bool = False


# --- the real Perspective ---------------------------------------------------------------------


def measure_beside_perspective(run: Measuring, material: Material) -> None:
    """AUC and AP of ours, of Perspective's TOXICITY, and of the paired difference."""
    corpus = material.corpora["perspective_scores"].part("test")
    name = "perspective_scores/test:beside_perspective"
    positive = corpus.labels[:, TOXICITY] == 1
    ours = run.scores(corpus.texts)[:, TOXICITY].astype(np.float64)
    theirs = np.array([raw["perspective"]["TOXICITY"] for raw in corpus.raw_labels], np.float64)
    run.report.notes[name] = "ours minus Perspective's TOXICITY of August 2018, paired bootstrap"
    rankings = Ranking(ours, positive), Ranking(theirs, positive)
    ones = np.ones((1, len(corpus)))
    blocks = run.weights(corpus.groups, name)
    point = [ranking.measure(ones) for ranking in rankings]
    drawn = [[ranking.measure(block) for block in blocks] for ranking in rankings]
    n, hits = len(corpus), int(positive.sum())
    for key in ("auc", "ap"):
        samples = [
            np.concatenate([block[key] for block in one]) if one else np.empty(0) for one in drawn
        ]
        values = [float(one[key][0]) for one in point]
        for title, value, sample in (
            ("ours", values[0], samples[0]),
            ("perspective", values[1], samples[1]),
            ("difference", values[0] - values[1], samples[0] - samples[1]),
        ):
            run.add(make_figure(name, "toxicity", f"{key}_{title}", value, sample, n, hits))


# --- explanations -------------------------------------------------------------------------------


def measure_explanation(run: Measuring, material: Material) -> None:
    """Mean character F1 of the explained spans against what annotators marked."""
    if material.explain is None:
        return
    corpus = material.corpora["toxic_spans"].part("dev")
    name = "toxic_spans/dev:explanation"
    run.report.notes[name] = (
        "mean character F1 a post; a post with nothing marked counts 1 if nothing is explained, "
        "else 0 (SemEval-2021 task 5)"
    )
    results, marked = [], []
    for text, raw in zip(corpus.texts, corpus.raw_labels, strict=True):
        predicted = {i for start, end in material.explain(text) for i in range(start, end)}
        gold = set(raw["toxic_characters"])
        results.append(character_f1(predicted, gold))
        marked.append(bool(gold))
    values, some = np.array(results), np.array(marked, dtype=bool)
    run.add_mean(name, "toxicity", "character_f1", values, positives=int(some.sum()))
    run.add_mean(
        name, "toxicity", "character_f1", values[some], group="marked", positives=int(some.sum())
    )


# --- own contrast set -----------------------------------------------------------------------------


def measure_contrasts(run: Measuring, material: Material) -> None:
    """Right decisions on held-out families: by label, by capability, and pairs wholly right."""
    if material.contrasts is None:
        return
    rows = [row for row in read_contrasts(material.contrasts) if row["part"] != "train"]
    if not rows:
        return
    name = "contrasts/held-out"
    scores = run.scores([row["text"] for row in rows])
    families = {row["family"] for row in rows}
    run.report.notes[name] = (
        f"own contrast set, {len(families)} families of templates that training never sees; "
        "intervals draw whole families (within one capability: pairs)"
    )
    clusters = [row["family"] for row in rows]
    right = np.ones(len(rows), dtype=bool)
    for column, label in enumerate(LABELS):
        if np.isnan(scores[:, column]).any():
            continue
        gold = np.array([row["labels"][label] == 1 for row in rows], dtype=bool)
        good = (scores[:, column] >= run.thresholds[label]) == gold
        hits = int(gold.sum())
        run.add_mean(name, label, "accuracy", good, clusters=clusters, positives=hits)
        if label in ("toxicity", "identity_attack"):
            right &= good
            add_ranking(run, name, "", scores[gold, column], scores[~gold, column], label)
            for capability in sorted({row["capability"] for row in rows}):
                part = np.array([row["capability"] == capability for row in rows], dtype=bool)
                own = [row["pair"] for row in rows if row["capability"] == capability]
                run.add_mean(
                    name,
                    label,
                    "accuracy",
                    good[part],
                    group=capability,
                    clusters=own,
                    positives=int(gold[part].sum()),
                )
    label = "toxicity and identity_attack"
    run.add_mean(name, label, "accuracy", right, clusters=clusters)
    pairs: dict[str, list[int]] = {}
    for i, row in enumerate(rows):
        pairs.setdefault(row["pair"], []).append(i)
    whole = np.array([right[members].all() for members in pairs.values()], dtype=bool)
    own = [clusters[members[0]] for members in pairs.values()]
    run.add_mean(name, label, "pair_accuracy", whole, clusters=own)


def read_contrasts(path: Path) -> list[dict[str, Any]]:
    """The rows of a contrast file; raises InputError with file:line for one that lacks a field."""
    rows = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
                needed = ("pair", "family", "capability", "part", "text", "labels")
                absent = [key for key in needed if key not in row]
                if absent or set(row["labels"]) < set(LABELS):
                    raise ValueError(f"lacks {', '.join(absent) or 'some of the six labels'}")
            except (ValueError, TypeError) as error:
                raise InputError(f"{path}:{number}", f"not a contrast row: {error}") from None
            rows.append(row)
    return rows


PROBES: tuple[Probe, ...] = (
    Probe("bias", "test", ("identity_templates",), measure_bias),
    Probe("sentences", "dev", (), measure_sentences),
    Probe("functional", "dev", (), measure_functional),
    Probe("everyday", "dev", (), measure_everyday),
    Probe("perturbation", "test", ("noisyhate",), measure_perturbation),
    Probe("beside_perspective", "test", ("perspective_scores",), measure_beside_perspective),
    Probe("explanation", "dev", ("toxic_spans",), measure_explanation),
    Probe("dilution", "dev", ("jigsaw2018_any",), measure_dilution),
    Probe("tricks", "dev", ("jigsaw2018_any",), measure_tricks),
    Probe("counterfactual", "dev", COMMENTS, measure_counterfactual, any_of=True),
    Probe("mentions", "dev", ("jigsaw2018_any", "cad", "identity_debias"), measure_mentions, True),
    Probe("dialect", "dev", DIALECT, measure_dialect, any_of=True),
    Probe("contrasts", "dev", (), measure_contrasts),
    Probe(NAME, "", (*TALK, *SOCIAL), measure_told, any_of=True),
    Probe(
        "calibration",
        "dev",
        CALIBRATED,
        measure_calibration,
        any_of=True,
    ),
    Probe("reference", "dev", REFERENCE, measure_reference),
)
