"""Chunks of plain words, many at a time, with numpy.

Most chunks that a memory has not met are met words with another neighbour ("word," "Word!"), words
tied together ("either/or"), and numbers. What `text.Lexer` says of those is found here for all of
them at once, as far as they are ASCII and common signs (curly quotes, dashes): where the words
are, a key that names each, the marks of the punctuation. What is left of the work is done once a
word. This is for speed alone and never changes what is read (`tests/test_plain.py`).
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from moderation.chunks import I64, U8, U64
from moderation.text import (
    MARK_CAPS,
    MARK_EXCLAIM,
    MARK_EXCLAIMS,
    MARK_NUMBER,
    MARK_QUESTION,
    MARK_QUESTIONS,
    MARK_QUOTE,
    MAX_WORD,
)

Bools = npt.NDArray[np.bool_]

# Common signs of three bytes: each of the three becomes one byte that UTF-8 never has.
_SIGNS = dict(zip("“”‘’…—–", range(0xF8, 0x100), strict=False))
_SIGN_OF = np.zeros(256, np.uint8)  # by the last byte; the others are e2 80
_SIGN_OF[[sign.encode()[2] for sign in _SIGNS]] = list(_SIGNS.values())


def _bytes_of(characters: str) -> list[int]:
    return [_SIGNS.get(character, ord(character)) for character in characters]


# What a byte may be; the expressions of `text` say the same.
_LETTER, _DIGIT, _LEAD, _TAIL, _STOP, _CLOSE, _TIE, _OUTER = (1 << bit for bit in range(8))
_CLASS = np.zeros(256, np.uint8)
for _bit, _characters in (
    (_LETTER, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    (_DIGIT, "0123456789"),
    (_LEAD, "\"'([*_-“‘—"),
    (_TAIL, ".,!?;:)]\"'*_-…”’—"),
    (_STOP, ".!?…"),
    (_CLOSE, ".!?)]\"'*…”’"),
    (_TIE, '!"()+,-./:;<=>?[\\]^_`{|}~“”…—–'),  # between and about tied words: not @ # & ' * $ %
    (_OUTER, '"()[]{}<>.,!?;:*_~-/\\|^=`“”…—–'),  # about one word
):
    _CLASS[_bytes_of(_characters)] |= _bit
_APOSTROPHE, _CURLY = _bytes_of("'’")
_IN_NUMBER, _ABOUT_NUMBER = np.zeros(256, np.bool_), np.zeros(256, np.bool_)
_IN_NUMBER[list(b"0123456789.,:/%'x-")] = True
_ABOUT_NUMBER[_bytes_of("!\"$%'()*+,-./:;<=>?[\\]^`{|}~“”‘’…—–")] = True
_STRIPPED, _HYPHEN, _PAUSE = (np.zeros(256, np.bool_) for _ in range(3))
_STRIPPED[_bytes_of(".,?;:\"'()[]{}<>“”…")] = (
    True  # about tied words: what every reading leaves off
)
_HYPHEN[list(b"-._~")] = True  # between two letters: could stand for a third one
_PAUSE[list(b':,;"')] = True  # never stands for a letter
SHORTEST_TIED = 3  # letters of a word among words tied together
LONGEST_EDGE = 20  # bytes after the last word in which `text` looks for the end of a sentence

# A word's key is the sum of one random number for each letter at each place, drawn anew in every
# process: no two words can be made to collide.
_NUMBERS = np.frombuffer(os.urandom(MAX_WORD * 32 * 8), np.uint64)
_KEEP_S = ("its", "thats", "hes", "shes", "whats", "whos", "theres", "lets")  # text._KEEPS_S
_LINKS = "http https ftp www com org net edu gov info html htm io co uk de fr ru".split()  # of URLs

MARKS: tuple[tuple[str, ...], ...] = tuple(
    tuple(itertools.chain.from_iterable(kinds))
    for kinds in itertools.product(
        ((), (MARK_CAPS,)),
        ((), (MARK_EXCLAIM,), (MARK_EXCLAIMS,)),
        ((), (MARK_QUESTION,), (MARK_QUESTIONS,)),
        ((), (MARK_QUOTE,)),
        ((), (MARK_NUMBER,)),
    )
)
"""Every combination of marks that a chunk read here can have; see `Plain.marks`."""


@dataclass
class Plain:
    """The chunks among those given that are one plain word; arrays of shape (P,), by chunk.

    - `at`: which of the chunks given;
    - `key`: names the bare word in lower case (uint64);
    - `first`, `stop`: where the bare word begins and ends in the text (a possessive "'s" is no
      part of it; another apostrophe may stand in it);
    - `marks`: index in MARKS; `ends`: a sentence ends here; `lead`, `tail`: something stands before
      and after the word;
    - `owned`: a straight apostrophe is in the word; `starred`: stars or low lines are about it, so
      that it is plain only if it is known.
    """

    at: I64
    key: U64
    first: I64
    stop: I64
    marks: I64
    ends: Bools
    lead: Bools
    tail: Bools
    owned: Bools
    starred: Bools


@dataclass
class Tied:
    """The chunks among those given that are words tied together by symbols, or a number.

    By chunk (C,): `at`, `marks`, `ends` as in `Plain`; `counts`: words, 0 for a number; `loose`:
    tied by one kind of sign that is no letter in disguise, so that unknown words may be among them
    as long as nothing is hidden in their letters together. The others are read so only if all their
    words are known. By word, chunk after chunk (W,): `key`, `first`, `stop`.
    """

    at: I64
    marks: I64
    ends: Bools
    counts: I64
    loose: Bools
    key: U64
    first: I64
    stop: I64


class _Bytes:
    """The bytes of some chunks one after the other: chunk i's lie from begin[i] to stop[i].

    `code`, `kind` (what `_CLASS` says), `spot` (0, 1, 2, …): by byte; `first`, `last`: where
    each chunk's first and last character of kind `inner` is; `shift`: what a place lacks of that in
    the text.
    """

    def __init__(self, codes: U8, start: I64, end: I64, inner: int) -> None:
        length = end - start
        self.length = length
        self.stop = np.cumsum(length)
        self.begin = self.stop - length
        self.shift = start - self.begin
        self.spot = np.arange(self.stop[-1] if len(length) else 0)
        self.code = codes.take(np.repeat(self.shift, length) + self.spot)
        self._fold_signs()
        self.kind = _CLASS.take(self.code)
        is_inner = self.kind & inner != 0
        self.first = self.least(is_inner, len(self.spot) - 1)
        self.last = self.greatest(is_inner)

    def _fold_signs(self) -> None:
        code = self.code
        begins = np.flatnonzero(code == 0xE2)
        if len(begins):
            sign = _SIGN_OF[code[begins + 2]]
            sign[code[begins + 1] != 0x80] = 0
            begins, sign = begins[sign > 0], sign[sign > 0]
            for place in range(3):
                code[begins + place] = sign

    def least(self, where: Bools, default: int) -> I64:
        """The first place of each chunk's where something holds."""
        return np.minimum.reduceat(np.where(where, self.spot, default), self.begin)

    def greatest(self, where: Bools) -> I64:
        """The last one; -1 where there is none."""
        return np.maximum.reduceat(np.where(where, self.spot, -1), self.begin)

    def ends(self) -> Bools:
        """Whether a sentence ends: a stop that only what closes follows."""
        last_stop = self.greatest(self.kind & _STOP != 0)
        return last_stop > self.greatest(self.kind & _CLOSE == 0)

    def marks(self, which: I64, shortest: I64) -> I64:
        """Index in MARKS for the chunks numbered `which`.

        Capitals are a mark where the chunk's `shortest` has three letters or more.
        """
        begin, stop = self.begin[which], self.stop[which]
        first, last = self.first[which], self.last[which]
        code = self.code
        small = _counts((code >= ord("a")) & (self.kind & _LETTER != 0))
        letters = _counts(self.kind & _LETTER != 0)
        lead = first > begin
        # The first of what stands about the words; a quotation mark there is a mark of its own.
        outer = np.where(lead, begin, np.minimum(last + 1, stop - 1))
        quote = (code.take(outer) == ord('"')) | (code.take(outer) == _SIGNS["“"])
        quote &= lead | (last + 1 < stop)
        caps = (small[stop] == small[begin]) & (shortest > 2) & (letters[stop] > letters[begin])
        marks: I64 = caps.astype(np.int64)
        for sign in (ord("!"), ord("?")):
            count = _counts(code == sign)
            about = count[stop] - count[last + 1] + count[first] - count[begin]
            marks = marks * 3 + np.minimum(about, 2)
        marks = marks * 2 + quote
        marks *= 2
        return marks


