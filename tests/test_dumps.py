"""Text dumps: every layout on documents of our own, silence on articles, spans that hold."""

from __future__ import annotations

import hashlib
import re
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.records import Range, Source, Thread, read_spans
from moderation.threads.document import Document, ReadOptions
from moderation.threads.dumps import READER, read_text
from moderation.threads.dumps.lines import split_lines, split_paragraphs
from moderation.threads.dumps.marks import is_comment_heading, read_mark
from moderation.threads.dumps.quotes import find_quotes
from moderation.threads.dumps.register import name_score, quotations

CASES = Path(__file__).parent / "cases" / "dumps"
MARKED = re.compile(r"⟦([^|⟧]*)\|([^|⟧]*)\|(.*?)⟧", re.DOTALL)
"""A comment marked in a case: ⟦author|depth|text⟧; author and depth may be empty (not shown)."""


def read(text: str) -> Thread:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return read_text(text, Source("case.txt", digest, "text"), ReadOptions())


def check_invariants(text: str, thread: Thread) -> None:
    """What must hold for every document."""
    taken: list[Range] = []
    for order, comment in enumerate(thread.comments):
        assert comment.order == order
        assert comment.text.strip()
        assert read_spans(text, comment.spans) == comment.text
        assert comment.id == f"{thread.source.sha256[:12]}:{comment.spans[0].start}"
        assert 0 <= comment.confidence <= 1
        taken.extend(comment.spans)
    assert all(left.end <= right.start for left, right in pairwise(taken))
    assert all(span.end <= len(text) for span in taken)
    assert all(left.end <= right.start for left, right in pairwise(thread.article))
    if taken and thread.article:
        assert thread.article[-1].end <= taken[0].start
    ids = [comment.id for comment in thread.comments]
    assert len(set(ids)) == len(ids)
    for comment in thread.comments:
        if comment.parent_id is not None:
            parent = thread.comments[ids.index(comment.parent_id)]
            assert parent.order < comment.order
            assert parent.depth is not None
            assert comment.depth == parent.depth + 1


def unmark(case: str) -> tuple[str, list[tuple[str | None, int | None, str]]]:
    wanted = [
        (author or None, int(depth) if depth else None, text)
        for author, depth, text in MARKED.findall(case)
    ]
    return MARKED.sub(lambda match: match.group(3), case), wanted


@pytest.mark.parametrize("path", sorted((CASES / "comments").glob("*.txt")), ids=lambda p: p.stem)
def test_comments_are_found_whole_with_their_authors(path: Path) -> None:
    text, wanted = unmark(path.read_text("utf-8"))
    thread = read(text)
    check_invariants(text, thread)
    found = [
        (comment.author, text[comment.spans[0].start : comment.spans[-1].end])
        for comment in thread.comments
    ]
    assert found == [(author, said) for author, _, said in wanted]
    if any(depth is not None for _, depth, _ in wanted):
        assert [comment.depth for comment in thread.comments] == [depth for _, depth, _ in wanted]


@pytest.mark.parametrize("path", sorted((CASES / "none").glob("*.txt")), ids=lambda p: p.stem)
def test_documents_without_comments_stay_silent(path: Path) -> None:
    text = path.read_text("utf-8")
    thread = read(text)
    check_invariants(text, thread)
    assert (thread.layout, thread.comments) == ("none", ())
    assert thread.article


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_gives_the_same_comments(end: str) -> None:
    text, wanted = unmark((CASES / "comments" / "wordpress_french_w3m.txt").read_text("utf-8"))
    thread = read(text.replace("\n", end))
    check_invariants(text.replace("\n", end), thread)
    assert [comment.author for comment in thread.comments] == [author for author, _, _ in wanted]
    assert thread.comments[0].text.count("\n") == 1


def test_an_article_alone_gives_none_when_its_comments_are_cut_off() -> None:
    text, _ = unmark((CASES / "comments" / "disqus_browser_paste.txt").read_text("utf-8"))
    assert read(text[: text.index("5 Comments")]).comments == ()


def test_every_layout_says_why_it_was_chosen() -> None:
    text, _ = unmark((CASES / "comments" / "nested_stars_browser.txt").read_text("utf-8"))
    notes: list[str] = []
    options = ReadOptions(notes=notes)
    thread = next(READER.read(Document.from_bytes(text.encode()), options))
    assert thread.layout == "nested-list"
    assert any(note.startswith("layout nested-list:") for note in notes)
    assert notes[-1] == "chosen: nested-list"


def test_created_is_kept_as_shown() -> None:
    text, _ = unmark((CASES / "comments" / "clean_name_bullet_date.txt").read_text("utf-8"))
    assert [comment.created_raw for comment in read(text).comments[:3]] == [
        "2 weeks ago",
        "2 weeks ago",
        "13 days ago",
    ]


