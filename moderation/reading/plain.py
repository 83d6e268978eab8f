"""Chunks of plain words, many at a time, with numpy.

Most chunks that a memory has not met are met words with another neighbour ("word," "Word!"), words
tied together ("either/or"), and numbers. What `lexer.Lexer` says of those is found here for all of
them at once, as far as they are ASCII and common signs (curly quotes, dashes): where the words
are, a key that names each, the marks of the punctuation. What is left of the work is done once a
word. This is for speed alone and never changes what is read (`tests/test_plain.py`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from moderation.reading.chunks import I64, PAD, U8, U64, Bools, hash_ranges, where
from moderation.reading.shapes import ONE, Shapes, below, lowest, place_of, positions, several
from moderation.reading.words import (
    MARK_CAPS,
    MARK_EXCLAIM,
    MARK_EXCLAIMS,
    MARK_NUMBER,
    MARK_QUESTION,
    MARK_QUESTIONS,
    MARK_QUOTE,
    MAX_WORD,
)

SHORTEST_TIED = 3  # letters of a word among words tied together
LONGEST_EDGE = 20  # bytes after the last word in which `text` looks for the end of a sentence

_KEEP_S = ("its", "thats", "hes", "shes", "whats", "whos", "theres", "lets")  # text._KEEPS_S
_UNITS = "min ghz lbs".split()  # those of text.NUMBER that are as long as words behind numbers
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


@dataclass(eq=False, repr=False)
class Plain:
    """The chunks among those given that are one plain word; arrays of shape (P,), by chunk.

    They come in the order of `Shapes`.

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


@dataclass(eq=False, repr=False)
class Tied:
    """The chunks among those given that are words tied together by symbols, or numbers and at most
    one word, or symbols alone.

    They come in the order of `Shapes`.

    By chunk (C,): `at`, `marks`, `ends` as in `Plain`; `counts`: words; `loose`: tied by one kind
    of sign that is no letter in disguise, so that unknown words may be among them as long as
    nothing is hidden in their letters together. The others are read so only if all their words are
    known and `sure`: three letters or more each. `unsure`: or else if nothing at all is hidden in
    the chunk, which has to be looked at. `single`: one letter alone. By word, chunk after chunk
    (W,): `key`, `first`, `stop`.
    """

    at: I64
    marks: I64
    ends: Bools
    counts: I64
    loose: Bools
    sure: Bools
    unsure: Bools
    single: Bools
    key: U64
    first: I64
    stop: I64


def _ends(shapes: Shapes) -> Bools:
    """Whether a sentence ends: a stop that only what closes follows."""
    # A stop closes too, so no bit is in both, and the larger number has the later one.
    ends: Bools = shapes.mask("stop") > (shapes.full & ~shapes.mask("close"))
    return ends


def _marks(shapes: Shapes, first: I64, last: I64, shortest: I64) -> I64:
    """Index in MARKS; words stand from `first` to `last`.

    Capitals are a mark where `shortest` is three letters or more.
    """
    before, after = below(first), shapes.full & ~below(last + 1)
    # The first of what stands about the words; a quotation mark there is a mark of its own.
    outer = np.where(before != 0, ONE, lowest(after))
    caps = (shapes.mask("small") == 0) & (shapes.mask("letter") != 0)
    marks: I64 = (caps & (shortest > 2)).astype(np.int64)
    about = before | after
    for kind in ("exclaim", "question"):
        signs = shapes.mask(kind) & about
        marks *= 3
        marks += signs != 0
        marks += several(signs)
    marks *= 2
    marks += (shapes.mask("quote") & outer) != 0
    marks *= 2
    return marks


