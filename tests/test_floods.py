"""What is said up to five hundred times, and nothing else, under the shipped model."""

from __future__ import annotations

import pytest

import moderation

TIMES = (20, 100, 500)


@pytest.mark.parametrize(
    "said",
    ["you are a loser", "shut up already", "this user is pathetic", "go away nobody likes you",
     "you are an idiot", "you smell like a wet dog, loser"],
)  # fmt: skip
def test_repeated_abuse_stays_flagged(said: str) -> None:
    found = moderation.score_many([" ".join([said] * n) for n in TIMES])
    assert [score.abusive for score in found] == [True] * len(TIMES)


@pytest.mark.parametrize(
    "said",
    ["the weather is nice today", "please see my talk page", "thank you for the welcome",
     "test", "happy birthday"],
)  # fmt: skip
def test_repeated_harmless_words_stay_harmless(said: str) -> None:
    found = moderation.score_many([" ".join([said] * n) for n in TIMES])
    assert [score.abusive or score.hateful for score in found] == [False] * len(TIMES)
