"""Which unknown words may be others in disguise: a filter before the slow search, with numpy.

Most unknown words are names and slips of the pen that nothing can be made of. A `Sieve` clears
those, for many words at once, by traces that every disguise leaves; it never clears a word that
`text.Lexer` reads as another (`tests/test_sieve.py`).
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from moderation.chunks import I64, U64, KeyIndex
from moderation.gluing import LONGEST_PART
from moderation.sequences import where
from moderation.spelling import DOUBLED, DROPPED_TWIN, LIMITS, LONGEST, SKELETON, slip_cost
from moderation.text import MAX_WORD, Lexer

Bools = npt.NDArray[np.bool_]

_BASE = 0x9E3779B97F4A7C15  # of a polynomial modulo 2^64; a collision only costs a slow look
_POWERS = np.array([pow(_BASE, n, 1 << 64) for n in range(4 * MAX_WORD)], np.uint64)
_INVERSE = pow(_BASE, -1, 1 << 64)
_DOWN = np.array([pow(_INVERSE, n, 1 << 64) for n in range(4 * MAX_WORD)], np.uint64)
_SPREAD = np.uint64(0xD6E8FEB86659FD93)
_CLASSES = np.arange(128, dtype=np.uint64)  # ASCII code -> class of its sound, 0 = silent
for _letter, _class in SKELETON.items():
    _CLASSES[_letter] = 0 if _class == ord(" ") else _class
_LEAST_SLIP = min(DOUBLED, DROPPED_TWIN)  # bits
_LIMITS = np.array(LIMITS)
_ROUNDING = 1e-6  # of bits, added in another order than the speller adds them


class _Letters:
    """Words one after the other, with hashes of all their stretches.

    `code`: letters, uint64, (N,); `owner`: the word of each; `place`: its place in the word;
    `start`, `stop`: of each word, (W,); `sums`: prefix sums of code times power of the base,
    (N + 1,).
    """

    def __init__(self, words: Sequence[str]) -> None:
        length = np.fromiter(map(len, words), np.int64, len(words))
        self.stop = np.cumsum(length)
        self.start = self.stop - length
        joined = "".join(words).encode("ascii")
        self.code = np.frombuffer(joined, np.uint8).astype(np.uint64)
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

    def stretches(self, at: I64, end: I64) -> U64:
        """The hash of the letters from each place `at` to `end`, in the same word."""
        return _spread((self.sums[end] - self.sums[at]) * _DOWN[self.place[at]])

    def squeezed(self) -> U64:
        """The hash of each word with every run of one letter made one."""
        kept = np.ones(len(self.code), np.bool_)
        kept[1:] = (self.code[1:] != self.code[:-1]) | (self.owner[1:] != self.owner[:-1])
        rank = np.cumsum(kept) - 1
        place = rank - rank[self.start][self.owner]
        sums = _sums(np.where(kept, self.code * _POWERS[place], 0))
        return _spread(sums[self.stop] - sums[self.start])

    def skeletons(self) -> U64:
        """The hash of each word's `spelling.skeleton_of`."""
        heard = _CLASSES[self.code]
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


class _Slips:
    """Finds the telling words that an unknown one may be a slip for.

    One slip makes two words that are the same when each loses a letter at most (the delete index of
    SymSpell). Which of those pairs are slips that a speller takes, it says itself.
    """

    def __init__(self, lexer: Lexer) -> None:
        self.words = lexer.speller.targets()
        known = lexer.tables.vocabulary
        ranks = np.array([known[word] for word in self.words], np.float64)
        self.bits = np.log2(ranks + 8)  # as in Speller.read
        letters = _Letters(self.words)
        keys = np.concatenate([letters.whole(), letters.without_one()])
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        # By number of a key: where its targets begin among all, and how many it has.
        self.target = np.concatenate([np.arange(len(self.words)), letters.owner])[order]
        opens = np.ones(len(keys), np.bool_)
        opens[1:] = keys[1:] != keys[:-1]
        self.first = where(opens)
        self.count = np.diff(self.first, append=len(keys))
        self.index = KeyIndex()
        self.index.add(keys[self.first], np.arange(len(self.first)))

    def find(self, words: Sequence[str], letters: _Letters) -> I64:
        """Which of the words (W,) may be a slip for a telling one, in no order, some twice."""
        whole, less = self.index.find(letters.whole()), self.index.find(letters.without_one())
        some, lessened = where(whole >= 0), where(less >= 0)
        number = np.concatenate([whole[some], less[lessened]])
        word = np.concatenate([some, letters.owner[lessened]])
        # Each word beside each of the targets of its key, once.
        count = self.count[number]
        nth = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
        target = self.target[np.repeat(self.first[number], count) + nth]
        word = np.repeat(word, count)
        length = letters.lengths()[word]
        room = _LIMITS.take(length, mode="clip") - self.bits[target]
        near = where((room >= _LEAST_SLIP) & (length <= LONGEST))
        pairs = zip(word[near].tolist(), target[near].tolist(), strict=True)
        found = []
        for (one, other), bits in dict(zip(pairs, room[near].tolist(), strict=True)).items():
            slip = slip_cost(words[one], self.words[other])
            if slip is not None and slip <= bits + _ROUNDING:
                found.append(one)
        return np.array(found, np.int64)


