"""Pooling: the formula that the file's numbers stand for, however it is computed."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from moderation.model import HEADS, POOL, REGISTER, SOCIAL
from moderation.pooling import TABLED, Pooled, Pooling, pool_features, rescale
from moderation.records import LABELS

POOLS = np.random.default_rng(5).normal(size=(len(HEADS), len(POOL))).astype(np.float32)
TOXICITY, GATE = HEADS.index(SOCIAL), HEADS.index(REGISTER)
numbers = st.floats(-8, 8, width=32)
counts = st.one_of(st.integers(1, 12), st.integers(TABLED - 2, TABLED + 2), st.just(10**6))
texts = st.lists(st.tuples(numbers, numbers, numbers, counts), min_size=1, max_size=8)


def pooled_of(rows: list[tuple[float, float, float, int]]) -> Pooled:
    """Every head has the same z but the register's, which is the third number."""
    whole = np.array([[row[0]] * len(HEADS) for row in rows], np.float32)
    worst = np.array([[row[1]] * len(HEADS) for row in rows], np.float32)
    whole[:, GATE] = [row[2] for row in rows]
    return Pooled(whole, worst, np.array([row[3] for row in rows], np.int64))


def gate_of(pooled: Pooled) -> npt.NDArray[np.float64]:
    columns = pool_features(pooled.whole[:, GATE], pooled.worst[:, GATE], pooled.count)
    line: npt.NDArray[np.float64] = columns.astype(np.float64) @ POOLS[GATE, : columns.shape[1]]
    return line


def bent(logits: npt.NDArray[np.float64], pool: npt.NDArray[np.float64]) -> Any:
    knee, above = pool[POOL.index("knee")], pool[POOL.index("above")]
    return logits + above * np.maximum(logits - knee, 0)


@given(texts)
def test_logits_are_the_named_columns_times_the_named_numbers(
    rows: list[tuple[float, float, float, int]],
) -> None:
    pooled = pooled_of(rows)
    logits = Pooling(POOLS).logits(pooled)
    assert logits.shape == (len(rows), len(LABELS))
    pools = POOLS.astype(np.float64)
    columns = pool_features(pooled.whole[:, 0], pooled.worst[:, 0], pooled.count).astype(np.float64)
    lines = columns @ pools[:, : columns.shape[1]].T
    share = np.clip(gate_of(pooled), 0, 1)
    further = lines[:, TOXICITY] - lines[:, 0]
    for label in range(1, len(LABELS)):
        assert np.allclose(
            logits[:, label], bent(lines[:, label], pools[label]), rtol=1e-4, atol=2e-3
        )
        link, start = pools[label, POOL.index("link")], pools[label, POOL.index("link_from")]
        further += link * np.maximum(lines[:, label] - start, 0)
    expected = bent(lines[:, 0] + share * further, pools[0])
    assert np.allclose(logits[:, 0], expected, rtol=1e-4, atol=1e-2)


@given(texts)
def test_a_text_gets_the_same_logits_alone(rows: list[tuple[float, float, float, int]]) -> None:
    pooled = pooled_of(rows)
    pooling = Pooling(POOLS)
    together = pooling.logits(pooled)
    for i in range(len(rows)):
        one = slice(i, i + 1)
        alone = pooling.logits(Pooled(pooled.whole[one], pooled.worst[one], pooled.count[one]))
        assert (alone[0] == together[i]).all()


@given(texts)
def test_parts_say_where_a_logit_comes_from(rows: list[tuple[float, float, float, int]]) -> None:
    pooling = Pooling(POOLS)
    pools = POOLS.astype(np.float64)
    for row in rows:
        pooled = pooled_of([row])
        columns = pool_features(pooled.whole[:, 0], pooled.worst[:, 0], pooled.count)
        lines = (columns.astype(np.float64) @ pools[:, : columns.shape[1]].T)[0]
        for label in range(len(LABELS)):
            constant, parts = pooling.parts_of(label, pooled)
            total = constant + sum(factor * lines[head] for head, factor in parts)
            shares = [factor for head, factor in parts if head in (label, TOXICITY)]
            assert abs(sum(shares) - 1) < 1e-6
            assert label or abs(shares[1] - np.clip(gate_of(pooled)[0], 0, 1)) < 1e-3
            found = bent(np.array(total), pools[label])
            assert np.allclose(pooling.logits(pooled)[0, label], found, rtol=1e-3, atol=2e-2)


@given(texts, st.floats(0.25, 4), st.floats(-3, 3))
def test_rescaled_logits_are_a_line_of_what_they_were(
    rows: list[tuple[float, float, float, int]], slope: float, offset: float
) -> None:
    pooled = pooled_of(rows)
    pools = POOLS.astype(np.float64)
    pools[:, POOL.index("above")] = np.abs(pools[:, POOL.index("above")])
    before = Pooling(pools.astype(np.float32)).logits(pooled)
    for label in range(len(LABELS)):
        pool = pools.copy()
        rescale(pool, label, slope, offset)
        after = Pooling(pool.astype(np.float32)).logits(pooled)
        expected = before.copy()
        expected[:, label] = slope * before[:, label] + offset
        assert np.allclose(after, expected, rtol=2e-3, atol=2e-2)
