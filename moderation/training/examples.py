"""Texts with labels: from corpora, hand labels and the contrast set."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from moderation.corpora.contrasts import read_contrasts
from moderation.corpora.registry import Corpus
from moderation.errors import InputError, unreadable
from moderation.labelling.store import labelled_texts
from moderation.records import LABELS
from moderation.training.arrays import Float32
from moderation.training.everyday import read_everyday
from moderation.training.mentions import read_mentions, read_stances
from moderation.training.recipe import Recipe

STANCE_LABELS = ("toxicity", "identity_attack")  # what is known of a stance


@dataclass
class Examples:
    """Texts to train on.

    - `labels`: float32, shape (N, L) in [0, 1], NaN = missing; values between are shares of
      annotators; `weight`: float32, shape (N, L);
    - `part`: "train", "held" (kept from the heads, for calibration) or "dev";
    - `source`: the corpus or label file of each text; `sources`: its sha256 and number of rows.
    """

    texts: list[str] = field(default_factory=list)
    labels: list[Sequence[float]] = field(default_factory=list)
    weight: list[Sequence[float]] = field(default_factory=list)
    part: list[str] = field(default_factory=list)
    source: list[str] = field(default_factory=list)
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.texts)

    def extend(self, others: Examples) -> None:
        """Add others behind these, which keep the places that draws hang on."""
        self.texts += others.texts
        self.labels += others.labels
        self.weight += others.weight
        self.part += others.part
        self.source += others.source
        self.sources |= others.sources

    def arrays(self) -> tuple[Float32, Float32, npt.NDArray[np.str_]]:
        """Labels and weights, float32 (N, L), and parts, (N,)."""
        return (
            np.array(self.labels, np.float32).reshape(len(self), len(LABELS)),
            np.array(self.weight, np.float32).reshape(len(self), len(LABELS)),
            np.array(self.part),
        )


def _share(key: str) -> float:
    """A number in [0, 1) that depends on the key alone."""
    return int.from_bytes(hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()[:6]) / 2**48


def add_corpora(examples: Examples, corpora: Iterable[Corpus], recipe: Recipe) -> None:
    """Add the train and dev rows of corpora with the recipe's weights.

    A share of the train rows, whole groups by the hash of their name, is held for calibration.
    """
    for corpus in corpora:
        weights = recipe.weights_of(corpus.name)
        count = 0
        for text, split, group, row in zip(
            corpus.texts, corpus.split, corpus.groups, corpus.labels, strict=True
        ):
            if split == "test" or (split == "train" and not any(weights)):
                continue
            held = split == "train" and _share("held:" + group) < recipe.held
            examples.texts.append(text)
            examples.labels.append(row)
            examples.weight.append(weights)
            examples.part.append("held" if held else split)
            examples.source.append(corpus.name)
            count += split == "train"
        examples.sources[corpus.name] = {"sha256": corpus.sha256, "rows": count}


def add_labels(examples: Examples, path: str | Path, weight: float = 1.0) -> None:
    """Add the decisions of a hand-label file (see `moderation.labelling`)."""
    path = Path(path)
    count = 0
    for record, text in labelled_texts(path):
        row = [
            float("nan") if record.labels.get(name) is None else float(record.labels[name] or 0)
            for name in LABELS
        ]
        examples.texts.append(text)
        examples.labels.append(row)
        examples.weight.append([weight] * len(LABELS))
        examples.part.append("train")
        examples.source.append(path.name)
        count += 1
    examples.sources[path.name] = {"sha256": _digest(path), "rows": count}


def add_contrasts(examples: Examples, path: str | Path, weight: float) -> None:
    """Add the train part of the contrast set; its held-out families become dev rows."""
    path = Path(path)
    count = 0
    for row in read_contrasts(path):
        train = row["part"] == "train"
        examples.texts.append(row["text"])
        examples.labels.append([float(row["labels"][name]) for name in LABELS])
        examples.weight.append([weight] * len(LABELS))
        examples.part.append("train" if train else "dev")
        examples.source.append("contrasts")
        count += train
    examples.sources["contrasts"] = {"sha256": _digest(path), "rows": count}


def add_harmless(examples: Examples, path: str | Path, weight: float) -> None:
    """Add harmless sentences, one a line (`seeds/harmless.list`); every label is 0.

    Empty lines and lines that begin with "#" are left out.
    """
    path = Path(path)
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(path), unreadable(error)) from error
    texts = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    _add_zeros(examples, texts, [weight] * len(LABELS), "harmless", path)


def add_mentions(examples: Examples, path: str | Path, weight: Sequence[float]) -> None:
    """Add harmless sentences that name a group (`seeds/mentions.toml`); every label is 0.

    `weight`: by label.
    """
    _add_zeros(examples, read_mentions(path), weight, "mentions", path)


def add_stances(examples: Examples, path: str | Path, weight: Sequence[float]) -> None:
    """Add stances on what is said against groups (`seeds/mentions.toml`), if the file has any.

    Of those that uphold it toxicity and identity_attack are 1, of those that reject it 0; the other
    labels are missing. `weight`: by label.
    """
    rows = [
        (text, [float(hateful) if label in STANCE_LABELS else float("nan") for label in LABELS])
        for text, hateful in read_stances(path)
    ]
    if rows:
        _add_rows(examples, rows, weight, "stances", path)


def add_everyday(examples: Examples, path: str | Path, weight: Sequence[float]) -> None:
    """Add short everyday comments (`seeds/everyday.toml`) with their labels.

    `weight`: by label.
    """
    rows = [(comment.text, comment.row()) for comment in read_everyday(path)]
    _add_rows(examples, rows, weight, "everyday", path)


def _add_zeros(
    examples: Examples, texts: Sequence[str], weight: Sequence[float], source: str, path: str | Path
) -> None:
    """Add texts of which every label is 0."""
    rows = [(text, [0.0] * len(LABELS)) for text in texts]
    _add_rows(examples, rows, weight, source, path)


def _add_rows(
    examples: Examples,
    rows: Sequence[tuple[str, Sequence[float]]],
    weight: Sequence[float],
    source: str,
    path: str | Path,
) -> None:
    """Add texts to train on, each with its labels; all have the `weight` by label."""
    for text, labels in rows:
        examples.texts.append(text)
        examples.labels.append(labels)
        examples.weight.append(list(weight))
        examples.part.append("train")
        examples.source.append(source)
    examples.sources[source] = {"sha256": _digest(Path(path)), "rows": len(rows)}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