class Sieve:
    """Tells unknown words that may be something else from those that `lexer` leaves as they are.

    What `Repairer.resolve` can make of a word comes in five ways, and each leaves a trace that is
    looked up by hash for all words at once: letters in runs whose squeezed form is that of an
    offensive word's (or three in a row); one slip from a telling word that is common enough; the
    sounds of a telling word; an offensive word within; and one of three letters behind a small
    word.
    """

    def __init__(self, lexer: Lexer) -> None:
        offensive = [word for word in lexer.tables.offensive if _is_plain(word)]
        letters = _Letters(offensive)
        self.squeezed = _index(letters.squeezed())
        self.hollow = _index(letters.whole(), letters.without_one())
        self.slips = _Slips(lexer)
        self.sounds = _index(_Letters(lexer.speller.heard()).skeletons())
        self.may_sound = lexer.speller.may_sound
        inner = [word for word in offensive if 4 <= len(word) <= LONGEST_PART]
        self.sizes = np.array(sorted({len(word) for word in inner}), np.int64)
        self.beginnings = _index(_Letters([word[:4] for word in inner]).whole())
        self.inner = _index(_Letters(inner).whole())
        self.short = _index(_Letters(lexer.splitter.shorts).whole())

    def lacks_a_letter(self, words: Sequence[str]) -> Bools:
        """Whether each string of letters is an offensive word, whole or but for a letter: (W,)."""
        return self.hollow.find(_Letters(words).whole()) >= 0

    def suspects(self, words: Sequence[str]) -> Bools:
        """Whether each word (lower-case ASCII letters, at most MAX_WORD) may be another: (W,)."""
        found = np.zeros(len(words), np.bool_)
        if not len(words):
            return found
        letters = _Letters(words)
        code, owner = letters.code, letters.owner
        twice = (code[1:] == code[:-1]) & (owner[1:] == owner[:-1])
        found[owner[2:][twice[1:] & twice[:-1]]] = True
        doubled = np.bincount(owner[1:][twice], minlength=len(words))
        found |= doubled > 6
        found |= (doubled > 0) & (self.squeezed.find(letters.squeezed()) >= 0)
        found |= self.short.find(letters.whole()) >= 0
        found[self.slips.find(words, letters)] = True
        at = np.flatnonzero(letters.stop[owner] - np.arange(len(code)) >= 4)
        at = at[self.beginnings.find(letters.stretches(at, at + 4)) >= 0]
        ends = at[:, None] + self.sizes
        fits = ends <= letters.stop[owner[at]][:, None]
        at = np.repeat(at, fits.sum(axis=1))
        found[owner[at[self.inner.find(letters.stretches(at, ends[fits])) >= 0]]] = True
        # Many words have the skeleton of another, few its sound: those are asked one by one.
        alike = np.flatnonzero((self.sounds.find(letters.skeletons()) >= 0) & ~found)
        may_sound = self.may_sound
        found[alike[[may_sound(words[i]) for i in alike.tolist()]]] = True
        return found


def _is_plain(word: str) -> bool:
    return word.isascii() and word.isalpha() and len(word) <= 4 * MAX_WORD


def _index(*hashes: U64) -> KeyIndex:
    index = KeyIndex()
    keys = np.unique(np.concatenate(hashes))
    index.add(keys, np.arange(len(keys)))
    return index


_sieves: weakref.WeakKeyDictionary[Lexer, Sieve] = weakref.WeakKeyDictionary()
_making = threading.Lock()


def sieve_of(lexer: Lexer) -> Sieve:
    """The sieve of a lexer, made once (it takes some 30 ms)."""
    with _making:
        sieve = _sieves.get(lexer)
        if sieve is None:
            sieve = _sieves[lexer] = Sieve(lexer)
    return sieve
