"""Segments -> text: long texts composed to learn it from, and the fit."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from moderation.model import HEADS, POOL, REGISTER, SOCIAL, Model
from moderation.pooling import Pooled, Pooling, pool_features
from moderation.scoring import Scorer
from moderation.training.arrays import Float32

# The share of social media's head in toxicity, by the register's z: steeper the more segments there
# are, for a short text says little of how it is written. Of a dozen tried, what costs talk pages
# nothing, gives the others most and still tells harmless sentences that name a group from abuse.
SHARE = {"bias": 0.70, "whole": 0.08, "whole_few": 0.075}


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
    return out


def fit_pooling(
    pooled: Pooled, labels: Float32, weight: Float32, *, cost: float = 100.0
) -> Float32:
    """Calibrated pooling of every head: logistic regression on `pool_features`, float32 (H, P).

    The two heads of toxicity are fitted at once, each with its share of every text. A label without
    both outcomes gets its share of positives, whatever the text.
    """
    out = plain_pooling()
    social = HEADS.index(SOCIAL)
    share = Pooling(out).share(pooled)
    for label in range(labels.shape[1]):
        rows = np.flatnonzero(~np.isnan(labels[:, label]) & (weight[:, label] > 0))
        y, w = labels[rows, label], weight[rows, label]
        parts = [(label, np.ones(len(rows), np.float32))]
        if label == 0:
            parts = [(0, 1 - share[rows]), (social, share[rows])]
        if not len(rows) or not (y > 0).any() or not (y < 1).any():
            # Nothing to tell apart: the share of positives, whatever the text.
            for head, _ in parts:
                out[head, 1] = 0.0
                out[head, 0] = np.log((y.sum() + 0.5) / (len(y) - y.sum() + 0.5))
            continue
        columns = np.concatenate(
            [
                pool_features(
                    pooled.whole[rows, head], pooled.worst[rows, head], pooled.count[rows]
                )
                * mine[:, None]
                for head, mine in parts
            ],
            axis=1,
        ).astype(np.float64)
        scale = np.maximum(np.abs(columns).mean(axis=0), 1e-6)
        design = np.concatenate([columns, columns]) / scale
        target = np.concatenate([np.ones(len(y)), np.zeros(len(y))])
        mass = np.concatenate([w * y, w * (1 - y)])
        keep = mass > 0
        fit = LogisticRegression(C=cost, max_iter=3000, fit_intercept=False)
        fit.fit(design[keep], target[keep], sample_weight=mass[keep])
        found = (fit.coef_[0] / scale).reshape(len(parts), -1)
        for (head, _), row in zip(parts, found, strict=True):
            out[head, : len(row)] = row
    return out
