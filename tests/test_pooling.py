"""Pooling: the formula that the file's numbers stand for, however it is computed."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from moderation.model import POOL
from moderation.pooling import TABLED, Pooled, Pooling, pool_features
from moderation.records import LABELS

POOLS = np.random.default_rng(5).normal(size=(len(LABELS), len(POOL))).astype(np.float32)
numbers = st.floats(-8, 8, width=32)
counts = st.one_of(st.integers(1, 12), st.integers(TABLED - 2, TABLED + 2), st.just(10**6))


@given(st.lists(st.tuples(numbers, numbers, counts), min_size=1, max_size=8))
def test_logits_are_the_named_columns_times_the_named_numbers(
    rows: list[tuple[float, float, int]],
) -> None:
    whole = np.array([[row[0]] * len(LABELS) for row in rows], np.float32)
    worst = np.array([[row[1]] * len(LABELS) for row in rows], np.float32)
    count = np.array([row[2] for row in rows], np.int64)
    logits = Pooling(POOLS).logits(Pooled(whole, worst, count))
    for label, pool in enumerate(POOLS.astype(np.float64)):
        columns = pool_features(whole[:, label], worst[:, label], count).astype(np.float64)
        expected = columns @ pool[:-2]
        knee, above = pool[-2:]
        expected += above * np.maximum(expected - knee, 0)
        assert np.allclose(logits[:, label], expected, rtol=1e-4, atol=2e-3)


@given(st.lists(st.tuples(numbers, numbers, counts), min_size=1, max_size=8))
def test_a_text_gets_the_same_logits_alone(rows: list[tuple[float, float, int]]) -> None:
    whole = np.array([[row[0]] * len(LABELS) for row in rows], np.float32)
    worst = np.array([[row[1]] * len(LABELS) for row in rows], np.float32)
    count = np.array([row[2] for row in rows], np.int64)
    pooling = Pooling(POOLS)
    together = pooling.logits(Pooled(whole, worst, count))
    for i in range(len(rows)):
        alone = pooling.logits(Pooled(whole[i : i + 1], worst[i : i + 1], count[i : i + 1]))
        assert (alone[0] == together[i]).all()
