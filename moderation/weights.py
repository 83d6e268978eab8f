"""Weights as sums are made of them, converted when many are asked for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]

MANY = 300_000  # rows asked for until all are converted: that takes as long


class Rows:
    """Rows of float16 numbers (N, L), given as float32 with zeros up to `width`.

    Converted one by one at first; when many were asked for, all at once: that takes as long.
    """

    def __init__(self, numbers: npt.NDArray[np.float16], width: int) -> None:
        self._numbers = numbers
        self._width = width
        self._asked = 0
        self._whole: Float32 | None = None

    def fetch(self, at: npt.NDArray[np.int64]) -> Float32:
        """The rows at places that are there: float32, shape (len(at), width)."""
        whole = self._whole
        if whole is None:
            self._asked += len(at)  # threads may count short: then it is done a little later
            some = self._convert(self._numbers.take(at, axis=0, mode="clip"))
            if self._asked > MANY:
                self._whole = self._convert(self._numbers)
            return some
        return whole.take(at, axis=0, mode="clip")

    def _convert(self, numbers: npt.NDArray[np.float16]) -> Float32:
        rows = np.zeros((len(numbers), self._width), np.float32)
        rows[:, : numbers.shape[1]] = numbers
        return rows
