"""Cutting a block of texts at once says what cutting each text says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.reading import chunks
from moderation.reading.chunks import MAX_HASHED, KeyIndex, cut, gather
from moderation.reading.text import BREAK, split
from tests.strategies import texts

blocks = st.lists(texts, min_size=0, max_size=6)


@settings(max_examples=200, deadline=None)
@given(blocks)
def test_cut_is_split(block: list[str]) -> None:
    found = cut(block)
    parts = [split(text) for text in block]
    assert found.counts.tolist() == [len(part) for part in parts]
    assert found[:] == [chunk for part in parts for chunk in part]


@settings(max_examples=100, deadline=None)
@given(blocks)
def test_equal_chunks_have_equal_keys_and_others_do_not(block: list[str]) -> None:
    found = cut(block)
    by_chunk: dict[str, set[int]] = {}
    for number in range(len(found)):
        if found[number] != BREAK:  # a line end, or that very control character
            by_chunk.setdefault(found[number], set()).add(int(found.key[number]))
    assert all(len(keys) == 1 for keys in by_chunk.values())
    assert len(set().union(*by_chunk.values())) == len(by_chunk)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_every_white_space_is_known(text: str) -> None:
    assert cut([text])[:] == split(text)


def test_all_white_space_of_unicode() -> None:
    text = "".join(f"a{chr(c)}b" for c in range(0x110000) if chr(c).isspace())
    assert cut([text])[:] == split(text)


def test_gathered_chunks_have_the_keys_of_cut_ones() -> None:
    block = ["one two\nthree", "", "x" * (MAX_HASHED + 1) + " two", "\ud800 é"]
    whole = cut(block)
    again = gather(whole[:], whole.counts)
    assert (again.key == whole.key).all()
    assert again[:] == whole[:]


@settings(max_examples=100, deadline=None)
@given(blocks)
def test_many_chunks_are_named_as_few_are(block: list[str]) -> None:
    few = cut(block)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "FEW_READ", 0)
        many = cut(block)
    assert many.key.tolist() == few.key.tolist()


def test_what_stands_between_wide_texts_may_be_in_them() -> None:
    block = ["é\x1fa", "plain\x1ftext", "\x1f", "\x1fé\x1f\u2003b\x1f"]
    assert cut(block)[:] == [chunk for text in block for chunk in split(text)]
    assert cut(block).counts.tolist() == [2, 2, 0, 2]


def test_line_ends_are_breaks() -> None:
    assert cut(["a\nb"])[:] == ["a", BREAK, "b"]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(0, 2**64 - 1), unique=True, max_size=400),
    st.integers(1, 97),
)
def test_key_index(keys: list[int], step: int) -> None:
    index = KeyIndex()
    array = np.array(keys, np.uint64)
    for start in range(0, len(array), step):
        part = array[start : start + step]
        assert (index.find(part) == -1).all()
        index.add(part, np.arange(start, start + len(part), dtype=np.int64))
    assert index.find(array).tolist() == list(range(len(array)))


def test_key_index_with_numbers_far_apart() -> None:
    """Numbers may be any places in arrays: then room is made for the largest."""
    index = KeyIndex()
    keys = np.arange(1, 41, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    numbers = np.arange(40) * 1_000
    for start in range(0, 40, 10):
        index.add(keys[start : start + 10], numbers[start : start + 10])
    assert index.find(keys).tolist() == numbers.tolist()
    assert (index.find(keys + np.uint64(1)) == -1).all()
    assert index.find(np.zeros(1, np.uint64)).tolist() == [-1]


def test_key_index_with_one_home_for_all() -> None:
    """Keys that all want the same place are found all the same."""
    index = KeyIndex()
    keys = np.arange(1, 3_001, dtype=np.uint64)  # the high bits, which choose the place, are 0
    index.add(keys, np.arange(3_000, dtype=np.int64))
    assert index.find(keys).tolist() == list(range(3_000))
    assert (index.find(keys + np.uint64(5_000)) == -1).all()


def test_key_index_keeps_the_home_for_who_came_first() -> None:
    """Keys added first are found at the first look, also once the index has grown."""
    index = KeyIndex()
    keys = np.arange(64, dtype=np.uint64) << np.uint64(58)
    for later in range(200):
        numbers = np.arange(64, dtype=np.int64) + 64 * later
        index.add(keys + np.uint64(later), numbers)
    places, _, bits = index._slots
    assert bits > 12
    homes = places[(keys >> np.uint64(64 - bits)).view(np.int64)]
    assert homes.tolist() == list(range(64))
