"""Repeated words: sublinear term frequency, so that saying a thing ten times is not ten times it.

A chunk that stands c times in a text counts 1 + ln c times, with all its n-grams (Manning, Raghavan
& Schütze 2008, section 6.4.1). Not so n-grams of several words: to find theirs takes three times as
long and brings little. Nor segments: they are too short to repeat much.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt

from moderation.chunks import I64, fetch

AT_ONCE = 32_768  # values among which repeats are sought at once (two bytes number them)
PLACES = 8  # of the table for each value, a power of two: few want the same
_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # odd: values differ in low bits, places are high ones
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


def find_repeats(keys: I64, ends: I64) -> tuple[I64, I64]:
    """The values that `keys` (N,) has more than once, in no order, and how often: (R,) each.

    `ends`: places, ascending, across which nothing repeats (the ends of texts); the last is N.
    No sort: on some processors that takes twice as long. Each value points to a place of a
    table, whose last one is found there; those whose place another took look for one anew.
    """
    found, counts = [keys[:0]], [keys[:0]]
    # Two bytes a place, which number AT_ONCE values: so more of it is near. Longer texts get more.
    table: npt.NDArray[np.integer] = np.empty(PLACES * AT_ONCE, np.uint16)
    start = 0
    while start < len(keys):
        # Whole texts, as many as stay near the processor with the table; a long one by itself.
        after = int(ends.searchsorted(start + AT_ONCE, side="right"))
        if after and ends[after - 1] > start:
            after -= 1
        end = int(ends[after])
        part = keys[start:end]
        start = end
        mixed = part.view(np.uint64) * _SPREAD
        while len(part):
            if len(table) < PLACES * len(part):
                table = np.empty(PLACES << len(part).bit_length(), np.int64)
            place = (mixed >> np.uint64(65 - len(table).bit_length())).view(np.int64)
            every = np.arange(len(part), dtype=table.dtype)
            table[place] = every
            last = fetch(table, place)
            other = (last != every).nonzero()[0]
            last = fetch(last, other).astype(np.int64)
            same = fetch(part, last) == fetch(part, other)
            # `nonzero` and `fetch`, not `last[same]`: that guesses what comes next.
            count = np.bincount(fetch(last, same.nonzero()[0]))
            several = (count != 0).nonzero()[0]
            found.append(fetch(part, several))
            counts.append(fetch(count, several) + 1)
            rest = fetch(other, (~same).nonzero()[0])
            part, mixed = fetch(part, rest), fetch(mixed, rest) * _SPREAD
    return np.concatenate(found), np.concatenate(counts)


def find_few_repeats(values: I64) -> tuple[I64, I64]:
    """The same for a short text, in any order: a dict takes less time there than a few arrays.

    `values` (N,) stays as it is.
    """
    if len(values) > FEW:
        return find_repeats(values, np.array([len(values)]))
    several = [pair for pair in Counter(values.tolist()).items() if pair[1] > 1]
    found = np.array(several, np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]
