"""Weights of features, and their sums by owner: packed two in a number when many are asked for.

To add rows up by owner is half of what n-grams of several words cost. So weights are multiples of
GRID, and those of two heads are the halves of one integer; two such integers are the parts of one
complex number. One addition adds the weights of four heads, and exactly: no half runs over into the
other while an owner has no more rows than was said beforehand.
"""

from __future__ import annotations

from math import inf
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Float16 = npt.NDArray[np.float16]
Float32 = npt.NDArray[np.float32]
Complex128 = npt.NDArray[np.complex128]
Places = npt.NDArray[np.int64]
Owners = npt.NDArray[np.integer]

MANY = 300_000  # rows asked for until all are packed: that takes as long
GRID = 2.0**-13  # the weights of features are multiples of it
HALF = 2.0**26  # an integer's upper half counts so much; a float64 holds 53 bits
AT_ONCE = 8_192  # rows packed at once: they stay in the processor's cache


def on_grid(weights: npt.NDArray[np.floating]) -> Float16:
    """The multiples of GRID nearest to `weights`, as float16 (to 11 bits)."""
    steps = np.rint(weights.astype(np.float64) / GRID)
    return (steps * GRID).astype(np.float16)


class Adder:
    """Sums of rows by owner, taken some rows at a time.

    They are exact, and so depend neither on the order nor on what else is summed.
    """

    def take(self, at: Places, owner: Owners) -> None:
        """Add the rows at places that are there (K,) to the sums of their owners (K,)."""
        raise NotImplementedError

    def sums(self) -> Float32:
        """The sums: float32, shape (count, H)."""
        raise NotImplementedError


class Rows:
    """Rows of float16 weights (N, H), to be summed by owner; packed when many were asked for."""

    def __init__(self, weights: Float16) -> None:
        self._weights = weights
        self._asked = 0
        self._packed: _Packed | None = None

    def adder(self, count: int, most: int) -> Adder:
        """For owners 0 to `count` - 1, none of whom has more than `most` rows."""
        if self._packed is None and self._asked > MANY:
            self._packed = _pack(self._weights)
        packed = self._packed
        if packed is not None and most * packed.largest < HALF / 2:
            return _PackedAdder(packed.rows, count, self._weights.shape[1])
        return _PlainAdder(self, count)

    def take(self, at: Places) -> npt.NDArray[np.float64]:
        """The rows at places that are there: float64, shape (K, H)."""
        self._asked += len(at)  # threads may count short: then all are packed a little later
        return self._weights.take(at, axis=0, mode="clip").astype(np.float64)

    @property
    def heads(self) -> int:
        """Columns of a row."""
        return int(self._weights.shape[1])


class RowAdder:
    """Sums of rows that are given, by owner: exact for weights and for sums of a few of them.

    In float64, two heads at a time, as the parts of a complex number.
    """

    def __init__(self, count: int, heads: int) -> None:
        self._heads = heads
        self._sums = np.zeros((count, -(-heads // 2)), np.complex128)

    def add(self, rows: npt.NDArray[np.floating], owner: Owners) -> None:
        """Add rows (K, H) to the sums of their owners (K,)."""
        even = rows.astype(np.float64)
        if self._heads % 2:
            even = np.pad(even, ((0, 0), (0, 1)))
        pairs = np.ascontiguousarray(even).view(np.complex128)
        for number, sums in enumerate(self._sums.T):
            np.add.at(sums, owner, pairs[:, number])

    def sums(self) -> Float32:
        """The sums: float32, shape (count, H)."""
        return self._sums.astype(np.complex64).view(np.float32)[:, : self._heads]


class _PlainAdder(Adder):
    def __init__(self, rows: Rows, count: int) -> None:
        self._rows = rows
        self._adder = RowAdder(count, rows.heads)

    def take(self, at: Places, owner: Owners) -> None:
        self._adder.add(self._rows.take(at), owner)

    def sums(self) -> Float32:
        return self._adder.sums()


class _Packed(NamedTuple):
    """Packed weights: complex128, shape (N, ceil(H / 4)); `largest`: multiples of GRID in one.

    That is infinite where some weight is no multiple of it.
    """

    rows: Complex128
    largest: float


def _pack(weights: Float16) -> _Packed:
    count, heads = weights.shape
    packed = np.empty((count, -(-heads // 4) * 2))
    part = np.zeros((AT_ONCE, 2 * packed.shape[1]), np.float32)
    largest = 0.0
    for start in range(0, count, AT_ONCE):
        out = packed[start : start + AT_ONCE]
        steps = part[: len(out)]
        steps[:, :heads] = weights[start : start + AT_ONCE]
        steps *= np.float32(1 / GRID)
        if not (np.rint(steps) == steps).all():
            return _Packed(np.empty((0, 1), np.complex128), inf)
        largest = max(largest, float(steps.max()), -float(steps.min()))
        np.multiply(steps[:, 0::2], HALF, out=out, dtype=np.float64)
        out += steps[:, 1::2]
    return _Packed(packed.view(np.complex128), largest)


class _PackedAdder(Adder):
    def __init__(self, packed: Complex128, count: int, heads: int) -> None:
        self._packed = packed
        self._heads = heads
        self._sums = np.zeros((count, packed.shape[1]), np.complex128)

    def take(self, at: Places, owner: Owners) -> None:
        rows = self._packed.take(at, axis=0, mode="clip")
        for number, sums in enumerate(self._sums.T):
            np.add.at(sums, owner, rows[:, number])

    def sums(self) -> Float32:
        both = self._sums.view(np.float64)
        upper = both * (1 / HALF)
        np.rint(upper, out=upper)
        sums = np.empty((*both.shape, 2), np.float32)
        sums[..., 0] = upper
        upper *= HALF
        np.subtract(both, upper, out=upper)
        sums[..., 1] = upper
        sums *= np.float32(GRID)
        return sums.reshape(len(both), -1)[:, : self._heads]
