"""The words about a word -> which of its readings is meant: "what the duck", "a duck on the lake".

    chunk with a second reading ── Lexer.second ──► words that may be meant, bits that each lacks
    words beside it, two on either side ── Context.gains ──► bits that they speak for each reading

A slip that is a word of its own, or a name, cannot be told from the letters alone. How much
likelier a word is beside another than anywhere was counted in the training texts, as a logarithm;
the sum over four neighbours (as if each spoke for itself: naive Bayes) is weighed against what the
slip and the rarity of the word cost (a noisy channel; Kernighan, Church & Gale 1990). Who is not
counted says nothing. The plain reading stands unless another is likelier by far.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from moderation.chunks import I64, U64, Bools, fetch
from moderation.hashing import SALT, SEQ, mix_in_place, slots

OFFSETS = (-2, -1, 1, 2)  # of the neighbours that speak
UNIT = 8  # steps in a bit, as they are stored
ZERO = 128  # what is stored for none
EDGE = np.uint64(0x9D8A6C0F5B1E7743)  # the key of the end of a sentence, in the place of a word's
SAID = 2.0  # bits that neighbours must speak for what is meant, however little it lacks
NAMED = 3.0  # bits: within a sentence what is written like a name is one, rather than a slip

_SALTS = SALT[30 : 30 + len(OFFSETS)]
_ROWS = np.arange(len(OFFSETS))[:, None]


class Context(NamedTuple):
    """How far neighbours speak for words: a table of hashes, a power of two long.

    `fingerprint`: uint16, 0 = empty; `value`: uint8, UNIT steps a bit, from ZERO.
    """

    fingerprint: npt.NDArray[np.uint16]
    value: npt.NDArray[np.uint8]

    def gains(self, word: U64, around: U64) -> npt.NDArray[np.float64]:
        """Bits by which neighbours speak for words, by their keys: (N,), (4, N) -> (N,)."""
        keys = context_keys(word, around, _ROWS)
        at, fingerprint = slots(keys, len(self.value).bit_length() - 1)
        steps = fetch(self.value, at).astype(np.int64) - ZERO
        steps *= fetch(self.fingerprint, at) == fingerprint
        gains: npt.NDArray[np.float64] = steps.reshape(around.shape).sum(axis=0) / UNIT
        return gains


class Second(NamedTuple):
    """What a chunk may be besides what it says: parallel lists of other readings.

    `chunk`: ids of chunks that say so; `key`: keys of the words; `lacks`: bits that neighbours must
    speak for each. `own`: the key of the plain reading, None where nobody knows it; `named`: it is
    written like a name.
    """

    chunk: list[int]
    key: list[int]
    lacks: list[float]
    own: int | None
    named: bool


def context_keys(word: U64, beside: U64, row: I64 | int) -> U64:
    """Mixed keys of words beside others; `row`: which of OFFSETS. Flat; all broadcast."""
    keys = beside * SEQ[7]
    keys += word * SEQ[6]
    keys += _SALTS[row]
    return mix_in_place(keys.ravel())


def look_around(key: U64, sentence: I64, at: I64) -> U64:
    """The keys of the neighbours of the words `at`: (4, N); EDGE where the sentence has none."""
    around = np.empty((len(OFFSETS), len(at)), np.uint64)
    here = fetch(sentence, at)
    for row, offset in zip(around, OFFSETS, strict=True):
        beside = at + offset
        inside = (beside >= 0) & (beside < len(key))
        inside &= fetch(sentence, beside) == here
        row[:] = np.where(inside, fetch(key, beside), EDGE)
    return around


def choose(context: Context, seconds: list[Second], around: U64) -> tuple[Bools, I64]:
    """Which chunks mean something else, by the neighbours of each (4, N), and the chunks meant."""
    count = np.fromiter([len(second.chunk) for second in seconds], np.int64, len(seconds))
    owner = np.arange(len(seconds)).repeat(count)
    key = np.array([key for second in seconds for key in second.key], np.uint64)
    left = context.gains(key, around[:, owner])
    left[left < SAID] = -np.inf
    left -= np.array([bits for second in seconds for bits in second.lacks])
    known = np.array([i for i, second in enumerate(seconds) if second.own is not None], np.int64)
    plain = np.zeros(len(seconds))
    own = np.array([second.own for second in seconds if second.own is not None], np.uint64)
    plain[known] = context.gains(own, around[:, known])
    named = np.array([second.named for second in seconds], np.bool_)
    plain[named & (around[OFFSETS.index(-1)] != EDGE)] += NAMED
    best = np.full(len(seconds), -np.inf)
    np.maximum.at(best, owner, left)
    meant = np.full(len(seconds), -1)
    chunk = np.array([number for second in seconds for number in second.chunk], np.int64)
    first = np.flatnonzero(left == best[owner])[::-1]  # of equals the first comes last
    meant[owner[first]] = chunk[first]
    return best > plain, meant
