"""Functional tests: what a model finds and what it leaves alone, on sentences that ask that."""

from __future__ import annotations

import numpy as np

from moderation.evaluation.data import read_data
from moderation.evaluation.material import IDENTITY, Material
from moderation.evaluation.measuring import Measuring
from moderation.evaluation.metrics import Ranking
from moderation.evaluation.report import make_figure

NAME, LABEL = "functional", "identity_attack"


def measure_functional(run: Measuring, material: Material) -> None:
    """Decisions about hate, right or wrong, on `functional.toml`, over all and by function.

    As Roettger et al. 2021 do, with sentences of the project's own.
    """
    if not run.judges(LABEL):
        return
    rows = [
        (text, key == "hateful", function)
        for key, functions in read_data(f"{NAME}.toml").items()
        for function, texts in functions.items()
        for text in texts
    ]
    hateful = np.array([row[1] for row in rows])
    function = np.array([row[2] for row in rows])
    scores = run.scores([row[0] for row in rows])[:, IDENTITY].astype(np.float64)
    right = (scores >= run.thresholds[LABEL]) == hateful
    run.add_mean(NAME, LABEL, "accuracy", right, positives=int(hateful.sum()))
    for group in dict.fromkeys(function.tolist()):
        part = function == group
        positives = int(hateful[part].sum())
        run.add_mean(NAME, LABEL, "accuracy", right[part], group=group, positives=positives)
    ranking = Ranking(scores, hateful)
    value = float(ranking.measure(np.ones((1, len(rows))))["auc"][0])
    blocks = run.weights([str(i) for i in range(len(rows))], f"{NAME}|auc")
    samples = [draw for block in blocks for draw in ranking.measure(block)["auc"]]
    run.add(make_figure(NAME, LABEL, "auc", value, samples, len(rows), int(hateful.sum())))
    run.report.notes[NAME] = (
        "own sentences, hateful ones and others that look like it, by what they ask of a model "
        "(functional.toml)"
    )
