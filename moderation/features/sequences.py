"""The words of a block of texts in their order, and the n-grams of words and of their classes.

N-grams at the ends of sentences are features of their own, as in language models that pad sentences
(Jurafsky & Martin 2024, chapter 3): to open with "you" or to close with "off" says more than to
have the word somewhere. In them telling words stand as their classes.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from moderation.reading.chunks import I64, U64, Bools, fetch, where
from moderation.reading.hashing import (
    CACHED,
    F_BI,
    F_CBI,
    F_CLOSE,
    F_CTRI,
    F_CW,
    F_OPEN,
    F_OPEN2,
    F_SEQ2,
    F_TRI,
    F_WC,
    SALT,
    SEQ,
    mix,
    mix_in_place,
)

AT_ONCE = CACHED // 2  # words whose n-grams, of two and of three, are hashed at once
FEW_WORDS = 300  # up to so many, work at every place takes less time than choosing places
_SALTS = SALT[[F_BI, F_CBI, F_SEQ2, F_TRI, F_CTRI, F_WC, F_CW, F_OPEN, F_CLOSE, F_OPEN2]]
_OPEN, _OPEN2, _CLOSE = SALT[[F_OPEN, F_OPEN2, F_CLOSE]]
_PLACES = SEQ[:3, None]
_EVERY = np.arange(FEW_WORDS)
FAMILIES = len(_SALTS)  # kinds of n-grams, of each of which a word begins one


@dataclass(eq=False, repr=False)
class Sequences:
    """The words of a block of texts, one after the other.

    `key` and `cls` (0 = none) are indexed by word position; `sentence` numbers the sentences of the
    block. Classes 1 to `telling` are those that say something of their own (a group, an insult);
    the others only qualify (a pronoun). `class_keys` are the keys of the classes by number.
    """

    key: U64
    cls: npt.NDArray[np.uint8]
    sentence: I64
    telling: int
    class_keys: U64

    def families(self) -> list[tuple[U64, I64]]:
        """Mixed keys of all word n-grams, and the position of the first word of each."""
        return [(mix(family.keys), family.words(0)) for family in self._families()]

    def members(self) -> list[list[tuple[int, ...]]]:
        """For each of `families()`, the positions of each n-gram's words."""
        return [
            list(zip(*(family.words(i).tolist() for i in range(family.size)), strict=True))
            for family in self._families()
        ]

    def parts(self) -> Iterator[Grams]:
        """All `families()`, so many n-grams at once as stay near the processor.

        Those of a short text come at once: there calls take longer than work.
        """
        n = len(self.key)
        if not n:
            return
        if 1 < n <= FEW_WORDS:
            yield self._few()
            return
        same = self.sentence[1:] == self.sentence[:-1]
        parts: Iterator[Grams] = chain(self._rows(same), self._with_classes(same))
        if n <= AT_ONCE:
            parts = iter([Grams(*map(np.concatenate, zip(*parts, strict=True)))])
        for keys, counts, first in parts:
            yield Grams(mix_in_place(keys), counts, first)

    def _rows(self, same: Bools) -> Iterator[Grams]:
        """N-grams of two and three words in a row; `same`: as in `_class_families`.

        They are hashed at every place, across the ends of sentences too, because leaving places out
        takes longer: those that do not count are marked.
        """
        every = np.arange(len(same))
        for start in range(0, len(same), AT_ONCE):
            words = self.key[start : start + AT_ONCE + 2]
            pairs, triples = min(len(words) - 1, AT_ONCE), len(words) - 2
            keys = np.empty(pairs + triples, np.uint64)
            two, three = keys[:pairs], keys[pairs:]
            np.multiply(words[:pairs], SEQ[0], out=two)
            two += words[1 : pairs + 1] * SEQ[1]
            np.multiply(words[2:], SEQ[2], out=three)
            three += two[:triples]
            three += SALT[F_TRI]
            two += SALT[F_BI]
            goes_on = same[start : start + AT_ONCE + 1]
            counts = np.empty(len(keys), np.bool_)
            counts[:pairs] = goes_on[:pairs]
            np.logical_and(goes_on[:triples], goes_on[1 : triples + 1], out=counts[pairs:])
            first = every[start : start + pairs]
            yield Grams(keys, counts, np.concatenate([first, first[:triples]]))

    def _with_classes(self, same: Bools) -> Iterator[Grams]:
        """The n-grams of `_class_families`; they all count."""
        families = self._class_families(same)
        keys = np.concatenate([family.keys for family in families])
        first = np.concatenate([family.words(0) for family in families])
        counts = np.ones(min(len(keys), CACHED), np.bool_)
        for start in range(0, len(keys), CACHED):
            part = keys[start : start + CACHED]
            yield Grams(part, counts[: len(part)], first[start : start + CACHED])

    def _few(self) -> Grams:
        """`parts` of a short text, one, with few calls: there they take the time, not the work.

        Four rows of words are hashed at every place as if they were one: the words; the same with
        classes for telling ones; the classes of those that have one; those words. What opens and
        closes sentences is picked out of the second.
        """
        key, n = self.key, len(self.key)
        tells = _tells(self.telling).take(self.cls)
        named = self.class_keys.take(self.cls)
        bearing = where(self.cls)
        m = len(bearing)
        if m < 2:
            bearing, m = bearing[:0], 0
        third, fourth = 2 * n, 2 * n + m  # where these rows begin
        pairs, triples, mixed = fourth - 1, third - 2, 2 * max(m - 1, 0)
        edge = pairs + triples + mixed  # where what opens and closes sentences begins
        every = _EVERY[:n]
        word = np.concatenate([every, every, bearing])
        row = np.concatenate(
            [key, np.where(tells, named, key), named.take(bearing), key.take(bearing)]
        )
        same_row = self.sentence.take(word)
        same = same_row[1:] == same_row[:-1]
        same[n - 1] = False
        if m:
            same[third - 1] = False
        tell = tells.take(word)
        tell[:n] = True
        opens, closes, two = _ends_of_few(same[:n])
        one = opens + closes
        total = edge + len(one) + len(two)
        keys, counts = np.empty(total, np.uint64), np.empty(total, np.bool_)
        placed = row * _PLACES
        at, end = pairs, pairs + triples
        np.add(placed[0, :at], placed[1, 1:fourth], out=keys[:at])
        np.add(keys[:triples], placed[2, 2:third], out=keys[at:end])
        np.logical_and(tell[1:] | tell[:-1], same, out=counts[:at])
        np.logical_and(counts[:triples], same[1 : third - 1], out=counts[at:end])
        first = [word[:-1], word[:triples]]
        if m:
            classes, words = placed[:2, third:fourth], placed[:2, fourth:]
            np.add(words[0, :-1], classes[1, 1:], out=keys[end : end + m - 1])
            np.add(classes[0, :-1], words[1, 1:], out=keys[end + m - 1 : edge])
            counts[end:edge].reshape(2, m - 1)[:] = counts[third:at]
            first += [bearing[:-1], bearing[:-1]]
        for at_key, place in enumerate(one, edge):
            keys[at_key] = row[n + place]
        for at_key, place in enumerate(two, edge + len(one)):
            keys[at_key] = keys[n + place]
        counts[edge:] = True
        sizes = [n, n, m - 1, n, n - 2, m - 1, m - 1] if m else [n, n - 1, 0, n, n - 2, 0, 0]
        keys += _SALTS.repeat([*sizes, len(opens), len(closes), len(two)])
        first.append(np.array(one + two))
        return Grams(mix_in_place(keys), counts, np.concatenate(first))

    def _families(self) -> list[_Family]:
        key, sentence = self.key, self.sentence
        if not len(key):
            return []
        same = sentence[1:] == sentence[:-1]
        at = where(same)
        two = key[at] * SEQ[0] + key[at + 1] * SEQ[1]
        out = [_Family(two + SALT[F_BI], at, 2)]
        at = where(same[1:] & same[:-1])
        three = key[at] * SEQ[0] + key[at + 1] * SEQ[1] + key[at + 2] * SEQ[2]
        out.append(_Family(three + SALT[F_TRI], at, 3))
        return out + self._class_families(same)

    def _class_families(self, same: Bools) -> list[_Family]:
        """N-grams in which classes stand for telling words, and pairs of words that have one.

        `same`: whether word i + 1 stands in the sentence of word i.
        """
        key, cls = self.key, self.cls
        tells = (cls - np.uint8(1)) < np.uint8(self.telling)  # 0 wraps round to 255
        bearing = where(cls != 0)  # the words that have a class, telling or not
        t = fetch(tells, bearing)
        v = fetch(self.class_keys, fetch(cls, bearing))
        telling = where(t)
        shown = key
        if len(telling):
            shown = key.copy()
            shown[fetch(bearing, telling)] = fetch(v, telling)
        # The first word of each sentence, its last one, its first two.
        one, two = _ends(where(~same), len(key))
        opens, closes = one.reshape(2, -1)
        out = [
            _Family(fetch(shown, opens) + _OPEN, opens, 1),
            _Family(fetch(shown, closes) + _CLOSE, closes, 1),
            _Family(fetch(shown, two) * SEQ[0] + fetch(shown, two + 1) * SEQ[1] + _OPEN2, two, 2),
        ]
        # Two and three words, of which one of the first two is telling.
        at = where(same & (tells[1:] | tells[:-1]))
        if not len(at):
            return out
        two = fetch(shown, at) * SEQ[0]
        two += fetch(shown, at + 1) * SEQ[1]
        inside = where(fetch(same, at + 1) & (at + 1 < len(same)))
        at3 = fetch(at, inside)
        three = fetch(shown, at3 + 2) * SEQ[2]
        three += fetch(two, inside)
        out += [_Family(two + SALT[F_CBI], at, 2), _Family(three + SALT[F_CTRI], at3, 3)]
        # The words that have a class, with those between them left out.
        if len(bearing) < 2:
            return out
        s, w = fetch(self.sentence, bearing), fetch(key, bearing)
        same = s[1:] == s[:-1]
        at = where(same & (t[1:] | t[:-1]))
        after = at + 1
        first, second = fetch(v, at) * SEQ[0], fetch(v, after) * SEQ[1]
        two = first + second
        second += fetch(w, at) * SEQ[0]
        first += fetch(w, after) * SEQ[1]
        out += [
            _Family(two + SALT[F_SEQ2], at, 2, bearing),
            _Family(second + SALT[F_WC], at, 2, bearing),
            _Family(first + SALT[F_CW], at, 2, bearing),
        ]
        return out


