"""How far readers agree: Krippendorff's alpha for nominal labels, with an interval.

    alpha = 1 - observed disagreement / disagreement expected by chance

1 is perfect agreement, 0 is what chance gives, below 0 is systematic disagreement. Source:
K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), section C (nominal data,
any number of observers, missing data), by the coincidence matrix.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from moderation.labelling.scheme import LabelRecord
from moderation.labelling.store import current
from moderation.records import LABELS

RESAMPLES = 2000  # the ends of a 95 % interval then rest on 50 replicates each
SEED = 20160609  # any fixed number: the same file must print the same interval


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of the readers on one question.

    - `units`: how many comments at least two readers judged; only these count.
    - `percent`: share of agreeing pairs of readers, averaged over units, in [0, 100]; None without
      units.
    - `alpha`: at most 1; None where undefined, that is where all values are the same (no variation:
      agreement by chance would be perfect too) or there are no units.
    - `interval`: 95 % percentile interval of alpha; None where alpha is undefined.
    - `undefined`: share in [0, 1] of the resamples whose alpha is undefined; these are left out of
      the interval.
    - `positives`: how many units each reading ("A", "B") marked 1.
    """

    name: str
    units: int
    percent: float | None
    alpha: float | None
    interval: tuple[float, float] | None
    undefined: float
    positives: dict[str, int]


def coincidences(
    units: Iterable[Sequence[Hashable | None]],
) -> dict[tuple[Hashable, Hashable], float]:
    """The coincidence matrix: `o[c, k]` = sum over units of (number of c-k pairs) / (m - 1).

    `units` are the values that the readers gave to each unit, None where missing; m is the number
    of values present in the unit. Units with fewer than two values have no pairs.
    """
    matrix: dict[tuple[Hashable, Hashable], float] = {}
    for unit in units:
        present = [value for value in unit if value is not None]
        for pair in permutations(present, 2):
            matrix[pair] = matrix.get(pair, 0.0) + 1.0 / (len(present) - 1)
    return matrix


def krippendorff_alpha(units: Iterable[Sequence[Hashable | None]]) -> float | None:
    """Krippendorff's alpha for nominal data, at most 1; None where it is undefined.

    `alpha = 1 - (n - 1) (n - sum of o[c, c]) / (n^2 - sum of n[c]^2)`, the nominal form of
    Krippendorff 2011, with n[c] the margins of the coincidence matrix and n their sum. Undefined
    without pairable values or without variation (all n in one category).
    """
    matrix = coincidences(units)
    margins: dict[Hashable, float] = {}
    for (value, _), number in matrix.items():
        margins[value] = margins.get(value, 0.0) + number
    if len(margins) < 2:
        return None
    total = sum(margins.values())
    agreeing = sum(number for (first, second), number in matrix.items() if first == second)
    chance = total**2 - sum(number**2 for number in margins.values())
    return 1.0 - (total - 1.0) * (total - agreeing) / chance


def bootstrap_interval(
    units: Iterable[Sequence[Hashable | None]],
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
    level: float = 0.95,
) -> tuple[tuple[float, float] | None, float]:
    """(percentile interval of alpha, share of resamples without a defined alpha).

    Units are drawn with replacement, as many as there are (Efron & Tibshirani 1993, ch. 13). With
    few units it is too narrow rather than too wide, and where readers agree on everything it has no
    width: data without a disagreement tell nothing about how often one comes.
    """
    patterns, counts = _patterns(units)
    if not counts.size:
        return None, 1.0
    # Units with the same values are interchangeable: drawing how often each pattern comes is the
    # same as drawing units, and costs nothing however many units there are.
    total = int(counts.sum())
    drawn = np.random.default_rng(seed).multinomial(total, counts / total, size=resamples)
    alphas = _alphas(drawn, patterns)
    defined = alphas[~np.isnan(alphas)]
    undefined = 1.0 - defined.size / resamples
    if not defined.size:
        return None, undefined
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(defined, [tail, 1.0 - tail])
    return (float(low), float(high)), undefined


def percent_agreement(units: Iterable[Sequence[Hashable | None]]) -> float | None:
    """Share of agreeing pairs of values in each unit, averaged, in [0, 100]; None without pairs."""
    shares = []
    for unit in units:
        present = [value for value in unit if value is not None]
        if len(present) >= 2:
            pairs = len(present) * (len(present) - 1)
            same = sum(number * (number - 1) for number in Counter(present).values())
            shares.append(same / pairs)
    return 100.0 * sum(shares) / len(shares) if shares else None


def measure_agreement(records: Iterable[LabelRecord], *, seed: int = SEED) -> list[Agreement]:
    """Agreement of the readings A and B (decisions do not count) for each of the six labels.

    Superseded records are left out; where a reading has several readers, each is one more observer.
    """
    readings: dict[str, list[LabelRecord]] = {}
    for record in current(records):
        if record.reading != "decision":
            readings.setdefault(record.comment, []).append(record)
    return [_measure(label, list(readings.values()), seed) for label in LABELS]


def _measure(label: str, comments: list[list[LabelRecord]], seed: int) -> Agreement:
    units: list[list[int]] = []
    positives = {"A": 0, "B": 0}
    for records in comments:
        values = [(r.reading, r.labels[label]) for r in records]
        present = [value for _, value in values if value is not None]
        if len(present) < 2:
            continue
        units.append(present)
        for reading in {reading for reading, value in values if value == 1}:
            positives[reading] += 1
    alpha = krippendorff_alpha(units)
    interval, undefined = bootstrap_interval(units, seed=seed)
    return Agreement(
        name=label,
        units=len(units),
        percent=percent_agreement(units),
        alpha=alpha,
        interval=None if alpha is None else interval,
        undefined=undefined,
        positives=positives,
    )


def _patterns(
    units: Iterable[Sequence[Hashable | None]],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Distinct units as rows, and how often each comes.

    Row: (o[c, c] summed over categories, then the unit's part of each margin n[c]); float64, shape
    (P, 1 + C). A unit adds m values to the margins, and sum of m_c (m_c - 1) / (m - 1) agreements.
    """
    seen: Counter[tuple[tuple[Hashable, int], ...]] = Counter()
    for unit in units:
        values = Counter(value for value in unit if value is not None)
        if values.total() >= 2:
            seen[tuple(sorted(values.items(), key=lambda item: repr(item[0])))] += 1
    categories: dict[Hashable, int] = {}
    for pattern in seen:
        for value, _ in pattern:
            categories.setdefault(value, len(categories))
    rows = np.zeros((len(seen), 1 + len(categories)))
    for row, pattern in zip(rows, seen, strict=True):
        size = sum(number for _, number in pattern)
        row[0] = sum(number * (number - 1) for _, number in pattern) / (size - 1)
        for value, number in pattern:
            row[1 + categories[value]] = number
    return rows, np.array(list(seen.values()), dtype=np.int64)


def _alphas(counts: NDArray[np.int64], patterns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Alpha of each row of `counts` (shape (R, P)); NaN where it is undefined. Shape (R,)."""
    sums = counts @ patterns
    agreeing, margins = sums[:, 0], sums[:, 1:]
    total = margins.sum(axis=1)
    chance = total**2 - (margins**2).sum(axis=1)  # exact: margins are whole numbers below 2^53
    alphas = np.full(len(counts), np.nan)
    np.divide((total - 1) * (total - agreeing), chance, out=alphas, where=chance > 0)
    return 1.0 - alphas
