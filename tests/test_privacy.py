"""Personal data in the fields of threads: dropped, or replaced by stable pseudonyms."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from moderation.records import Comment, Source, Thread
from moderation.threads.privacy import drop_personal, pseudonym, pseudonymise

SOURCE = Source("x", "0" * 64, "text")


def thread_of(*authors: str | None) -> Thread:
    return Thread(
        SOURCE,
        comments=tuple(
            Comment(id=f"x:{index}", text=f"write to {author}", author=author)
            for index, author in enumerate(authors)
        ),
    )


def authors(thread: Thread) -> list[str | None]:
    return [comment.author for comment in thread.comments]


@pytest.mark.parametrize(
    ("author", "left"),
    [
        ("Tom <tom@example.org>", "Tom"),
        ("tom@example.org", None),
        ("Tom (192.0.2.7)", "Tom"),
        ("192.0.2.7", None),
        ("2001:db8::17", None),
        ("guest 2001:db8::17", "guest"),
        ("@tom", "@tom"),
        ("tom@work", "tom@work"),
        ("G.M.", "G.M."),
        ("v1.2.3", "v1.2.3"),
        ("12:30 club", "12:30 club"),
        ("Dee Dee", "Dee Dee"),
        (None, None),
    ],
)
def test_addresses_go_and_names_stay(author: str | None, left: str | None) -> None:
    assert authors(drop_personal(thread_of(author))) == [left]


def test_the_text_is_not_touched() -> None:
    thread = thread_of("tom@example.org")
    assert drop_personal(thread).comments[0].text == thread.comments[0].text
    assert pseudonymise(thread, b"key").comments[0].text == thread.comments[0].text


def test_pseudonyms_ignore_case_and_spaces_and_keep_who_is_who() -> None:
    first, second, third, nobody = authors(
        pseudonymise(thread_of("Tom  Reed", "tom reed", "Tim Reed", None), b"key")
    )
    assert first == second != third
    assert nobody is None


def test_an_empty_key_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        pseudonymise(thread_of("Tom"), b"")


@given(st.text(max_size=60), st.binary(min_size=1, max_size=20))
def test_any_name_and_key_give_a_pseudonym(name: str, key: bytes) -> None:
    assert re.fullmatch("user-[0-9a-f]{8}", pseudonym(name, key))
    assert pseudonym(name, key) == pseudonym(name, key)


@example("1:():")
@example("(())")
@given(st.text(alphabet="ab@.:<>( )[]1", max_size=80))
def test_dropping_twice_changes_nothing_more(name: str) -> None:
    once = drop_personal(thread_of(name))
    assert authors(drop_personal(once)) == authors(once)