class Grams(NamedTuple):
    """Some word n-grams.

    `keys`: of each; `counts`: whether there is one; `first`: the position of its first word.
    """

    keys: U64
    counts: Bools
    first: I64


class _Family(NamedTuple):
    """N-grams of one kind: keys, not mixed; place of the first word among all, or those of `base`.

    An n-gram's words stand one after the other there, `size` of them.
    """

    keys: U64
    at: I64
    size: int
    base: I64 | None = None

    def words(self, number: int) -> I64:
        """The positions of the n-grams' words number `number`."""
        at = self.at + number if number else self.at
        return at if self.base is None else fetch(self.base, at)


@functools.cache
def _tells(telling: int) -> Bools:
    """Whether a class is one of the first `telling`, by its number: of a few words, looked up."""
    number = np.arange(256)
    return (number > 0) & (number <= telling)


def _ends_of_few(same: Bools) -> tuple[list[int], list[int], list[int]]:
    """The first words of sentences, the last ones, the first of those that have two or more.

    As `_ends` has them, of every word whether the next one is of its sentence: of a few, lists take
    less time.
    """
    closes = where(~same).tolist()
    opens = [0, *[place + 1 for place in closes[:-1]]]
    return opens, closes, [at for at, last in zip(opens, closes, strict=True) if at < last]


def _ends(turns: I64, n: int) -> tuple[I64, I64]:
    """The places of the first words of sentences and then of their last ones; those of the first
    words of sentences that have two or more.

    `turns`: the last words of all sentences but the last; `n`: words, at least one.
    """
    if not len(turns):
        ends = np.array([0, n - 1])
        return ends, ends[: int(n > 1)]
    ends = np.zeros((2, len(turns) + 1), np.int64)
    first, last = ends
    np.add(turns, 1, out=first[1:])
    last[:-1], last[-1] = turns, n - 1
    return ends.reshape(-1), first[first < last]
