"""Threads from HTML pages: one case for each known system, silence, positions, encodings."""

from __future__ import annotations

import html
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.records import Comment, Source, Thread
from moderation.threads import choose_reader, read_threads
from moderation.threads.document import Document, ReadOptions
from moderation.threads.pages import PageReader, read_page
from moderation.threads.pages.dates import find_date, is_date, parse_date
from moderation.threads.pages.outside import count_in
from moderation.threads.pages.selectors import compile_selectors, select
from moderation.threads.pages.systems import STRUCTURED, SYSTEMS
from moderation.threads.pages.tree import Page

CASES = Path(__file__).parent / "cases" / "pages"
KNOWN = json.loads((CASES / "cases.json").read_text("utf-8"))
SILENT = json.loads((CASES / "silence.json").read_text("utf-8"))
TEXTS = [
    "First thoughts on the bridge.\nIt should stay open for bikes.",
    "I agree, but who pays for the lights?",
    "The old ferry was slower and cheaper.",
]
NAMES = ["Ada Lark", "Bo Quill", "Cyn Moss"]
DAYS = ["2021-03-04", "2021-03-04", "2021-03-05"]
# Systems whose case the generic finder alone cannot read; a name leaves when it can
BEYOND_GENERIC = {
    "giscus": "replies share no class with what they answer",
    "json-ld": "no markup to find",
    "lemmy": "the date stands in an attribute of its own",
    "mastodon": "nothing on the page speaks of comments",
    "metafilter": "the record goes on behind its element",
    "reddit-old": "nested forms hide the record",
}


def page_thread(text: str, **options: object) -> Thread:
    source = Source("page.html", "0" * 64, "html", "utf-8")
    return read_page(text, source, **options)  # type: ignore[arg-type]


def case_text(name: str) -> str:
    return (CASES / f"{name}.html").read_text("utf-8")


def letters(text: str) -> str:
    return "".join(text.split())


def check_spans(source: str, comments: tuple[Comment, ...]) -> None:
    """The invariant: spans, unescaped and joined, give the text but for white space."""
    for comment in comments:
        read = "".join(html.unescape(span.of(source)) for span in comment.spans)
        assert letters(read) == letters(comment.text)
        ends = [0] + [edge for span in comment.spans for edge in (span.start, span.end)]
        assert ends == sorted(ends)


def read_case(name: str, **options: object) -> tuple[Thread, list[Comment]]:
    thread = page_thread(case_text(name), **options)
    return thread, [c for c in thread.comments if c.kind not in ("pingback", "trackback")]


def parents(comments: list[Comment]) -> list[int | None]:
    places = {comment.id: number for number, comment in enumerate(comments)}
    return [None if c.parent_id is None else places[c.parent_id] for c in comments]


@pytest.mark.parametrize("name", KNOWN)
def test_known_system(name: str) -> None:
    wanted = KNOWN[name]
    thread, comments = read_case(name)
    assert [c.text for c in comments] == TEXTS
    assert [c.author for c in comments] == NAMES
    assert thread.layout == wanted["layout"]
    nested = wanted["parents"] == "nested"
    assert parents(comments) == ([None, 0, None] if nested else [None, None, None])
    assert [c.parent_known for c in comments] == [wanted["parents"] != "unknown"] * 3
    depths = {"nested": [0, 1, 0], "flat": [0] * 3, "unknown": [None] * 3}
    assert [c.depth for c in comments] == depths[wanted["parents"]]
    if wanted.get("dates", True):
        assert [(c.created_at or "")[:10] for c in comments] == DAYS
        assert all(c.created_raw for c in comments)
    if "declared" in wanted:
        assert thread.counts["declared"] == wanted["declared"]
    assert [c.kind for c in comments] == ["comment"] * 3
    assert len(thread.comments) - len(comments) == wanted.get("pingbacks", 0)
    if wanted.get("spans", True):
        check_spans(case_text(name), thread.comments)
        assert all(c.spans for c in comments)
    else:
        assert "positions_lost" in thread.warnings


