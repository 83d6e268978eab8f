"""Measures of ranking, decision and calibration, each for B weighted samples at once.

A bootstrap sample is a row of integer weights (how often each row was drawn), so scores are
sorted once and every measure is a cumulative sum or a matrix product. Weights have shape (B, N)
and results shape (B,); a measure that a sample leaves undefined is NaN.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ECE_BINS = 15  # Guo et al. 2017 use 15; of equal mass here, so that no bin is nearly empty
_CELLS = 4_000_000  # weights held at once: 32 MB


class Ranking:
    """Scores against 0/1 labels, sorted once.

    Ties count half in the AUC (Mann-Whitney) and as one step in average precision, as in
    scikit-learn's `roc_auc_score` and `average_precision_score`.
    """

    def __init__(self, scores: NDArray[np.floating], positive: NDArray[np.bool_]) -> None:
        self.order = np.argsort(-scores, kind="stable")
        ordered = scores[self.order]
        self.positive = positive[self.order].astype(np.float64)
        self.ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
        self.scores = ordered[self.ends]

    def counts(self, weights: Floats) -> tuple[Floats, Floats]:
        """True and false positives above each distinct score, falling, shape (B, K) each."""
        sorted_weights = weights[:, self.order]
        hits = np.cumsum(sorted_weights * self.positive, axis=1)[:, self.ends]
        return hits, np.cumsum(sorted_weights, axis=1)[:, self.ends] - hits

    def measure(self, weights: Floats) -> dict[str, Floats]:
        """`auc` and `ap` of each sample."""
        hits, misses = self.counts(weights)
        positives, negatives = hits[:, -1], misses[:, -1]
        zero = np.zeros((len(weights), 1))
        hits_before = np.concatenate([zero, hits[:, :-1]], axis=1)
        misses_before = np.concatenate([zero, misses[:, :-1]], axis=1)
        area = ((misses - misses_before) * (hits + hits_before) / 2).sum(axis=1)
        flagged = hits + misses
        precision = np.divide(hits, flagged, out=np.zeros_like(hits), where=flagged > 0)
        steps = ((hits - hits_before) * precision).sum(axis=1)
        both = positives * negatives
        return {
            "auc": _divide(area, both),
            # Without negatives every ranking is perfect: that is no figure, so NaN.
            "ap": np.where(negatives > 0, _divide(steps, positives), np.nan),
        }


class Decisions:
    """Scores cut at a threshold (flagged when at or above it) against 0/1 labels.

    With one class only, recall or the false positive rate says everything; the rest is NaN.
    """

    def __init__(
        self, scores: NDArray[np.floating], positive: NDArray[np.bool_], threshold: float
    ) -> None:
        flagged = scores >= threshold
        cells = (flagged & positive, flagged & ~positive, ~flagged & positive, ~flagged & ~positive)
        self.cells = np.stack(cells, axis=1).astype(np.float64)

    def measure(self, weights: Floats) -> dict[str, Floats]:
        """`precision`, `recall`, `f1`, `macro_f1`, `accuracy`, `false_positive_rate`."""
        tp, fp, fn, tn = (weights @ self.cells).T
        f1 = _divide(2 * tp, 2 * tp + fp + fn)
        other = _divide(2 * tn, 2 * tn + fp + fn)
        both = (tp + fn > 0) & (fp + tn > 0)
        return {
            "precision": np.where(both, _divide(tp, tp + fp), np.nan),
            "recall": _divide(tp, tp + fn),
            "f1": np.where(both, f1, np.nan),
            "macro_f1": np.where(both, (f1 + other) / 2, np.nan),
            "accuracy": np.where(both, _divide(tp + tn, tp + fp + fn + tn), np.nan),
            "false_positive_rate": _divide(fp, fp + tn),
        }


class Calibration:
    """Expected calibration error over equal-mass bins of the score (Naeini et al. 2015).

    `targets` may be shares of annotators. The bins are cut on the whole sample and stay for all
    bootstrap samples. On n rows even a perfect model has an error of about 0.4 * sqrt(bins / n).
    With `mass`, shape (N,), rows count for so much, in the size of the bins too.
    """

    def __init__(
        self,
        scores: NDArray[np.floating],
        targets: NDArray[np.floating],
        bins: int = ECE_BINS,
        mass: Floats | None = None,
    ) -> None:
        order = np.argsort(scores, kind="stable")
        index = np.empty(len(scores), dtype=np.intp)
        if mass is None:
            for number, rows in enumerate(np.array_split(order, min(bins, max(len(scores), 1)))):
                index[rows] = number
        else:
            until = np.cumsum(mass[order])
            index[order] = np.minimum((until - mass[order] / 2) / until[-1] * bins, bins - 1)
        self._mass = np.ones(len(scores)) if mass is None else mass
        self._one_hot = np.zeros((len(scores), bins))
        self._one_hot[np.arange(len(scores)), index] = 1.0
        self._gap = self._one_hot * ((scores - targets) * self._mass)[:, None]
        self._scores = np.asarray(scores, dtype=np.float64)
        self._targets = np.asarray(targets, dtype=np.float64)

    def measure(self, weights: Floats) -> dict[str, Floats]:
        """`ece` of each sample."""
        gaps = np.abs(weights @ self._gap).sum(axis=1)
        return {"ece": _divide(gaps, weights @ self._mass)}

    def curve(self) -> list[tuple[float, float, int]]:
        """Per bin: mean score, mean label, rows."""
        counts = self._one_hot.sum(axis=0)
        full = counts > 0
        total = (self._mass @ self._one_hot)[full]
        scores = ((self._scores * self._mass) @ self._one_hot)[full] / total
        targets = ((self._targets * self._mass) @ self._one_hot)[full] / total
        return [
            (float(s), float(t), int(n))
            for s, t, n in zip(scores, targets, counts[full], strict=True)
        ]


def draw_weights(
    groups: Sequence[str], draws: int, *, seed: int = 0, key: str = ""
) -> Iterator[Floats]:
    """Bootstrap weights in blocks of shape (b, N), b summing to `draws`.

    Whole groups are drawn with replacement (a cluster bootstrap), so that pairs and threads do
    not make intervals look narrower than they are. `key` gives each set a stream of its own.
    """
    n = len(groups)
    if n == 0:
        return
    numbers: dict[str, int] = {}
    index = np.array([numbers.setdefault(group, len(numbers)) for group in groups], dtype=np.intp)
    rng = np.random.default_rng([seed, zlib.crc32(key.encode())])
    size = len(numbers)
    block = max(1, _CELLS // n)
    for start in range(0, draws, block):
        b = min(block, draws - start)
        drawn = rng.integers(0, size, size=(b, size)) + np.arange(b)[:, None] * size
        weights = np.bincount(drawn.ravel(), minlength=b * size).reshape(b, size)
        yield weights[:, index].astype(np.float64)


def interval(samples: NDArray[np.floating]) -> tuple[float, float] | None:
    """The 2.5 % and 97.5 % points of the defined samples; None if fewer than half are defined."""
    defined = samples[~np.isnan(samples)]
    if len(defined) == 0 or 2 * len(defined) < len(samples):
        return None
    low, high = np.quantile(defined, [0.025, 0.975])
    return float(low), float(high)


def power_mean(values: Sequence[float], power: float = -5.0) -> float:
    """Generalised mean of AUCs; at −5 the worst ones weigh most (Borkan et al. 2019, eq. 4)."""
    array = np.asarray(values, dtype=np.float64)
    if len(array) == 0:
        return float("nan")
    if power < 0 and bool((array <= 0).any()):
        return 0.0
    return float(np.mean(array**power) ** (1.0 / power))


def character_f1(predicted: set[int], gold: set[int]) -> float:
    """F1 of character positions of one post (Da San Martino et al. 2019; SemEval-2021 task 5).

    Where gold is empty: 1 if nothing was predicted, else 0.
    """
    if not gold:
        return 1.0 if not predicted else 0.0
    return 2 * len(predicted & gold) / (len(predicted) + len(gold))


def fit_platt(scores: NDArray[np.floating], targets: NDArray[np.floating]) -> tuple[float, float]:
    """Slope and offset on the logit that make scores fit `targets` (Platt 1999), by Newton steps.

    Normal priors around "as shipped" (slope 1 ± 0.5, offset 0 ± 2) keep few or separable rows
    from moving the scores further than they can justify.
    """
    z = logit(scores)
    design = np.stack([z, np.ones_like(z)], axis=1)
    start = np.array([1.0, 0.0])
    precision = 1 / np.array([0.5, 2.0]) ** 2

    def loss(beta: Floats) -> float:
        logits = design @ beta
        fit = (np.logaddexp(0, logits) - targets * logits).sum()
        return float(fit + (precision * (beta - start) ** 2).sum() / 2)

    beta, best = start, loss(start)
    for _ in range(100):
        p = 1 / (1 + np.exp(-np.clip(design @ beta, -500, 500)))
        gradient = design.T @ (p - targets) + precision * (beta - start)
        hessian = (design * (p * (1 - p))[:, None]).T @ design + np.diag(precision)
        step = np.linalg.solve(hessian, gradient)
        # The loss is convex: halving a step that overshoots always finds a lower one.
        while loss(beta - step) > best and float(np.abs(step).max()) > 1e-9:
            step = step / 2
        if float(np.abs(step).max()) <= 1e-9:
            break
        beta = beta - step
        best = loss(beta)
    return float(beta[0]), float(beta[1])


def logit(scores: NDArray[np.floating]) -> Floats:
    """log(p / (1 - p)) of scores kept within [1e-6, 1 - 1e-6]."""
    p = np.clip(np.asarray(scores, dtype=np.float64), 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))


def _divide(a: Floats, b: Floats) -> Floats:
    """a / b, NaN where b is 0."""
    return np.divide(a, b, out=np.full_like(a, np.nan), where=b > 0)
