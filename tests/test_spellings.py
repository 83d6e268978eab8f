"""Other spellings of common words: what is taken for one, and what copies make of them."""

from __future__ import annotations

from collections import Counter
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.records import LABELS
from moderation.training.misspelling import misspell, misspelt_copies
from moderation.training.spellings import find_spellings, letters_apart

KNOWN = frozenset(["people", "stupid", "kettle", "cattle"])
COMMON = Counter(people=3_000, stupid=900, kettle=400)


@pytest.mark.parametrize(
    ("spelt", "word"),
    [
        ("peeple", "people"),
        ("poeple", "people"),
        ("stoopid", "stupid"),
        ("stupidd", "stupid"),
        ("ckettle", "kettle"),
        ("cettle", "kettle"),
        ("xeople", None),  # it begins otherwise
        ("kettles", None),  # it sounds otherwise
        ("pepole", None),
        ("paaaople", None),  # too many letters off
        ("cattle", None),  # a word of its own
        ("kéttle", None),
        ("st", None),
    ],
)
def test_a_rare_word_of_a_common_one_s_sound_and_look_is_its_spelling(
    spelt: str, word: str | None
) -> None:
    found = find_spellings(COMMON + Counter([spelt]), KNOWN)
    assert found == ({} if word is None else {word: (spelt,)})


def test_what_is_not_rare_is_no_other_spelling() -> None:
    counts = COMMON + Counter(peeple=13, poeple=12, stoopid=12)
    # and a word has to be so many times more common than what is taken for it
    assert find_spellings(counts | Counter(stupid=300), KNOWN) == {"people": ("poeple",)} | (
        {"stupid": ("stoopid",)}
    )
    assert find_spellings(COMMON + Counter(cettle=1), frozenset(["people"])) == {}
    assert find_spellings(Counter(kettle=100, cettle=4), KNOWN) == {}


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("fork", "fork", 0),
        ("fork", "forrk", 1),
        ("fork", "frok", 2),
        ("ab", "aab", 1),
        ("", "a", 1),
    ],
)
def test_letters_apart(one: str, other: str, apart: int) -> None:
    assert letters_apart(one, other) == letters_apart(other, one) == apart


@given(st.text("abc", max_size=8), st.text("abc", max_size=8))
def test_letters_apart_is_nought_for_equal_words_alone(one: str, other: str) -> None:
    found = letters_apart(one, other)
    assert (found == 0) == (one == other)
    assert found <= max(len(one), len(other))


def test_slips_are_spellings_that_were_seen_half_of_the_time() -> None:
    spellings = {"people": ("peeple", "poeple")}
    words = misspell(" ".join(["People"] * 2_000), Random(3), 1.0, spellings=spellings).split()
    seen = [word for word in words if word in ("Peeple", "Poeple")]
    assert 0.45 < len(seen) / 2_000 < 0.6
    assert len(set(seen)) == 2
    assert misspell("PEOPLE", Random(1), 1.0, spellings={"people": ("peeple",)}).isupper()
    alone = misspell("the kettle boils", Random(5), 1.0)
    assert misspell("the kettle boils", Random(5), 1.0, spellings=spellings) == alone


def test_copies_hang_on_each_text_alone_with_spellings_too() -> None:
    spellings = {"people": ("peeple", "poeple")}
    texts = [f"people of the town number {i}" for i in range(30)]
    labels = np.zeros((30, len(LABELS)), np.float32)
    copies, originals, _ = misspelt_copies(texts, labels, 30, 1, 1, spellings)
    again, others, _ = misspelt_copies(texts[:10], labels[:10], 10, 1, 1, spellings)
    whole = dict(zip(originals.tolist(), copies, strict=True))
    assert {i: whole[i] for i in others.tolist()} == dict(zip(others.tolist(), again, strict=True))
    assert any("peeple" in copy for copy in copies)
