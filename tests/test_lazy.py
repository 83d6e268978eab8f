"""Tables that are searched before they are built: the same answers as a dict, at any time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.reading.lazy import MISS, LazyTable, Table, halves, lines_table

letters = st.text(alphabet="abé\ud800\n ", max_size=4)
words = st.lists(st.text(alphabet="abé ", min_size=1, max_size=4), max_size=12)


@settings(max_examples=150, deadline=None)
@given(words, st.lists(letters, max_size=60))
def test_words_have_the_number_of_their_first_line(lines: list[str], asked: list[str]) -> None:
    table = lines_table("\n".join(lines).encode())
    wanted = {word: lines.index(word) for word in lines}
    for word in asked:
        assert (word in table) == (word in wanted)
        assert table.get(word, -1) == wanted.get(word, -1)
    assert table == wanted
    assert type(table) is Table
    for word in asked:
        assert table.get(word, -1) == wanted.get(word, -1)


@settings(max_examples=150, deadline=None)
@given(words, st.lists(letters, max_size=60))
def test_halves_are_those_that_leave_two_letters(lines: list[str], asked: list[str]) -> None:
    heads, tails = halves(lines)
    for part in asked:
        first = any(w.startswith(part) and len(w) - 2 >= len(part) >= 2 for w in lines)
        last = any(w.endswith(part) and len(w) - 2 >= len(part) >= 2 for w in lines)
        assert (part in heads) == first
        assert (part in tails) == last
    assert heads == dict.fromkeys({w[:i] for w in lines for i in range(2, len(w) - 1)}, 1)
    assert tails == dict.fromkeys({w[i:] for w in lines for i in range(2, len(w) - 1)}, 1)


def make(built: list[int], budget: int = 30) -> Table:
    def build() -> dict[str, int]:
        built.append(1)
        return {"one": 1, "two": 2}

    return LazyTable.over({"one": 1, "two": 2}.get, build, budget)


def test_built_once_and_only_when_much_is_asked() -> None:
    built: list[int] = []
    table = make(built)
    assert [table["one"], table.get("two"), "two" in table] == [1, 2, True]
    for _ in range(100):  # the same questions again are remembered
        assert "one" in table
    with pytest.raises(KeyError):
        table["three"]
    assert not built
    for number in range(30 // MISS):
        assert f"x{number}" not in table
    assert "two" in table
    assert table.get("x-new") is None
    assert built == [1]
    assert type(table) is Table
    with pytest.raises(KeyError):
        table["three"]


@pytest.mark.parametrize(
    "ask",
    [
        len,
        bool,
        list,
        repr,
        dict,
        lambda t: list(t.keys()),
        lambda t: list(t.values()),
        lambda t: list(t.items()),
        lambda t: list(reversed(t)),
        lambda t: t.copy(),
        lambda t: {**t},
        lambda t: t | {"three": 3},
        lambda t: {"three": 3} | t,
        lambda t: t == {"one": 1, "two": 2},
        lambda t: t != {"one": 1, "two": 2},
        lambda t: t == make([]),
        lambda t: 7 in t or None in t,
    ],
)
def test_questions_about_the_whole(ask: object) -> None:
    assert callable(ask)
    assert ask(make([])) == ask({"one": 1, "two": 2})


def test_many_threads_get_the_same_answers() -> None:
    lines = [f"w{number}" for number in range(2_000)]
    for _ in range(20):
        table = lines_table("\n".join(lines).encode())
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(table.get, lines * 2))
        assert found == list(range(2_000)) * 2
