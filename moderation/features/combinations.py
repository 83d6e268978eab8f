"""Which classes of words stand in one text, however far apart: conjunctions of concepts.

    classes of the words ── concepts (one bit each) ──► mask of a segment, mask of a text
    mask ── combinations whose concepts are all there ──► sum of their weights

N-grams see words side by side. "They moved in last year. Vermin." says what it says by a pronoun,
an animal and a group named in the text above. A combination is a feature of the whole text, and of
each segment as if it stood alone: it asks for concepts that must be there, and may ask that others
are missing ("names a group, and nothing that hurts"). It counts once, wherever its words stand. A
linear model with such conjunctions is one with interactions between concepts (crossed features, as
in the wide part of Cheng et al. 2016).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from moderation.features.items import fill
from moderation.reading.chunks import I64, U8, U64, Bools, KeyIndex, fetch

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

MAX_CONCEPTS = 64  # bits of a mask
MAX_COMBINATIONS = 1 << 14  # of a model; the shipped one has some 3,500
FEW = 24  # masks up to which a dict is faster than arrays
MANY = 8  # sets of the same concepts from which they are looked up, not tried one by one
ALIKE = 4  # combinations but for one concept the same from which they are added up
STEP = 512  # masks whose combinations are looked for at once
REMEMBERED = 200_000  # masks until they are forgotten: some 15 MB
REMEMBERED_FEW = 20_000  # the same of those that came few at a time: each takes more
_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # odd: masks differ in low bits, indexes look at high ones


class Combined(NamedTuple):
    """The combinations of a model, as its file has them.

    `masks`: uint64, shape (K, 2): the concepts that must be there, at least one, and those that
    must not; `value`: float16, shape (K, H): weights times inverse document frequency.
    """

    masks: U64
    value: npt.NDArray[np.float16]


class Combinations:
    """The combinations of a model, and what the masks met so far come to. Thread-safe.

    `concepts`: names of classes, one list a concept, the rare ones last (that takes least time);
    `class_names`: those of the model, number 1 first. The numbers do not depend on what was met
    before.
    """

    def __init__(
        self, concepts: Sequence[Sequence[str]], class_names: Sequence[str], combined: Combined
    ) -> None:
        self.bits = concept_bits(concepts, class_names)
        self.masks, self.value = combined
        self._lock = threading.Lock()
        self._few: dict[int, Float32] = {}
        self._memory = _Memory(self.value.shape[1])

    def masks_of(self, cls: U8, length: I64, text_first: I64) -> tuple[U64, U64]:
        """The masks of segments and of texts; see `unit_masks`."""
        return unit_masks(self.bits, cls, length, text_first)

    def sums(self, masks: U64) -> Float32:
        """What the combinations of each mask add up to: (N,) -> float32, shape (N, H)."""
        if len(masks) <= FEW:
            return self._sums_of_few(masks)
        keys = masks * _SPREAD
        memory = self._memory
        at = memory.index.find(keys)
        if at.min() < 0:
            with self._lock:
                if self._memory.size > REMEMBERED:
                    self._memory = _Memory(self.value.shape[1])
                memory = self._memory
                fresh = np.unique(masks[memory.index.find(keys) < 0])
                if len(fresh):
                    memory.add(fresh * _SPREAD, self._sum(fresh))
            at = memory.index.find(keys)
        return fetch(memory.rows, at)

    def _sums_of_few(self, masks: U64) -> Float32:
        few = self._few
        if len(few) > REMEMBERED_FEW:
            few = self._few = {}
        numbers = masks.tolist()
        fresh = [number for number in dict.fromkeys(numbers) if number not in few]
        if fresh:
            # All are tried at once: to make the tables takes longer.
            sums = np.zeros((len(fresh), self.value.shape[1]))
            every = np.arange(len(fresh))
            _add_found(np.array(fresh, np.uint64), every, self.masks, self.value, sums)
            few.update(zip(fresh, sums.astype(np.float32), strict=True))
        rows = np.empty((len(numbers), self.value.shape[1]), np.float32)
        for row, number in zip(rows, numbers, strict=True):
            row[:] = few[number]
        return rows

    @cached_property
    def _tables(self) -> list[_Added | _Tried | _Exact]:
        """The combinations by how they are found: added up, tried one by one, or looked up."""
        possible = (self.masks[:, 0] & self.masks[:, 1] == 0).nonzero()[0]
        masks, weight = self.masks[possible], self.value[possible].astype(np.float64)
        there = masks[:, 0]
        scopes, which, count = np.unique(
            there | masks[:, 1], return_inverse=True, return_counts=True
        )
        tables: list[_Added | _Tried | _Exact] = []
        for scope in (count >= MANY).nonzero()[0].tolist():
            mine = (which == scope).nonzero()[0]
            sets, row = np.unique(there[mine], return_inverse=True)
            sums = np.zeros((len(sets), weight.shape[1]))
            np.add.at(sums, row, weight[mine])
            tables.append(_Exact(scopes[scope], sets, sums))
        others = (count[which] < MANY).nonzero()[0]
        # Those that differ in the first of what must be there; the rest by the last of it.
        first = there & (~there + np.uint64(1))
        bases, of, alike = np.unique(
            np.stack([there ^ first, masks[:, 1]], axis=1)[others],
            axis=0,
            return_inverse=True,
            return_counts=True,
        )
        of = of.reshape(-1)
        for base in (alike >= ALIKE).nonzero()[0].tolist():
            mine = others[of == base]
            places = np.array([bits.bit_length() - 1 for bits in first[mine].tolist()], np.uint64)
            tables.append(_Added(bases[base, 0], bases[base, 1], places, weight[mine]))
        others = others[alike[of] < ALIKE]
        last = [bits.bit_length() - 1 for bits in there[others].tolist()]
        for place in sorted(set(last)):
            mine = others[[concept == place for concept in last]]
            tables.append(_Tried(np.uint64(1 << place), masks[mine], weight[mine]))
        return tables

    def _sum(self, masks: U64) -> Float32:
        # In float64 the sums are exact, so that they do not depend on what else is summed.
        rows = np.zeros((len(masks), self.value.shape[1]))
        for table in self._tables:
            table.add(masks, rows)
        return rows.astype(np.float32)

    def parts(self, mask: int, cls: U8) -> list[tuple[I64, Float64]]:
        """The combinations of one unit: the places of the words of each, and its weights (H,).

        `mask`: the unit's; `cls`: the classes of its words, in order.
        """
        found = combine(np.array([mask], np.uint64), self.masks)[0].nonzero()[0]
        bits = self.bits.take(cls)
        return [
            ((bits & self.masks[number, 0]).nonzero()[0], self.value[number].astype(np.float64))
            for number in found.tolist()
        ]


class _Added(NamedTuple):
    """Combinations that are alike but for one concept: what each brings is added up.

    `base`: the concepts that all ask for; `missing`: those that must not be there; `places`: (K,),
    the bit of the one that differs; `weight`: (K, H).
    """

    base: np.uint64
    missing: np.uint64
    places: U64
    weight: Float64

    def add(self, masks: U64, rows: Float64) -> None:
        """Add to the rows (N, H) of `masks` what they have of these."""
        at = (masks & (self.base | self.missing) == self.base).nonzero()[0]
        if len(at):
            there = (masks[at][:, None] >> self.places & np.uint64(1)).astype(np.float64)
            # No product of matrices: that would wake the threads of a linear algebra library.
            rows[at] += np.einsum("nk,kh->nh", there, self.weight)


class _Tried(NamedTuple):
    """Combinations whose last concept is the same: they are tried on masks that have it.

    `last`: that concept's bit; `masks`: (K, 2); `weight`: (K, H).
    """

    last: np.uint64
    masks: U64
    weight: Float64

    def add(self, masks: U64, rows: Float64) -> None:
        """Add to the rows (N, H) of `masks` what they have of these."""
        _add_found(masks, (masks & self.last).nonzero()[0], self.masks, self.weight, rows)


def _add_found(
    masks: U64, at: I64, combinations: U64, weight: npt.NDArray[np.floating], rows: Float64
) -> None:
    """Add to rows `at` the weights of the combinations that masks `at` have."""
    for start in range(0, len(at), STEP):
        some = at[start : start + STEP]
        # No product of matrices: that would wake the threads of a linear algebra library.
        mine, which = combine(masks[some], combinations).nonzero()
        if len(mine):
            first = np.concatenate([[0], (mine[1:] != mine[:-1]).nonzero()[0] + 1])
            found = weight[which].astype(np.float64)
            rows[some[mine[first]]] += np.add.reduceat(found, first, axis=0)


class _Exact(NamedTuple):
    """Combinations that say of the same concepts which are there: a mask has one of them at most.

    `scope`: those concepts; `masks`: (K,), which are there, ascending; `weight`: (K, H).
    """

    scope: np.uint64
    masks: U64
    weight: Float64

    def add(self, masks: U64, rows: Float64) -> None:
        """Add to the rows (N, H) of `masks` what they have of these."""
        wanted = masks & self.scope
        at = self.masks.searchsorted(wanted)
        np.minimum(at, len(self.masks) - 1, out=at)
        hit = (self.masks[at] == wanted).nonzero()[0]
        rows[hit] += self.weight[at[hit]]


class _Memory:
    """Masks met so far -> rows. Adding takes the owner's lock, reading none.

    Rows are put before their keys are: who finds a number and looks at `rows` then finds its row.
    The mask of no concept, whose row is zero, is there from the start: many segments have it.
    """

    def __init__(self, width: int) -> None:
        self.index = KeyIndex()
        self.rows = np.zeros((256, width), np.float32)
        self.index.add(np.zeros(1, np.uint64), np.zeros(1, np.int64))
        self.size = 1

    def add(self, keys: U64, rows: Float32) -> None:
        """Add keys that are not there, each once."""
        self.rows = fill(self.rows, self.size, rows)
        self.index.add(keys, np.arange(self.size, self.size + len(keys)))
        self.size += len(keys)


def concept_bits(concepts: Sequence[Sequence[str]], class_names: Sequence[str]) -> U64:
    """The concepts of each class by number: uint64, shape (classes + 1,), bit i for concept i."""
    number = {name: place for place, name in enumerate(class_names, 1)}
    bits = np.zeros(len(class_names) + 1, np.uint64)
    for place, names in enumerate(concepts):
        for name in names:
            bits[number[name]] |= np.uint64(1 << place)
    return bits


def unit_masks(bits: U64, cls: U8, length: I64, text_first: I64) -> tuple[U64, U64]:
    """The masks of segments and of texts: uint64, (S,) and (C,).

    `bits`: the concepts of each class; `cls`: the classes of all words; `length`: words in each
    segment; `text_first`: each text's first segment (each has one at least).
    """
    filled = length.nonzero()[0]
    if len(filled) == len(length):
        segments: U64 = np.bitwise_or.reduceat(fetch(bits, cls), length.cumsum() - length)
    else:
        segments = np.zeros(len(length), np.uint64)
        if len(filled):
            words = fetch(length, filled)
            segments[filled] = np.bitwise_or.reduceat(fetch(bits, cls), words.cumsum() - words)
    if len(text_first) == len(length):
        return segments, segments
    return segments, np.bitwise_or.reduceat(segments, text_first)


def combine(masks: U64, combinations: U64) -> Bools:
    """Which of `combinations`, (K, 2), each of `masks`, (N,), has: bool, shape (N, K)."""
    there, missing = combinations[:, 0], combinations[:, 1]
    column = masks[:, None]
    found: Bools = (column & there) == there
    found &= (column & missing) == 0
    return found
