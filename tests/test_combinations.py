"""Combinations of concepts: sums, masks, and what of them a text's words get."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.features.combinations import FEW, MANY, Combinations, Combined, combine, unit_masks
from moderation.training.concepts import (
    CONCEPTS,
    EXACT,
    combination_masks,
    enumerate_combinations,
    exact_masks,
    mask_of,
)

CLASSES = [f"class{number}" for number in range(10)]
SINGLE = [[name] for name in CLASSES]


def made(seed: int = 0, heads: int = 3) -> Combinations:
    """Pairs and triples, some with concepts that must be missing, and two families of sets.

    Also some that are alike but for one concept, with others that must be there and without.
    Some stand here twice, and some ask that a concept be there and missing.
    """
    rng = np.random.default_rng(seed)
    rows = [(0b11, 0), (0b101, 0), (0b1000, 0b1), (0b10001, 0b100), (0b1, 0), (0b11, 0)]
    rows += [(there, 0b11110 ^ there) for there in range(2, 2 * MANY + 2, 2)]
    rows += [(0b1 | there, 0b111100000 ^ there) for there in range(0, 0b111100000, 0b100000)]
    rows += [rows[7], rows[7], (0b110, 0b100), (0b10, 0b11110)]
    rows += [(0b1001000000 | 1 << bit, 0b10000000) for bit in range(6)]
    rows += [(1 << bit, 0b1000000000) for bit in range(5)]
    value = rng.integers(-64, 64, (len(rows), heads)).astype(np.float16) / np.float16(16)
    return Combinations(SINGLE, CLASSES, Combined(np.array(rows, np.uint64), value))


def brute(combinations: Combinations, mask: int) -> list[float]:
    """What a mask's combinations add up to, one by one."""
    total = np.zeros(combinations.value.shape[1])
    for (there, missing), row in zip(
        combinations.masks.tolist(), combinations.value.astype(np.float64), strict=True
    ):
        if mask & there == there and mask & missing == 0:
            total += row
    return total.tolist()


def test_the_combinations_here_are_found_in_every_way() -> None:
    assert {type(table).__name__ for table in made()._tables} == {"_Exact", "_Added", "_Tried"}


@given(st.lists(st.integers(0, 2**10 - 1), min_size=FEW + 1, max_size=3 * FEW))
def test_few_masks_and_many_come_to_the_same(masks: list[int]) -> None:
    combinations, other = made(1), made(1)
    found = combinations.sums(np.array(masks, np.uint64))
    alone = [other.sums(np.array([mask], np.uint64))[0].tolist() for mask in masks]
    assert found.tolist() == alone


@given(st.lists(st.integers(0, 2**10 - 1), max_size=3 * FEW))
def test_sums_are_those_of_the_combinations_that_are_there(masks: list[int]) -> None:
    combinations = made()
    found = combinations.sums(np.array(masks, np.uint64))
    assert found.tolist() == [brute(combinations, mask) for mask in masks]
    again = combinations.sums(np.array(masks[::-1] * 3, np.uint64))
    assert again.tolist() == found.tolist()[::-1] * 3


def test_threads_and_a_full_memory_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moderation.features.combinations.REMEMBERED", 40)
    combinations = made()
    rng = np.random.default_rng(3)
    batches = [rng.integers(0, 2**10, 60).astype(np.uint64) for _ in range(80)]
    batches += [rng.integers(0, 2**10, 5).astype(np.uint64) for _ in range(80)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(combinations.sums, batches))
    for batch, rows in zip(batches, found, strict=True):
        assert rows.tolist() == [brute(combinations, mask) for mask in batch.tolist()]


def test_the_mask_of_nothing_is_zero_from_the_start() -> None:
    """Its key looks like a free place of the index: no reader may take another's row for it."""
    combinations = made()
    assert combinations._memory.index.find(np.zeros(2, np.uint64)).tolist() == [0, 0]
    assert not combinations.sums(np.zeros(FEW + 1, np.uint64)).any()
    assert not combinations.sums(np.zeros(1, np.uint64)).any()


def test_masks_of_segments_and_texts() -> None:
    bits = np.array([0, 1, 2, 4], np.uint64)
    cls = np.array([1, 0, 2, 3, 3], np.uint8)
    length = np.array([2, 0, 1, 2])  # a segment of marks alone has no words
    segments, texts = unit_masks(bits, cls, length, np.array([0, 1, 3]))
    assert segments.tolist() == [1, 0, 2, 4]
    assert texts.tolist() == [1, 2, 4]
    assert unit_masks(bits, cls[:0], length[:1] * 0, np.array([0]))[1].tolist() == [0]


def test_parts_are_the_sum_and_lie_on_words_that_make_them() -> None:
    combinations = made()
    cls = np.array([1, 0, 4, 2, 5, 1], np.uint8)
    mask = int(np.bitwise_or.reduce(combinations.bits[cls]))
    parts = combinations.parts(mask, cls)
    assert parts
    assert sum(row for _, row in parts).tolist() == brute(combinations, mask)  # type: ignore[union-attr]
    for places, _ in parts:
        assert len(places)
        assert 1 not in places.tolist()  # a word without a class makes none


def test_every_combination_is_of_known_concepts_and_stands_once() -> None:
    masks = combination_masks()
    assert len(np.unique(masks, axis=0)) == len(masks)
    assert (masks[:, 0] & masks[:, 1] == 0).all()
    assert (masks[:, 0] != 0).all()
    for there, missing in enumerate_combinations():
        assert {*there, *missing} <= set(CONCEPTS)


def test_exact_sets_are_those_that_texts_have() -> None:
    group, kind, second = mask_of(["group"]), mask_of(["mild"]), mask_of(["second"])
    beside = mask_of(["question"])  # no concept of EXACT
    texts = np.array([group, group | beside, group | kind, second, second], np.uint64)
    found = exact_masks(texts, 2)
    assert found[:, 0].tolist() == [group]
    assert combine(texts, found).ravel().tolist() == [True, True, False, False, False]
    assert int(found[0, 0] | found[0, 1]) == mask_of(EXACT)