@pytest.mark.parametrize("name", KNOWN)
def test_generic_finder_alone(name: str, request: pytest.FixtureRequest) -> None:
    if name in BEYOND_GENERIC:
        request.applymarker(pytest.mark.xfail(reason=BEYOND_GENERIC[name], strict=True))
    thread, comments = read_case(name, systems=(), structured=())
    assert thread.layout == "generic"
    assert [c.text for c in comments] == TEXTS
    assert [c.author for c in comments] == NAMES
    if KNOWN[name].get("dates", True):
        assert [(c.created_at or "")[:10] for c in comments] == DAYS
    check_spans(case_text(name), thread.comments)


@pytest.mark.parametrize("name", SILENT)
def test_silence(name: str) -> None:
    thread = page_thread(case_text(name))
    assert thread.comments == ()
    assert thread.layout == "none"
    wanted = [f"comments_external:{system}" for system in SILENT[name].get("external", ())]
    assert sorted(thread.warnings) == sorted(wanted)
    if "declared" in SILENT[name]:
        assert thread.counts["declared"] == SILENT[name]["declared"]


def test_every_system_has_selectors_that_parse() -> None:
    assert len({system.name for system in SYSTEMS}) == len(SYSTEMS)
    for system in (*SYSTEMS, *STRUCTURED):
        for field in (
            "record",
            "when",
            "author",
            "date",
            "body",
            "drop",
            "quote",
            "deleted",
            "id",
            "parent",
            "depth",
            "skip",
        ):
            compile_selectors(getattr(system, field))
        assert compile_selectors(system.record)


def test_selector_outside_the_subset() -> None:
    with pytest.raises(ValueError, match="not a selector"):
        compile_selectors("a + b")


def test_article_lies_outside_comments() -> None:
    source = case_text("wordpress")
    thread = page_thread(source)
    article = " ".join(span.of(source) for span in thread.article)
    assert "town council" in article
    assert not any(line in article for text in TEXTS for line in text.splitlines())
    assert thread.title == "The new bridge"


def test_quotes_deleted_pending() -> None:
    thread = page_thread(
        """<ol class="commentlist">
        <li class="comment depth-1" id="comment-11"><div class="comment-author vcard">
        <cite class="fn">Ada</cite></div><div class="comment-content">
        <blockquote><p>Bo said so.</p></blockquote><p>Did he?</p></div>
        <a class="comment-reply-link" href="?replytocom=11">Reply</a></li>
        <li class="comment depth-1" id="comment-12"><div class="comment-author vcard">
        <cite class="fn">Bo</cite></div><div class="comment-content">
        <p>This comment has been removed by the author.</p></div></li>
        <li class="comment depth-1" id="comment-13"><div class="comment-author vcard">
        <cite class="fn">Cyn</cite></div><em class="comment-awaiting-moderation">Your comment is
        awaiting moderation.</em><div class="comment-content"><p>Me too.</p></div></li></ol>"""
    )
    first, second, third = thread.comments
    assert first.text == "Bo said so.\nDid he?"
    assert [quote.of(first.text) for quote in first.quotes] == ["Bo said so."]
    assert (second.status, second.text, second.author) == ("deleted", "", "Bo")
    assert thread.counts["placeholders"] == 1
    assert (third.status, third.text) == ("pending", "Me too.")
    assert [c.native_id for c in thread.comments] == ["11", "12", "13"]
    assert thread.comments[0].id == "000000000000:11"


def test_signature_and_edit_notice_are_dropped() -> None:
    source = case_text("phpbb3").replace(
        "who pays for the lights?",
        "who pays for the lights?<br>Last edited by Bo Quill on 5 "
        "Mar 2021 10:00, edited 2 times in total.",
    )
    assert [c.text for c in page_thread(source).comments] == TEXTS