@pytest.mark.parametrize(
    ("line", "date", "rest"),
    [
        ("March 3, 2015 at 10:12 pm", "March 3, 2015 at 10:12 pm", ""),
        ("1. November 2023 um 11:54 Uhr", "1. November 2023 um 11:54 Uhr", ""),
        ("Wren • 2 weeks ago", "2 weeks ago", "Wren"),
        ("WrenMay 30, 2019 at 1:06 PM", "May 30, 2019 at 1:06 PM", "Wren"),
        ("kestrel_9 • a year ago", "a year ago", "kestrel_9"),
        ("Tom H. | March 2, 2006", "March 2, 2006", "Tom H."),
        ("vor 3 Tagen", "vor 3 Tagen", ""),
        ("il y a un an", "il y a un an", ""),
        ("hace un mes", "hace un mes", ""),
        ("12 марта 2014 в 10:12", "12 марта 2014 в 10:12", ""),
        ("2014年3月28日 10:12", "2014年3月28日", ""),
        ("2 ago. 2015, 10:12", "2 ago. 2015, 10:12", ""),
        ("Every May the ferry runs", None, ""),
        ("Your mark", None, ""),
    ],
)
def test_dates_are_read_in_many_languages(line: str, date: str | None, rest: str) -> None:
    mark = read_mark(split_lines(line)[0])
    assert mark.date == date
    if date is not None:
        assert mark.rest.startswith(rest)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Wren says:", "Wren"),
        ("old spade said...", "old spade"),
        ("Jean-Luc P. dit :", "Jean-Luc P."),
        ("Halina pisze:", "Halina"),
        ("As the mayor says", None),
        ("This is what he said", None),
    ],
)
def test_names_before_a_verb_of_saying(line: str, name: str | None) -> None:
    assert read_mark(split_lines(line)[0]).says == name


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("12 Comments", True),
        ("Kommentare", True),
        ("3 réponses à Le pont", True),
        ("Readers' Comments (718)", True),
        ("Leave a comment", False),
        ("No comments", False),
        ("22 more replies", False),
        ("The mayor declined to comment on the 3 reports", False),
    ],
)
def test_headings_for_comments(line: str, expected: bool) -> None:
    assert is_comment_heading(read_mark(split_lines(line)[0])) is expected


def test_names_are_told_by_their_shape_only_roughly() -> None:
    assert name_score("Ina Berg") > name_score("But they do, don't they") > -1
    assert name_score("It is about time.") == 0
    assert name_score("What do you want?") == 0
    assert name_score("Anna B.") > 0.5


def test_quoted_words_are_no_speech_of_the_writer() -> None:
    quoted, rest = quotations("She said “I did, didn’t I?” and left the ‘old’ house.")
    assert quoted == ["I did, didn’t I?", "old"]
    assert "I did" not in rest


@pytest.mark.parametrize(
    ("raw", "created"),
    [
        ("March 3, 2015 at 10:12 pm", "2015-03-03T22:12:00"),
        ("3. März 2015 um 22:12 Uhr", "2015-03-03T22:12:00"),
        ("3 marzo 2015", "2015-03-03"),
        ("2015-03-03 10:12", "2015-03-03T10:12:00"),
        ("3 days ago", None),
    ],
)
def test_times_are_turned_into_iso_8601_where_they_can_be(raw: str, created: str | None) -> None:
    text = "\n\n".join(
        f"{name} says:\n{raw}\n\nI don't think that {what} is right, is it?\n\nReply"
        for name, what in [("Wren", "this"), ("old spade", "the first"), ("Ina B.", "all of it")]
    )
    comments = read(text).comments
    assert [comment.created_raw for comment in comments] == [raw] * 3
    assert [comment.created_at for comment in comments] == [created] * 3


@pytest.mark.parametrize(
    ("days", "expected"),
    [("03/04/2020 25/04/2020", "2020-04-03"), ("03/04/2020 04/25/2020", "2020-03-04")],
)
def test_one_date_tells_the_order_of_day_and_month(days: str, expected: str) -> None:
    first, second = days.split()
    text = "\n\n".join(
        f"{name} says:\n{raw}\n\nI don't think that you are right, are you?\n\nReply"
        for name, raw in [("Wren", first), ("old spade", second), ("Ina B.", second)]
    )
    assert read(text).comments[0].created_at == expected


