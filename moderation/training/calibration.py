"""Logits -> probabilities that mean something, and the thresholds on them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from moderation.model import POOL
from moderation.records import LABELS
from moderation.training.arrays import Float32

Float64 = npt.NDArray[np.float64]

BENT = 300  # positives from which a fit of two slopes is better than one of a single slope
KNEES = (-3.0, -2.0, -1.0, 0.0, 1.0)  # logits where the slope may change


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

    With BENT positives or more a second fit gives the logits above and below one of KNEES a slope
    each, that of the least cross-entropy: one line through both leaves sure scores too sure and
    doubtful ones too low.
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
        z = logits[rows, number].astype(np.float64)
        line = _fit_logistic(z[:, None], y, mass)
        slope, shift = float(line.coef_[0, 0]), float(line.intercept_[0])
        _scale(out, number, slope, shift)
        bend = ""
        if y.sum() >= BENT:
            bent = _fit_bent(slope * z + shift, y, mass)
            if bent is not None:
                knee, below, above, shift_below = bent
                _scale(out, number, below, shift_below)
                out[number, POOL.index("knee")] = below * knee + shift_below
                out[number, POOL.index("above")] = above / below - 1
                bend = f", {below:.2f} of it below {knee:g} and {above:.2f} above"
        log(f"{label}: calibrated by {slope:.2f} z {shift:+.2f} on {len(rows):,} texts{bend}")
    return out


def _scale(pooling: Float32, label: int, slope: float, shift: float) -> None:
    """Make a label's logits `slope` times what they are, plus `shift`."""
    pooling[label, : POOL.index("knee")] *= np.float32(slope)
    pooling[label, 0] += np.float32(shift)


def _fit_logistic(columns: Float64, y: npt.NDArray[np.bool_], mass: Float64) -> LogisticRegression:
    head = LogisticRegression(C=1e4, max_iter=1000)
    head.fit(columns, y, sample_weight=mass)
    return head


def _fit_bent(
    z: Float64, y: npt.NDArray[np.bool_], mass: Float64
) -> tuple[float, float, float, float] | None:
    """Two slopes for the logits `z`: the knee, the slopes below and above it, what is added.

    None where no knee leaves both slopes rising.
    """
    best, found = np.inf, None
    for knee in KNEES:
        columns = np.stack([z, np.maximum(z - knee, 0)], axis=1)
        head = _fit_logistic(columns, y, mass)
        below, more = head.coef_[0].tolist()
        if below <= 0 or below + more <= 0:
            continue
        loss = log_loss(y, head.predict_proba(columns)[:, 1], sample_weight=mass)
        if loss < best:
            best = loss
            found = knee, below, below + more, float(head.intercept_[0])
    return found


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
