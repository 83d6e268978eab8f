"""What probes take: a model to judge, corpora and more; choices of rows; a ranking's figure.

All choices of rows are by hash of the text, so they are the same on every machine.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from moderation.corpora.registry import Corpus
from moderation.evaluation.measuring import Measuring
from moderation.evaluation.metrics import Ranking
from moderation.evaluation.report import make_figure
from moderation.records import LABELS

TOXICITY, IDENTITY = LABELS.index("toxicity"), LABELS.index("identity_attack")
MIN_ROWS = 20  # below it, a figure of one identity would be noise
BOTH = ((TOXICITY, "toxicity"), (IDENTITY, "identity_attack"))
"""Column and name of the labels that decide whether a comment is abusive or hateful."""

Trick = Callable[[str, random.Random], str]
Explain = Callable[[str], Sequence[tuple[int, int]]]


class Judge(Protocol):
    """What a model must offer to be measured; `moderation.model.Model` does."""

    @property
    def name(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def register(self) -> str | None: ...
    @property
    def thresholds(self) -> Mapping[str, float]: ...
    def predict_proba(self, texts: list[str], /) -> NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True)
class Material:
    """What probes may use: corpora by name, spelling tricks, an explainer, the contrast file, the
    model told a register, and the splits that are asked for (of use to probes of any split)."""

    corpora: Mapping[str, Corpus]
    tricks: Mapping[str, Trick] = field(default_factory=dict)
    explain: Explain | None = None
    contrasts: Path | None = None
    told: Mapping[str, Judge] = field(default_factory=dict)
    splits: Sequence[str] = ("dev", "test")


def dev_parts(material: Material, names: Iterable[str]) -> list[Corpus]:
    """The dev rows of those of the corpora that are there."""
    return [material.corpora[name].part("dev") for name in names if name in material.corpora]


def dev_texts(material: Material, name: str) -> list[str]:
    """The dev texts of a corpus, none where it is not there."""
    return material.corpora[name].part("dev").texts if name in material.corpora else []


def texts_labelled(corpora: Sequence[Corpus], value: float) -> list[str]:
    """Texts whose toxicity is `value`."""
    return [
        text
        for corpus in corpora
        for text, label in zip(corpus.texts, corpus.labels[:, TOXICITY], strict=True)
        if label == value
    ]


def texts_without(corpus: Corpus, label: str) -> list[str]:
    """Texts whose `label` is surely 0."""
    column = corpus.labels[:, LABELS.index(label)]
    return [text for text, value in zip(corpus.texts, column, strict=True) if value == 0]


def by_hash(texts: Iterable[str]) -> list[str]:
    """Distinct texts in an order that depends on nothing but themselves."""
    return sorted(
        set(texts), key=lambda text: hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    )


def add_ranking(
    run: Measuring,
    name: str,
    group: str,
    high: NDArray[np.floating],
    low: NDArray[np.floating],
    label: str = "toxicity",
) -> None:
    """AUC of positives' scores against negatives', rows drawn one by one."""
    scores = np.concatenate([high, low]).astype(np.float64)
    positive = np.arange(len(scores)) < len(high)
    if not len(high) or not len(low):
        return
    ranking = Ranking(scores, positive)
    value = float(ranking.measure(np.ones((1, len(scores))))["auc"][0])
    blocks = run.weights([str(i) for i in range(len(scores))], f"{name}|{label}|{group}|auc")
    samples = [v for block in blocks for v in ranking.measure(block)["auc"]]
    run.add(make_figure(name, label, "auc", value, samples, len(scores), len(high), group))