@pytest.mark.parametrize(
    ("source", "quoted"),
    [
        ("> The wall fell.\n\nIt did not.", ["> The wall fell."]),
        ("Wren wrote:\n> One.\n> Two.\nNo, three.", ["Wren wrote:\n> One.\n> Two."]),
        ("    Wren hat gesagt.:\n    Eins.\n\nNein.", ["Wren hat gesagt.:\nEins."]),
        ("[quote=Wren]One.[/quote]\nNo.", ["[quote=Wren]One.[/quote]"]),
        ("A.\n> B.\nC.\n> D.", ["> B.", "> D."]),
        ("Wren said so:\nand I agree.", []),
        (">:( that is sad", []),
        ("In 2012 they wrote:\n    nothing", []),
        ("No quotation here.", []),
    ],
)
def test_quotations_are_marked(source: str, quoted: list[str]) -> None:
    spans = [Range(0, len(source))]
    text = read_spans(source, spans)
    assert [span.of(text) for span in find_quotes(source, spans)] == quoted


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["> a", "b", "Bo wrote:", "  c", "\t", "", "[quote]", "[/quote]"])))
def test_quoted_ranges_are_in_order_and_inside(pieces: list[str]) -> None:
    source = "\n".join(pieces)
    spans = [Range(0, len(source))]
    text = read_spans(source, spans)
    ranges = find_quotes(source, spans)
    assert all(left.end < right.start for left, right in pairwise(ranges))
    assert all(span.of(text).strip() == span.of(text) != "" for span in ranges)


NONE = [path.read_text("utf-8") for path in sorted((CASES / "none").glob("*.txt"))]


@pytest.mark.parametrize("seed", range(4))
def test_parts_of_documents_without_comments_stay_silent(seed: int) -> None:
    """At least 97 of 100 crops: a crop may lack all that told what the document is."""
    random = Random(seed)
    loud = crops = 0
    for text in NONE:
        lines = text.splitlines(keepends=True)
        for _ in range(4):
            start = random.randrange(len(lines))
            end = random.randrange(start, len(lines)) + 1
            loud += bool(read("".join(lines[start:end])).comments)
            crops += 1
    assert loud <= 0.03 * crops


PIECES = [
    *("•", "Anna", "Bo says:", "2 days ago", "  * ", "\t", "\n", "\n\n\n", "\r\n", "Reply"),
    *("I think so.", "You?", "12 Comments", "–", "#3", "> ", "[pic] ", "Lorem ipsum dolor sit."),
    *("‘", "“", "”", "\u2028", "\x85", "\ufeff", "\0", "1. ", "May 3, 2012", "Posts: 3", "Joined"),
    *("In reply to Anna", "– Bo", "answered May 3, 2012", "<Bo> hi", "Bo: hm", "3d", "Anna wrote:"),
]
WORDS = st.sampled_from(PIECES)


@settings(max_examples=80, deadline=None)
@given(st.one_of(st.text(max_size=400), st.lists(WORDS, max_size=60).map(" ".join)))
def test_any_text_is_read_and_its_spans_hold(text: str) -> None:
    check_invariants(text, read(text))


@settings(max_examples=40, deadline=None)
@given(st.lists(WORDS, max_size=80).map("\n".join))
def test_any_lines_are_read_and_their_spans_hold(text: str) -> None:
    check_invariants(text, read(text))


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=300))
def test_lines_cover_the_document(text: str) -> None:
    lines = split_lines(text)
    assert all(left.end <= right.start for left, right in pairwise(lines))
    for line in lines:
        assert text[line.visible : line.visible + len(line.shown)] == line.shown
        assert text[line.body : line.body + len(line.text)] == line.text
        assert not text[line.end : line.end + 1].strip("\r\n")
    shown = sum(len(paragraph.lines) for paragraph in split_paragraphs(lines))
    assert shown == len(lines)
    assert " ".join(line.shown for line in lines).split() == text.split()


NAMES = st.sampled_from(["Wren", "old spade", "Ina B.", "quill_7"])


@settings(max_examples=20, deadline=None)
@given(
    names=st.lists(
        st.sampled_from(["Wren", "old spade", "Ina B.", "quill_7"]), min_size=4, max_size=9
    ),
    depths=st.lists(st.integers(0, 3), min_size=9, max_size=9),
)
def test_nesting_comes_back(names: list[str], depths: list[int]) -> None:
    # each comment at most one deeper than the one before it
    levels: list[int] = []
    for depth in depths[: len(names)]:
        levels.append(min(depth, levels[-1] + 1 if levels else 0))
    said = [
        f"I don't think that you are right about number {i}, are you?" for i in range(len(names))
    ]
    text = (
        "The harbour wall\n\nThe wall fell on Sunday night. Nobody was hurt.\n\n\n"
        + "\n\n".join(
            f"{'  ' * (2 * level + 1)}• {name} says:\n\n{'  ' * (2 * level + 2)}{words}"
            for name, level, words in zip(names, levels, said, strict=True)
        )
    )
    thread = read(text)
    check_invariants(text, thread)
    assert [comment.text for comment in thread.comments] == said
    assert [comment.author for comment in thread.comments] == names
    if len(set(levels)) > 1:
        assert [comment.depth for comment in thread.comments] == levels
