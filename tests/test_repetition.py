"""Repeats found and damped."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from moderation.repetition import damp, find_few_repeats, find_repeats, surplus


@given(st.lists(st.integers(0, 20), max_size=60))
def test_finds_what_stands_more_than_once(values: list[int]) -> None:
    found, count = find_repeats(np.array(values, np.int64))
    expected = sorted((value, n) for value, n in Counter(values).items() if n > 1)
    assert list(zip(found.tolist(), count.tolist(), strict=True)) == expected


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
