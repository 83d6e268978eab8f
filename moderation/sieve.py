"""Which unknown words may be others in disguise: a filter before the slow search, with numpy.

Most unknown words are names and slips of the pen that nothing can be made of. A `Sieve` clears
those, for many words at once, by traces that every disguise leaves; it never clears a word that
`text.Lexer` reads as another (`tests/test_sieve.py`).
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
import numpy.typing as npt

from moderation.chunks import I64, PAD, U64, KeyIndex, hash_ranges
from moderation.disguises import LONGEST_MASKED, MASKS, Disguises
from moderation.gluing import COMMON_PART, LONGEST_PART, Splitter
from moderation.sequences import where
from moderation.spelling import (
    DOUBLED,
    DROPPED_TWIN,
    LIKE_LENGTHS,
    LIMITS,
    LONGEST,
    MEANT,
    REPLACED,
    SHORTEST,
    SKELETON,
    SOUND,
    SWAPPED,
    Speller,
    slip_cost,
)
from moderation.text import MAX_WORD, OUTER, PAUSE, PUNCTUATION, URL, Lexer, Tables
from moderation.vocabulary import Vocabulary

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
_LEAST_IN_PLACE = min(REPLACED, SWAPPED)  # of slips that leave as many letters
_LIMITS = np.array(LIMITS)
_ROUNDING = 1e-6  # of bits, added in another order than the speller adds them
_WORDS = re.compile(r"[a-z]{3,}")
_PARTED = re.compile(r"[\n,;:…\"“”]+|\.\.+|--+|__+|[?!]{2,}")  # at line ends and `text.PAUSE`
_WIDE = re.compile(r"[^\0-\x7f]")
_NO_SIGN = ","  # stands for no letter
_DROPPED = re.compile("[\u0300-\u036f\u200b-\u200f\u202a-\u202e\ufe0f]+")  # by Lexer, most often
MAX_MET = 20_000  # suspects that a sieve remembers
_AT_ONCE = 2_000  # letters of words whose slips are looked up at once: forty for each
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


class _Groups:
    """Several numbers for a key: (K,), (K,) -> what stands under each key."""

    def __init__(self, keys: U64, numbers: I64) -> None:
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        self.number = numbers[order]
        opens = np.ones(len(keys), np.bool_)
        opens[1:] = keys[1:] != keys[:-1]
        self.first = where(opens)
        self.count = np.diff(self.first, append=len(keys))
        self.index = _numbered(keys[self.first])

    def find(self, keys: U64) -> tuple[I64, I64]:
        """Pairs: which of the keys, and a number that stands under it."""
        group = self.index.find(keys)
        some = where(group >= 0)
        group = group[some]
        count = self.count[group]
        nth = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
        return np.repeat(some, count), self.number[np.repeat(self.first[group], count) + nth]


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
        self.groups = _Groups(
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


class Parts:
    """Finds words that fall into known ones about an offensive word: `Splitter.part`, for many."""

    def __init__(self, splitter: Splitter) -> None:
        self.odd = index_of(Letters([w for w in splitter.odd_parts() if _is_plain(w)]).whole())

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


class Rivals:
    """Finds what it costs to read words as harmless ones: what `Speller.rival` says, for many."""

    def __init__(self, speller: Speller) -> None:
        self.costs = speller.harmless()
        self.words = list(self.costs)
        self.index = _numbered(Letters(self.words).whole())

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
        self.groups = _Groups(letters.skeletons(), np.arange(len(words)))
        known = lexer.tables.vocabulary
        self.bits = np.log2(np.array([known[word] for word in words], np.float64) + 8)
        self.size = letters.lengths()
        self.first = _CLASSES[letters.code[letters.start]]

    def find(self, words: Sequence[str], letters: Letters, asked: I64) -> I64:
        """Which of the words `asked` may have the sound of a telling one."""
        # Many words have the skeleton of another, few its sound: those are asked one by one.
        nth, target = self.groups.find(letters.skeletons()[asked])
        word = asked[nth]
        size = letters.lengths()[word]
        near = _LIMITS.take(size, mode="clip") - self.bits[target] >= SOUND - _ROUNDING
        near &= np.abs(size - self.size[target]) < LIKE_LENGTHS
        near &= _CLASSES[letters.code[letters.start[word]]] == self.first[target]
        alike = np.unique(word[near])
        return alike[[self.may_sound(words[i]) for i in alike.tolist()]]


# Kinds of characters within what may be a word in disguise; see `disguises.Disguises`.
_LETTER, _INNER, _ANY_SIGN, _NO_LEET, _MASK, _STAR, _NO_MASK, _NO_GLYPH = (1 << n for n in range(8))


class Signs:
    """Tells which letters with symbols and digits among them hide no word: what
    `Disguises.read` and `Repairer.respelled` make nothing of, for many at once.

    The letters that are written must not be an offensive word, whole or but for one (a symbol may
    stand for it); and the letters that the others look like must be no word that is read so.
    """

    def __init__(self, tables: Tables, disguises: Disguises, hollow: KeyIndex) -> None:
        self.hollow = hollow
        self.known = tables.vocabulary
        self.disguises = disguises
        alike, traces = self.disguises.traces()
        shown = [word for word in traces if word.isascii() and len(word) <= len(_POWERS)]
        self.traces = index_of(Letters(shown).whole())
        self.leet = leet = tables.leet
        self.alike = np.arange(128, dtype=np.uint64)
        self.kinds = np.zeros(128, np.uint8)
        for code in range(128):
            sign = chr(code)
            taken = alike.get(code, sign)
            self.alike[code] = ord(taken or "\0")
            kinds = _LETTER if sign.isalpha() else 0
            kinds |= _INNER if sign.isalnum() else 0
            kinds |= _ANY_SIGN if not taken or taken == "\0" else 0
            if not sign.isalpha():
                kinds |= _NO_LEET if sign not in leet and sign != "'" else 0
                kinds |= _MASK if sign in "#@%$&!?+" else 0
                kinds |= _STAR if sign == "*" else 0
                kinds |= _NO_MASK if sign not in MASKS else 0
                kinds |= _NO_GLYPH if code not in self.disguises.glyphs else 0
            self.kinds[code] = kinds

    def clear(self, text: str) -> tuple[set[str], dict[str, str]]:
        """What stands in the lines of a text in lower case and hides nothing.

        Some may still be misspelt: those, and the letters that they look like.
        """
        shown = [line for line in text.split("\n") if len(line) <= 2 * MAX_WORD]
        # What pauses part is read on its own where the whole is no word.
        shown += [part for part in _PARTED.split(text) if part and not part.isalpha()]
        found: dict[str, None] = {}
        for low in shown:
            core = low.strip(OUTER)
            if 3 <= len(core) <= MAX_WORD and not core.isalpha():
                found[core] = found[low.strip(PUNCTUATION)] = None
        cores = [core for core in found if len(core) <= MAX_WORD]
        if not text.isascii():
            cores = [core for core in cores if core.isascii() or self._has_wide_signs_alone(core)]
        if not cores:
            return set(), {}
        letters = Letters([_WIDE.sub(_NO_SIGN, core) for core in cores])
        kinds = self.kinds[letters.code]
        every = np.bitwise_or.reduceat(kinds, letters.start)
        is_letter = kinds & _LETTER != 0
        count = np.add.reduceat(is_letter, letters.start, dtype=np.int64)
        size = letters.lengths()
        hidden = self.hollow.find(letters.part(is_letter)) >= 0
        # Letters with signs between them all are read together.
        inner = kinds & _INNER != 0
        beside = inner[1:] & inner[:-1] & (letters.owner[1:] == letters.owner[:-1])
        hidden |= (count > 2) & (np.bincount(letters.owner[1:][beside], minlength=len(cores)) == 0)
        # Symbols for several letters.
        many = (every & _MASK != 0) & (size - count > 1) | (every & _STAR != 0)
        hidden |= many & (every & _NO_MASK == 0) & (size <= LONGEST_MASKED)
        # Symbols and digits for the letters that they look like.
        leet = every & _NO_LEET == 0
        traces = Letters(cores, self.alike[letters.code]).squeezed()
        hidden |= leet & ((every & _ANY_SIGN != 0) | (self.traces.find(traces) >= 0))
        likely = self.disguises.likely
        for at in where(leet & ~hidden & (count * 2 >= size)).tolist():
            hidden[at] = likely(cores[at]) in self.known
        clear = where(~hidden)
        glyphs = self.disguises.letters_of
        alike = {
            cores[at]: word
            for at in clear[every[clear] & _NO_GLYPH == 0].tolist()
            if (word := glyphs(cores[at])) is not None and word not in self.known
        }
        return {cores[at] for at in clear.tolist()}, alike

    def are_open(self, chunks: Sequence[str]) -> list[bool]:
        """Whether each chunk, words tied by signs and in lower case, is read word by word."""
        clear = self.clear("\n".join(chunks))[0]

        def is_clear(text: str) -> bool:
            if text.strip(OUTER) not in clear or text.strip(PUNCTUATION) not in clear:
                return False
            return URL.search(text) is None

        def is_open(chunk: str) -> bool:
            if not chunk.isascii() or not is_clear(chunk):
                return False
            parts = PAUSE.split(chunk.strip(OUTER))
            return len(parts) == 1 or all(
                not part or part.isalpha() or is_clear(part) for part in parts
            )

        return [is_open(chunk) for chunk in chunks]

    def _has_wide_signs_alone(self, core: str) -> bool:
        """Whether all that is not ASCII are signs which stand for no letter."""
        wide = _WIDE.findall(core)
        return not any(sign.isalnum() or sign in self.leet for sign in wide)


class Sieve:
    """Tells unknown words that may be something else from those that `lexer` leaves as they are.

    What `Repairer.resolve` can make of a word comes in five ways, and each leaves a trace that is
    looked up by hash for all words at once: letters in runs whose squeezed form is that of an
    offensive word's (or three in a row); one slip from a telling word that is common enough; the
    sounds of such a word; an offensive word within; and one of three letters behind a small word.
    """

    def __init__(self, lexer: Lexer) -> None:
        offensive = [word for word in lexer.tables.offensive if _is_plain(word)]
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
    def rivals(self) -> Rivals:
        """Made when chunks are read one by one."""
        return Rivals(self._speller)

    @cached_property
    def parts(self) -> Parts:
        """Made when words may be glued."""
        return Parts(self._splitter)

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
        """The same, and which of the words may be misspelt."""
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


def _is_plain(word: str) -> bool:
    return word.isascii() and word.isalpha() and len(word) <= 4 * MAX_WORD


def index_of(*hashes: U64) -> KeyIndex:
    return _numbered(np.unique(np.concatenate(hashes)))


def _numbered(keys: U64) -> KeyIndex:
    """An index of keys, each there once, to their places."""
    index = KeyIndex()
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
