"""The words about a word -> which of its readings is meant: "go duck yourself", "a duck on a lake".

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

from moderation.reading.chunks import I64, U64, Bools, fetch
from moderation.reading.hashing import SALT, SEQ, mix_in_place, slots

OFFSETS = (-2, -1, 1, 2)  # of the neighbours that speak
UNIT = 8  # steps in a bit, as they are stored
ZERO = 128  # what is stored for none
UNASKED = -2  # the row of a chunk of which nobody has asked what else it may be
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
    """What a chunk may be besides what it says: parallel lists of other readings, one at least.

    `chunk`: ids of chunks that say so; `key`: keys of the words; `lacks`: bits that neighbours must
    speak for each. `own`: the key of the plain reading, None where nobody knows it; `named`: it is
    written like a name.
    """

    chunk: list[int]
    key: list[int]
    lacks: list[float]
    own: int | None
    named: bool


class Flat(NamedTuple):
    """`Second`s as arrays.

    Of each (N,): `size` of its readings, `own` (0 where `known` is false), `known`, `named`. Of
    each reading, one after the other: `chunk`, `key`, `lacks`.
    """

    size: I64
    own: U64
    known: Bools
    named: Bools
    chunk: I64
    key: U64
    lacks: npt.NDArray[np.float64]


class Seconds:
    """The second readings of chunks, as far as anybody has asked.

    One thread at a time may `add`; a row is in every `flat()` asked for after it was seen.
    """

    def __init__(self) -> None:
        self._rows = np.full(256, UNASKED, np.int32)  # by chunk id
        self._found: list[Second] = []
        self._flat = _flatten([])

    def find(self, numbers: I64) -> I64:
        """The row of each chunk, by its id: -1 where it is what it says, or UNASKED."""
        try:
            rows: I64 = self._rows.take(numbers).astype(np.int64)
        except IndexError:  # of chunks that are new
            rows = np.full(len(numbers), UNASKED, np.int64)
            old = (numbers < len(self._rows)).nonzero()[0]
            rows[old] = self._rows.take(numbers[old])
        return rows

    def add(self, number: int, second: Second | None) -> None:
        """Remember what a chunk, by its id, may be; None: it is what it says."""
        row = -1
        if second is not None:
            row = len(self._found)
            self._found.append(second)
        if number >= len(self._rows):
            rows = np.full(max(number + 1, 2 * len(self._rows)), UNASKED, np.int32)
            rows[: len(self._rows)] = self._rows
            self._rows = rows
        self._rows[number] = row

    def flat(self) -> Flat:
        """All of them by row."""
        flat = self._flat
        new = self._found[len(flat.size) :]
        if new:
            pairs = zip(flat, _flatten(new), strict=True)
            flat = self._flat = Flat(*(np.concatenate(pair) for pair in pairs))
        return flat


def _flatten(seconds: list[Second]) -> Flat:
    return Flat(
        np.array([len(second.chunk) for second in seconds], np.int64),
        np.array([second.own or 0 for second in seconds], np.uint64),
        np.array([second.own is not None for second in seconds], np.bool_),
        np.array([second.named for second in seconds], np.bool_),
        np.array([number for second in seconds for number in second.chunk], np.int64),
        np.array([key for second in seconds for key in second.key], np.uint64),
        np.array([bits for second in seconds for bits in second.lacks], np.float64),
    )


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


def choose(context: Context, flat: Flat, rows: I64, around: U64) -> tuple[Bools, I64]:
    """Which chunks mean something else, and the chunks meant.

    `rows` (N,): theirs in `flat`; `around`: the neighbours of each (4, N).
    """
    count = fetch(flat.size, rows)
    owner = np.arange(len(rows)).repeat(count)
    begins = count.cumsum() - count
    first = flat.size.cumsum() - flat.size
    at = np.arange(len(owner)) + (fetch(first, rows) - begins).repeat(count)
    left = context.gains(fetch(flat.key, at), fetch(around.T, owner).T)
    # For most of them their neighbours do not speak: of the others alone is more asked.
    said = (left >= SAID).nonzero()[0]
    owner, at = fetch(owner, said), fetch(at, said)
    left = fetch(left, said) - fetch(flat.lacks, at)
    best = np.full(len(rows), -np.inf)
    np.maximum.at(best, owner, left)
    some = (best > -np.inf).nonzero()[0]
    plain = np.zeros(len(rows))
    known = fetch(some, fetch(flat.known, fetch(rows, some)).nonzero()[0])
    plain[known] = context.gains(fetch(flat.own, fetch(rows, known)), around[:, known])
    named = fetch(flat.named, fetch(rows, some)) & (around[OFFSETS.index(-1), some] != EDGE)
    plain[some[named]] += NAMED
    meant = np.full(len(rows), -1)
    equal = np.flatnonzero(left == fetch(best, owner))[::-1]  # of equals the first comes last
    meant[owner[equal]] = fetch(flat.chunk, at[equal])
    return best > plain, meant
