"""Plain words between punctuation, many chunks at a time, with numpy.

Most chunks that a memory has not met are met words with another neighbour ("word," "Word!"). What
`text.Lexer.quick` says of a chunk is found here for all of them at once (`read_plain`), as far as
they are ASCII: where the word is, a key that names it, the marks of the punctuation. What is left
of the work is done once a word, and most unknown words are names and slips of the pen that nothing
can be made of: a `Sieve` keeps those from the slow search for what they may hide.

Both are filters for speed alone: they never change what is read (`tests/test_plain.py`).
"""

from __future__ import annotations

import itertools
import os
import re
import threading
import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from moderation.chunks import I64, U8, U64, KeyIndex
from moderation.text import (
    MARK_CAPS,
    MARK_EXCLAIM,
    MARK_EXCLAIMS,
    MARK_QUESTION,
    MARK_QUESTIONS,
    MARK_QUOTE,
    MAX_WORD,
    STRONG,
    Lexer,
)

Bools = npt.NDArray[np.bool_]

# What a byte may be in a plain chunk; the expressions of `text` say the same.
_LETTER, _LEAD, _TAIL, _STOP, _CLOSE = 1, 2, 4, 8, 16
_CLASS = np.zeros(256, np.uint8)
for _bit, _characters in (
    (_LETTER, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    (_LEAD, "\"'([*_-"),
    (_TAIL, ".,!?;:)]\"'*_-"),
    (_STOP, ".!?"),
    (_CLOSE, ".!?)]\"'*"),
):
    _CLASS[list(_characters.encode())] |= _bit

_APOSTROPHE = ord("'")

# A word's key is the sum of one random number for each letter at each place, drawn anew in every
# process: no two words can be made to collide.
_NUMBERS = np.frombuffer(os.urandom(MAX_WORD * 32 * 8), np.uint64)
_KEEP_S = ("its", "thats", "hes", "shes", "whats", "whos", "theres", "lets")  # text._KEEPS_S

MARKS: tuple[tuple[str, ...], ...] = tuple(
    (*caps, *exclaim, *question, *quote)
    for caps, exclaim, question, quote in itertools.product(
        ((), (MARK_CAPS,)),
        ((), (MARK_EXCLAIM,), (MARK_EXCLAIMS,)),
        ((), (MARK_QUESTION,), (MARK_QUESTIONS,)),
        ((), (MARK_QUOTE,)),
    )
)
"""Every combination of marks that a plain chunk can have; see `Plain.marks`."""


@dataclass
class Plain:
    """The chunks among those given that are one plain word; arrays of shape (P,), by chunk.

    - `at`: which of the chunks given;
    - `key`: names the bare word in lower case (uint64);
    - `first`, `last`: places of its first and last letter in the text; `bare` says where its
      letters end: a possessive "'s" is no part of the word;
    - `marks`: index in MARKS; `ends`: a sentence ends here; `lead`, `tail`: something stands before
      and after the word;
    - `doubtful`: stars, low lines or an apostrophe: plain only if the word is known.
    """

    at: I64
    key: U64
    first: I64
    bare: I64
    marks: I64
    ends: Bools
    lead: Bools
    tail: Bools
    doubtful: Bools

    def words(self, codes: U8, which: I64) -> list[str]:
        """The bare words, in lower case, of the chunks numbered `which`."""
        text = codes.tobytes()
        spans = zip(self.first[which].tolist(), self.bare[which].tolist(), strict=True)
        joined = b" ".join([text[start:end] for start, end in spans])
        return joined.replace(b"'", b"").lower().decode("ascii").split(" ") if len(which) else []


def read_plain(codes: U8, start: I64, end: I64) -> Plain:
    """Find the plain words among the chunks `codes[start[i]:end[i]]` (UTF-8, none empty)."""
    length = end - start
    at = np.flatnonzero(length <= MAX_WORD)
    if not len(at):
        none, no = np.empty(0, np.int64), np.empty(0, np.bool_)
        return Plain(none, none.view(np.uint64), none, none, none, no, no, no, no)
    length = length[at]
    # The bytes of those chunks one after the other: chunk i's lie from begin[i] to stop[i].
    stop = np.cumsum(length)
    begin = stop - length
    shift = start[at] - begin
    spot = np.arange(stop[-1])
    code = codes.take(np.repeat(shift, length) + spot)
    kind = _CLASS.take(code)
    is_letter = kind & _LETTER != 0
    first = np.minimum.reduceat(np.where(is_letter, spot, len(spot) - 1), begin)
    last = np.maximum.reduceat(np.where(is_letter, spot, -1), begin)
    letters = _counts(is_letter)
    count = letters[stop] - letters[begin]
    # Letters with nothing between them, or an apostrophe before the last or the last two.
    between = last - first + 1 - count
    before_last = code.take(np.maximum(last - 1, 0)) == _APOSTROPHE
    apostrophe = between == 1
    apostrophe &= before_last | (code.take(np.maximum(last - 2, 0)) == _APOSTROPHE)
    not_lead, not_tail = _counts(kind & _LEAD == 0), _counts(kind & _TAIL == 0)
    good = count > 0
    good &= (between == 0) | apostrophe
    good &= not_lead[first] == not_lead[begin]
    good &= not_tail[stop] == not_tail[last + 1]
    # A sentence ends with a stop that only what closes follows.
    last_stop = np.maximum.reduceat(np.where(kind & _STOP != 0, spot, -1), begin)
    last_other = np.maximum.reduceat(np.where(kind & _CLOSE == 0, spot, -1), begin)
    ends = last_stop > last_other
    place = letters[:-1] - np.repeat(letters[begin], length)
    place *= 32
    place += code & 31
    number = _NUMBERS.take(place)
    number *= is_letter
    key = np.add.reduceat(number, begin)

    plain = np.flatnonzero(good)
    begin, stop, first, last = begin[plain], stop[plain], first[plain], last[plain]
    ends, key, apostrophe = ends[plain], key[plain], apostrophe[plain]
    bare = last + 1
    owning = np.flatnonzero(apostrophe & before_last[plain] & (code.take(last) | 32 == ord("s")))
    owning = owning[~np.isin(key[owning], _KEEP_S_KEYS)]
    key[owning] -= number[last[owning]]
    bare[owning] -= 2
    lead, tail = first > begin, last + 1 < stop
    bangs, asks = _counts(code == ord("!")), _counts(code == ord("?"))
    small, stars = _counts(is_letter & (code >= ord("a"))), _counts((code == 42) | (code == 95))
    # The first of what stands about the word; a quotation mark there is a mark of its own.
    outer = np.where(lead, begin, np.minimum(last + 1, stop - 1))
    marks = ((small[last + 1] == small[first]) & (last - first >= 2)).astype(np.int64)
    marks = marks * 3 + np.minimum(bangs[stop] - bangs[begin], 2)
    marks = marks * 3 + np.minimum(asks[stop] - asks[begin], 2)
    marks = marks * 2 + ((code.take(outer) == ord('"')) & (lead | tail))
    doubtful = apostrophe | (stars[stop] > stars[begin])
    shift = shift[plain]
    return Plain(at[plain], key, first + shift, bare + shift, marks, ends, lead, tail, doubtful)


def _counts(flags: Bools) -> I64:
    """How many are set before each place: (N,) -> (N + 1,)."""
    counts = np.zeros(len(flags) + 1, np.int64)
    np.cumsum(flags, out=counts[1:])
    return counts


def word_keys(words: Iterable[str]) -> U64:
    """The keys of lower-case ASCII words as `read_plain` makes them."""
    return np.array(
        [
            np.add.reduce(_NUMBERS[[32 * i + (ord(c) & 31) for i, c in enumerate(word)]])
            for word in words
        ],
        np.uint64,
    )


_KEEP_S_KEYS = word_keys(_KEEP_S)


# ---------------------------------------------------------------- unknown words

_BASE = 0x9E3779B97F4A7C15  # of a polynomial modulo 2^64; a collision only costs a slow look
_POWERS = np.array([pow(_BASE, n, 1 << 64) for n in range(4 * MAX_WORD)], np.uint64)
_INVERSE = pow(_BASE, -1, 1 << 64)
_DOWN = np.array([pow(_INVERSE, n, 1 << 64) for n in range(4 * MAX_WORD)], np.uint64)
_SPREAD = np.uint64(0xD6E8FEB86659FD93)
_LONGEST_PART = 16  # letters of the longest part that glued words are taken into


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

    def without_one(self) -> U64:
        """The hash of each word without one letter, for each letter: (N,)."""
        before = self.sums[:-1] - self.sums[self.start][self.owner]
        after = self.sums[self.stop][self.owner] - self.sums[1:]
        return _spread(before + after * _DOWN[1])

    def stretches(self, at: I64, size: int) -> U64:
        """The hash of the `size` letters from each place `at` on."""
        return _spread((self.sums[at + size] - self.sums[at]) * _DOWN[self.place[at]])

    def squeezed(self) -> U64:
        """The hash of each word with every run of one letter made one."""
        kept = np.ones(len(self.code), np.bool_)
        kept[1:] = (self.code[1:] != self.code[:-1]) | (self.owner[1:] != self.owner[:-1])
        rank = np.cumsum(kept) - 1
        place = rank - rank[self.start][self.owner]
        sums = _sums(np.where(kept, self.code * _POWERS[place], 0))
        return _spread(sums[self.stop] - sums[self.start])


def _sums(values: U64) -> U64:
    sums = np.zeros(len(values) + 1, np.uint64)
    np.cumsum(values, out=sums[1:])
    return sums


def _spread(hashes: U64) -> U64:
    hashes = hashes ^ (hashes >> np.uint64(32))
    hashes *= _SPREAD
    return hashes


class Sieve:
    """Tells unknown words that may be something else from those that `lexer` leaves as they are.

    What `Lexer._resolve` can make of a word comes in four ways, and each leaves a trace that is
    looked up by hash for all words at once: letters in runs whose squeezed form is that of an
    offensive word's (or three in a row); a word, or a word without one letter, that an offensive
    word is or becomes when it loses one (the delete index of SymSpell); a spelling by sound; and
    an offensive word within.
    """

    def __init__(self, lexer: Lexer) -> None:
        offensive = [word for word in lexer.tables.offensive if _is_plain(word)]
        self.squeezed = _index(_Letters(offensive).squeezed())
        likely = _Letters([word for word in offensive if len(word) >= 5 and lexer.is_likely(word)])
        self.near = _index(likely.whole(), likely.without_one())
        inner = [word for word in offensive if 4 <= len(word) <= _LONGEST_PART]
        self.sizes = sorted({len(word) for word in inner})
        self.beginnings = _index(_Letters([word[:4] for word in inner]).whole())
        self.inner = _index(_Letters(inner).whole())
        ranks = lexer.tables.offensive
        strong = [word for word in offensive if ranks[word] < STRONG]
        self.sounds = _index(_Letters(sorted(_sound_alikes(strong, lexer.tables.leet))).whole())

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
        whole = letters.whole()
        found |= self.near.find(whole) >= 0
        found[owner[self.near.find(letters.without_one()) >= 0]] = True
        found |= self.sounds.find(whole) >= 0
        at = np.flatnonzero(letters.stop[owner] - np.arange(len(code)) >= 4)
        at = at[self.beginnings.find(letters.stretches(at, 4)) >= 0]
        for size in self.sizes:
            at = at[at + size <= letters.stop[owner[at]]]
            found[owner[at[self.inner.find(letters.stretches(at, size)) >= 0]]] = True
        return found


def _is_plain(word: str) -> bool:
    return word.isascii() and word.isalpha() and len(word) <= 4 * MAX_WORD


def _index(*hashes: U64) -> KeyIndex:
    index = KeyIndex()
    keys = np.unique(np.concatenate(hashes))
    index.add(keys, np.zeros(len(keys), np.int32))
    return index


def _sound_alikes(words: Iterable[str], leet: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Every spelling that reads as one of `words` with at most three sounds written otherwise."""
    written: dict[str, list[str]] = {}
    for key, spoken in leet.items():
        if key.isascii() and key.isalpha():
            for sound in spoken:
                written.setdefault(sound, []).append(key)
    found: set[str] = set()
    for word in words:
        spots = [
            (i, i + len(sound), key)
            for sound, keys in written.items()
            for i in (m.start() for m in re.finditer(f"(?={re.escape(sound)})", word))
            for key in keys
        ]
        for number in (1, 2, 3):
            for chosen in itertools.combinations(sorted(spots), number):
                if any(a[1] > b[0] for a, b in itertools.pairwise(chosen)):
                    continue
                spelt, at = "", 0
                for start, end, key in chosen:
                    spelt += word[at:start] + key
                    at = end
                found.add(spelt + word[at:])
    return found


_sieves: weakref.WeakKeyDictionary[Lexer, Sieve] = weakref.WeakKeyDictionary()
_making = threading.Lock()


def sieve_of(lexer: Lexer) -> Sieve:
    """The sieve of a lexer, made once (it takes some 30 ms)."""
    with _making:
        sieve = _sieves.get(lexer)
        if sieve is None:
            sieve = _sieves[lexer] = Sieve(lexer)
    return sieve