def read_plain(codes: U8, start: I64, end: I64) -> Plain:
    """Find the plain words among the chunks `codes[start[i]:end[i]]` (UTF-8, none empty)."""
    shapes = Shapes(codes, start, end)
    letters = shapes.mask("letter")
    some = np.maximum(letters, ONE)
    low = lowest(some)
    first, last = place_of(low), place_of(some)
    lead, through = low - ONE, below(last + 1)
    tail = shapes.full & ~through
    # Letters with nothing between them, or an apostrophe before the last or the last two.
    gap = through & ~lead & ~letters
    sign = lowest(gap)
    behind = last - place_of(np.maximum(gap, ONE))
    straight = (gap == sign) & (gap & shapes.mask("straight") != 0)
    curly = (gap == sign * np.uint64(7)) & (gap & shapes.mask("curly") == gap) & (gap != 0)
    good = letters != 0
    good &= (gap == 0) | ((straight | curly) & (behind <= 2))
    good &= lead & ~shapes.mask("lead") == 0
    good &= tail & ~shapes.mask("tail") == 0

    plain = where(good)
    begin = shapes.start[plain]
    stop = last[plain] + begin + 1
    bare, key = stop.copy(), np.zeros(len(plain), np.uint64)
    parted = where(gap[plain])
    if len(parted):
        which = plain[parted]
        width = np.where(curly[which], 3, 1)
        letter_first, after = begin[parted] + first[which], behind[which]
        joined = _join(codes, letter_first, stop[parted], after, width)
        final_s = shapes.mask("s")[which] >> last[which].view(np.uint64) & ONE != 0
        owning = (after == 1) & final_s & ~np.isin(joined, _KEEP_S_KEYS)
        bare[parted[owning]] -= 1 + width[owning]
        key[parted[~owning]] = joined[~owning]
        whole = np.ones(len(plain), np.bool_)
        whole[parted[~owning]] = False
        rest = where(whole)
    else:
        rest = np.arange(len(plain))
    word_first = begin + first[plain]
    key[rest] = hash_ranges(codes, word_first[rest], bare[rest], small=True)
    return Plain(
        shapes.at[plain],
        key,
        word_first,
        bare,
        _marks(shapes, first, last, last + 1 - first)[plain],
        _ends(shapes)[plain],
        lead[plain] != 0,
        tail[plain] != 0,
        straight[plain],
        shapes.mask("star")[plain] != 0,
    )


def _join(codes: U8, first: I64, stop: I64, behind: I64, width: I64) -> U64:
    """The keys of words without their apostrophe: `width` bytes before the last `behind`."""
    length = stop - first - width
    place = np.arange(MAX_WORD)
    offset = np.where(place < (length - behind)[:, None], place, place + width[:, None])
    rows = np.zeros(len(first) * MAX_WORD + PAD, np.uint8)
    rows[:-PAD] = codes.take(first[:, None] + offset, mode="clip").ravel()
    begin = np.arange(len(first)) * MAX_WORD
    return hash_ranges(rows, begin, begin + length, small=True)


def read_tied(codes: U8, start: I64, end: I64) -> Tied:
    """Find tied words, numbers and symbols among chunks where `read_plain` found no plain word."""
    shapes = Shapes(codes, start, end)
    full, letters, digits = shapes.full, shapes.mask("letter"), shapes.mask("digit")
    inner = letters | digits
    some = np.maximum(inner, ONE)
    low = lowest(some)
    first, last = place_of(low), place_of(some)
    before, through = low - ONE, below(last + 1)
    short = (inner != 0) & (shapes.length - last <= LONGEST_EDGE)

    # A number: digits first and last, what belongs to numbers between them, symbols about it.
    number = short & (digits & low != 0) & (digits >> last.view(np.uint64) & ONE != 0)
    number &= through & ~before & ~shapes.mask("in number") == 0
    number &= (before | full & ~through) & ~shapes.mask("about number") == 0

    # Words of three letters or more among symbols; one word alone among fewer of them.
    opens = letters & ~(letters << ONE)
    many = several(opens)
    tied = short & (opens != 0) & (full & ~shapes.mask("tie") == 0)
    tied &= many | (full & ~shapes.mask("outer") == 0)
    numbered = _numbered(shapes, letters, digits, through & ~before) & short & ~number
    asked = where(tied | numbered)
    owner, word_first = positions(opens[asked])
    word_stop = positions(letters[asked] & ~(letters[asked] >> ONE))[1] + 1
    owner = asked[owner]
    begin = shapes.start[owner]
    key = hash_ranges(codes, word_first + begin, word_stop + begin, small=True)
    linked = owner[np.isin(key, _LINK_KEYS)]
    tied[linked] = numbered[linked] = False
    numbered[owner[(word_first > first[owner]) & np.isin(key, _UNIT_KEYS)]] = False
    unsure = tied & many
    loose = unsure & _tied_by_one_kind(shapes, letters, through & ~before)
    pair = ~several(opens & (opens - ONE))  # of words, where there is more than one
    loose &= pair | (letters & letters << ONE != 0)
    tied &= opens & ~(letters >> ONE & letters >> ONE + ONE) == 0
    unsure &= ~loose
    loose |= numbered
    tied |= loose
    bare = (full & ~shapes.mask("bare") == 0) & (shapes.length <= LONGEST_EDGE)

    sure = number | tied | bare
    tied |= unsure
    chosen = where(number | tied | bare)
    first[bare] = last[bare] = shapes.length[bare]  # all of it stands before what is not there
    marks = _marks(shapes, first, last, np.where(tied, shapes.length, 0))[chosen]
    is_number = number[chosen]
    marks[is_number & (before[chosen] == 0)] &= ~2  # "5"" is no quotation
    marks |= is_number | numbered[chosen]
    kept = tied[owner]
    counts = np.bincount(owner[kept], minlength=len(shapes))
    return Tied(
        shapes.at[chosen],
        marks,
        _ends(shapes)[chosen],
        counts[chosen],
        loose[chosen],
        sure[chosen],
        unsure[chosen],
        (numbered & (letters & (letters - ONE) == 0))[chosen],
        key[kept],
        (word_first + begin)[kept],
        (word_stop + begin)[kept],
    )