def _counts(flags: Bools) -> I64:
    """How many are set before each place: (N,) -> (N + 1,)."""
    counts = np.zeros(len(flags) + 1, np.int64)
    np.cumsum(flags, out=counts[1:])
    return counts


def read_plain(codes: U8, start: I64, end: I64) -> Plain:
    """Find the plain words among the chunks `codes[start[i]:end[i]]` (UTF-8, none empty)."""
    at = np.flatnonzero(end - start <= MAX_WORD)
    if not len(at):
        none, no = np.empty(0, np.int64), np.empty(0, np.bool_)
        return Plain(none, none.view(np.uint64), none, none, none, no, no, no, no, no)
    flat = _Bytes(codes, start[at], end[at], _LETTER)
    code, kind, begin, stop, first, last = (
        flat.code, flat.kind, flat.begin, flat.stop, flat.first, flat.last,
    )  # fmt: skip
    is_letter = kind & _LETTER != 0
    letters = _counts(is_letter)
    count = letters[stop] - letters[begin]
    # Letters with nothing between them, or an apostrophe before the last or the last two.
    between = last - first + 1 - count
    one_before, two_before = (code.take(np.maximum(last - n, 0)) for n in (1, 2))
    straight, curly = between == 1, between == 3
    straight &= (one_before == _APOSTROPHE) | (two_before == _APOSTROPHE)
    curly &= (one_before == _CURLY) | (two_before == _CURLY)
    apostrophe = straight | curly
    before_last = (one_before == _APOSTROPHE) | (one_before == _CURLY)
    not_lead, not_tail = _counts(kind & _LEAD == 0), _counts(kind & _TAIL == 0)
    good = count > 0
    good &= (between == 0) | apostrophe
    good &= not_lead[first] == not_lead[begin]
    good &= not_tail[stop] == not_tail[last + 1]
    place = letters[:-1] - np.repeat(letters[begin], flat.length)
    number = _NUMBERS.take(place * 32 + (code & 31))
    number *= is_letter
    stars = _counts((code == ord("*")) | (code == ord("_")))

    plain = np.flatnonzero(good)
    first, last = first[plain], last[plain]
    key = np.add.reduceat(number, begin)[plain]
    bare = last + 1
    owning = np.flatnonzero((apostrophe & before_last)[plain] & (code.take(last) | 32 == ord("s")))
    owning = owning[~np.isin(key[owning], _KEEP_S_KEYS)]
    key[owning] -= number[last[owning]]
    bare[owning] -= np.where(curly[plain[owning]], 4, 2)
    marks = flat.marks(plain, last + 1 - first)
    shift = flat.shift[plain]
    return Plain(
        at[plain],
        key,
        first + shift,
        bare + shift,
        marks,
        flat.ends()[plain],
        first > begin[plain],
        last + 1 < stop[plain],
        straight[plain],
        (stars[stop] > stars[begin])[plain],
    )


