"""evaluate(): a predictor, corpora and seeds of chance in; a Report out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moderation.evaluation.metrics import Calibration, Decisions, Floats, Ranking, draw_weights
from moderation.evaluation.report import Curve, Figure, Report, make_figure
from moderation.evaluation.sets import EvaluationSet
from moderation.records import LABELS

Predict = Callable[[list[str]], NDArray[np.float32]]
"""texts -> float32, shape (C, L), in the order of `records.LABELS`; NaN for a label not judged."""

MIN_PART = 20  # rows of a kind below which a group's figure would be noise
CURVE_POINTS = 80
GRID = tuple(round(0.1 * i, 1) for i in range(1, 10))


@dataclass
class Measuring:
    """What every measure needs: the predictor, its thresholds, chance, and where results go."""

    predict: Predict
    thresholds: Mapping[str, float]
    report: Report
    memory: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    def scores(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Predictions, each text scored once in a run; float32, shape (C, L)."""
        unknown = list(dict.fromkeys(text for text in texts if text not in self.memory))
        if unknown:
            found = np.asarray(self.predict(unknown), dtype=np.float32)
            if found.shape != (len(unknown), len(LABELS)):
                raise ValueError(
                    f"predict gave shape {found.shape} for {len(unknown)} texts, "
                    f"not {(len(unknown), len(LABELS))}"
                )
            self.memory.update(zip(unknown, found, strict=True))
        if not texts:
            return np.empty((0, len(LABELS)), dtype=np.float32)
        return np.stack([self.memory[text] for text in texts])

    def judges(self, label: str) -> bool:
        """Whether the predictor gives this label at all (known once it has scored a text)."""
        first = next(iter(self.memory.values()), None)
        return first is None or not bool(np.isnan(first[LABELS.index(label)]))

    def weights(self, clusters: Sequence[str], key: str) -> list[Floats]:
        """The bootstrap's weights for rows in these clusters, as a list of blocks."""
        report = self.report
        return list(draw_weights(clusters, report.bootstrap, seed=report.seed, key=key))

    def add(self, figure: Figure | None) -> None:
        """Put a figure into the report, unless it is undefined."""
        if figure is not None:
            self.report.figures.append(figure)

    def add_mean(
        self,
        set_name: str,
        label: str,
        measure: str,
        values: NDArray[Any],
        *,
        group: str = "",
        clusters: Sequence[str] | None = None,
        positives: int = 0,
    ) -> None:
        """Put the mean of per-row values into the report, with its bootstrap interval."""
        n = len(values)
        if n == 0:
            return
        array = np.asarray(values, dtype=np.float64)
        key = "|".join((set_name, label, measure, group))
        names = clusters if clusters is not None else [str(i) for i in range(n)]
        samples: list[float] = []
        for block in self.weights(names, key):
            samples.extend((block @ array) / np.maximum(block.sum(axis=1), 1))
        self.add(
            make_figure(set_name, label, measure, float(array.mean()), samples, n, positives, group)
        )


def measure_set(run: Measuring, data: EvaluationSet) -> None:
    """Every figure and curve of one set, label by label, then by its parts."""
    scores = run.scores(data.texts)
    if data.note:
        run.report.notes[data.name] = data.note
    means: list[tuple[float, Floats]] = []
    for column, label in enumerate(LABELS):
        rows = np.flatnonzero(~np.isnan(data.labels[:, column]) & ~np.isnan(scores[:, column]))
        if len(rows) == 0:
            continue
        p = scores[rows, column].astype(np.float64)
        y = data.labels[rows, column].astype(np.float64)
        clusters = [data.clusters[i] for i in rows]
        auc = _measure_label(run, data.name, label, p, y, clusters)
        if auc is not None:
            means.append(auc)
        for field_name, values in data.parts.items():
            _measure_parts(run, data.name, label, field_name, p, y, [values[i] for i in rows])
    if len(means) == len(LABELS):
        samples = np.mean([draws for _, draws in means], axis=0)
        value = float(np.mean([value for value, _ in means]))
        n = len(data.texts)
        run.add(make_figure(data.name, "mean of six", "auc", value, samples, n, 0))