def _numbered(shapes: Shapes, letters: U64, digits: U64, through: U64) -> Bools:
    """Which chunks are one word and numbers beside it, apart ("2.The", "roster.[28]", "F-16").

    The signs between them are such that no reading takes the whole for a disguised word. A word
    behind a number might be its unit: it must be longer, and begin with no "x" ("3.x4").
    """
    signs, inner = through & ~(letters | digits), letters | digits
    around = inner << ONE & inner >> ONE
    fit = shapes.mask("in numbered") | shapes.mask("single in numbered") & around
    fit |= shapes.mask("bracket") & shapes.mask("before bracket") << ONE
    found = (signs & ~fit == 0) & (digits != 0) & (letters != 0)
    found &= ~several(letters & ~(letters << ONE))
    found &= letters & (digits << ONE | digits >> ONE) == 0
    found &= shapes.full & ~(through | shapes.mask("about numbered")) == 0
    behind = lowest(letters) > lowest(digits)
    found &= ~behind | (letters & letters << ONE & letters << ONE + ONE != 0)
    found &= ~behind | (lowest(letters) & shapes.mask("x") == 0)
    # "www." and "http:" begin links, with whatever stands before them.
    w = shapes.mask("w")
    links = w & w << ONE & w << ONE + ONE & shapes.mask("point") >> ONE
    links |= shapes.mask("p or s") & shapes.mask("colon") >> ONE
    ends: Bools = found & (links == 0)
    return ends


def _tied_by_one_kind(shapes: Shapes, letters: U64, through: U64) -> Bools:
    """Which chunks hold their words together by signs of one kind, and nothing odd about them.

    Either single hyphens and points, or pauses: single colons, commas and quotation marks, and
    points in a row. The words stand within `through`.
    """
    signs, points = through & ~letters, shapes.mask("point")
    before, after = letters << ONE, letters >> ONE
    single = signs & before & after
    in_a_row = signs & points & (points << ONE | points >> ONE)
    in_a_row &= (points << ONE | before) & (points >> ONE | after)
    alike: Bools = single & shapes.mask("hyphen") == signs
    alike |= single & shapes.mask("pause") | in_a_row == signs
    alike &= shapes.full & ~(through | shapes.mask("stripped")) == 0
    # "http:" begins a link, with whatever stands before it.
    alike &= shapes.mask("p or s") & shapes.mask("colon") >> ONE == 0
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
    shown = [word.encode("ascii") for word in words]
    length = np.fromiter(map(len, shown), np.int64, len(shown))
    end = np.cumsum(length)
    codes = np.frombuffer(b"".join([*shown, bytes(PAD)]), np.uint8)
    return hash_ranges(codes, end - length, end, small=True)


_KEEP_S_KEYS = word_keys(_KEEP_S)
_LINK_KEYS = word_keys(_LINKS)
_UNIT_KEYS = word_keys(_UNITS)