def read_tied(codes: U8, start: I64, end: I64) -> Tied:
    """Find tied words and numbers among chunks in which `read_plain` found no plain word."""
    at = np.flatnonzero(end - start <= MAX_WORD)
    if not len(at):
        none, no = np.empty(0, np.int64), np.empty(0, np.bool_)
        return Tied(none, none, no, none, no, none.view(np.uint64), none, none)
    flat = _Bytes(codes, start[at], end[at], _LETTER | _DIGIT)
    code, kind, begin, stop = flat.code, flat.kind, flat.begin, flat.stop
    first, last = flat.first, flat.last
    some = last >= 0
    np.maximum(last, 0, out=last)
    short = stop - last <= LONGEST_EDGE

    # A number: digits first and last, what belongs to numbers between them, symbols about it.
    letters, digits = _counts(kind & _LETTER != 0), _counts(kind & _DIGIT != 0)
    not_number = _counts(~_IN_NUMBER[code])
    odd = _counts(~_ABOUT_NUMBER[code])
    number = some & short & (digits[first + 1] > digits[first]) & (digits[last + 1] > digits[last])
    number &= not_number[last + 1] == not_number[first]
    number &= (odd[first] == odd[begin]) & (odd[stop] == odd[last + 1])

    # Words of three letters or more among symbols; one word alone among fewer of them.
    is_letter = kind & _LETTER != 0
    opens = is_letter.copy()
    opens[1:] &= ~is_letter[:-1]
    opens[begin] = is_letter[begin]
    closes = is_letter.copy()
    closes[:-1] &= ~is_letter[1:]
    closes[stop - 1] = is_letter[stop - 1]
    word_first, word_stop = np.flatnonzero(opens), np.flatnonzero(closes) + 1
    words = _counts(opens)
    count = words[stop] - words[begin]
    not_tie = _counts(kind & (_TIE | _LETTER) == 0)
    not_outer = _counts(kind & (_OUTER | _LETTER) == 0)
    tied = some & short & (count > 0) & (not_tie[stop] == not_tie[begin])
    tied &= (count > 1) | (not_outer[stop] == not_outer[begin])
    owner = np.repeat(np.arange(len(at)), count)
    spot = np.flatnonzero(is_letter)
    place = spot - word_first[np.cumsum(opens)[spot] - 1]
    number_of = _NUMBERS.take(place * 32 + (code[spot] & 31))
    key = np.add.reduceat(number_of, letters[word_first]) if len(word_first) else number_of
    tied[owner[np.isin(key, _LINK_KEYS)]] = False
    size = word_stop - word_first
    loose = tied & (count > 1) & _tied_by_one_kind(flat, is_letter)
    loose &= (count == 2) | (np.maximum.reduceat(np.append(size, 0), words[begin]) > 1)
    tied[owner[size < SHORTEST_TIED]] = False
    tied |= loose

    chosen = np.flatnonzero(number | tied)
    marks = flat.marks(chosen, np.where(tied, flat.length, 0)[chosen])
    is_number = number[chosen]
    marks[is_number & (first[chosen] == begin[chosen])] &= ~2  # "5"" is no quotation
    marks |= is_number
    kept = tied[owner]
    shift = flat.shift[owner[kept]]
    return Tied(
        at[chosen],
        marks,
        flat.ends()[chosen],
        np.where(tied, count, 0)[chosen],
        loose[chosen],
        key[kept],
        word_first[kept] + shift,
        word_stop[kept] + shift,
    )