def test_a_line_across_a_long_text_is_no_signature() -> None:
    end = "And what I wrote further up about the lights still holds. " * 12
    source = case_text("unknown-signature").replace("Two wheels are enough.", end)
    assert page_thread(source).comments[0].text.endswith(" ".join(end.split()))


def test_replies_beside_their_parent_in_one_wrapper() -> None:
    entry = '<div class="e"><b class="n">{}</b> <time>March 4, 2021</time><p>{}</p></div>'
    ada, bo, cyn = (entry.format(*pair) for pair in zip(NAMES, TEXTS, strict=True))
    dov = entry.format("Dov Fern", "Slower, yes, and it did not run in winter.")
    twice = f"<div>{ada}<div>{bo}</div></div><div>{cyn}<div>{dov}</div></div>"
    thread = page_thread(f"<h2>4 comments</h2>{twice}")
    assert [c.author for c in thread.comments] == [*NAMES, "Dov Fern"]
    assert parents(list(thread.comments)) == [None, 0, None, 2]


def test_moderators_notes_inside_a_text_are_dropped() -> None:
    source = case_text("unknown-margin").replace(
        "pays for the lights?",
        'pays for the lights?<div class="moderated"><p>Moved by Kim: wrong section.</p></div>',
    )
    assert "Moved by Kim" in source
    assert [c.text for c in page_thread(source).comments] == TEXTS


ESCAPED = """<ol class="commentlist">{}</ol>"""


def listed(*texts: str, author: str = "Ada") -> str:
    return ESCAPED.format(
        "".join(
            f'<li class="comment depth-1" id="comment-{number}1"><cite class="fn">{author}</cite>'
            f'<div class="comment-content"><p>{text}</p></div>'
            '<a class="comment-reply-link" href="#">Reply</a></li>'
            for number, text in enumerate(texts, 1)
        )
    )


@pytest.mark.parametrize(
    ("texts", "shown"),
    [
        # throughout: no comment shows the character itself
        (
            ["It&amp;#39;s late", "We&amp;#039;re on &amp;quot;time&amp;quot;", "So do I"],
            ["It's late", 'We\'re on "time"', "So do I"],
        ),
        # once, or beside the character itself: somebody writes about it
        (["Write &amp;lt; there", "So do I"], ["Write &lt; there", "So do I"]),
        (
            ["Write &amp;lt; for &lt;", "Yes, &amp;lt; it is"],
            ["Write &lt; for <", "Yes, &lt; it is"],
        ),
        # in code it is meant, in the text of a link it is not
        (
            ["<code>&amp;lt;b&amp;gt;</code>", "<pre>&amp;lt;i&amp;gt;</pre>"],
            ["&lt;b&gt;", "&lt;i&gt;"],
        ),
        (
            ["<a href='/x'>Ships &amp;bull; Boats</a> & more", "So do I"],
            ["Ships \u2022 Boats & more", "So do I"],
        ),
        (["A&B &amp;notanentity; C", "D &amp;amp"], ["A&B &notanentity; C", "D &amp"]),
    ],
)
def test_texts_escaped_twice(texts: list[str], shown: list[str]) -> None:
    source = listed(*texts, author="Tom &amp;amp; Co")
    thread = page_thread(source)
    assert [c.text for c in thread.comments] == shown
    for comment in thread.comments:
        read = "".join(html.unescape(span.of(source)) for span in comment.spans)
        assert letters(comment.text) in (letters(read), letters(html.unescape(read)))


def test_names_escaped_twice() -> None:
    source = listed("It&amp;#39;s late", "We&amp;#039;re late", author="Tom &amp;amp; Co")
    assert [c.author for c in page_thread(source).comments] == ["Tom & Co"] * 2
    source = listed("It's late", "We are", author="Tom &amp;amp; Co")
    assert [c.author for c in page_thread(source).comments] == ["Tom &amp; Co"] * 2


def test_notes_say_why() -> None:
    notes: list[str] = []
    page_thread(case_text("drupal-7"), options=ReadOptions(notes=notes))
    assert any("drupal" in line for line in notes)
    assert notes[-1].startswith("chosen: drupal")


