"""Sums of weights by owner: exact, packed or not, and never packed where they would run over."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation import weights
from moderation.weights import GRID, HALF, RowAdder, Rows, on_grid

HEADS = st.integers(1, 9)


def add(rows: Rows, at: np.ndarray, owner: np.ndarray, count: int, most: int) -> np.ndarray:
    adder = rows.adder(count, most)
    half = len(at) // 2
    adder.take(at[:half], owner[:half])
    adder.take(at[half:], owner[half:])
    return adder.sums()


@settings(max_examples=80, deadline=None)
@given(HEADS, st.integers(0, 300), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_packed_sums_are_the_exact_ones(heads: int, n: int, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = on_grid(rng.normal(0, 3, (70, heads)))
    at, owner = rng.integers(0, 70, n), np.sort(rng.integers(0, count, n))
    want = np.zeros((count, heads))
    np.add.at(want, owner, table[at].astype(np.float64))
    rows = Rows(table)
    plain = add(rows, at, owner, count, n)
    rows.take(np.zeros(weights.MANY + 1, np.int64))  # so many were asked for
    packed = rows.adder(count, n)
    assert type(packed) is not type(Rows(table).adder(count, n))
    assert (add(rows, at, owner, count, n) == want.astype(np.float32)).all()
    assert (plain == want.astype(np.float32)).all()


def test_sums_that_might_run_over_are_not_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "MANY", -1)
    table = np.full((3, 8), -40.0, np.float16)
    table[1] = 40.0
    rows = Rows(table)
    most = int(HALF / 2 * GRID / 40)
    packed, plain = rows.adder(1, most), rows.adder(1, most + 1)
    assert type(packed) is not type(plain)
    for row in (0, 1):
        at, owner = np.full(most * 3, row), np.zeros(most * 3, np.int64)
        want = np.full((1, 8), float(table[row, 0]) * most * 3, np.float32)
        assert (add(rows, at, owner, 1, len(at)) == want).all()


@pytest.mark.parametrize("odd", [GRID / 3, 2.0**-24])
def test_weights_between_the_multiples_are_summed_as_they_are(
    monkeypatch: pytest.MonkeyPatch, odd: float
) -> None:
    monkeypatch.setattr(weights, "MANY", -1)
    table = np.zeros((9_000, 8), np.float16)
    table[-1] = odd
    at, owner = np.full(7, 8_999), np.zeros(7, np.int64)
    want = (table[-1:].astype(np.float64) * 7).astype(np.float32)
    assert (add(Rows(table), at, owner, 1, 7) == want).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-60_000, 60_000), min_size=1, max_size=40))
def test_rounding_to_the_grid(numbers: list[float]) -> None:
    given_ = np.array(numbers)
    found = on_grid(given_)
    assert found.dtype == np.float16
    steps = found.astype(np.float64) / GRID
    assert (steps == np.rint(steps)).all()
    assert (on_grid(found) == found).all()
    assert (np.abs(found - given_) <= GRID / 2 + np.abs(given_) * 2.0**-11).all()


@pytest.mark.parametrize("heads", [1, 2, 7, 8])
def test_rows_that_are_given_are_summed_by_owner(heads: int) -> None:
    rows = np.arange(5 * heads, dtype=np.float32).reshape(5, heads)
    adder = RowAdder(3, heads)
    adder.add(rows[:2], np.array([2, 0]))
    adder.add(rows[2:], np.array([0, 0, 2]))
    want = np.stack([rows[[1, 2, 3]].sum(axis=0), rows[0] * 0, rows[[0, 4]].sum(axis=0)])
    assert (adder.sums() == want).all()
