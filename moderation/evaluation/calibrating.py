"""Probes of calibration: on each corpus, after fitting two numbers, on the reference mixture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from moderation.evaluation.material import BOTH, MIN_ROWS, Material
from moderation.evaluation.measuring import Measuring
from moderation.evaluation.metrics import Calibration, fit_platt, logit
from moderation.evaluation.report import make_figure
from moderation.records import LABELS

OWN_ROWS = 200  # comments that a site would label to recalibrate
REPEATS = 20
CALIBRATED = (
    "jigsaw2018_any",
    "civil_comments",
    "cad",
    "hatexplain",
    "measuring_hate_speech",
    "trac1",
    "dynahate",
    "gab_hate_corpus",
)


def measure_calibration(run: Measuring, material: Material) -> None:
    """Calibration error on each dev set as shipped and after Platt scaling on 200 of its rows.

    Mean over 20 random choices of the 200; the error is measured on the other rows.
    """
    for corpus_name in CALIBRATED:
        if corpus_name not in material.corpora:
            continue
        dev = material.corpora[corpus_name].part("dev")
        if len(dev) < 2 * OWN_ROWS:
            continue
        scores = run.scores(dev.texts)
        name = f"{corpus_name}/dev:recalibration"
        for column, label in BOTH:
            rows = np.flatnonzero(~np.isnan(dev.labels[:, column]) & ~np.isnan(scores[:, column]))
            p, y = scores[rows, column].astype(np.float64), dev.labels[rows, column]
            hits = int((y >= 0.5).sum())
            if len(rows) < 2 * OWN_ROWS or min(hits, len(rows) - hits) < MIN_ROWS:
                continue
            before, after = [], []
            for repeat in range(REPEATS):
                order = np.random.default_rng([run.report.seed, repeat]).permutation(len(rows))
                own, rest = order[:OWN_ROWS], order[OWN_ROWS:]
                slope, offset = fit_platt(p[own], y[own])
                fitted = 1 / (1 + np.exp(-(slope * logit(p[rest]) + offset)))
                ones = np.ones((1, len(rest)))
                before.append(float(Calibration(p[rest], y[rest]).measure(ones)["ece"][0]))
                after.append(float(Calibration(fitted, y[rest]).measure(ones)["ece"][0]))
            n = len(rows)
            for measure, values in (("ece_as_shipped", before), ("ece_recalibrated", after)):
                mean = float(np.mean(values))
                run.add(make_figure(name, label, measure, mean, values, n, hits))
        run.report.notes[name] = (
            f"Platt scaling on {OWN_ROWS} rows, error on the rest, {REPEATS} random choices "
            "(the interval is over the choices)"
        )


REFERENCE = (
    "jigsaw2018_any",
    "jigsaw2018_sixlabel",
    "jigsaw2018_not_toxic_but",
    "davidson",
    "civil_comments",
    "cad",
    "hatexplain",
    "measuring_hate_speech",
    "toxigen_human",
    "mlma",
    "convabuse",
    "sbic",
    "identity_debias",
    "dynahate",
    "hatemoji_build",
    "gab_hate_corpus",
    "implicit_hate",
    "edos",
    "guest_misogyny",
    "fox_news",
)
"""Corpora that teach the label whose scale is their mixture."""


def measure_reference(run: Measuring, material: Material) -> None:
    """Calibration error on the mixture of corpora that a label's probabilities are about.

    Dev rows of all corpora with the weights of the recipe, positives and negatives weighted so
    that the label is as frequent as the recipe's `[reference]` says ("mixed LABEL").
    """
    from moderation.training import read_recipe

    recipe = read_recipe()
    name = "reference"
    for column, label in enumerate(LABELS):
        share = recipe.reference.get(f"mixed {label}")
        if share is None or not run.judges(label):
            continue
        texts: list[str] = []
        targets: list[NDArray[np.bool_]] = []
        weights: list[NDArray[np.float64]] = []
        clusters: list[str] = []
        for corpus_name in REFERENCE:
            dev = material.corpora[corpus_name].part("dev")
            weight = recipe.weights[corpus_name][column]
            rows = np.flatnonzero(~np.isnan(dev.labels[:, column]))
            texts += [dev.texts[i] for i in rows]
            clusters += [f"{corpus_name}|{dev.groups[i]}" for i in rows]
            targets.append(dev.labels[rows, column] > 0.5)
            weights.append(np.full(len(rows), weight))
        y, mass = np.concatenate(targets), np.concatenate(weights)
        if min(int(y.sum()), int((~y).sum())) < MIN_ROWS:
            continue
        found = float(np.average(y, weights=mass))
        mass = mass * np.where(y, share / found, (1 - share) / (1 - found))
        p = run.scores(texts)[:, column].astype(np.float64)
        calibration = Calibration(p, y.astype(np.float64), mass=mass)
        value = float(calibration.measure(np.ones((1, len(p))))["ece"][0])
        blocks = run.weights(clusters, f"{name}|{label}")
        samples = [draw for block in blocks for draw in calibration.measure(block)["ece"]]
        run.add(make_figure(name, label, "ece", value, samples, len(p), int(y.sum())))
        run.report.notes[name] = (
            "dev rows of the corpora that teach the label, weighted as in training and to the "
            "prevalence that its probabilities are scaled to"
        )
