"""What is known of a lexer's words beforehand, in arrays: so that they are met at no cost.

Most words of a text are words of the model's vocabulary. All that a memory wants to know of those
follows from the model alone: what their letters contribute is kept in its file (`word_sums`), and
what is left, how chunks name them and what they may be half of, is made here for all of them at
once, as soon as many words are asked for.
"""

from __future__ import annotations

import threading
import weakref
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from moderation.reading.chunks import I64, PAD, U8, U64, KeyIndex, hash_ranges, where
from moderation.reading.hashing import word_keys
from moderation.reading.lexer import Lexer
from moderation.reading.words import MAX_WORD

FEW = 8_000  # words asked for until the arrays are made: by then reading them took as long


class Known(NamedTuple):
    """What a model knows of its words, by rank: `sums`, float32 (V, H), are what their features
    contribute (a word, its class, its letters); `classes`, uint8 (V,), their classes."""

    sums: npt.NDArray[np.float32]
    classes: U8


class Vocabulary:
    """The words that `lexer` knows, by rank.

    `index`: a word's key (see `plain.Plain`) -> its rank; only words that a plain chunk can be.
    `key`: its key in features (see `hashing.word_keys`), uint64; `flags`: `Lexer.flags_of`, uint8.
    """

    def __init__(self, lexer: Lexer) -> None:
        known = lexer.tables.vocabulary
        words = list(known)
        ranks = np.fromiter(known.values(), np.int64, len(words))
        size = int(ranks.max(initial=-1)) + 1
        self.key = np.zeros(size, np.uint64)
        self.key[ranks] = word_keys(words)
        self.flags = np.zeros(size, np.uint8)
        for word, flags in lexer.flags_of_known().items():
            self.flags[known[word]] = flags
        self.index = KeyIndex()
        keys, which = _plain_keys(words)
        self.index.add(keys, ranks[which])


def _plain_keys(words: list[str]) -> tuple[U64, I64]:
    """The keys in plain chunks of those words that can stand there, and which words these are."""
    text = "\n".join(["", *words, ""]).encode()
    codes = np.frombuffer(text + bytes(PAD), np.uint8)
    bounds = where(codes == 10)
    start, end = bounds[:-1] + 1, bounds[1:]
    is_letter = codes - np.uint8(97) < 26
    letters = np.zeros(len(codes) + 1, np.int64)
    np.cumsum(is_letter, out=letters[1:])
    length = end - start
    plain = (letters[end] - letters[start] == length) & (length > 0) & (length <= MAX_WORD)
    which = where(plain)
    return hash_ranges(codes, start[which], end[which]), which


class _Made:
    """A lexer's vocabulary, once it is made, and how many words were asked for until then."""

    def __init__(self) -> None:
        self.asked = 0
        self.vocabulary: Vocabulary | None = None


_made: weakref.WeakKeyDictionary[Lexer, _Made] = weakref.WeakKeyDictionary()
_making = threading.Lock()


def vocabulary_of(lexer: Lexer, asked: int) -> Vocabulary | None:
    """The vocabulary of a lexer, made once; None until more than FEW words were asked for."""
    with _making:
        made = _made.setdefault(lexer, _Made())
        made.asked += asked
        if made.vocabulary is None and made.asked > FEW:
            made.vocabulary = Vocabulary(lexer)
        return made.vocabulary
