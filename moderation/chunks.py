"""Texts -> chunks, for a whole block at once: where each stands, and a hash that names it.

Cutting and naming chunks one string at a time is most of the time of scoring in Python. Here a
block of texts is one array of code points: white space gives the chunks' ends, and the prefix sums
of a polynomial hash modulo 2^64 give every chunk's key by one subtraction and one multiplication
(the base is odd, so that it has an inverse). Keys live in memory only: the base is drawn anew in
every process, so that no two texts can be made to collide.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import numpy.typing as npt

from moderation.text import BREAK, split

U64 = npt.NDArray[np.uint64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

MAX_BLOCK = 1 << 19  # code points that are cut at once; longer blocks take the plain way
MAX_HASHED = 64  # code points of a chunk that is named by the polynomial; longer ones by BLAKE2b

_MASK = (1 << 64) - 1
_BASE = int.from_bytes(os.urandom(8), "little") | 1
_SALT = int.from_bytes(os.urandom(8), "little")
_MIX = np.uint64(int.from_bytes(os.urandom(8), "little") | 1)
# Code points that str.split takes for white space, a line end apart: it is a chunk of its own.
_SPACES = np.array([c for c in range(0x3001) if chr(c).isspace() and c != 10], np.uint32)
_IS_SPACE = np.zeros(0x3002, np.bool_)
_IS_SPACE[_SPACES] = True

_KINDS = bytes(2 if c == 10 else int(c < 128 and _IS_SPACE[c]) for c in range(256))


class _Powers:
    """Powers of the base and of its inverse, as far as they were needed."""

    def __init__(self) -> None:
        self.up = np.ones(1, np.uint64)
        self.down = np.ones(1, np.uint64)

    def reach(self, length: int) -> tuple[U64, U64]:
        """Both, for exponents below `length` at least."""
        up, down = self.up, self.down
        if len(up) < length:
            size = 1 << (length - 1).bit_length()
            inverse = pow(_BASE, -1, 1 << 64)
            up, down = np.ones(size, np.uint64), np.ones(size, np.uint64)
            np.cumprod(np.full(size - 1, _BASE, np.uint64), out=up[1:])
            np.cumprod(np.full(size - 1, inverse, np.uint64), out=down[1:])
            self.up, self.down = up, down
        return up, down


_powers = _Powers()


@dataclass
class Chunks:
    """The chunks of a block of texts.

    Chunk i is `text[start[i]:end[i]]`, a line end being the chunk BREAK; `key[i]` names it (equal
    chunks have equal keys, others do not but for one chance in 2^64). Text t has `counts[t]`.
    """

    text: str
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
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        chunk = self.text[self.start[at] : self.end[at]]
        return BREAK if chunk == "\n" else chunk


def cut(texts: Sequence[str]) -> Chunks:
    """Cut a block of texts; chunk by chunk the same as `text.split` of each."""
    joined = " ".join(texts)
    if len(joined) > MAX_BLOCK:
        parts = [split(text) for text in texts]
        counts = np.fromiter(map(len, parts), np.int64, len(parts))
        return gather([chunk for part in parts for chunk in part], counts)
    codes = _codes(joined)
    size = len(codes)
    if codes.dtype == np.uint8:
        kind = np.frombuffer(joined.encode("ascii").translate(_KINDS), np.uint8)
        line, solid = kind == 2, kind == 0
    else:
        line = codes == 10
        solid = codes > 32
        solid |= (codes < 9) | ((codes > 13) & (codes < 28))  # controls that are no white space
        wide = np.flatnonzero(codes >= 0x85)
        solid[wide] = ~_IS_SPACE[np.minimum(codes[wide], len(_IS_SPACE) - 1)]
    # A boundary lies before position i where what is there and what was before it do not go on.
    begins = np.empty(size, np.bool_)
    begins[:1] = True
    np.logical_not(solid[:-1], out=begins[1:])
    begins &= solid
    begins |= line
    start = np.flatnonzero(begins)
    stops = np.empty(size, np.bool_)
    stops[-1:] = True
    np.logical_not(solid[1:], out=stops[:-1])
    stops &= solid
    stops |= line
    end = np.flatnonzero(stops)
    end += 1
    key = _hash(joined, codes, start, end)
    length = np.fromiter(map(len, texts), np.int64, len(texts))
    length += 1
    edges = np.cumsum(length)
    counts = np.diff(np.searchsorted(start, edges), prepend=0)
    return Chunks(joined, start, end, key, counts)


def gather(chunks: Sequence[str], counts: I64) -> Chunks:
    """Chunks that were cut already (`counts` for each text), named as `cut` names them."""
    shown = ["\n" if chunk == BREAK else chunk for chunk in chunks]
    length = np.fromiter(map(len, shown), np.int64, len(shown))
    end = np.cumsum(length)
    start = end - length
    joined = "".join(shown)
    key = np.empty(len(shown), np.uint64)
    first = 0
    while first < len(shown):
        # as many chunks as make one block; a longer chunk is a block of its own
        last = int(np.searchsorted(end, start[first] + MAX_BLOCK, side="right"))
        last = max(last, first + 1)
        base, stop = int(start[first]), int(end[last - 1])
        piece = joined[base:stop]
        key[first:last] = _hash(
            piece, _codes(piece), start[first:last] - base, end[first:last] - base
        )
        first = last
    return Chunks(joined, start, end, key, counts)


def _codes(text: str) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint32]:
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), np.uint8)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _hash(
    text: str,
    codes: npt.NDArray[np.uint8] | npt.NDArray[np.uint32],
    start: I64,
    end: I64,
) -> U64:
    """The key of each range of `text`, whose code points are `codes`."""
    size = min(len(codes), MAX_BLOCK)
    up, down = _powers.reach(size + 1)
    sums = np.empty(size + 1, np.uint64)
    sums[0] = 0
    value = codes[:size].astype(np.uint64)
    value += np.uint64(1)  # so that a NUL counts
    value *= up[:size]
    np.cumsum(value, out=sums[1:])
    key = sums.take(np.minimum(end, size))
    key -= sums.take(np.minimum(start, size))
    key *= down.take(np.minimum(start, size))
    key ^= key >> np.uint64(32)
    key *= _MIX
    key ^= key >> np.uint64(29)
    for at in np.flatnonzero(end - start > MAX_HASHED).tolist():
        chunk = text[start[at] : end[at]].encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(chunk, digest_size=8, key=_SALT.to_bytes(8, "little")).digest()
        key[at] = int.from_bytes(digest, "little")
    return key


class KeyIndex:
    """Key -> number, for arrays of keys: open addressing with linear probing.

    Looking up takes no lock; adding does (the caller's). A reader that misses what is being added
    meanwhile looks again under the lock.
    """

    def __init__(self) -> None:
        self._size = 0
        self._slots = self._empty(12)

    @staticmethod
    def _empty(bits: int) -> tuple[U64, I32, int]:
        return np.zeros(1 << bits, np.uint64), np.full(1 << bits, -1, np.int32), bits

    def find(self, keys: U64) -> I32:
        """The number of each key, -1 where there is none: int32, shape of `keys`."""
        held, numbers, bits = self._slots
        mask = (1 << bits) - 1
        at = (keys >> np.uint64(64 - bits)).view(np.int64)
        found = numbers.take(at)
        seek = np.flatnonzero((held.take(at) != keys) & (found >= 0))
        while len(seek):
            at[seek] = there = (at[seek] + 1) & mask
            found[seek] = number = numbers.take(there)
            seek = seek[(number >= 0) & (held.take(there) != keys[seek])]
        return found

    def add(self, keys: U64, numbers: I32) -> None:
        """Add keys that are not there, each once."""
        self._size += len(keys)
        held, known, bits = self._slots
        if self._size * 2 > len(held):
            old = known >= 0
            keys = np.concatenate([held[old], keys])
            numbers = np.concatenate([known[old], numbers])
            while self._size * 2 > 1 << bits:
                bits += 1
            slots = self._empty(bits + 1)
        else:
            slots = (held, known, bits)
        _place(slots, keys, numbers)
        self._slots = slots


def _place(slots: tuple[U64, I32, int], keys: U64, numbers: I32) -> None:
    held, known, bits = slots
    mask = (1 << bits) - 1
    at = (keys >> np.uint64(64 - bits)).view(np.int64)
    while len(keys):
        free = known[at] < 0
        # of several that want one free place the first gets it
        _, first = np.unique(at, return_index=True)
        wins = np.zeros(len(at), np.bool_)
        wins[first] = True
        wins &= free
        held[at[wins]] = keys[wins]
        known[at[wins]] = numbers[wins]
        rest = ~wins
        keys, numbers = keys[rest], numbers[rest]
        # a loser of a place that was free then looks there again and finds it taken
        at = (at[rest] + 1) & mask
