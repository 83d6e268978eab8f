"""Words as rows of letters, for many at once: hashes of whole words and of all their stretches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from moderation.reading.chunks import I64, U64, Bools, KeyIndex, where
from moderation.reading.spelling import MEANT, SKELETON
from moderation.reading.words import MAX_WORD

LONGEST_ROW = 4 * MAX_WORD  # letters of a word
_BASE = 0x9E3779B97F4A7C15  # of a polynomial modulo 2^64; a collision only costs a slow look
_POWERS = np.array([pow(_BASE, n, 1 << 64) for n in range(LONGEST_ROW)], np.uint64)
_INVERSE = pow(_BASE, -1, 1 << 64)
_DOWN = np.array([pow(_INVERSE, n, 1 << 64) for n in range(LONGEST_ROW)], np.uint64)
_SPREAD = np.uint64(0xD6E8FEB86659FD93)
CLASSES = np.arange(128, dtype=np.uint64)  # ASCII code -> class of its sound, 0 = silent
for _letter, _class in SKELETON.items():
    CLASSES[_letter] = 0 if _class == ord(" ") else _class
_ALPHABET = np.arange(97, 123, dtype=np.uint64)
# ASCII code -> the codes in `spelling.MEANT`, and the letter itself as often as there is room.
_INSTEAD = np.arange(128, dtype=np.uint64)[:, None].repeat(max(map(len, MEANT.values())), axis=1)
for _letter, _others in ((ord(letter), sorted(others)) for letter, others in MEANT.items()):
    _INSTEAD[_letter, : len(_others)] = [ord(other) for other in _others]


class Letters:
    """Words one after the other, with hashes of all their stretches.

    `code`: letters, uint64, (N,); `owner`: the word of each; `place`: its place in the word;
    `start`, `stop`: of each word, (W,); `sums`: prefix sums of code times power of the base,
    (N + 1,).
    """

    def __init__(self, words: Sequence[str], code: U64 | None = None) -> None:
        """`code`: other codes for the characters of the words."""
        if code is None:
            code = np.frombuffer("".join(words).encode("ascii"), np.uint8).astype(np.uint64)
        length = np.fromiter(map(len, words), np.int64, len(words))
        self.stop = np.cumsum(length)
        self.start = self.stop - length
        self.code = code
        self.owner = np.repeat(np.arange(len(words)), length)
        self.place = np.arange(len(self.code)) - self.start[self.owner]
        self.sums = _sums(self.code * _POWERS[self.place])

    def whole(self) -> U64:
        """The hash of each word."""
        return _spread(self.sums[self.stop] - self.sums[self.start])

    def lengths(self) -> I64:
        """The letters of each word."""
        return self.stop - self.start

    def without_one(self) -> U64:
        """The hash of each word without one letter, for each letter: (N,)."""
        before = self.sums[:-1] - self.sums[self.start][self.owner]
        after = self.sums[self.stop][self.owner] - self.sums[1:]
        return _spread(before + after * _DOWN[1])

    def with_others(self) -> list[U64]:
        """The hashes of what `spelling.slips_of` names of each word that is not shorter.

        For each letter: (N, K) each.
        """
        owner = self.owner
        here = _POWERS[self.place][:, None]
        before = self.sums[:-1] - self.sums[self.start][owner]
        after = self.sums[self.stop][owner] - self.sums[1:]
        code = self.code[:, None]
        replaced = (before + after)[:, None] + _INSTEAD[self.code] * here
        longer = _POWERS[1] * here * _ALPHABET
        longer += (before + code[:, 0] * here[:, 0] + after * _POWERS[1])[:, None]
        # Two neighbours swapped; behind the last letter nothing is.
        follows = np.zeros(len(code), np.uint64)
        follows[:-1] = self.code[1:]
        last = self.stop[self.stop > self.start] - 1
        follows[last] = self.code[last]
        swapped = (before + after)[:, None] + follows[:, None] * here
        swapped += (code - follows[:, None]) * here * _POWERS[1]
        return [_spread(hashes) for hashes in (replaced, longer, swapped)]

    def stretches(self, at: I64, end: I64) -> U64:
        """The hash of the letters from each place `at` to `end`, in the same word."""
        return _spread((self.sums[end] - self.sums[at]) * _DOWN[self.place[at]])

    def squeezed(self) -> U64:
        """The hash of each word with every run of one letter made one."""
        kept = np.ones(len(self.code), np.bool_)
        kept[1:] = (self.code[1:] != self.code[:-1]) | (self.owner[1:] != self.owner[:-1])
        return self.part(kept)

    def part(self, kept: Bools) -> U64:
        """The hash of each word with some of its letters, (N,), alone."""
        rank = np.cumsum(kept)
        place: I64 = rank - kept
        place -= place[self.start][self.owner]
        sums = _sums(np.where(kept, self.code * _POWERS[place], 0))
        return _spread(sums[self.stop] - sums[self.start])

    def skeletons(self) -> U64:
        """The hash of each word's `spelling.skeleton_of`."""
        heard = CLASSES[self.code]
        at = np.flatnonzero(heard)
        code, owner = heard[at], self.owner[at]
        code, owner = _without_runs(code, owner)
        last = np.ones(len(code), np.bool_)
        last[:-1] = owner[1:] != owner[:-1]
        silent = last & (code == ord("r"))
        follows = np.zeros(len(code), np.bool_)
        follows[1:] = owner[1:] == owner[:-1]
        before = np.roll(code, 1)
        silent |= last & (code == ord("g")) & follows & (before == ord("n"))
        final = last & (code == ord("k")) & follows & (before == ord("r"))
        silent[np.flatnonzero(final) - 1] = True
        code, owner = _without_runs(code[~silent], owner[~silent])
        counts = np.bincount(owner, minlength=len(self.start))
        stop = np.cumsum(counts)
        start = stop - counts
        sums = _sums(code * _POWERS[np.arange(len(code)) - start[owner]])
        return _spread(sums[stop] - sums[start])


