"""Functional tests: what a model finds and what it leaves alone, on sentences that ask that."""

from __future__ import annotations

import numpy as np

from moderation.evaluation.data import read_data
from moderation.evaluation.material import Material
from moderation.evaluation.measuring import Measuring
from moderation.evaluation.metrics import Ranking
from moderation.evaluation.report import make_figure
from moderation.records import LABELS


def _measure(run: Measuring, name: str, label: str, found: str, note: str) -> None:
    """Decisions about a label, right or wrong, on NAME.toml, over all and by function.

    As Roettger et al. 2021 do, with sentences of the project's own. `found`: the table of those
    that the label is 1 of; how many of these are found, and of the others flagged, is told too.
    """
    if not run.judges(label):
        return
    rows = [
        (text, key == found, function)
        for key, functions in read_data(f"{name}.toml").items()
        for function, texts in functions.items()
        for text in texts
    ]
    positive = np.array([row[1] for row in rows])
    function = np.array([row[2] for row in rows])
    scores = run.scores([row[0] for row in rows])[:, LABELS.index(label)].astype(np.float64)
    flagged = scores >= run.thresholds[label]
    right = flagged == positive
    hits = int(positive.sum())
    run.add_mean(name, label, "accuracy", right, positives=hits)
    run.add_mean(name, label, "recall", flagged[positive], positives=hits)
    run.add_mean(name, label, "false_positive_rate", flagged[~positive])
    for group in dict.fromkeys(function.tolist()):
        part = function == group
        positives = int(positive[part].sum())
        run.add_mean(name, label, "accuracy", right[part], group=group, positives=positives)
    ranking = Ranking(scores, positive)
    value = float(ranking.measure(np.ones((1, len(rows))))["auc"][0])
    blocks = run.weights([str(i) for i in range(len(rows))], f"{name}|auc")
    samples = [draw for block in blocks for draw in ranking.measure(block)["auc"]]
    run.add(make_figure(name, label, "auc", value, samples, len(rows), hits))
    run.report.notes[name] = note


def measure_functional(run: Measuring, material: Material) -> None:
    """Decisions about hate on `functional.toml`, by what a sentence asks of a model."""
    _measure(
        run,
        "functional",
        "identity_attack",
        "hateful",
        "own sentences, hateful ones and others that look like it, by what they ask of a model "
        "(functional.toml)",
    )


def measure_everyday(run: Measuring, material: Material) -> None:
    """Decisions about toxicity on the short everyday comments of `everyday.toml`, by kind."""
    _measure(
        run,
        "everyday",
        "toxicity",
        "abusive",
        "own short everyday comments, abusive ones and others that look like it (everyday.toml)",
    )
