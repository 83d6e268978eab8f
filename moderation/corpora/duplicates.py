"""Duplicates and near-duplicates: what would let a model be measured on what it has read.

DynaHate and HatemojiBuild are made of contrast pairs, often with opposite labels; a train row
whose partner stands in dev or test makes every choice on dev favour memory over judgement.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from moderation.corpora.registry import PRECEDENCE, Corpus, fold

NEAR = 0.5  # TF-IDF cosine above which two texts count as variants of each other
PAIRED = ("dynahate", "hatemoji_build")
"""Corpora made of contrast pairs, searched for near-duplicates, also across each other."""

_TOKEN = r"\w+|[^\w\s!-/:-@\[-`{-~]"
_BLOCK = 512  # rows a sparse product: 512 x 46k results stay far below 100 MB


def find_near_pairs(
    texts: Sequence[str], others: Sequence[str] | None = None, *, threshold: float = NEAR
) -> NDArray[np.int64]:
    """Pairs of near-duplicates, int64, shape (P, 2), sorted.

    With `others`, pairs (index in `texts`, index in `others`); without, pairs i < j in `texts`.
    Near means a cosine above `threshold` between TF-IDF vectors of words and of single symbols
    such as emoji (ASCII punctuation left out), lower-cased, smoothed idf over all texts given, L2
    norm.
    """
    everything = [*texts, *(others or ())]
    if not everything:
        return np.empty((0, 2), dtype=np.int64)
    vectorizer = TfidfVectorizer(lowercase=True, token_pattern=_TOKEN, dtype=np.float32)
    try:
        matrix = vectorizer.fit_transform(everything)
    except ValueError:  # scikit-learn's "empty vocabulary": no text has a token
        return np.empty((0, 2), dtype=np.int64)
    left = matrix[: len(texts)]
    right = left if others is None else matrix[len(texts) :]
    right_t = right.T.tocsr()
    found = []
    for start in range(0, left.shape[0], _BLOCK):
        product = (left[start : start + _BLOCK] @ right_t).tocoo()
        keep = product.data > threshold
        rows, columns = product.row[keep].astype(np.int64) + start, product.col[keep]
        if others is None:
            upper = rows < columns
            rows, columns = rows[upper], columns[upper]
        found.append(np.stack([rows, columns.astype(np.int64)], axis=1))
    pairs = np.concatenate(found) if found else np.empty((0, 2), dtype=np.int64)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def remove_duplicates(corpora: Sequence[Corpus]) -> list[Corpus]:
    """The corpora without train rows that stand elsewhere, with groups joined across them.

    1. A train row goes if its folded text stands in a dev or test row of any corpus.
    2. A train row of a `PAIRED` corpus goes if a dev or test row of one is a near-duplicate.
    3. A train row goes if an earlier corpus of its family (`PRECEDENCE`) holds its text, or if
       its own corpus holds the same text with the same labels before it.
    4. Groups: rows with one folded text, and near-duplicates in train, share a group.

    Deterministic. Dev and test rows are never removed.
    """
    keys = [[fold(text) or text for text in corpus.texts] for corpus in corpora]
    held = {
        key
        for corpus, own in zip(corpora, keys, strict=True)
        for key, split in zip(own, corpus.split, strict=True)
        if split != "train"
    }
    keep = [
        np.array(
            [s != "train" or k not in held for k, s in zip(own, corpus.split, strict=True)],
            dtype=bool,
        )
        for corpus, own in zip(corpora, keys, strict=True)
    ]
    _drop_repeats(corpora, keys, keep)
    near = _near_rows(corpora, keep)

    union = _Union()
    for corpus, own, kept in zip(corpora, keys, keep, strict=True):
        for i in np.flatnonzero(kept):
            union.join(corpus.groups[i], "same:" + own[i])
    for (c1, i1), (c2, i2) in near:
        union.join(corpora[c1].groups[i1], corpora[c2].groups[i2])
    names = union.names({group for corpus in corpora for group in corpus.groups})
    return [
        replace(corpus, groups=[names[group] for group in corpus.groups]).select(kept)
        for corpus, kept in zip(corpora, keep, strict=True)
    ]


def _drop_repeats(
    corpora: Sequence[Corpus], keys: Sequence[list[str]], keep: Sequence[NDArray[np.bool_]]
) -> None:
    """Step 3, in place."""
    by_name = {corpus.name: c for c, corpus in enumerate(corpora)}
    for family in PRECEDENCE:
        earlier: set[str] = set()
        for name in family:
            if name not in by_name:
                continue
            c = by_name[name]
            for i, (key, split) in enumerate(zip(keys[c], corpora[c].split, strict=True)):
                if split == "train" and key in earlier:
                    keep[c][i] = False
            earlier.update(keys[c])
    for c, corpus in enumerate(corpora):
        seen: set[tuple[str, bytes]] = set()
        for i, (key, split) in enumerate(zip(keys[c], corpus.split, strict=True)):
            if split == "train" and keep[c][i]:
                row = (key, corpus.labels[i].tobytes())
                keep[c][i] = row not in seen
                seen.add(row)


def _near_rows(
    corpora: Sequence[Corpus], keep: Sequence[NDArray[np.bool_]]
) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Step 2, in place; gives the near pairs among the train rows that stay."""
    places = [
        (c, i)
        for c, corpus in enumerate(corpora)
        if corpus.name in PAIRED
        for i in range(len(corpus))
        if keep[c][i]
    ]
    pairs = find_near_pairs([corpora[c].texts[i] for c, i in places])
    is_train = [corpora[c].split[i] == "train" for c, i in places]
    inside = []
    for a, b in pairs:
        if is_train[a] and is_train[b]:
            inside.append((places[a], places[b]))
        elif is_train[a] or is_train[b]:
            c, i = places[a] if is_train[a] else places[b]
            keep[c][i] = False
    return [(x, y) for x, y in inside if keep[x[0]][x[1]] and keep[y[0]][y[1]]]


class _Union:
    """Union-find over strings."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def root(self, key: str) -> str:
        parent = self._parent.setdefault(key, key)
        while parent != self._parent[parent]:
            self._parent[parent] = self._parent[self._parent[parent]]
            parent = self._parent[parent]
        self._parent[key] = parent
        return parent

    def join(self, a: str, b: str) -> None:
        a, b = self.root(a), self.root(b)
        if a != b:
            self._parent[max(a, b)] = min(a, b)

    def names(self, groups: set[str]) -> dict[str, str]:
        """Each group's name after joining: the first of its family in alphabetical order."""
        family: dict[str, list[str]] = defaultdict(list)
        for group in sorted(groups):
            family[self.root(group)].append(group)
        return {group: members[0] for members in family.values() for group in members}
