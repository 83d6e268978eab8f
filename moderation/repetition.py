"""Repeated n-grams: sublinear term frequency, so that saying a thing ten times is not ten times it.

An n-gram that stands c times in a text counts 1 + ln c times (Manning, Raghavan & Schütze 2008,
section 6.4.1). Only the whole text is damped so: its segments are too short to repeat much.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from moderation.chunks import I64

STEPS = 256  # of one: sums of float16 weights times such numbers are exact, in whatever order
FEW = 2_000  # occurrences up to which sorting all takes less time than picking suspects
TALLY_BITS = 18

_SPREAD = np.uint64(0x9E3779B97F4A7C15)


def damp(count: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    """1 + ln `count`, to 1/256."""
    steps: npt.NDArray[np.float64] = np.round((1 + np.log(count)) * STEPS)
    return steps / STEPS


def find_repeats(owner: I64, identity: I64) -> tuple[I64, I64]:
    """What owners have more than once: the index of one occurrence of each, and how many.

    `owner`, `identity`: shape (N,), not negative; their bits and those of N must fit into 63. In
    the order of owners, then of identities.
    """
    n = len(owner)
    if n < 2:
        return np.empty((2, 0), np.int64)[0], np.empty(0, np.int64)
    key = owner * (int(identity.max()) + 1) + identity
    if n > FEW:
        # Most stand alone in a tally of a few bits of their keys: the others are sorted.
        place = (key.view(np.uint64) * _SPREAD >> np.uint64(64 - TALLY_BITS)).view(np.int64)
        suspects = (np.bincount(place, minlength=1 << TALLY_BITS).take(place) > 1).nonzero()[0]
    else:
        suspects = np.arange(n)
    bits = n.bit_length()
    both = (key.take(suspects) << bits) | suspects
    both.sort()  # faster than np.argsort, and the same in any case: no two are equal
    key = both >> bits
    starts = np.concatenate([[True], key[1:] != key[:-1], [True]]).nonzero()[0]
    count = np.diff(starts)
    several = (count > 1).nonzero()[0]
    return both.take(starts.take(several)) & ((1 << bits) - 1), count.take(several)
