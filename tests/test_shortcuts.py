"""Shortcuts through the lexer's slow path change nothing of what is read."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.reading.lexer import Lexer
from moderation.reading.text import CODED
from moderation.reading.words import Tables
from tests.small_model import small_model

LEXER = small_model().lexer
OFFENSIVE = [word for word in LEXER.tables.offensive if word.isalpha() and word.isascii()]
KNOWN = [word for word in LEXER.tables.vocabulary if word.isalpha() and word.isascii()]
WRITTEN = {  # letter -> the symbols that may stand for it, and itself
    letter: [letter, *(s for s, of in LEXER.tables.leet.items() if letter in of and len(s) == 1)]
    for letter in "abcdefghijklmnopqrstuvwxyz"
}


@st.composite
def leet(draw: st.DrawFn) -> str:
    """A word with symbols for letters and letters doubled."""
    word = draw(
        st.sampled_from(OFFENSIVE) | st.sampled_from(KNOWN) | st.text("abigloqs", max_size=6)
    )
    return "".join(
        draw(st.sampled_from(WRITTEN[letter])) * draw(st.sampled_from([1, 1, 1, 1, 2, 3]))
        for letter in word
    )


coded = st.one_of(leet(), st.text("abigloqs'0123456789!@$", max_size=8))


def filtered(tables: Tables) -> tuple[Lexer, Lexer]:
    """Lexers that skip what cannot be leet, and that try everything."""
    fast, slow = Lexer(tables), Lexer(tables)
    fast.disguises._unleeted = 10**9
    slow.disguises._unleeted = -(10**9)
    return fast, slow


FAST, SLOW = filtered(LEXER.tables)
# A table whose symbols stand for several letters, for none, and for one another's letters.
ODD = {
    "0": ("o",),
    "1": ("i", "l"),
    "8": ("b", "ate"),
    "6": ("", "g"),
    "9": ("g", "q"),
    "!": ("l",),
}
ODD_FAST, ODD_SLOW = filtered(Tables(LEXER.tables.vocabulary, LEXER.tables.offensive, leet=ODD))


@settings(max_examples=400, deadline=None)
@given(coded)
def test_what_the_filter_leaves_out_is_no_disguise(core: str) -> None:
    assert FAST.disguises.unleet(core) == SLOW.disguises.unleet(core)
    assert ODD_FAST.disguises.unleet(core) == ODD_SLOW.disguises.unleet(core)


def test_a_symbol_may_stand_for_several_letters() -> None:
    words = [word for word in OFFENSIVE if word.count("b") == 1 and len(word) > 4]
    assert len(words) > 2
    for word in words:
        core = word.replace("b", "8")
        assert ODD_FAST.disguises.unleet(core) == ODD_SLOW.disguises.unleet(core) is not None
    fast, slow = filtered(Tables({"hate": 1}, {"haten": 0}, leet=ODD))
    assert fast.disguises.unleet("h8n") == slow.disguises.unleet("h8n") == "haten"


def test_the_filter_leaves_most_out() -> None:
    names = [f"{word}{number}" for word in KNOWN[:200] for number in (7, 42, 2001)]
    assert sum(map(FAST.disguises._may_be_leet, names)) < len(names) / 10
    assert FAST.disguises._may_be_leet("1d10t")


@settings(max_examples=400, deadline=None)
@given(
    st.text("\"'([", max_size=2),
    st.one_of(coded, st.from_regex(r"[0-9]{1,3}(st|nd|k|pm|www|x|bc)[0-9]?", fullmatch=True)),
    st.sampled_from([str, str.upper, str.title]),
    st.text(".,?;)]\"'!:", max_size=3),
)
def test_letters_and_digits_are_read_as_the_slow_path_reads_them(
    lead: str, core: str, casing: type[str], tail: str
) -> None:
    chunk = lead + casing(core) + tail
    match = CODED.fullmatch(chunk)
    if match is not None:
        reading = LEXER._read_coded(chunk, match)
        assert reading is None or reading == LEXER._read_slowly(chunk)


def test_letters_and_digits_take_the_shortcut() -> None:
    for chunk in ("abc1", '"Form27b,', "(x86)", "4chan?", "R2D2."):
        match = CODED.fullmatch(chunk)
        assert match is not None
        assert LEXER._read_coded(chunk, match) is not None
    assert not any(CODED.fullmatch(chunk) for chunk in ("1990", "abc", "a-1", "é1", "1!"))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*OFFENSIVE[:60], *KNOWN[:60], "xq", "z"]), min_size=1, max_size=4))
def test_glued_words_hold_an_offensive_one(parts: list[str]) -> None:
    word = "".join(parts)
    if LEXER.splitter.split(word) is not None:
        assert LEXER.splitter.may_split(word)