def _tied_by_one_kind(flat: _Bytes, is_letter: Bools) -> Bools:
    """Which chunks hold their words together by signs of one kind, and nothing odd about them.

    Either single hyphens and points, or pauses: single colons, commas and quotation marks, and
    points in a row.
    """
    code, begin, stop, first, last = flat.code, flat.begin, flat.stop, flat.first, flat.last
    inner = flat.spot > np.repeat(first, flat.length)
    inner &= flat.spot < np.repeat(last, flat.length)
    odd = _counts(~(inner | is_letter | _STRIPPED[code]))
    signs = np.flatnonzero(inner & ~is_letter)
    before, after = code[signs - 1], code[signs + 1]
    single = is_letter[signs - 1] & is_letter[signs + 1]
    point = ord(".")
    points = (code[signs] == point) & ((before == point) | (after == point))
    points &= (before == point) | is_letter[signs - 1]
    points &= (after == point) | is_letter[signs + 1]
    one = np.zeros((2, len(code)), np.bool_)
    one[0, signs] = single & _HYPHEN[code[signs]]
    one[1, signs] = (single & _PAUSE[code[signs]]) | points
    every = np.zeros(len(code), np.bool_)
    every[signs] = True
    total, hyphens, pauses = _counts(every), _counts(one[0]), _counts(one[1])
    count = total[stop] - total[begin]
    alike: Bools = hyphens[stop] - hyphens[begin] == count
    alike |= pauses[stop] - pauses[begin] == count
    alike &= odd[stop] == odd[begin]
    return alike


def spell(codes: U8, first: I64, stop: I64) -> list[str]:
    """The words that Plain and Tied name by `first` and `stop`, in lower case."""
    if not len(first):
        return []
    text = codes.tobytes()
    spans = zip(first.tolist(), stop.tolist(), strict=True)
    joined = b" ".join([text[start:end] for start, end in spans])
    joined = joined.replace(b"'", b"").replace("’".encode(), b"")
    return joined.lower().decode("ascii").split(" ")


def word_keys(words: Iterable[str]) -> U64:
    """The keys of lower-case ASCII words as Plain and Tied have them."""
    return np.array(
        [
            np.add.reduce(_NUMBERS[[32 * i + (ord(c) & 31) for i, c in enumerate(word)]])
            for word in words
        ],
        np.uint64,
    )


_KEEP_S_KEYS = word_keys(_KEEP_S)
_LINK_KEYS = word_keys(_LINKS)
