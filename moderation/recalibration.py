"""Recalibration: a model's scores fitted to the comments of one's own place.

Places differ in how much abuse there is and in what counts as abuse, so a score of 0.8 that is
right 80 times of 100 where the model was calibrated may be right 60 times elsewhere. Some 200
comments of one's own, labelled by `seeds/CODEBOOK.md`, are enough to fit two numbers a label:

    logit' = slope * logit + offset        (Platt 1999)

Both numbers are folded into the model's pooling coefficients, in which the logit is linear: the
result is an ordinary model file, as fast as before, whose explanations still add up. The ranking
of comments and the thresholds stay; what changes is which comments reach them.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from moderation.errors import InputError, unreadable
from moderation.evaluation.metrics import fit_platt, logit
from moderation.model import Model
from moderation.pooling import rescale
from moderation.records import LABELS
from moderation.streams import separator_of

MIN_ROWS = 50  # below it the two numbers are mostly chance; 200 are what the card is measured on
FOLDS = 10

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fit:
    """What was fitted for one label on `n` comments, `positives` of them labelled 1.

    `mean_before` and `mean_after` are mean scores, to be held against positives / n.
    `loss_before` and `loss_after` are mean log losses in nats; the latter is cross-validated in
    ten folds, so that it may well be the larger one where there is nothing to gain.
    """

    label: str
    n: int
    positives: int
    slope: float
    offset: float
    mean_before: float
    mean_after: float
    loss_before: float
    loss_after: float


@dataclass(frozen=True, slots=True)
class Recalibrated:
    """The new model, a fit for each label that changed, and why the others did not."""

    model: Model
    fits: tuple[Fit, ...]
    unchanged: Mapping[str, str]


def recalibrate(
    model: Model,
    texts: Sequence[str],
    labels: npt.ArrayLike,
    *,
    name: str | None = None,
    source: str = "",
    place: str = "labels",
) -> Recalibrated:
    """Fit slope and offset of each label's logit and fold them into a copy of `model`.

    - `texts`: N comments; `labels`: float, shape (N, L) in the order of `records.LABELS`, each in
      [0, 1] or NaN where nobody judged;
    - `name`: the new model's name; `source`: sha256 of the file that the labels came from, kept in
      the settings beside the numbers; `place`: that file's name, for error messages.

    A label changes only if it was judged on at least 50 comments with both outcomes. Normal priors
    around "as shipped" (`metrics.fit_platt`) keep few rows from moving it too far.
    Raises InputError if no label can change, or if labels contradict the scores.
    """
    gold = np.asarray(labels, dtype=np.float64)
    if gold.shape != (len(texts), len(LABELS)):
        raise ValueError(f"labels have shape {gold.shape}, not {(len(texts), len(LABELS))}")
    scores = np.asarray(model.predict_proba(list(texts)), dtype=np.float64)
    pool = model.pool.astype(np.float64)
    fits: list[Fit] = []
    unchanged: dict[str, str] = {}
    for number, label in enumerate(LABELS):
        rows = np.flatnonzero(~np.isnan(gold[:, number]))
        p, y = scores[rows, number], gold[rows, number]
        positives = int((y >= 0.5).sum())
        if len(rows) < MIN_ROWS:
            unchanged[label] = f"judged on {len(rows)} comments, needs {MIN_ROWS}"
            continue
        if not 0 < positives < len(rows):
            unchanged[label] = f"all {len(rows)} comments have the same label"
            continue
        slope, offset = fit_platt(p, y)
        if slope <= 0:
            raise InputError(
                place, f"{label} contradicts the scores (slope {slope:.2f}); are 0 and 1 swapped?"
            )
        rescale(pool, number, slope, offset)
        after = _platt(p, slope, offset)
        fits.append(
            Fit(
                label,
                len(rows),
                positives,
                slope,
                offset,
                float(p.mean()),
                float(after.mean()),
                _log_loss(p, y),
                _log_loss(_cross_fitted(p, y), y),
            )
        )
    if not fits:
        most = max(int((~np.isnan(gold[:, i])).sum()) for i in range(len(LABELS)))
        if most < MIN_ROWS:
            problem = f"has {most} labelled comments, needs at least {MIN_ROWS} (better 200)"
        else:
            problem = "has the same label for every comment; label some of both kinds"
        raise InputError(place, problem)
    note = {
        "from": model.digest,
        "source": source,
        "rows": len(texts),
        "labels": {fit.label: _rounded(fit) for fit in fits},
    }
    settings = {**model.settings, "name": name or model.name, "recalibrated": note}
    changed = replace(
        model,
        name=str(settings["name"]),
        settings=settings,
        pool=pool.astype(np.float32),
        digest="",
        file=None,
    )
    return Recalibrated(changed, tuple(fits), unchanged)


def read_labelled(path: str | Path) -> tuple[list[str], Float32, str]:
    """Texts, labels (float32, shape (N, L), NaN = not judged) and the file's sha256.

    The file is JSON lines, or CSV with a header line: a column `text` and one for each label that
    was judged, 0 or 1, empty or null where not. In JSON the labels may also stand in an object
    `labels`, as in label files. Raises InputError with file:line.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
        decoded = content.decode("utf-8-sig")
    except OSError as error:
        raise InputError(str(path), unreadable(error)) from None
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(f"{path}:{line}", "is not UTF-8; convert the file to UTF-8") from None
    read = _json_rows if decoded.lstrip().startswith("{") else _csv_rows
    texts: list[str] = []
    rows: list[list[float]] = []
    for place, row in read(path, decoded):
        text = row.get("text")
        if not isinstance(text, str):
            raise InputError(place, 'has no "text"')
        values = [_value(place, label, row.get(label)) for label in LABELS]
        if all(value != value for value in values):
            raise InputError(place, f"has no label 0 or 1; known: {', '.join(LABELS)}")
        texts.append(text)
        rows.append(values)
    labels = np.array(rows, dtype=np.float32).reshape(len(rows), len(LABELS))
    return texts, labels, hashlib.sha256(content).hexdigest()


