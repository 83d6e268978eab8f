"""Which unknown words may be others in disguise: a filter before the slow search, with numpy.

Most unknown words are names and slips of the pen that nothing can be made of. A `Sieve` clears
those, for many words at once, by traces that every disguise leaves; it never clears a word that
`lexer.Lexer` reads as another (`tests/test_plain.py`).
"""

from __future__ import annotations

import re
import threading
import unicodedata
import weakref
from collections.abc import Sequence
from functools import cached_property
from math import inf

import numpy as np

from moderation.reading.chunks import I64, PAD, Bools, hash_ranges, where
from moderation.reading.gluing import COMMON_PART, LONGEST_PART, Splitter
from moderation.reading.letters import CLASSES, Groups, Letters, index_of, is_plain, numbered
from moderation.reading.lexer import Lexer
from moderation.reading.signs import Signs
from moderation.reading.spelling import (
    DOUBLED,
    DROPPED_TWIN,
    LIKE_LENGTHS,
    LIMITS,
    LONGEST,
    REPLACED,
    SHORTEST,
    SOUND,
    SWAPPED,
    Speller,
    slip_cost,
)
from moderation.reading.vocabulary import Vocabulary
from moderation.reading.words import MAX_WORD

_LEAST_SLIP = min(DOUBLED, DROPPED_TWIN)  # bits
_LEAST_IN_PLACE = min(REPLACED, SWAPPED)  # of slips that leave as many letters
_LIMITS = np.array(LIMITS)
_ROUNDING = 1e-6  # of bits, added in another order than the speller adds them
_WORDS = re.compile(r"[a-z]{3,}")
_DROPPED = re.compile("[\u0300-\u036f\u200b-\u200f\u202a-\u202e\ufe0f]+")  # by Lexer, most often
MAX_MET = 20_000  # suspects that a sieve remembers
_AT_ONCE = 2_000  # letters of words whose slips are looked up at once: forty for each


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
        letters = Letters(self.words)
        self.size = letters.lengths()
        self.groups = Groups(
            np.concatenate([letters.whole(), letters.without_one()]),
            np.concatenate([np.arange(len(self.words)), letters.owner]),
        )

    def find(self, words: Sequence[str], letters: Letters) -> I64:
        """Which of the words (W,) may be a slip for a telling one, in no order, some twice."""
        whole, whole_target = self.groups.find(letters.whole())
        less, less_target = self.groups.find(letters.without_one())
        word = np.concatenate([whole, letters.owner[less]])
        target = np.concatenate([whole_target, less_target])
        length = letters.lengths()[word]
        room = _LIMITS.take(length, mode="clip") - self.bits[target]
        least = np.where(length == self.size[target], _LEAST_IN_PLACE, _LEAST_SLIP)
        near = where((room >= least - _ROUNDING) & (length <= LONGEST))
        pairs = zip(word[near].tolist(), target[near].tolist(), strict=True)
        found = []
        for (one, other), bits in dict(zip(pairs, room[near].tolist(), strict=True)).items():
            slip = slip_cost(words[one], self.words[other])
            if slip is not None and slip <= bits + _ROUNDING:
                found.append(one)
        return np.array(found, np.int64)


class _Parts:
    """Finds words that fall into known ones about an offensive word: `Splitter.part`, for many."""

    def __init__(self, splitter: Splitter) -> None:
        self.odd = index_of(Letters([w for w in splitter.odd_parts() if is_plain(w)]).whole())

    def find(self, letters: Letters, vocabulary: Vocabulary, at: I64, end: I64) -> I64:
        """Which words may; `at`, `end`: where offensive words stand in their letters."""
        words = np.unique(letters.owner[at])
        start, stop = letters.start[words], letters.stop[words]
        # Every stretch of those words that is a part: where it begins and ends.
        length = stop - start
        first = np.repeat(start - (length.cumsum() - length), length) + np.arange(length.sum())
        room = np.minimum(np.repeat(stop, length) - first, LONGEST_PART)
        begin = np.repeat(first, room)
        close = begin + np.arange(len(begin)) - np.repeat(room.cumsum() - room, room) + 1
        codes = np.append(letters.code.astype(np.uint8), np.zeros(PAD, np.uint8))
        rank = vocabulary.index.find(hash_ranges(codes, begin, close, small=True))
        size = close - begin
        part = (rank >= 0) & ((size > 3) | ((size == 3) & (rank <= COMMON_PART)))
        part |= self.odd.find(letters.stretches(begin, close)) >= 0
        good = where(part)
        begin, close = begin[good], close[good]
        # Whether the letters before each place, and from it on, are parts. The end of a word is the
        # beginning of the next one, of which neither is asked there.
        before, after = np.zeros((2, len(letters.code) + 1), np.bool_)
        before[start] = after[stop] = True
        count, reached = 0, 1
        while count < reached:
            count = reached
            before[close[before[begin]]] = True
            after[begin[after[close]]] = True
            reached = int(before.sum() + after.sum())
        return np.unique(letters.owner[at[before[at] & after[end]]])


