"""Texts -> chunks, for a whole block at once: where each stands, and a hash that names it.

Cutting and naming chunks one string at a time is most of the time of scoring in Python. Here a
block of texts is one array of bytes (UTF-8): white space gives the chunks' ends, and a chunk's key
is made of its bytes, eight at a time as one 64-bit number. Keys live in memory only: what they are
mixed with is drawn anew in every process, so that no two texts can be made to collide.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar, overload

import numpy as np
import numpy.typing as npt

from moderation.reading.text import BREAK

U8 = npt.NDArray[np.uint8]
U16 = npt.NDArray[np.uint16]
U64 = npt.NDArray[np.uint64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Number = TypeVar("Number", bound=np.generic)

MAX_HASHED = 64  # bytes of a chunk that is named eight bytes at a time; longer ones by BLAKE2b

FEW_READ = 4_096  # places up to which they are read one by one, as they are
PAD = 8  # bytes after the last one, so that eight can be read from every place
_SALT = os.urandom(8)
_DRAWN = np.frombuffer(os.urandom(32), np.uint64)
_LENGTH, _MIX_1, _MIX_2 = _DRAWN[0] | np.uint64(1), _DRAWN[1] | np.uint64(1), _DRAWN[2]
_MIX_2 = _MIX_2 | np.uint64(1)
_START = _DRAWN[3]
_KEEP = np.array([(1 << 8 * n) - 1 for n in range(9)], np.uint64)  # the first n of eight bytes
_SMALL = np.uint64(int.from_bytes(b" " * 8, "little"))  # the bit that small letters have

# A line end is a chunk of its own: it becomes a byte that UTF-8 never has.
_LINE = b"\xff"
_WIDE_SPACES = (  # str.split's that are not ASCII
    "\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_BETWEEN = "\x1f"  # white space of ASCII that is no line end


@dataclass(eq=False, repr=False)
class Chunks:
    """The chunks of a block of texts.

    `text` is UTF-8 (a lone surrogate is three bytes) and ends in eight bytes of padding. Chunk i is
    `text[start[i]:end[i]]`, a line end (the byte 255) being the chunk BREAK; `key[i]` names it
    (equal chunks have equal keys, others do not but for one chance in 2^64). Text t has `counts[t]`
    chunks.
    """

    text: bytes
    start: I64
    end: I64
    key: U64
    counts: I64

    def __len__(self) -> int:
        return len(self.start)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        return self.texts(at) if isinstance(at, slice) else self.texts(np.array([at]))[0]

    def texts(self, at: I64 | slice) -> list[str]:
        """The chunks `at`."""
        text = self.text
        spans = zip(self.start[at].tolist(), self.end[at].tolist(), strict=True)
        return [
            BREAK if chunk == _LINE else chunk.decode("utf-8", "surrogatepass")
            for chunk in (text[start:end] for start, end in spans)
        ]

    @property
    def codes(self) -> U8:
        """The bytes of `text` as numbers."""
        return np.frombuffer(self.text, np.uint8)


def cut(texts: Sequence[str]) -> Chunks:
    """Cut a block of texts; chunk by chunk the same as `text.split` of each."""
    # Strings of bytes: most texts are that already, and one call encodes them all.
    parts = list(texts)
    others = [number for number, text in enumerate(texts) if not text.isascii()]
    if others:
        for number, part in zip(others, _bytes_of([texts[i] for i in others]), strict=True):
            parts[number] = part
    text = " ".join(["", *parts, "\0" * PAD]).encode("latin-1")
    stop = (np.fromiter(map(len, parts), np.int64, len(parts)) + 1).cumsum()
    lines = (np.frombuffer(text, np.uint8) == 10).nonzero()[0]
    if len(lines):
        text = text.replace(b"\n", b" " + _LINE + b" ")
        stop += 2 * lines.searchsorted(stop)
    code = np.frombuffer(text, np.uint8)[:-PAD] - np.uint8(9)
    solid = code > 23  # white space is 9 to 13 and 28 to 32
    solid |= code - np.uint8(5) < 14
    # The first and the last byte are spaces: chunks begin and end by turns.
    turn = np.zeros(len(solid), np.bool_)
    np.not_equal(solid[1:], solid[:-1], out=turn[1:])
    turns = turn.nonzero()[0]
    start, end = turns[0::2].copy(), turns[1::2].copy()
    counts = np.diff(start.searchsorted(stop), prepend=0)
    return Chunks(text, start, end, hash_ranges(np.frombuffer(text, np.uint8), start, end), counts)


def _bytes_of(texts: list[str]) -> list[str]:
    """Texts in UTF-8, each byte a character; their white space made ASCII.

    All at once: what stands between them is white space too, so that none of them needs it.
    """
    wide = _BETWEEN.join([text.replace(_BETWEEN, " ") for text in texts])
    for space in _WIDE_SPACES:
        if space in wide:
            wide = wide.replace(space, " ")
    return wide.encode("utf-8", "surrogatepass").decode("latin-1").split(_BETWEEN)


def gather(chunks: Sequence[str], counts: I64) -> Chunks:
    """Chunks that were cut already (`counts` for each text), named as `cut` names them."""
    shown = [
        _LINE if chunk == BREAK else chunk.encode("utf-8", "surrogatepass") for chunk in chunks
    ]
    length = np.fromiter(map(len, shown), np.int64, len(shown))
    end = np.cumsum(length)
    start = end - length
    text = b"".join([*shown, bytes(PAD)])
    return Chunks(text, start, end, hash_ranges(np.frombuffer(text, np.uint8), start, end), counts)


def eights(codes: U8) -> U64:
    """From every place, the number that eight bytes make: (N - 7,), not aligned."""
    return np.ndarray((len(codes) - 7,), "<u8", codes, strides=(1,))


def keep_bytes(counts: I64) -> U64:
    """Masks that keep the first so many of eight bytes: none below 0, all from eight on."""
    return _KEEP.take(counts, mode="clip")


def hash_ranges(codes: U8, start: I64, end: I64, *, small: bool = False) -> U64:
    """The key of each range of `codes`, which goes on for eight bytes after the last.

    `small`: letters (ASCII, and nothing else in the ranges) are named as small ones.
    """
    length = end - start
    key = _read(codes, start)
    if small:
        key |= _SMALL
    key &= keep_bytes(length)
    key ^= _START
    key += length.view(np.uint64) * _LENGTH
    key = _mix(key)
    rest = (length > 8).nonzero()[0]
    offset = 8
    while len(rest):
        word = _read(codes, fetch(start, rest) + offset)
        left = fetch(length, rest)
        left -= offset
        if small:
            word |= _SMALL
        word &= keep_bytes(left)
        word ^= fetch(key, rest)
        key[rest] = _mix(word)
        offset += 8
        rest = fetch(rest, (left > 8).nonzero()[0])
        if offset == MAX_HASHED:
            break
    for at in rest.tolist():
        digest = hashlib.blake2b(
            codes[start[at] : end[at]].tobytes(), digest_size=8, key=_SALT
        ).digest()
        key[at] = int.from_bytes(digest, "little")
    return key


def _read(codes: U8, at: I64) -> U64:
    """The eight bytes from each of some places on; of what lies in the padding nothing is said."""
    if len(at) < FEW_READ:
        return eights(codes)[at]  # `take` would first copy all of it, aligned
    # Eight bytes that are not aligned take half as long again as twice eight that are.
    aligned = codes[: len(codes) & -8].view("<u8")
    place = at >> 3
    low = fetch(aligned, place)
    place += 1
    high = fetch(aligned, place)
    np.bitwise_and(at, 7, out=place)
    place <<= 3
    shift = place.view(np.uint64)
    low >>= shift
    np.subtract(np.uint64(63), shift, out=shift)
    high <<= np.uint64(1)  # in two steps: by 64 bits nothing is shifted
    high <<= shift
    low |= high
    return low


def _mix(key: U64) -> U64:
    """Spread each bit over all, in place; one to one."""
    shifted = key >> np.uint64(32)
    key ^= shifted
    key *= _MIX_1
    key ^= np.right_shift(key, np.uint64(29), out=shifted)
    key *= _MIX_2
    key ^= np.right_shift(key, np.uint64(32), out=shifted)
    return key


def fetch(array: npt.NDArray[Number], at: npt.NDArray[np.integer]) -> npt.NDArray[Number]:
    """`array[at]` for places that are there: not looking at them first takes a third less time."""
    return array.take(at, axis=0, mode="clip")


def constant(number: float, dtype: type[Number]) -> npt.NDArray[Number]:
    """A number as an array of no dimension: with a few values, NumPy's steps with one take a third
    less time than with a number of Python's or of its own."""
    return np.array(number, dtype)


