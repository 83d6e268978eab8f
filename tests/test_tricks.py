"""The perturbation tool of the benchmark, and the hand-written cases of evasion and innocence."""

from __future__ import annotations

import html
import re
import unicodedata
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.tricks import SCATTER, SHORTEST, TRICKS, WORD_TRICKS, targets_of, words_of
from moderation.training.lexicons import load_emoji, load_homoglyphs
from tests.case_files import read_cases

HOMOGLYPHS = load_homoglyphs()

words = st.text("abcdefghijklmnopqrstuvwxyz", min_size=SHORTEST, max_size=12)
texts = st.lists(
    st.sampled_from(["you", "are", "an", "idiot", "a", "sock", "puppet", "I", "1,455", "don't",
                     "stupid", "pig", "über", "привет", "http://example.org/idiot", "!!"]),
    max_size=12,
).map(" ".join)  # fmt: skip


def bare(text: str) -> str:
    """Lower-case letters and digits of `text`, marks and invisible characters left out."""
    folded = "".join(HOMOGLYPHS.get(c, HOMOGLYPHS.get(c.lower(), c)) for c in text)
    return "".join(c for c in unicodedata.normalize("NFKD", folded).casefold() if c.isalnum())


@settings(max_examples=40, deadline=None)
@given(texts, st.integers(0, 2**32))
def test_tricks_are_deterministic(text: str, seed: int) -> None:
    for table in (TRICKS, SCATTER):
        for name, trick in table.items():
            assert trick(text, Random(seed)) == trick(text, Random(seed)), name


@settings(max_examples=60, deadline=None)
@given(words, st.integers(0, 2**32))
def test_tricks_that_only_dress_up_keep_the_letters(word: str, seed: int) -> None:
    for name in ("small_caps", "fullwidth", "math", "enclosed", "zero_width", "combining",
                 "accented", "spaced", "dotted", "starred", "hyphened", "underscored", "split",
                 "mixed_case", "symbols"):  # fmt: skip
        assert bare(WORD_TRICKS[name](word, Random(seed))) == word, name
    assert html.unescape(WORD_TRICKS["html_entities"](word, Random(seed))) == word


@settings(max_examples=60, deadline=None)
@given(words, st.integers(0, 2**32))
def test_tricks_that_misspell_stay_near(word: str, seed: int) -> None:
    def spell(name: str) -> str:
        return WORD_TRICKS[name](word, Random(seed))

    assert sorted(spell("swapped")) == sorted(word)
    assert spell("swapped")[0] == word[0]
    assert len(spell("dropped")) == len(word) - 1
    assert spell("dropped")[0] == word[0]
    assert len(spell("doubled")) == len(word) + 1
    assert len(spell("neighbour_key")) == len(word)
    assert sum(a != b for a, b in zip(spell("neighbour_key"), word, strict=True)) == 1
    assert sum(a != b for a, b in zip(spell("masked"), word, strict=True)) == 1
    assert "*" in spell("masked_vowels")
    assert spell("masked_vowels")[0] == word[0]
    assert len(spell("leet")) == len(word)
    assert len(spell("homoglyph")) == len(word)
    squeezed = re.compile(r"(.)\1*")
    assert squeezed.sub(r"\1", spell("stretched")) == squeezed.sub(r"\1", word)
    assert len(word) + 2 <= len(spell("stretched")) <= len(word) + 10


@pytest.mark.parametrize("name", sorted(set(TRICKS) - {"emoji"}))
def test_tricks_change_an_insult(name: str) -> None:
    text = "you are a stupid idiot"
    changed = {TRICKS[name](text, Random(seed)) for seed in range(20)}
    assert text not in changed
    for copy in changed:
        if name not in {"glued", "punctuated"}:
            assert copy.startswith("you are a ")


def test_emoji_stand_for_words() -> None:
    table = load_emoji()
    attacked = TRICKS["emoji"]("two pigs and a clown", Random(0)).split(" ")
    assert [table[attacked[1][0]], table[attacked[4]]] == ["pig", "clown"]
    assert attacked[1] == attacked[1][0] * 2


def test_targets_are_the_offensive_words_or_else_the_longest() -> None:
    def targets(text: str) -> list[str]:
        return [text[start:end] for start, end in targets_of(text)]

    assert targets("What an Idiot, such an asshole!") == ["Idiot", "asshole"]
    assert targets("a comment about gardens in it") == ["comment", "gardens"]
    assert targets("so it is") == []
    assert targets("") == []


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.integers(0, 2**32))
def test_tricks_stand_any_text(text: str, seed: int) -> None:
    for start, end in words_of(text):
        assert len(text[start:end]) >= SHORTEST
        assert not text[start:end].isspace()
    for table in (TRICKS, SCATTER):
        for name in ("leet", "swapped", "split", "dropped", "mixed", "glued", "phonetic"):
            assert isinstance(table[name](text, Random(seed)), str)
    assert SCATTER["spaced"]("http://example.org/idiot", Random(seed)) == "http://example.org/idiot"


def test_innocent_cases_are_many_and_distinct() -> None:
    cases = read_cases("innocent.jsonl")
    assert len(cases) >= 500
    assert len({case["text"] for case in cases}) == len(cases)
    for case in cases:
        assert set(case) == {"text", "why"}
        assert case["text"].strip()
        assert case["why"].strip()
    scripts = {unicodedata.name(c, "?").split(" ")[0] for case in cases for c in case["text"]}
    assert {"CYRILLIC", "GREEK", "ARABIC", "HEBREW", "CJK", "HANGUL", "DEVANAGARI"} <= scripts


def test_evasion_cases_are_many_and_plausible() -> None:
    cases = read_cases("evasions.jsonl")
    assert len(cases) >= 200
    assert len({case["written"] for case in cases}) == len(cases)
    for case in cases:
        assert set(case) == {"clean", "written", "trick"}
        assert case["clean"] != case["written"]
        assert case["clean"].isascii()
    dressed = {"fullwidth", "math", "zero_width", "combining", "spaced", "dotted", "starred",
               "hyphened", "split", "mixed_case", "trailing_symbols", "underscores", "glued",
               "small_caps", "enclosed", "homoglyph"}  # fmt: skip
    for case in cases:
        if case["trick"] in dressed - {"glued"}:
            assert bare(case["written"]) == bare(case["clean"]), case
    for name in dressed | {"leet", "masked", "phonetic", "emoji_word", "html_entities"}:
        assert sum(case["trick"] == name for case in cases) >= 6, name