class _Rivals:
    """Finds what it costs to read words as harmless ones: what `Speller.rival` says, for many."""

    def __init__(self, speller: Speller) -> None:
        self.costs = speller.harmless()
        self.words = list(self.costs)
        self.index = numbered(Letters(self.words).whole())

    def find(self, words: Sequence[str]) -> dict[str, float]:
        """The bits of the cheapest reading of each word; infinite where there is none."""
        found = dict.fromkeys(words, inf)
        some = [word for word in words if SHORTEST <= len(word) <= LONGEST]
        start = 0
        while start < len(some):
            stop, size = start, 0
            while stop < len(some) and size < _AT_ONCE:
                size += len(some[stop])
                stop += 1
            self._find(some[start:stop], found)
            start = stop
        return found

    def _find(self, words: list[str], found: dict[str, float]) -> None:
        letters = Letters(words)
        for hashes in (letters.without_one()[:, None], *letters.with_others()):
            number = self.index.find(hashes.ravel())
            at = where(number >= 0)
            owner = letters.owner[at // hashes.shape[1]]
            for one, other in set(zip(owner.tolist(), number[at].tolist(), strict=True)):
                word, rival = words[one], self.words[other]
                slip = slip_cost(word, rival)
                if slip is not None:
                    found[word] = min(found[word], slip + self.costs[rival])


class _Sounds:
    """Finds words that sound like telling ones which are common enough to be meant."""

    def __init__(self, lexer: Lexer) -> None:
        self.may_sound = lexer.speller.may_sound
        words = lexer.speller.heard()
        letters = Letters(words)
        self.groups = Groups(letters.skeletons(), np.arange(len(words)))
        known = lexer.tables.vocabulary
        self.bits = np.log2(np.array([known[word] for word in words], np.float64) + 8)
        self.size = letters.lengths()
        self.first = CLASSES[letters.code[letters.start]]

    def find(self, words: Sequence[str], letters: Letters, asked: I64) -> I64:
        """Which of the words `asked` may have the sound of a telling one."""
        # Many words have the skeleton of another, few its sound: those are asked one by one.
        nth, target = self.groups.find(letters.skeletons()[asked])
        word = asked[nth]
        size = letters.lengths()[word]
        near = _LIMITS.take(size, mode="clip") - self.bits[target] >= SOUND - _ROUNDING
        near &= np.abs(size - self.size[target]) < LIKE_LENGTHS
        near &= CLASSES[letters.code[letters.start[word]]] == self.first[target]
        alike = np.unique(word[near])
        return alike[[self.may_sound(words[i]) for i in alike.tolist()]]


class Sieve:
    """Tells unknown words that may be something else from those that `lexer` leaves as they are.

    What `Repairer.resolve` can make of a word comes in five ways, and each leaves a trace that is
    looked up by hash for all words at once: letters in runs whose squeezed form is that of an
    offensive word's (or three in a row); one slip from a telling word that is common enough; the
    sounds of such a word; an offensive word within; and one of three letters behind a small word.
    """

    def __init__(self, lexer: Lexer) -> None:
        offensive = [word for word in lexer.tables.offensive if is_plain(word)]
        letters = Letters(offensive)
        self.squeezed = index_of(letters.squeezed())
        self.hollow = index_of(letters.whole(), letters.without_one())
        self.slips = _Slips(lexer)
        self.sounds = _Sounds(lexer)
        inner = [word for word in offensive if 4 <= len(word) <= LONGEST_PART]
        self.sizes = np.array(sorted({len(word) for word in inner}), np.int64)
        self.beginnings = index_of(Letters([word[:4] for word in inner]).whole())
        self.inner = index_of(Letters(inner).whole())
        self.short = index_of(Letters(lexer.splitter.shorts).whole())
        # Not the lexer itself, which lives no longer than somebody else wants it.
        self._tables = lexer.tables
        self._alike = str.maketrans(dict(lexer.tables.homoglyphs))
        self._speller, self._splitter = lexer.speller, lexer.splitter
        self._disguises, self._repairer = lexer.disguises, lexer.repairer
        self._met: dict[str, bool] = {}  # suspects met before: whether they may be misspelt

    @cached_property
    def signs(self) -> Signs:
        """Made when chunks are read one by one."""
        return Signs(self._tables, self._disguises, self.hollow)

    @cached_property
    def rivals(self) -> _Rivals:
        """Made when chunks are read one by one."""
        return _Rivals(self._speller)

    @cached_property
    def parts(self) -> _Parts:
        """Made when words may be glued."""
        return _Parts(self._splitter)

    def lacks_a_letter(self, words: Sequence[str]) -> Bools:
        """Whether each string of letters is an offensive word, whole or but for a letter: (W,)."""
        return self.hollow.find(Letters(words).whole()) >= 0

    def prepare(self, chunks: Sequence[str], vocabulary: Vocabulary | None = None) -> None:
        """Look at chunks that will be read one by one, so that it takes less time.

        With the vocabulary of the lexer, if it is made, it takes less.
        """
        known, offensive = self._tables.vocabulary, self._tables.offensive
        text = self._fold(chunks)
        cores, alike = self.signs.clear(text)
        words = [
            word
            for word in dict.fromkeys([*_words_of(text), *alike.values()])
            if len(word) <= MAX_WORD and word not in known and word not in offensive
        ]
        met = self._met
        again = [word for word in words if met.get(word)]
        words = [word for word in words if word not in met]
        suspect, misspelt = self.sift(words, vocabulary)
        clear = {words[i] for i in where(~suspect).tolist()}
        cores.difference_update(core for core, word in alike.items() if word not in clear)
        self._repairer.learn(clear)
        again += [words[i] for i in misspelt.tolist()]
        self._speller.learn(self.rivals.find(again))
        self._disguises.learn(cores)

    def _fold(self, chunks: Sequence[str]) -> str:
        """Chunks in lower case, one a line, mostly as `Lexer` cleans them."""
        wide = [chunk for chunk in chunks if not chunk.isascii()]
        text = "\n".join([chunk for chunk in chunks if chunk.isascii()]).lower()
        if not wide:
            return text
        shown = _DROPPED.sub("", unicodedata.normalize("NFKD", "\n".join(wide)))
        return f"{text}\n{shown.lower().translate(self._alike)}"

    def suspects(self, words: Sequence[str], vocabulary: Vocabulary | None = None) -> Bools:
        """Whether each word (lower-case ASCII letters, at most MAX_WORD) may be another: (W,)."""
        return self.sift(words, vocabulary)[0]

    def sift(self, words: Sequence[str], vocabulary: Vocabulary | None = None) -> tuple[Bools, I64]:
        """Whether each word may be another, (W,), and which of them may be misspelt.

        With the vocabulary of the lexer, if it is made, it takes less time.
        """
        found = np.zeros(len(words), np.bool_)
        if not len(words):
            return found, np.empty(0, np.int64)
        letters = Letters(words)
        code, owner = letters.code, letters.owner
        twice = (code[1:] == code[:-1]) & (owner[1:] == owner[:-1])
        found[owner[2:][twice[1:] & twice[:-1]]] = True
        doubled = np.bincount(owner[1:][twice], minlength=len(words))
        found |= doubled > 6
        found |= (doubled > 0) & (self.squeezed.find(letters.squeezed()) >= 0)
        found |= self.short.find(letters.whole()) >= 0
        misspelt = np.zeros(len(words), np.bool_)
        misspelt[self.slips.find(words, letters)] = True
        misspelt[self.sounds.find(words, letters, where(~(found | misspelt)))] = True
        found |= misspelt
        at = np.flatnonzero((letters.stop[owner] - np.arange(len(code)) >= 4) & ~found[owner])
        at = at[self.beginnings.find(letters.stretches(at, at + 4)) >= 0]
        ends = at[:, None] + self.sizes
        fits = ends <= letters.stop[owner[at]][:, None]
        at, ends = np.repeat(at, fits.sum(axis=1)), ends[fits]
        inner = where(self.inner.find(letters.stretches(at, ends)) >= 0)
        if len(inner):
            if vocabulary is None:
                glued = np.unique(owner[at[inner]])
            else:
                glued = self.parts.find(letters, vocabulary, at[inner], ends[inner])
            split = self._splitter.split
            found[glued[[split(words[i]) is not None for i in glued.tolist()]]] = True
        if len(self._met) > MAX_MET:
            self._met = {}
        self._met.update((words[i], bool(misspelt[i])) for i in where(found).tolist())
        return found, where(misspelt)


def _words_of(text: str) -> list[str]:
    """Most words that `Lexer` may find in a text in lower case."""
    words: list[str] = _WORDS.findall(text)
    if "'" in text or "’" in text:
        words += _WORDS.findall(text.replace("'", "").replace("’", ""))
    return words


_sieves: weakref.WeakKeyDictionary[Lexer, Sieve] = weakref.WeakKeyDictionary()
_making = threading.Lock()


def sieve_of(lexer: Lexer) -> Sieve:
    """The sieve of a lexer, made once (it takes some 30 ms)."""
    with _making:
        sieve = _sieves.get(lexer)
        if sieve is None:
            sieve = _sieves[lexer] = Sieve(lexer)
    return sieve