def where(flags: npt.NDArray[np.generic]) -> I64:
    """`np.flatnonzero` of one dimension, without its calls: for short texts they are the work."""
    return flags.nonzero()[0]


def bring_near(rows: npt.NDArray[np.generic], wanted: int) -> None:
    """Read all of `rows`, a multiple of eight bytes, in their order.

    If many places, and more than there are, are `wanted` next, here and there: the processor waits
    for each of those that is far, but sees what comes next of what is read in order.
    """
    if FEW_READ < wanted > len(rows):
        np.add.reduce(rows.reshape(-1).view(np.uint64))


def distinct(keys: U64) -> tuple[I64, I64]:
    """Where each different key comes first, ascending, and which of those each key is.

    Keys must be spread over all bits. A table of places, not a sort: that takes ten times as long.
    """
    bits = max(len(keys).bit_length() + 1, 8)
    slot = (keys >> np.uint64(64 - bits)).view(np.int64)
    table = np.empty(1 << bits, np.int64)
    every = np.arange(len(keys))
    table[slot[::-1]] = every[::-1]  # of several that want one place the first comes last
    leader = fetch(table, slot)
    other = (fetch(keys, leader) != keys).nonzero()[0]  # another key was first there
    if len(other):
        _, at, inverse = np.unique(keys[other], return_index=True, return_inverse=True)
        leader[other] = other[at][inverse]
    first = (leader == every).nonzero()[0]
    table = np.empty(len(keys), np.int64)
    table[first] = np.arange(len(first))
    return first, fetch(table, leader)


