"""Repairs of misspelt words: one slip, the cheapest, never where a harmless word is as near."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.reading import spelling
from moderation.reading.spelling import LONGEST, Speller, Written, slip_cost, slips_of, sound_of

KNOWN = {
    word: rank
    for rank, word in enumerate(
        "the you shirt shot duck bitch batch stupid studio idiot moron asshole fool food "
        "disgusting discussing trolling rolling vandal sandal retard retire liar lair".split(),
        start=50,
    )
}
TELLING = ("bitch", "stupid", "idiot", "moron", "asshole", "fool", "disgusting", "trolling",
           "vandal", "retard", "liar")  # fmt: skip
words = st.text("abcdeioutrkshnfg", max_size=12)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("stuipd", "stupid"), ("stpid", "stupid"), ("stupidd", "stupid"), ("stupod", "stupid"),
        ("stoopid", "stupid"), ("biitch", "bitch"), ("botch", "bitch"), ("idoit", "idiot"),
        ("azzhole", "asshole"), ("stvpid", "stupid"), ("bxtch", "bitch"), ("phool", "fool"),
        ("disgustin", "disgusting"),
        ("trollin", "trolling"), ("sandale", None), ("retirard", None), ("stu", None),
        ("botchery", None), ("", None), ("x" * 1000, None),
    ],
)  # fmt: skip
def test_words_are_read_as_what_was_meant(written: str, meant: str | None) -> None:
    assert Speller(KNOWN, TELLING).read(written) == meant


def test_a_harmless_word_as_near_keeps_a_word_as_it_is() -> None:
    assert Speller(KNOWN, TELLING).read("bitxh") == "bitch"
    nearer = {**KNOWN, "bixth": 0, "bitx": 0}
    assert Speller(nearer, TELLING).read("bitxh") is None


def test_a_name_is_read_more_warily() -> None:
    """What people are called is not read as an offensive word, and three capitals seldom are."""
    speller = Speller({**KNOWN, "moron": 2_000, "fool": 9_000}, TELLING, names="moran pholl")
    assert speller.read("moran") == speller.read("mroon", Written.NAME) == "moron"
    assert speller.read("moran", Written.NAME) is None
    assert speller.read("fol") == speller.read("fol", Written.NAME) == "fool"
    assert speller.read("fol", Written.SHORT) is None


def test_mild_words_are_not_read_into_names() -> None:
    speller = Speller({**KNOWN, "cheap": 2_000}, TELLING, mild=["cheap"])
    assert speller.read("chaep") == "cheap"
    assert speller.read("chaep", Written.NAME) is None


def test_common_words_are_recovered_even_of_three_letters() -> None:
    known = {**KNOWN, "you": 1, "your": 2, "her": 90}
    speller = Speller(known, TELLING, mild=["her"], common=["you", "your"])
    assert [speller.read(word) for word in ("yiu", "yoyr")] == ["you", "your"]
    assert speller.read("hrr") is None  # mild, three letters and not common
    assert Speller(known, TELLING).read("yiu") is None


def test_rare_compounds_of_a_common_word_are_looked_for() -> None:
    rare = {**KNOWN, "fool": 900, "foolhead": 40_000, "ratbaggery": 40_000}
    speller = Speller(rare, [*TELLING, "foolhead", "ratbaggery"])
    assert speller.read("foolhaed") == "foolhead"
    assert speller.read("ratbagegry") is None


def test_nearness_knows_no_rivals() -> None:
    speller = Speller({**KNOWN, "bixth": 0}, TELLING)
    assert speller.read("bitxh") is None or speller.nears("bitxh", 0)
    assert speller.nears("bitxh", 0)
    assert not speller.nears("bitch", 9)  # the word itself
    assert not speller.nears("sandals", 2)


@pytest.mark.parametrize(
    ("written", "meant", "slips"),
    [
        ("idoit", "idiot", True), ("idiot", "idiot", False), ("idit", "idiot", True),
        ("idiiot", "idiot", True), ("isiot", "idiot", True), ("idipt", "idiot", True),
        ("idizt", "idiot", False), ("iditoo", "idiot", False), ("diiot", "idiot", True),
        ("", "a", False), ("ab", "ba", True),
    ],
)  # fmt: skip
def test_what_one_slip_is(written: str, meant: str, slips: bool) -> None:
    assert (slip_cost(written, meant) is not None) is slips


@settings(max_examples=300, deadline=None)
@given(words, words)
def test_slips_that_cost_are_those_that_are_listed(written: str, meant: str) -> None:
    for other in {meant, *slips_of(written)}:
        cost = slip_cost(written, other)
        assert cost is None or cost > 0
        if cost is not None:
            assert other in set(slips_of(written))


@settings(max_examples=200, deadline=None)
@given(words)
def test_a_sound_is_its_own_sound_for_letters_alone(word: str) -> None:
    assert len(sound_of(word)) <= 2 * len(word) + 1
    assert Speller(KNOWN, TELLING).read(word) in {None, *TELLING}


def test_words_are_read_alike_with_and_without_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """The index is made once many words were looked up: the answers must not change."""
    few = Speller(KNOWN, TELLING)
    monkeypatch.setattr(spelling, "FEW", 10**9)
    random = np.random.default_rng(3)
    letters = "abcdefghijklmnopqrstuvwxyz"
    tried = []
    for number in range(300):
        target = TELLING[int(random.integers(len(TELLING)))]
        at = int(random.integers(len(target)))
        letter = letters[int(random.integers(26))]
        tried.append(
            [
                target[:at] + target[at + 1 :],
                target[:at] + letter + target[at:],
                target[:at] + target[at : at + 2][::-1] + target[at + 2 :],
                target[:at] + letter + target[at + 1 :],
            ][number % 4]
        )
    before = [few.read(word) for word in tried]
    monkeypatch.setattr(spelling, "FEW", 0)
    many = Speller(KNOWN, TELLING)
    assert before == [many.read(word) for word in tried]
    assert sum(word is not None for word in before) > 150


def test_long_words_cost_nothing() -> None:
    speller = Speller(KNOWN, TELLING)
    assert speller.read("stupid" * LONGEST) is None
