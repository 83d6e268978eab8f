"""Pooling: the formula that the file's numbers stand for, however it is computed."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from moderation.model import BENDS, HEADS, LINE, POOL, REGISTER, SOCIAL
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


def lines_of(pooled: Pooled, pools: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """What each head comes to by itself: (C, H)."""
    out = np.empty(pooled.whole.shape)
    for head, pool in enumerate(pools):
        columns = pool_features(pooled.whole[:, head], pooled.worst[:, head], pooled.count)
        own, watching = (columns.astype(np.float64) @ pool[: 2 * len(LINE)].reshape(2, -1).T).T
        start = pool[POOL.index("watch_from")]
        out[:, head] = own + np.maximum(watching - np.maximum(own, start), 0)
    return out


def bent(logits: npt.NDArray[np.float64], pool: npt.NDArray[np.float64]) -> Any:
    out = logits.copy()
    for number in range(1, BENDS + 1):
        knee, above = pool[POOL.index(f"knee_{number}")], pool[POOL.index(f"above_{number}")]
        out += above * np.maximum(logits - knee, 0)
    return out


@given(texts)
def test_logits_are_the_named_columns_times_the_named_numbers(
    rows: list[tuple[float, float, float, int]],
) -> None:
    pooled = pooled_of(rows)
    logits = Pooling(POOLS).logits(pooled)
    assert logits.shape == (len(rows), len(LABELS))
    pools = POOLS.astype(np.float64)
    lines = lines_of(pooled, pools)
    share = np.clip(lines[:, GATE], 0, 1)
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
        lines = lines_of(pooled, pools)[0]
        for label in range(len(LABELS)):
            constant, parts = pooling.parts_of(label, pooled)
            total = constant + sum(factor * lines[head] for head, factor in parts)
            shares = [factor for head, factor in parts if head in (label, TOXICITY)]
            assert abs(sum(shares) - 1) < 1e-6
            assert label or abs(shares[1] - np.clip(lines[GATE], 0, 1)) < 1e-3
            found = bent(np.array(total), pools[label])
            assert np.allclose(pooling.logits(pooled)[0, label], found, rtol=1e-3, atol=2e-2)


@given(texts)
def test_the_line_of_a_head_is_what_it_comes_to(
    rows: list[tuple[float, float, float, int]],
) -> None:
    pooling, pools = Pooling(POOLS), POOLS.astype(np.float64)
    for row in rows:
        pooled = pooled_of([row])
        lines = lines_of(pooled, pools)[0]
        for head in range(len(HEADS)):
            line = pooling.line_of(head, pooled)
            found = line.constant + line.whole * pooled.whole[0, head]
            found += line.worst * pooled.worst[0, head]
            assert np.allclose(found, lines[head], rtol=1e-4, atol=2e-3)


def test_the_watching_line_counts_from_where_it_finds_something() -> None:
    """It may lift a text that has an abusive sentence; elsewhere the order is the ordinary one."""
    pools = np.zeros((len(HEADS), len(POOL)), np.float32)
    pools[:, POOL.index("whole")] = 1
    pools[:, POOL.index("watch_worst")] = 1
    pools[:, POOL.index("watch_from")] = 2
    whole = np.repeat(np.array([[-1.0], [-1.0], [-1.0], [3.0], [3.0]], np.float32), len(HEADS), 1)
    worst = np.repeat(np.array([[-1.0], [2.0], [5.0], [3.0], [4.0]], np.float32), len(HEADS), 1)
    found = Pooling(pools).logits(Pooled(whole, worst, np.array([1, 9, 9, 1, 9])))
    assert found[:, 1].tolist() == [-1, -1, 2, 3, 4]


@given(texts, st.floats(0.25, 4), st.floats(-3, 3))
def test_rescaled_logits_are_a_line_of_what_they_were(
    rows: list[tuple[float, float, float, int]], slope: float, offset: float
) -> None:
    pooled = pooled_of(rows)
    pools = POOLS.astype(np.float64)
    above = [POOL.index(f"above_{number}") for number in range(1, BENDS + 1)]
    pools[:, above] = np.abs(pools[:, above])
    before = Pooling(pools.astype(np.float32)).logits(pooled)
    for label in range(len(LABELS)):
        pool = pools.copy()
        rescale(pool, label, slope, offset)
        after = Pooling(pool.astype(np.float32)).logits(pooled)
        expected = before.copy()
        expected[:, label] = slope * before[:, label] + offset
        assert np.allclose(after, expected, rtol=2e-3, atol=2e-2)