class KeyIndex:
    """Key -> number, for arrays of keys: open addressing with linear probing.

    Places hold a number alone; keys stand in the order of numbers, so that most of what is looked
    at lies side by side: what came early mostly comes often. Low numbers stand where they are
    looked for first. Looking up takes no lock; adding does (the caller's). A reader that misses
    what is being added meanwhile looks again under the lock.
    """

    def __init__(self) -> None:
        self._size = 0
        self._slots = _Slots.empty(12, 0)

    def find(self, keys: U64) -> I64:
        """The number of each key, -1 where there is none: int64, shape of `keys`."""
        places, known, bits = self._slots
        mask = (1 << bits) - 1
        at = (keys >> np.uint64(64 - bits)).view(np.int64)
        found = fetch(places, at)
        # Of a free place, -1, `fetch` gives some key: nothing is found there all the same.
        seek = (fetch(known, found) != keys).nonzero()[0]
        seek = seek[fetch(found, seek) >= 0]
        there, wanted = fetch(at, seek), fetch(keys, seek)
        while len(seek):
            there += 1
            there &= mask
            number = fetch(places, there)
            found[seek] = number
            on = ((number >= 0) & (fetch(known, number) != wanted)).nonzero()[0]
            seek, there, wanted = fetch(seek, on), fetch(there, on), fetch(wanted, on)
        return found

    def add(self, keys: U64, numbers: I64) -> None:
        """Add keys that are not there, each once, with numbers that are not there.

        Numbers are places in arrays: growing takes as much memory as the largest of them asks.
        """
        self._size += len(keys)
        slots = self._slots
        top = int(numbers.max(initial=-1)) + 1
        if self._size * 2 > len(slots.places) or top > len(slots.keys):
            old = slots.numbers()
            keys = np.concatenate([fetch(slots.keys, old), keys])
            numbers = np.concatenate([old, numbers])
            bits = max(slots.bits, (2 * self._size - 1).bit_length() + 1)
            slots = _Slots.empty(bits, max(top, len(slots.keys)))
        # Of several that want one place the first gets it, `put` giving it to the last.
        slots.put(keys[::-1], numbers[::-1])
        self._slots = slots


class _Slots(NamedTuple):
    """What a KeyIndex looks into: `places`, 2^`bits` numbers or -1; `keys`, by number."""

    places: I64
    keys: U64
    bits: int

    @classmethod
    def empty(cls, bits: int, numbers: int) -> _Slots:
        """Without keys; room for `numbers` of them at least."""
        room = max(numbers, 1 << bits - 1)
        return cls(np.full(1 << bits, -1, np.int64), np.zeros(room, np.uint64), bits)

    def numbers(self) -> I64:
        """The numbers that are there, ascending: no sort is needed for that."""
        there = np.zeros(len(self.keys), np.bool_)
        there[self.places[self.places >= 0]] = True
        return there.nonzero()[0]

    def put(self, keys: U64, numbers: I64) -> None:
        """Put in keys that are not there, each once; there is room for them.

        Who sees a number meanwhile sees its key, which comes first.
        """
        places, mask = self.places, len(self.places) - 1
        self.keys[numbers] = keys
        at = (keys >> np.uint64(64 - self.bits)).view(np.int64)
        while len(at):
            free = (fetch(places, at) < 0).nonzero()[0]
            places[at[free]] = numbers[free]  # of several that want one place the last gets it
            rest = (fetch(places, at) != numbers).nonzero()[0]
            numbers, at = numbers[rest], (at[rest] + 1) & mask
