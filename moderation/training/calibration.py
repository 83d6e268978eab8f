"""Logits -> probabilities that mean something, and the thresholds on them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from moderation.model import POOL
from moderation.records import LABELS
from moderation.training.arrays import Float32

BENT = 300  # positives from which a fit of two slopes is better than one of a single slope


def calibrate(
    pooling: Float32,
    logits: Float32,
    labels: Float32,
    weight: Float32,
    source: npt.NDArray[np.str_],
    reference: dict[str, float],
    log: Callable[[str], None] = lambda line: None,
) -> Float32:
    """Platt scaling to the places and the prevalences that the recipe names (Platt 1999).

    A mixture of corpora that were chosen for their abuse has no prevalence that means anything.
    So `LABEL` in `reference` scales on held texts of the corpora named by `from CORPUS`, positives
    and negatives weighted so that the label is as frequent as given; `mixed LABEL` does so on the
    held texts of all corpora by their weights. A label with too few positives keeps its pooling.

    With BENT positives or more of one place a second fit gives the logits above and below zero a
    slope each: one line through both leaves sure scores too sure and doubtful ones too low.
    """
    corpora = [key.removeprefix("from ") for key in reference if key.startswith("from ")]
    inside = np.isin(source, corpora)
    out = pooling.copy()
    for number, label in enumerate(LABELS):
        known = ~np.isnan(labels[:, number]) & (weight[:, number] > 0)
        if label in reference:
            share, rows = reference[label], np.flatnonzero(inside & known)
            mass = np.ones(len(rows))
        elif f"mixed {label}" in reference:
            share, rows = reference[f"mixed {label}"], np.flatnonzero(known)
            mass = weight[rows, number].astype(np.float64)
        else:
            continue
        y = labels[rows, number] > 0.5
        if y.sum() < 10 or (~y).sum() < 10:
            continue
        found = float(np.average(y, weights=mass))
        mass = mass * np.where(y, share / found, (1 - share) / (1 - found))
        design = logits[rows, number : number + 1].astype(np.float64)
        head = LogisticRegression(C=1e4, max_iter=1000)
        head.fit(design, y, sample_weight=mass)
        slope, shift = float(head.coef_[0, 0]), float(head.intercept_[0])
        out[number] *= np.float32(slope)
        out[number, 0] += np.float32(shift)
        bend = ""
        if label in reference and y.sum() >= BENT:
            z = slope * design[:, 0] + shift
            sides = LogisticRegression(C=1e4, max_iter=1000, fit_intercept=False)
            sides.fit(np.stack([np.minimum(z, 0), np.maximum(z, 0)], axis=1), y, sample_weight=mass)
            below, above = sides.coef_[0]
            if below > 0 and above > 0:
                out[number] *= np.float32(below)
                out[number, POOL.index("above")] = above / below - 1
                bend = f", {below:.2f} of it below zero and {above:.2f} above"
        log(f"{label}: calibrated by {slope:.2f} z {shift:+.2f} on {len(rows):,} texts{bend}")
    return out


def choose_thresholds(
    probability: Float32,
    labels: Float32,
    weight: Float32,
    log: Callable[[str], None] = lambda line: None,
) -> dict[str, float]:
    """The probability from which a label is said to be there.

    Toxicity at one half, which is what a calibrated probability invites. The others, which are
    rarer, where macro-F1 on the held texts of all corpora is best: a place that asks about them
    has more of them than the reference.
    """
    out = {"toxicity": 0.5}
    for number, label in enumerate(LABELS):
        if label in out:
            continue
        rows = np.flatnonzero(~np.isnan(labels[:, number]) & (weight[:, number] > 0))
        y, w = labels[rows, number] > 0.5, weight[rows, number].astype(np.float64)
        out[label] = 0.5
        if y.sum() < 20 or (~y).sum() < 20:
            continue
        order = np.argsort(-probability[rows, number], kind="stable")
        p, y, w = probability[rows, number][order], y[order], w[order]
        hit, miss = np.cumsum(w * y), np.cumsum(w * ~y)
        f_yes = 2 * hit / (hit + miss + hit[-1])
        clean = miss[-1] - miss  # harmless texts below the threshold
        f_no = 2 * clean / (clean + (hit[-1] - hit) + miss[-1])
        best = int(np.argmax(f_yes + f_no))
        out[label] = round(float(np.clip(p[best], 0.02, 0.9)), 3)
        macro = (f_yes + f_no)[best] / 2
        log(f"{label}: yes from {out[label]:.3f}, macro-F1 {macro:.3f} on held texts")
    return out
