"""Repeated words: sublinear term frequency, so that saying a thing ten times is not ten times it.

A chunk that stands c times in a text counts 1 + ln c times, with all its n-grams (Manning, Raghavan
& Schütze 2008, section 6.4.1). Not so n-grams of several words: to find theirs takes three times as
long and brings little. Nor segments: they are too short to repeat much.

A text that says little else than the same over and over, mostly hundreds of times, floods: it is
taken for a shorter one, of fewer segments, and its n-grams of several words count for less
(`share_of`). Else its length would hide what it says, or what is harmless in its n-grams outweigh
its damped words.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from moderation.reading.chunks import I64, fetch

Counted = TypeVar("Counted", np.int64, np.float64)

AT_ONCE = 65_536  # values among which repeats are sought at once (two bytes number them)
PLACES = 4  # of the table for each value, a power of two: few want the same
_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # odd: values differ in low bits, places are high ones
FEW = 60  # values up to which a dict counts faster
GROWTH, STEEP = 0.8, 1.5  # see `share_of`
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


class Repeats(NamedTuple):
    """The chunks that texts have more than once.

    - `chunk`, `text`: int64, shape (R,): which chunk, in which text;
    - `surplus`: float32, shape (R,): how often it counts, less how often it is there;
    - `share`: float32, shape (C,): how much of each text counts, below 1 where it floods; None
      where none does.
    """

    chunk: I64
    text: I64
    surplus: npt.NDArray[np.float32]
    share: npt.NDArray[np.float32] | None


def repeats_of(ids: I64, counts: I64, size: int) -> Repeats | None:
    """What texts of `counts` (C,) chunks, `ids` (N,) below `size`, have more than once, if any."""
    n_texts = len(counts)
    if n_texts == 1:
        chunk, count = find_few_repeats(ids)
        text = np.zeros_like(chunk)
    else:
        bits = size.bit_length()
        keys = (np.arange(n_texts) << bits).repeat(counts)
        keys |= ids
        found, count = find_repeats(keys, counts.cumsum())
        chunk, text = found & ((1 << bits) - 1), found >> bits
    if not len(chunk):
        return None
    more = surplus(count)
    if n_texts == 1 and len(ids) + float(np.add.reduce(more)) > len(ids) ** GROWTH + 1:
        return Repeats(chunk, text, more, None)  # the same as below, sooner
    surpluses = np.bincount(text, more, n_texts).astype(np.float64)
    share = share_of(counts, surpluses)
    return Repeats(chunk, text, more, share if np.minimum.reduce(share) < 1 else None)


def share_of(counts: I64, surpluses: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """How much of texts of `counts` (C,) chunks counts: in (0, 1], shape (C,).

    `surpluses` (C,): how often their repeats count, less how often they are there. New words keep
    coming as a text grows, by a power of its length (Heaps 1978): with repeats damped, whatever
    people write has more chunks than counts ** GROWTH, 160 of 97,000 public comments left out.
    Those flood, and count for as much less as they are below it, to the power STEEP: for about as
    many chunks as the damped ones are.
    """
    damped = np.maximum(counts + surpluses, 1)
    share = np.minimum(damped / np.maximum(counts, 1) ** GROWTH, 1) ** STEEP
    return share.astype(np.float32)


def lessen(
    numbers: npt.NDArray[Counted], share: npt.NDArray[np.float32] | None
) -> npt.NDArray[Counted]:
    """Lengths of texts, or how many segments they have, (C,), as they count: of that type.

    At least 1 where there are so many.
    """
    if share is None:
        return numbers
    lessened = np.maximum(numbers * share, np.minimum(numbers, 1))
    if numbers.dtype.kind == "i":
        np.rint(lessened, out=lessened)
    same: npt.NDArray[Counted] = lessened.astype(numbers.dtype)
    return same


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