def test_chosen_by_bytes() -> None:
    data = case_text("wordpress").encode("utf-8")
    assert choose_reader(Document.from_bytes(data, "notes.txt")).name == "html"
    assert PageReader().evidence(Document.from_bytes(b"Just a line < 3 and > 2.\n")) is None
    assert PageReader().evidence(Document.from_bytes(b'{"a": "<html>"}')) is None


ACCENTED = case_text("wordpress").replace("I agree", "Größe: déjà vu, so I agree")


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", "utf-8"),
        ("utf-8", None),  # undeclared
        ("utf-8", "iso-8859-1"),  # wrongly declared
        ("utf-8-sig", "windows-1252"),
        ("cp1252", "iso-8859-1"),
        ("cp1252", None),
        ("utf-16", None),
        ("utf-16-le", None),
    ],
)
def test_encodings(encoding: str, declared: str | None) -> None:
    text = (
        ACCENTED.replace(
            '<meta charset="utf-8">', "" if declared is None else f'<meta charset="{declared}">'
        )
        .replace("&ldquo;", "")
        .replace("&rdquo;", "")
    )
    (thread,) = read_threads(text.encode(encoding))
    assert thread.comments[1].text == "Größe: déjà vu, so I agree, but who pays for the lights?"
    check_spans(text, thread.comments)


@pytest.mark.parametrize(
    ("lang", "encoding", "words"),
    [
        ("ru", "cp1251", "Мост нужен всем"),
        ("ja", "cp932", "橋は必要です"),
        ("pl", "iso8859-2", "żółć"),
    ],
)
def test_undeclared_encoding_by_language(lang: str, encoding: str, words: str) -> None:
    text = (
        case_text("wordpress")
        .replace('<meta charset="utf-8">', "")
        .replace('lang="en"', f'lang="{lang}"')
        .replace("I agree", words)
    )
    (thread,) = read_threads(text.encode(encoding))
    assert thread.comments[1].text.startswith(words)
    assert thread.source.encoding == encoding


def test_damaged_multibyte_page_keeps_its_encoding() -> None:
    text = case_text("wordpress").replace('charset="utf-8"', 'charset="gb2312"')
    data = (
        text.replace("I agree", "桥很好，我同意")
        .encode("gb18030")
        .replace(b"The old", b"\xff The old")
    )
    (thread,) = read_threads(data)
    assert thread.comments[1].text.startswith("桥很好，我同意")
    assert "encoding_damaged" in thread.warnings


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("March 4, 2021 at 10:15 am", "2021-03-04T10:15:00"),
        ("4. März 2021 um 10:15 Uhr", "2021-03-04T10:15:00"),
        ("le 4 mars 2021 à 22h15", "2021-03-04T22:15:00"),
        ("4 de marzo de 2021", "2021-03-04"),
        ("4 марта 2021 г., 10:15", "2021-03-04T10:15:00"),
        ("2021年3月4日 10:15", "2021-03-04T10:15:00"),
        ("04.03.2021, 10:15", "2021-03-04T10:15:00"),
        ("13/03/2021", "2021-03-13"),
        ("2021-03-04T10:15:00+0100", "2021-03-04T10:15:00+01:00"),
        ("Thu Mar 04, 2021 10:15 pm", "2021-03-04T22:15:00"),
        ("1614852900", "2021-03-04T10:15:00+00:00"),
    ],
)
def test_dates(text: str, iso: str) -> None:
    assert parse_date(text) == iso


@pytest.mark.parametrize(
    "text",
    [
        "3 hours ago",
        "vor 2 Tagen",
        "il y a 3 heures",
        "hace 2 días",
        "yesterday",
        "gestern, 17:22",
        "3 yr. ago",
        "5h",
        "3時間前",
        "1 Monat her",
        "3 часа назад",
    ],
)
def test_relative_dates(text: str) -> None:
    assert is_date(text)
    assert parse_date(text) is None


