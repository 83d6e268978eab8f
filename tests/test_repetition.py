"""Repeats within an owner, found and damped."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from moderation.repetition import FEW, damp, find_repeats

PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 20)), max_size=60)


def repeats_of(pairs: list[tuple[int, int]]) -> dict[tuple[int, int], int]:
    owner = np.array([pair[0] for pair in pairs], np.int64)
    identity = np.array([pair[1] for pair in pairs], np.int64)
    first, count = find_repeats(owner, identity)
    found = [pairs[i] for i in first.tolist()]
    assert len(set(found)) == len(found)
    return dict(zip(found, count.tolist(), strict=True))


@given(PAIRS)
def test_finds_what_an_owner_has_more_than_once(pairs: list[tuple[int, int]]) -> None:
    assert repeats_of(pairs) == {pair: n for pair, n in Counter(pairs).items() if n > 1}


@given(PAIRS)
def test_many_pairs_as_few(pairs: list[tuple[int, int]]) -> None:
    """Beyond FEW pairs suspects are picked first: what is found stays the same."""
    alone = [(7, 100 + i) for i in range(FEW + 1)]
    assert repeats_of(pairs + alone) == repeats_of(pairs)


def test_damping_is_one_plus_the_logarithm_in_steps() -> None:
    count = np.arange(1, 2000)
    factor = damp(count)
    assert factor[0] == 1
    assert (np.diff(factor) >= 0).all()
    assert np.abs(factor - 1 - np.log(count)).max() <= 1 / 512
    assert (factor * 256 == np.round(factor * 256)).all()