def _json_rows(path: Path, content: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        place = f"{path}:{number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            raise InputError(place, "is not a JSON object on one line") from None
        if not isinstance(row, dict):
            raise InputError(place, "is not a JSON object on one line")
        inner = row.get("labels")
        yield place, {**inner, **row} if isinstance(inner, dict) else row


def _csv_rows(path: Path, content: str) -> Iterator[tuple[str, dict[str, Any]]]:
    lines = io.StringIO(content, newline="")  # splitlines would cut texts at U+2028 and the like
    separator = separator_of(lines.readline(), "text")
    lines.seek(0)
    reader = csv.DictReader(lines, delimiter=separator)
    header = reader.fieldnames or []
    if "text" not in header or not set(header) & set(LABELS):
        raise InputError(
            f"{path}:1",
            "is neither JSON lines nor CSV whose header names text and a label "
            f"({', '.join(LABELS)})",
        )
    try:
        for row in reader:
            yield f"{path}:{reader.line_num}", row
    except csv.Error as error:
        raise InputError(f"{path}:{reader.line_num}", f"is not CSV: {error}") from None


def _value(place: str, label: str, value: object) -> float:
    """0, 1 or NaN (nobody judged)."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return float("nan")
    if isinstance(value, str):
        value = {"0": 0, "1": 1}.get(value.strip())
    if isinstance(value, bool | int | float) and value in (0, 1):
        return float(value)
    raise InputError(place, f"{label} is neither 0 nor 1")


def _platt(p: Float64, slope: float, offset: float) -> Float64:
    z = slope * logit(p) + offset
    result: Float64 = 0.5 * (1 + np.tanh(0.5 * z))
    return result


def _cross_fitted(p: Float64, y: Float64) -> Float64:
    """Each score as fitted on the other folds; positives and negatives are dealt out evenly."""
    fold = np.empty(len(p), dtype=np.intp)
    order = np.argsort(y >= 0.5, kind="stable")
    fold[order] = np.arange(len(p)) % FOLDS
    out = np.empty(len(p))
    for number in range(FOLDS):
        mine = fold == number
        out[mine] = _platt(p[mine], *fit_platt(p[~mine], y[~mine]))
    return out


def _log_loss(p: Float64, y: Float64) -> float:
    z = logit(p)
    return float((np.logaddexp(0, z) - y * z).mean())


def _rounded(fit: Fit) -> dict[str, Any]:
    return {
        key: round(value, 6) if isinstance(value, float) else value
        for key, value in asdict(fit).items()
        if key != "label"
    }