@pytest.mark.parametrize(
    "text", ["Reply", "Level 5", "12 comments", "May", "Robert 2", "#2", "5 Likes", "Sun", "42"]
)
def test_no_dates(text: str) -> None:
    assert not is_date(text)
    assert find_date(text) is None


def test_counts() -> None:
    assert count_in("1,204 Comments") == 1204
    assert count_in("Kommentare (12)") == 12
    assert count_in("One comment") == 1
    assert count_in("12 years") is None


def test_tree_repairs_what_is_broken() -> None:
    page = Page("<ul><li>one<li>two <b>bold<p>three</b> four</ul><table><tr><td>x<td>y<tr><td>z")
    assert [e.text for e in select(page, "li")] == ["one", "two bold three four"]
    assert [e.text for e in select(page, "td")] == ["x", "y", "z"]
    assert len(select(page, "tr")) == 2


def test_tree_reads_past_scripts_comments_and_quoted_marks() -> None:
    page = Page(
        "<p title='a > b'>one</p><script>if (a < b) document.write('<p>no</p>')</script>"
        "<!-- <p>no</p> --><style>p > a {}</style><textarea><p>no</p></textarea>two &amp; &lt;p&gt;"
    )
    assert page.elements[0].text == "one two & <p>"
    for number in range(len(page.starts)):
        assert html.unescape(page.source[page.starts[number] : page.stops[number]]).strip()


words = st.text(
    alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")),
    min_size=1,
    max_size=40,
).filter(lambda text: text.strip() and any(c.isalpha() for c in text))


@settings(max_examples=60, deadline=None)
@given(
    bodies=st.lists(st.lists(words, min_size=1, max_size=3), min_size=2, max_size=5),
    noise=st.sampled_from(["", "<b>", "</i>", "<!-- x -->", "&nbsp;", "<br>", "<wbr>", "</p>"]),
    quote=st.sampled_from(['"', "'"]),
)
def test_built_pages_give_their_texts_and_positions(
    bodies: list[list[str]], noise: str, quote: str
) -> None:
    parts = []
    for number, paragraphs in enumerate(bodies):
        text = "".join(f"<p>{noise}{html.escape(p)}</p>" for p in paragraphs)
        parts.append(
            f"<li class={quote}comment depth-1{quote} id=comment-{number + 10}>"
            f"<cite class=fn>Person {number}</cite> <a class=comment-reply-link>Reply</a>"
            f"<div class=comment-content>{text}</div></li>"
        )
    source = f"<html><ol class=commentlist>{''.join(parts)}</ol></html>"
    thread = page_thread(source, systems=SYSTEMS)
    check_spans(source, thread.comments)
    assert [letters(c.text) for c in thread.comments] == [
        letters("".join(paragraphs)) for paragraphs in bodies
    ]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "<div class=comment id=c1>",
                "</div>",
                "<p>",
                "</p>",
                "<b>",
                "</b>",
                "<a href='",
                "'>",
                "<table><tr><td>",
                "</table>",
                "<!--",
                "-->",
                "<script>",
                "</script>",
                "&amp;",
                "&#0;",
                "&#xD800;",
                "text ",
                "<",
                ">",
                '"',
                "<li>",
                "</ul>",
                "<select><option>",
                "\0",
                "é",
                "March 4, 2021",
                "<textarea>",
                "<title>",
                "<svg/>",
                "</",
                "<br/>",
                "<form>",
            ]
        ),
        max_size=40,
    ).map("".join)
)
def test_any_markup_keeps_the_invariants(source: str) -> None:
    page = Page(source)
    for number in range(len(page.starts)):
        assert 0 <= page.starts[number] < page.stops[number] <= len(source)
        assert number == 0 or page.stops[number - 1] <= page.starts[number]
        owner = page.elements[page.owners[number]]
        assert owner.first <= number < owner.last
    for element in page.elements[1:]:
        assert element.parent is not None
        assert element.parent.index < element.index < element.end <= element.parent.end
    check_spans(source, page_thread(source).comments)
