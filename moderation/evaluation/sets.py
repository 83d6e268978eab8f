"""The sets that a model is measured on: splits of corpora, and views of them by their own labels.

A set's name is CORPUS/SPLIT, or CORPUS/SPLIT:VIEW where the corpus's own labels are read in
another way than `mapping.toml` reads them for training.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moderation.corpora.registry import Corpus
from moderation.records import LABELS


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """N texts with labels, float32, shape (N, L), NaN = missing.

    `clusters` are the units that a bootstrap draws; `parts` maps the name of a field to each
    row's values of it, for figures per group.
    """

    name: str
    texts: list[str]
    labels: NDArray[np.float32]
    clusters: list[str]
    parts: dict[str, list[list[str]]] = field(default_factory=dict)
    note: str = ""


Reader = Callable[[dict[str, Any]], float]


@dataclass(frozen=True, slots=True)
class View:
    """One of our labels read from a corpus's own ones for evaluation only."""

    corpus: str
    name: str
    label: str
    note: str
    read: Reader


def _cad_any(raw: dict[str, Any]) -> float:
    return float(any(label.endswith("Abuse") for label in raw["labels"]))


VIEWS: tuple[View, ...] = (
    View(
        "hatexplain",
        "hatespeech",
        "identity_attack",
        "hate speech against offensive and normal",
        lambda raw: float(raw["label"] == "hatespeech"),
    ),
    View(
        "cad",
        "any_abuse",
        "toxicity",
        "any of the three kinds of abuse against neutral and counter-speech",
        _cad_any,
    ),
)

NOTES: dict[str, str] = {
    "jigsaw2018_test_balanced": "half toxic by construction: precision and ECE mean little",
    "jigsaw2018_test_sixlabel": "natural prevalence, few positives: wide intervals",
    "hatexplain": "toxicity: offensive and hate speech against normal",
    "trac1": "toxicity: overtly aggressive against not aggressive; covertly aggressive left out",
    "civil_comments": "pre-selected as likely toxic; labels are shares of annotators",
    "toxic_spans": "toxic posts only",
    "identity_debias": "harmless sentences only",
    "davidson": "toxicity: `neither` against rows where an annotator saw hate",
    "jigsaw2018_sixlabel": "enriched for rare labels: prevalence means nothing",
}


MEASURED: dict[str, tuple[str, ...]] = {
    "jigsaw2018_any": ("toxicity",),
    "jigsaw2018_not_toxic_but": ("toxicity",),
    "davidson": ("toxicity", "profanity"),
    "guest_misogyny": ("toxicity", "identity_attack"),
    "mlma": (),
}
"""Corpora of which only some labels measure anything: of the others, positives are known from a
biased choice of rows only (good for training, not for figures)."""


def build_sets(corpora: Sequence[Corpus], splits: Sequence[str]) -> list[EvaluationSet]:
    """Every set that these corpora give in these splits ("dev", "test")."""
    return [
        evaluation_set
        for corpus in corpora
        for split in splits
        for evaluation_set in _build(corpus.part(split), split)
    ]


def split_names(corpus: str, dev: str) -> Iterator[str]:
    """Names of the sets that a corpus may give, without reading it; `dev` as in its entry."""
    for split in ("dev", "test"):
        if not (split == "dev" and dev == "none"):
            yield f"{corpus}/{split}"
            for view in VIEWS:
                if view.corpus == corpus:
                    yield f"{corpus}/{split}:{view.name}"


def _build(corpus: Corpus, split: str) -> Iterator[EvaluationSet]:
    if not len(corpus):
        return
    read = PARTS.get(corpus.name)
    parts = {read[0]: [read[1](raw) for raw in corpus.raw_labels]} if read else {}
    name = f"{corpus.name}/{split}"
    own = corpus.labels.copy()
    measured = MEASURED.get(corpus.name, LABELS)
    own[:, [label not in measured for label in LABELS]] = np.nan
    note = NOTES.get(corpus.name, "")
    yield EvaluationSet(name, corpus.texts, own, corpus.groups, parts, note)
    for view in VIEWS:
        if view.corpus == corpus.name:
            labels = np.full_like(corpus.labels, np.nan)
            labels[:, LABELS.index(view.label)] = [view.read(raw) for raw in corpus.raw_labels]
            yield EvaluationSet(
                f"{name}:{view.name}", corpus.texts, labels, corpus.groups, {}, view.note
            )


def _listed(raw: Any) -> list[str]:
    """A list of strings, or its Python or JSON spelling as some corpora store it."""
    value = ast.literal_eval(raw) if isinstance(raw, str) else raw
    return [str(item) for item in value]


PARTS: dict[str, tuple[str, Callable[[dict[str, Any]], list[str]]]] = {
    "hatemoji_build": ("target", lambda raw: _listed(raw["target"])),
    "toxigen_human": ("target", lambda raw: _listed(raw["target_groups"])),
    "sbic": ("target", lambda raw: _listed(raw["target_category"]) or ["none"]),
    "mlma": ("target", lambda raw: [raw["target"]]),
    "edos": ("category", lambda raw: [raw["category"]]),
    "cad": ("kind", lambda raw: _listed(raw["labels"])),
    "guest_misogyny": ("kind", lambda raw: [raw["level_2"]]),
    "hatexplain": ("kind", lambda raw: [raw["label"]]),
    "trac1": ("kind", lambda raw: [raw["aggression"]]),
}
"""Corpus -> the field that its figures are split by, and how to read a row's values of it."""
