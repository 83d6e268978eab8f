"""Logits -> probabilities that mean something, and the thresholds on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from sklearn.linear_model import LogisticRegression

from moderation.model import HEADS, POOL, SOCIAL
from moderation.pooling import Pooled, Pooling, rescale, shift
from moderation.records import LABELS
from moderation.training.arrays import Float32, Float64
from moderation.training.recipe import Recipe

FEWEST = 10  # texts of either outcome below which nothing is scaled
BENT = 300  # positives from which a fit of two slopes is better than one of a single slope
EVEN = 0.005  # macro-F1: about what another choice of held texts moves it by
SAMPLES = 200  # of held texts, by which a threshold is chosen
MOST_MOVED = 4.0  # logits by which a head is moved at most
KNEE = -1.5  # logit where the slope changes: of four tried, that with the least error on dev rows
MANY = 3_000  # positives from which the slope may change at KNEES instead: of ten choices tried, …
KNEES = (-2.0, -1.0, 0.0)  # … that with the least error on held rows and on dev rows


def calibrate_in_turn(
    pooling: Float32,
    pooled: Pooled,
    labels: Float32,
    weight: Float32,
    source: npt.NDArray[np.str_],
    recipe: Recipe,
    log: Callable[[str], None] = lambda line: None,
) -> Float32:
    """All labels, toxicity last: what others add to it has to be on the scale that it keeps.

    `pooled`: what N held texts come to; the rest as in `calibrate`. Toxicity is scaled to talk
    pages, and then its head of social media moved so that texts of theirs are as often toxic as
    their scores say: what makes talk pages calm is no reason to doubt abuse elsewhere.
    """

    def scale(out: Float32, only: Sequence[str]) -> Float32:
        logits = Pooling(out).logits(pooled)
        return calibrate(out, logits, labels, weight, source, recipe.reference, log, only=only)

    out = scale(pooling, LABELS[1:])
    for label, (start, factor) in recipe.links.items():
        out[LABELS.index(label), POOL.index("link_from")] = start
        out[LABELS.index(label), POOL.index("link")] = factor
    out = scale(out, LABELS[:1])
    register = np.array([recipe.register_of(name) for name in source.tolist()])
    return level_social(out, pooled, labels[:, 0], weight[:, 0] * (register != "talk"), log)


def level_social(
    pooling: Float32,
    pooled: Pooled,
    toxic: Float32,
    weight: Float32,
    log: Callable[[str], None] = lambda line: None,
) -> Float32:
    """Toxicity's head of social media moved until the mean score of texts is their mean label.

    `toxic`, `weight`: (N,), 0 for texts that have no say. Nothing is moved without both
    outcomes, nor where no move within MOST_MOVED does it.
    """
    rows = np.flatnonzero(~np.isnan(toxic) & (weight > 0))
    y, mass = toxic[rows].astype(np.float64), weight[rows].astype(np.float64)
    if not (y > 0).any() or not (y < 1).any():
        return pooling
    some, head = pooled.take(rows), HEADS.index(SOCIAL)

    def moved(by: float) -> Float32:
        out = pooling.copy()
        shift(out, head, by)
        return out

    def excess(by: float) -> float:
        logits = Pooling(moved(by)).logits(some)[:, 0].astype(np.float64)
        return float(np.average(1 / (1 + np.exp(-logits)) - y, weights=mass))

    if not excess(-MOST_MOVED) < 0 < excess(MOST_MOVED):
        return pooling  # most of these texts are not of social media's register at all
    by = float(brentq(excess, -MOST_MOVED, MOST_MOVED, xtol=1e-6))
    log(f"toxicity in social media: {by:+.2f}, so that {len(rows):,} texts score what they are")
    return moved(by)


def calibrate(
    pooling: Float32,
    logits: Float32,
    labels: Float32,
    weight: Float32,
    source: npt.NDArray[np.str_],
    reference: dict[str, float],
    log: Callable[[str], None] = lambda line: None,
    *,
    only: Sequence[str] = LABELS,
) -> Float32:
    """Platt scaling to the places and the prevalences that the recipe names (Platt 1999).

    A mixture of corpora that were chosen for their abuse has no prevalence that means anything.
    So `LABEL` in `reference` scales on held texts of the corpora named by `from CORPUS`, positives
    and negatives weighted so that the label is as frequent as given; `mixed LABEL` does so on the
    held texts of all corpora by their weights. A label with too few positives keeps its pooling.

    Toxic comments without the label, which are what resembles it most, are weighted to their share
    too: a corpus that gives all labels to every harmless comment and to some of the toxic ones has
    too few of them, and every score would come out too high.

    `only`: the labels to scale. With BENT positives or more a second fit gives the logits above and
    below KNEE a slope each (with MANY, those between KNEES): one line through all leaves sure
    scores too sure and doubtful ones too low.
    """
    inside = np.isin(source, _corpora(reference))
    out = pooling.copy()
    for number, label in enumerate(LABELS):
        if label not in only:
            continue
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
        if y.sum() < FEWEST or (~y).sum() < FEWEST:
            continue
        parts = [(share, y), (1 - share, ~y)]
        if label in reference:
            parts = _parts_of_place(y, labels[rows, 0] > 0.5, share, reference)
        mass = _weighted(mass, parts)
        z = logits[rows, number].astype(np.float64)
        line = _fit_logistic(z[:, None], y, mass)
        slope, shift = float(line.coef_[0, 0]), float(line.intercept_[0])
        rescale(out, number, slope, shift)
        bend = ""
        if y.sum() >= BENT:
            bend = _bend(out, number, slope * z + shift, y, mass)
        log(f"{label}: calibrated by {slope:.2f} z {shift:+.2f} on {len(rows):,} texts{bend}")
    return out


def _bend(pooling: Float32, label: int, z: Float64, y: npt.NDArray[np.bool_], mass: Float64) -> str:
    """Give the logits z (N,) of a label a slope of their own between knees, in place.

    Returns what was done, for the log: nothing where a slope would fall below 0.
    """
    knees = np.array(KNEES if y.sum() >= MANY else (KNEE,))
    bent = _fit_logistic(np.stack([z, *(np.maximum(z - k, 0) for k in knees)], axis=1), y, mass)
    slopes, intercept = bent.coef_[0].cumsum(), float(bent.intercept_[0])
    if slopes.min() <= 0:
        return ""
    rescale(pooling, label, slopes[0], intercept)
    for number, (knee, more) in enumerate(zip(knees, bent.coef_[0][1:], strict=True), 1):
        pooling[label, POOL.index(f"knee_{number}")] = slopes[0] * knee + intercept
        pooling[label, POOL.index(f"above_{number}")] = more / slopes[0]
    parts = ", ".join(f"{slope:.2f} from {k:g}" for slope, k in zip(slopes[1:], knees, strict=True))
    return f", {slopes[0]:.2f} of it at first, {parts}"


def scale_registers(
    logits: Float32,
    labels: Float32,
    weight: Float32,
    source: npt.NDArray[np.str_],
    reference: dict[str, float],
    log: Callable[[str], None] = lambda line: None,
) -> dict[str, dict[str, list[float]]]:
    """Register -> label -> slope and offset of the logit where a model is told the register.

    `talk LABEL` in `reference` gives the share of comments with a label on the talk pages that the
    reference is about; the two numbers are fitted to the held texts of its corpora as in
    `calibrate`. A label with too few of either outcome is left out.
    """
    inside = np.isin(source, _corpora(reference))
    found: dict[str, list[float]] = {}
    for number, label in enumerate(LABELS):
        share = reference.get(f"talk {label}")
        known = ~np.isnan(labels[:, number]) & (weight[:, number] > 0)
        rows = np.flatnonzero(inside & known)
        y = labels[rows, number] > 0.5
        if share is None or y.sum() < FEWEST or (~y).sum() < FEWEST:
            continue
        parts = _parts_of_place(y, labels[rows, 0] > 0.5, share, reference)
        z = logits[rows, number].astype(np.float64)
        line = _fit_logistic(z[:, None], y, _weighted(np.ones(len(rows)), parts))
        slope, shift = float(line.coef_[0, 0]), float(line.intercept_[0])
        if slope > 0:
            found[label] = [slope, shift]
            log(f"{label} on talk pages: {slope:.2f} z {shift:+.2f} by {int(y.sum())} of them")
    return {"talk": found} if found else {}


def _corpora(reference: dict[str, float]) -> list[str]:
    """The corpora of the place that the reference is about."""
    return [key.removeprefix("from ") for key in reference if key.startswith("from ")]


def _parts_of_place(
    y: npt.NDArray[np.bool_],
    toxic: npt.NDArray[np.bool_],
    share: float,
    reference: dict[str, float],
) -> list[tuple[float, npt.NDArray[np.bool_]]]:
    """Shares of the place, and its rows: those with the label, those toxic without it, the rest."""
    without = ~y & toxic
    more = reference.get(LABELS[0], 0.0) - share
    if more <= 0 or not without.any():
        return [(share, y), (1 - share, ~y)]
    return [(share, y), (more, without), (1 - share - more, ~y & ~toxic)]


def _weighted(mass: Float64, parts: Sequence[tuple[float, npt.NDArray[np.bool_]]]) -> Float64:
    """`mass` (N,) of rows such that each part of them has its share of the whole."""
    out, whole = np.zeros(len(mass)), float(mass.sum())
    for share, part in parts:
        out[part] = mass[part] * (share * whole / mass[part].sum())
    return out


def _fit_logistic(columns: Float64, y: npt.NDArray[np.bool_], mass: Float64) -> LogisticRegression:
    head = LogisticRegression(C=1e4, max_iter=1000)
    head.fit(columns, y, sample_weight=mass)
    return head


def choose_thresholds(
    probability: Float32,
    labels: Float32,
    weight: Float32,
    toxicity: float = 0.5,
    log: Callable[[str], None] = lambda line: None,
) -> dict[str, float]:
    """The probability from which a label is said to be there.

    `toxicity`: its own; one half is what a calibrated probability invites. The others, which are
    rarer, where macro-F1 on the held texts of all corpora is best: a place that asks about them
    has more of them than the reference. Of thresholds that are as good (EVEN) the highest, which
    flags the fewest. The mean of what SAMPLES bootstrap samples of the texts say (bagging; Breiman
    1996): what one set of texts says moves with a few of them.
    """
    out = {"toxicity": toxicity}
    rng = np.random.default_rng(0)
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
        chosen = []
        for _ in range(SAMPLES):
            drawn = np.bincount(rng.integers(0, len(rows), len(rows)), minlength=len(rows))
            macro = _macro_f1(y, w * drawn)
            chosen.append(float(p[np.argmax(macro >= macro.max() - EVEN)]))
        out[label] = round(float(np.clip(np.mean(chosen), 0.02, 0.9)), 3)
        macro = _macro_f1(y, w)[np.searchsorted(-p, -out[label], side="right") - 1]
        log(f"{label}: yes from {out[label]:.3f}, macro-F1 {macro:.3f} on held texts")
    return out


def _macro_f1(y: npt.NDArray[np.bool_], mass: Float64) -> Float64:
    """Macro-F1 (N,) where the first 1 … N texts are said to have a label: the surest come first."""
    hit, miss = np.cumsum(mass * y), np.cumsum(mass * ~y)
    f_yes = 2 * hit / (hit + miss + hit[-1])
    clean = miss[-1] - miss  # texts without it that come after
    f_no = 2 * clean / (clean + (hit[-1] - hit) + miss[-1])
    macro: Float64 = (f_yes + f_no) / 2
    return macro
