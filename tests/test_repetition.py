"""Repeats found and damped."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.features import repetition
from moderation.features.repetition import (
    damp,
    find_few_repeats,
    find_repeats,
    lessen,
    share_of,
    surplus,
)


@given(st.lists(st.lists(st.integers(0, 20), max_size=60), min_size=1, max_size=12))
def test_finds_what_stands_more_than_once_in_a_text(texts: list[list[int]]) -> None:
    keys = [number << 8 | value for number, text in enumerate(texts) for value in text]
    ends = np.cumsum([len(text) for text in texts])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(repetition, "AT_ONCE", 32)
        found, count = find_repeats(np.array(keys, np.int64), ends)
    assert sorted(zip(found.tolist(), count.tolist(), strict=True)) == sorted(
        (value, n) for value, n in Counter(keys).items() if n > 1
    )


def test_values_that_want_one_place_are_told_apart() -> None:
    # Multiples of 2^61: the product with any odd number differs in three bits alone.
    keys = np.array([1 << 61, 2 << 61, 3 << 61, 1 << 61, 3 << 61, 3 << 61, 5], np.int64)
    found, count = find_repeats(keys, np.array([len(keys)]))
    assert dict(zip(found.tolist(), count.tolist(), strict=True)) == {1 << 61: 2, 3 << 61: 3}


def test_a_text_may_have_more_values_than_two_bytes_number() -> None:
    keys = np.concatenate([np.arange(70_000), [69_999, 6], 70_000 + np.arange(3), [70_000]])
    found, count = find_repeats(keys, np.array([70_002, len(keys)]))
    repeated = dict(zip(found.tolist(), count.tolist(), strict=True))
    assert repeated == {69_999: 2, 6: 2, 70_000: 2}


@given(st.lists(st.integers(0, 20), max_size=90))
def test_a_dict_finds_the_same(values: list[int]) -> None:
    given = np.array(values, np.int64)
    found, count = find_few_repeats(given)
    assert given.tolist() == values
    assert dict(zip(found.tolist(), count.tolist(), strict=True)) == {
        value: n for value, n in Counter(values).items() if n > 1
    }


def test_damping_is_one_plus_the_logarithm_in_steps() -> None:
    count = np.arange(1, 2000)
    factor = damp(count)
    assert factor[0] == 1
    assert (np.diff(factor) >= 0).all()
    assert np.abs(factor - 1 - np.log(count)).max() <= 1 / 512
    assert (factor * 256 == np.round(factor * 256)).all()


@given(st.lists(st.integers(1, 600), min_size=1, max_size=20))
def test_the_surplus_is_what_damping_takes_away(counts: list[int]) -> None:
    count = np.array(counts, np.int64)
    assert (surplus(count) == (damp(count) - count).astype(np.float32)).all()


def test_a_text_that_finds_new_words_counts_in_full() -> None:
    counts = np.array([0, 1, 5, 100, 1_000, 10_000])
    surpluses = -0.2 * (counts // 2)  # one word in ten or so is there again
    assert (share_of(counts, surpluses) == 1).all()


@pytest.mark.parametrize("words", [1, 4, 12])
def test_what_says_the_same_over_and_over_counts_for_about_its_damped_words(words: int) -> None:
    times = np.array([30, 100, 300, 1_000])
    counts, damped = words * times, words * damp(times)
    share = share_of(counts, damped - counts)
    assert (np.diff(share) < 0).all()
    assert (share > 0).all()
    ratio = share * counts / damped
    assert ((ratio > 0.5) & (ratio < 4)).all()


def test_numbers_lessen_and_none_that_is_there_goes_away() -> None:
    numbers = np.array([0, 1, 10, 10, 10])
    share = np.array([0.5, 0.1, 1, 0.26, 0.001], np.float32)
    assert lessen(numbers, share).tolist() == [0, 1, 10, 3, 1]
    assert lessen(numbers, None) is numbers