def _measure_label(
    run: Measuring, name: str, label: str, p: Floats, y: Floats, clusters: Sequence[str]
) -> tuple[float, Floats] | None:
    positive = y >= 0.5
    ranking = Ranking(p, positive)
    calibration = Calibration(p, y)
    decisions = Decisions(p, positive, run.thresholds[label])
    # Of one class alone, calibration says how the rows were chosen, not how good the scores are.
    mixed = 0 < int(positive.sum()) < len(p)
    measures = (ranking, decisions, calibration) if mixed else (ranking, decisions)
    ones = np.ones((1, len(p)))
    values = {k: float(v[0]) for m in measures for k, v in m.measure(ones).items()}
    draws: dict[str, list[Floats]] = {key: [] for key in values}
    # One stream of weights a set: labels of the same rows are resampled together.
    for block in run.weights(clusters, name):
        for measure in measures:
            for key, sample in measure.measure(block).items():
                draws[key].append(sample)
    n, positives = len(p), int(positive.sum())
    for key, value in values.items():
        samples = np.concatenate(draws[key]) if draws[key] else None
        run.add(make_figure(name, label, key, value, samples, n, positives))
    if np.isnan(values["auc"]):
        return None
    run.report.curves.append(_curve(name, label, p, positive, ranking, calibration))
    return values["auc"], np.concatenate(draws["auc"]) if draws["auc"] else np.empty(0)


def _measure_parts(
    run: Measuring,
    name: str,
    label: str,
    field_name: str,
    p: Floats,
    y: Floats,
    parts: list[list[str]],
) -> None:
    positive = y >= 0.5
    flagged = p >= run.thresholds[label]
    for part in sorted({value for values in parts for value in values}):
        inside = np.array([part in values for values in parts], dtype=bool)
        group = f"{field_name} {part}"
        for kind, mask in (("recall", positive), ("false_positive_rate", ~positive)):
            rows = inside & mask
            if rows.sum() >= MIN_PART:
                hits = int(positive[rows].sum())
                run.add_mean(name, label, kind, flagged[rows], group=group, positives=hits)
        both = inside & positive, inside & ~positive
        if min(int(mask.sum()) for mask in both) >= MIN_PART:
            ranking = Ranking(p[inside], positive[inside])
            blocks = run.weights([str(i) for i in range(int(inside.sum()))], f"{name}|{group}")
            samples = [value for block in blocks for value in ranking.measure(block)["auc"]]
            value = float(ranking.measure(np.ones((1, int(inside.sum()))))["auc"][0])
            n, hits = int(inside.sum()), int(both[0].sum())
            run.add(make_figure(name, label, "auc", value, samples, n, hits, group))


def _curve(
    name: str,
    label: str,
    p: Floats,
    positive: NDArray[np.bool_],
    ranking: Ranking,
    calibration: Calibration,
) -> Curve:
    hits, misses = (counts[0] for counts in ranking.counts(np.ones((1, len(p)))))
    recall, fpr = hits / hits[-1], misses / misses[-1]
    precision = hits / (hits + misses)
    # Points evenly spaced in both directions, so that steep parts keep their shape.
    travelled = np.linspace(0, 1, CURVE_POINTS)
    by_roc = np.unique(np.searchsorted((recall + fpr) / 2, travelled).clip(0, len(hits) - 1))
    by_pr = np.unique(np.searchsorted(recall, travelled).clip(0, len(hits) - 1))
    thresholds: list[tuple[float, float | None, float, float]] = []
    for cut in GRID:
        flagged = p >= cut
        right = int((flagged & positive).sum())
        share = float(flagged.mean())
        exact = round(right / int(flagged.sum()), 4) if flagged.any() else None
        thresholds.append((cut, exact, round(right / int(positive.sum()), 4), round(share, 4)))
    return Curve(
        name,
        label,
        [(0.0, 0.0), *((round(float(fpr[i]), 4), round(float(recall[i]), 4)) for i in by_roc)],
        [(round(float(recall[i]), 4), round(float(precision[i]), 4)) for i in by_pr],
        [(round(s, 4), round(t, 4), n) for s, t, n in calibration.curve()],
        thresholds,
    )
