"""Segments -> text: long texts composed to learn it from, and the fit."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from moderation.model import HEADS, LINE, POOL, REGISTER, SOCIAL, Model
from moderation.pooling import OWN, WATCH, Pooled, pool_features
from moderation.reading.chunks import Bools
from moderation.scoring import Scorer
from moderation.training.arrays import Float32
from moderation.training.recipe import Recipe

# The share of social media's head in toxicity, by the register's z: steeper the more segments there
# are, for a short text says little of how it is written. The lower it begins, the better talk pages
# are ranked on dev rows, and the worse the others and pairs that differ in what is said of a group:
# of two dozen tried, one in between.
SHARE = {"bias": 0.60, "whole": 0.12, "whole_few": 0.09}

# The logit from which the watching line of a head counts: a little below where the texts that it
# was fitted to are as often abusive as not.
WATCH_FROM = -0.3


def compose(
    texts: Sequence[str], labels: Float32, seed: int, count: int
) -> tuple[list[str], Float32]:
    """Long texts with one abusive sentence in them, and long harmless ones.

    Short texts with a label stand at a random place between four harmless sentences and keep
    their labels; as many texts of five to nine harmless sentences have all labels 0.
    """
    rng = np.random.default_rng(seed)
    toxic = labels[:, 0]
    harmless: list[str] = []
    for text, value in zip(texts, toxic, strict=True):
        if value == 0 and len(harmless) < 40_000:
            harmless += [s.strip() for s in _SENTENCE.findall(text) if 20 <= len(s.strip()) <= 200]
    short = [
        i
        for i, text in enumerate(texts)
        if 8 <= len(text) <= 160 and toxic[i] >= 0.5 and "\n" not in text
    ]
    if len(harmless) < 20 or not short:
        return [], np.empty((0, labels.shape[1]), np.float32)
    made: list[str] = []
    rows: list[npt.NDArray[np.float32]] = []
    for number in range(count):
        if number % 2:
            picks = rng.integers(0, len(harmless), int(rng.integers(5, 10)))
            made.append(" ".join(harmless[i] for i in picks.tolist()))
            rows.append(np.zeros(labels.shape[1], np.float32))
        else:
            picks = rng.integers(0, len(harmless), 4)
            which = short[int(rng.integers(0, len(short)))]
            parts = [harmless[i] for i in picks.tolist()]
            sentence = texts[which].strip()
            if sentence[-1:] not in ".!?" and number % 4:
                sentence += "."  # every second one is run into the next, as people write
            parts.insert(int(rng.integers(0, 5)), sentence)
            made.append(" ".join(parts))
            rows.append(labels[which])
    return made, np.array(rows, np.float32)


_SENTENCE = re.compile(r"[^.!?\n]+[.!?]")


def pooled_scores(model: Model, texts: Sequence[str]) -> Pooled:
    """What the segments of each text come to, by the very code that scores."""
    return Scorer(model).pooled(texts)


def plain_pooling() -> Float32:
    """The whole text's linear scores as they are: float32 (H, P)."""
    out = np.zeros((len(HEADS), len(POOL)), np.float32)
    out[:, POOL.index("whole")] = 1.0
    for column, value in SHARE.items():
        out[HEADS.index(REGISTER), POOL.index(column)] = value
    out[:, WATCH] = out[:, OWN]
    out[:, POOL.index("watch_from")] = WATCH_FROM
    return out


def fit_pooling(
    pooled: Pooled,
    labels: Float32,
    weight: Float32,
    register: npt.NDArray[np.str_],
    composed: Bools,
    recipe: Recipe,
    *,
    cost: float = 100.0,
) -> Float32:
    """Calibrated pooling of every head: logistic regression on `pool_features`, float32 (H, P).

    `register`: (N,), each of REGISTERS; `composed`: (N,), the texts made by `compose`, which teach
    every head and whose weight is the recipe's for the head and the line. The two heads of toxicity
    are fitted to texts of their own register, talk pages or the others: what makes a long text
    abusive differs as much as the labels do. A label without both outcomes gets its share of
    positives, whatever the text.
    """
    out = plain_pooling()
    for number, head in enumerate(HEADS):
        if head == REGISTER:
            continue
        label = 0 if head == SOCIAL else number
        known = ~np.isnan(labels[:, label]) & (weight[:, label] > 0)
        mine = known & ~composed
        if label == 0:
            own = mine & np.isin(register, ("social", "both") if head == SOCIAL else ("talk",))
            # Without texts of its own register a head takes what there is.
            mine = own if _has_both(labels[own, 0]) else mine
        ordinary, watching = recipe.composed_of(head)
        lines: dict[float, Float32] = {}
        for share in (ordinary, watching):
            if share not in lines:
                mass = weight[:, label] * np.where(composed, share, mine)
                rows = np.flatnonzero(known & (mass > 0))
                y = labels[rows, label]
                lines[share] = _fit_line(pooled.take(rows), number, y, mass[rows], cost)
        out[number, OWN], out[number, WATCH] = lines[ordinary], lines[watching]
    return out


def _has_both(labels: Float32) -> bool:
    """Whether some of the labels (N,) say yes and some no."""
    return bool((labels > 0).any() and (labels < 1).any())


def _fit_line(pooled: Pooled, head: int, y: Float32, mass: Float32, cost: float) -> Float32:
    """One line of one head, in the order of LINE: float32 (10,)."""
    out = np.zeros(len(LINE), np.float32)
    if not _has_both(y):
        # Nothing to tell apart: the share of positives, whatever the text.
        out[0] = np.log((y.sum() + 0.5) / (len(y) - y.sum() + 0.5))
        return out
    columns = pool_features(pooled.whole[:, head], pooled.worst[:, head], pooled.count)
    columns = columns.astype(np.float64)
    scale = np.maximum(np.abs(columns).mean(axis=0), 1e-6)
    design = np.concatenate([columns, columns]) / scale
    target = np.concatenate([np.ones(len(y)), np.zeros(len(y))])
    mass = np.concatenate([mass * y, mass * (1 - y)])
    keep = mass > 0
    fit = LogisticRegression(C=cost, max_iter=3000, fit_intercept=False)
    fit.fit(design[keep], target[keep], sample_weight=mass[keep])
    out[:] = fit.coef_[0] / scale
    return out