def _without_runs(code: U64, owner: I64) -> tuple[U64, I64]:
    kept = np.ones(len(code), np.bool_)
    kept[1:] = (code[1:] != code[:-1]) | (owner[1:] != owner[:-1])
    return code[kept], owner[kept]


def _sums(values: U64) -> U64:
    sums = np.zeros(len(values) + 1, np.uint64)
    np.cumsum(values, out=sums[1:])
    return sums


def _spread(hashes: U64) -> U64:
    hashes = hashes ^ (hashes >> np.uint64(32))
    hashes *= _SPREAD
    return hashes


class Groups:
    """Several numbers for a key: (K,), (K,) -> what stands under each key."""

    def __init__(self, keys: U64, numbers: I64) -> None:
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        self.number = numbers[order]
        opens = np.ones(len(keys), np.bool_)
        opens[1:] = keys[1:] != keys[:-1]
        self.first = where(opens)
        self.count = np.diff(self.first, append=len(keys))
        self.index = numbered(keys[self.first])

    def find(self, keys: U64) -> tuple[I64, I64]:
        """Pairs: which of the keys, and a number that stands under it."""
        group = self.index.find(keys)
        some = where(group >= 0)
        group = group[some]
        count = self.count[group]
        nth = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
        return np.repeat(some, count), self.number[np.repeat(self.first[group], count) + nth]


def is_plain(word: str) -> bool:
    """Whether a word can be a row of `Letters`."""
    return word.isascii() and word.isalpha() and len(word) <= LONGEST_ROW


def index_of(*hashes: U64) -> KeyIndex:
    """An index of hashes, each of which may be there several times."""
    return numbered(np.unique(np.concatenate(hashes)))


def numbered(keys: U64) -> KeyIndex:
    """An index of keys, each there once, to their places."""
    index = KeyIndex()
    index.add(keys, np.arange(len(keys)))
    return index
