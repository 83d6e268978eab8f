"""Phrases of the lexicons: those of a class share a weight, beside what each has of its own.

    lexicons ── phrases of two or three words ──► their n-grams ── one column a class ──► heads
                                                       ▲                                   │
                                                       └──── what the class is worth ◄─────┘

The lexicons list more phrases ("waste of skin") than training texts hold often enough to be
taught. Each is an n-gram with a weight; those of a class share a column of the matrix besides, and
what that column is worth is added to the weight of each of them, of those too that no text has:
tied weights, as a class-based language model backs off from a word to its class (Brown et al.
1992). Scoring knows nothing of it: there they are n-grams like others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from moderation.features.blocks import encode
from moderation.features.memory import ChunkTable
from moderation.reading.chunks import U64, Bools
from moderation.reading.hashing import class_keys
from moderation.reading.lexer import Lexer
from moderation.training.arrays import Float32
from moderation.training.encoding import Encoded, Recorder
from moderation.training.knowledge import CLASS_ORDER, Knowledge, class_of
from moderation.training.lexicons import load_ambiguous, load_classes
from moderation.training.screening import Screen, inverse_frequency

LEAST = 20.0  # occurrences that a phrase counts for where slots are shared out, if it has fewer


@dataclass(frozen=True, eq=False, repr=False)
class Phrases:
    """Phrases among the features chosen.

    `ties`: float32, features (F) x classes of phrases (K): what a feature's weight takes of each
    class's; times it, the matrix of the features gives the columns of the classes.
    `tells`: bool (K, L), the labels whose heads are taught each column: all.
    """

    ties: sparse.csr_matrix
    tells: Bools

    @property
    def count(self) -> int:
        """How many classes have phrases."""
        return int(self.ties.shape[1])

    def columns(self, matrix: sparse.csr_matrix) -> sparse.csr_matrix:
        """Rows x features -> rows x classes."""
        return sparse.csr_matrix(matrix @ self.ties, dtype=np.float32)

    def untie(self, heads: Float32, shared: Float32) -> Float32:
        """Weights of the features with their classes': (F, H), (K, H) -> (F, H)."""
        whole: Float32 = heads + self.ties @ shared
        return whole


def phrase_keys(table: ChunkTable, terms: Mapping[str, Iterable[str]]) -> dict[int, str]:
    """Key of an n-gram of two or three words -> its class in the lexicons.

    `terms`: phrase -> fine classes. Those that a reader of `table` takes for fewer or more words
    are left out, and so are those that do not always mean what they are listed for.
    """
    ambiguous = load_ambiguous()
    classes = {
        term: name
        for term, names in sorted(terms.items())
        if term not in ambiguous and (name := class_of(names)) is not None
    }
    names = list(classes.values())
    found: dict[int, str] = {}
    block = encode(list(classes), table)
    text = block.text_first.searchsorted(block.word_segment, side="right") - 1
    size = np.bincount(text, minlength=len(names))
    for length, (keys, first) in enumerate(block.sequences.families()[:2], 2):
        for key, number in zip(keys.tolist(), text[first].tolist(), strict=True):
            if size[number] == length:
                found.setdefault(key, names[number])
    return found


def choose_phrases(
    encoded: Encoded, chosen: Screen, knowledge: Knowledge
) -> tuple[Screen, Phrases | None]:
    """The features chosen with all phrases of the lexicons among them, and what ties those.

    None where classes are left out.
    """
    if not knowledge.class_names:
        return chosen, None
    table = ChunkTable(
        Lexer(knowledge.tables),
        knowledge.classes,
        class_keys(knowledge.class_names),
        knowledge.telling,
        Recorder(),
    )
    terms = {term: names for term, names in load_classes().items() if not term.isalpha()}
    listed = phrase_keys(table, terms)
    keys = np.array(sorted(listed), np.uint64)
    count = _occurrences(encoded.gram_keys, keys)
    n_texts = encoded.n_texts
    rest = ~np.isin(keys, chosen.keys)
    new = Screen(
        np.concatenate([chosen.keys, keys[rest]]),
        np.concatenate([chosen.count, count[rest]]),
        np.concatenate([chosen.idf, inverse_frequency(n_texts, count[rest])]),
        np.concatenate([chosen.tells, np.ones((int(rest.sum()), chosen.tells.shape[1]), np.bool_)]),
    )
    new = new.take(np.argsort(new.keys, kind="stable"))
    at = np.searchsorted(new.keys, keys)
    new.count[at] = np.maximum(new.count[at], np.float32(LEAST))
    present = [name for name in CLASS_ORDER if name in set(listed.values())]
    of_class = np.array([present.index(listed[int(key)]) for key in keys])
    total = np.bincount(of_class, count, len(present)).astype(np.float32)
    scale = inverse_frequency(n_texts, total)[of_class] / new.idf[at]
    shape = len(new.keys), len(present)
    ties = sparse.csr_matrix((scale.astype(np.float32), (at, of_class)), shape)
    return new, Phrases(ties, np.ones((len(present), new.tells.shape[1]), np.bool_))


def _occurrences(grams: U64, keys: U64) -> Float32:
    """How often each of `keys`, ascending, stands among `grams`: float32."""
    at = np.searchsorted(keys, grams)
    np.minimum(at, len(keys) - 1, out=at)
    return np.bincount(at[keys[at] == grams], minlength=len(keys)).astype(np.float32)
