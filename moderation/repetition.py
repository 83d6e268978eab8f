"""Repeated words: sublinear term frequency, so that saying a thing ten times is not ten times it.

A chunk that stands c times in a text counts 1 + ln c times, with all its n-grams (Manning, Raghavan
& Schütze 2008, section 6.4.1). Not so n-grams of several words: to find theirs takes three times as
long and brings little. Nor segments: they are too short to repeat much.
"""

from __future__ import annotations

from collections import Counter
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from moderation.chunks import I64

Whole = TypeVar("Whole", bound=np.integer)

FEW = 60  # values up to which a dict counts faster
STEPS = 256  # of one: sums of float16 weights times such numbers are exact, in whatever order


def damp(count: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    """1 + ln `count`, to 1/256."""
    steps: npt.NDArray[np.float64] = np.round((1 + np.log(count)) * STEPS)
    return steps / STEPS


# By count: what is said once needs nothing.
_SURPLUS = (damp(np.arange(256).clip(1)) - np.arange(256)).astype(np.float32)


def surplus(count: I64) -> npt.NDArray[np.float32]:
    """What to add to a sum in which all of `count` occurrences count: `damp(count) - count`."""
    try:
        return _SURPLUS.take(count)
    except IndexError:
        return (damp(count) - count).astype(np.float32)


def find_repeats(keys: npt.NDArray[Whole]) -> tuple[npt.NDArray[Whole], I64]:
    """The values that `keys` (N,) has more than once, ascending, and how often: (R,) each.

    `keys` is sorted in place.
    """
    keys.sort()
    equals_next = (keys[1:] == keys[:-1]).nonzero()[0]
    begins = np.empty(len(equals_next), np.bool_)
    begins[:1] = True
    np.not_equal(equals_next[1:], equals_next[:-1] + 1, out=begins[1:])
    run = begins.nonzero()[0]
    count = np.empty_like(run)
    np.subtract(run[1:], run[:-1], out=count[:-1])
    count[-1:] = len(equals_next) - run[-1:]
    return keys.take(equals_next.take(run)), count + 1


def find_few_repeats(values: I64) -> tuple[I64, I64]:
    """The same for a short text, in any order: a dict takes less time there than a few arrays.

    `values` (N,) stays as it is.
    """
    if len(values) > FEW:
        return find_repeats(values.copy())
    several = [pair for pair in Counter(values.tolist()).items() if pair[1] > 1]
    found = np.array(several, np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]
