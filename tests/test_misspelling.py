"""Misspelt copies of training texts."""

from __future__ import annotations

from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from moderation.records import LABELS
from moderation.training.misspelling import (
    MAX_CHARS,
    TURNS,
    misspell,
    misspelt_copies,
    offensive_words,
)


@given(st.text(), st.integers(0, 2**32))
def test_nothing_slips_where_the_share_is_none(text: str, seed: int) -> None:
    assert misspell(text, Random(seed), 0.0) == text


@given(st.text(), st.integers(0, 2**32), st.floats(0, 1))
def test_a_copy_is_the_same_each_time_and_keeps_its_shape(
    text: str, seed: int, share: float
) -> None:
    copy = misspell(text, Random(seed), share)
    assert copy == misspell(text, Random(seed), share)
    assert copy.count("\n") == text.count("\n")
    assert copy.count("\x00") <= text.count("\x00")


def test_every_word_slips_by_a_letter_or_a_space() -> None:
    for seed in range(200):
        copy = misspell("ridiculous", Random(seed), 1.0)
        assert copy[:1] in "ri"
        assert len(copy) >= 5
    copies = {misspell("ridiculous", Random(seed), 1.0) for seed in range(200)}
    assert len(copies) > 40
    assert {"ridi culous", "rdclus", "ridiculouz", "irdiculous"} & copies
    glued = {misspell("you fool here", Random(seed), 1.0) for seed in range(400)}
    assert any(" " not in copy for copy in glued)


def test_what_is_hidden_slips_and_the_rest_stays() -> None:
    copies = [misspell("you are an idiot", Random(seed), 0.0, {"idiot"}) for seed in range(200)]
    assert all(copy.startswith("you are an ") for copy in copies)
    assert 0.05 < sum(copy == "you are an idiot" for copy in copies) / 200 < 0.25
    assert "idiot" in offensive_words()
    assert "are" not in offensive_words()


def test_copies_are_of_short_texts_half_of_them_toxic() -> None:
    texts = ["word " * 200] + [f"some text number {i}" for i in range(99)]
    labels = np.full((100, len(LABELS)), np.nan, np.float32)
    labels[:60, 0] = 1
    labels[60:90, 0] = 0
    copies, originals, draw = misspelt_copies(texts, labels, 40, seed=3)
    assert (draw == 0).all()
    assert len(copies) == len(originals) == 40
    assert (labels[originals, 0] == 1).sum() == 20
    assert all(len(texts[i]) <= MAX_CHARS for i in originals.tolist())
    again, _, _ = misspelt_copies(texts, labels, 40, seed=3)
    assert copies == again
    assert misspelt_copies(texts, labels, 0, seed=3)[0] == []


def test_another_text_leaves_the_copies_of_the_others_be() -> None:
    texts = [f"some longer text number {i} with words that slip" for i in range(60)]
    labels = np.full((61, len(LABELS)), np.nan, np.float32)
    labels[:, 0] = np.arange(61) % 2
    copies, _, _ = misspelt_copies(texts, labels[:60], 20, seed=3)
    others = ["a text put before all others", *texts]
    again, originals, _ = misspelt_copies(others, np.roll(labels, 1, axis=0), 20, seed=3)
    assert len(set(again) - set(copies)) <= 1
    assert len(set(copies)) == len(set(originals.tolist())) == 20


def test_few_texts_are_copied_several_times_and_otherwise_each_time() -> None:
    texts = ["what a ridiculous idea this was", "nobody expected anything else from them"]
    labels = np.full((2, len(LABELS)), np.nan, np.float32)
    labels[:, 0] = [1, 0]
    copies, originals, _ = misspelt_copies(texts, labels, 1_000, seed=3)
    assert originals.tolist() == [0] * TURNS + [1] * TURNS
    assert len(set(copies)) == 2 * TURNS


def test_each_draw_is_half_toxic_and_none_copies_a_text_alike() -> None:
    texts = [f"some longer text number {i} with words that slip" for i in range(60)]
    labels = np.full((60, len(LABELS)), np.nan, np.float32)
    labels[:, 0] = np.arange(60) % 2
    copies, originals, draw = misspelt_copies(texts, labels, 40, seed=3, draws=3)
    assert len(set(copies)) == len(copies) == 120
    for turn in range(3):
        mine = originals[draw == turn]
        assert len(mine) == 40
        assert labels[mine, 0].sum() == 20
    first, _, _ = misspelt_copies(texts, labels, 40, seed=3)
    assert set(first) == {copy for copy, turn in zip(copies, draw, strict=True) if turn == 0}
