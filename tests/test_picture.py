"""The picture: every comment in place, hostile text inert, nothing loaded from elsewhere."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moderation.records import Comment, Range, Source, Thread
from moderation.threads import read_threads
from moderation.threads.document import Document
from moderation.threads.picture import write_picture

CASES = Path(__file__).parent / "cases" / "pages"
ALLOWED = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "header",
    "h1",
    "p",
    "ul",
    "li",
    "b",
    "div",
    "span",
    "i",
    "details",
    "summary",
    "ol",
    "a",
    "main",
    "section",
    "q",
}


class Tags(HTMLParser):
    """Collects what a browser would build."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name in ("href", "src"):
                self.links.add(value or "")


def draw(document: Document, threads: list[Thread], path: Path) -> str:
    write_picture(document, threads, path)
    assert not path.with_name(path.name + ".partial").exists()
    return path.read_text("utf-8")


def check_inert(picture: str) -> None:
    tags = Tags()
    tags.feed(picture)
    assert tags.tags <= ALLOWED
    assert not any(name.startswith("on") for name in tags.attributes)
    assert all(link.startswith("#") for link in tags.links)
    assert "url(" not in picture.partition("</style>")[0]


def test_page(tmp_path: Path) -> None:
    document = Document.from_path(CASES / "wordpress.html")
    threads = list(read_threads(document))
    picture = draw(document, threads, tmp_path / "out.html")
    check_inert(picture)
    assert picture.count('<section class="comment') == 3
    assert re.search(r'id="t0-1".*?Bo Quill.*?answers <a href="#t0-0">#1</a>', picture, re.S)
    assert "layout <b>wordpress</b>" in picture
    assert "declared <b>3</b>" in picture
    article = re.search(r'<div class="article">(.*?)</div>', picture, re.S)
    assert article is not None
    assert "town council" in article[1]
    skipped = " ".join(re.findall(r'<div class="skip">(.*?)</div>', picture, re.S))
    assert "Bakery opens second shop" in skipped
    assert "who pays" not in skipped


def test_comments_stand_where_they_stood(tmp_path: Path) -> None:
    document = Document.from_path(CASES / "unknown-margin.html")
    picture = draw(document, list(read_threads(document)), tmp_path / "out.html")
    places = [picture.rindex(words) for words in ("town council", "First thoughts", "Bakery")]
    assert places == sorted(places)


def test_dump(tmp_path: Path) -> None:
    text = "An article <b>.\n\nAda says:\nGood & well.\n\nThe end.\n"
    at = text.index("Good")
    document = Document.from_bytes(text.encode("utf-8"), "a <script>.txt")
    comment = Comment(id="1", text="Good & well.", author="Ada", spans=(Range(at, at + 12),))
    thread = Thread(
        Source(document.name, document.sha256, "text", "utf-8"),
        article=(Range(0, 15),),
        layout="header-lines",
        warnings=("positions <lost>",),
        counts={"declared": 4},
        comments=(comment,),
    )
    picture = draw(document, [thread], tmp_path / "out.html")
    check_inert(picture)
    assert "Good &amp; well." in picture
    assert "positions &lt;lost&gt;" in picture
    assert "3 declared, not in this document" in picture
    assert "Ada says:" in picture
    assert "The end." in picture


def test_export_and_nothing(tmp_path: Path) -> None:
    document = Document.from_bytes(b"{}", "export.json")
    source = Source(document.name, document.sha256, "mastodon")
    thread = Thread(source, comments=(Comment(id="1", text="Words", parent_id="0"),))
    picture = draw(document, [thread, Thread(source)], tmp_path / "out.html")
    assert "answers a comment that is not here" in picture
    assert "No comments were found." in picture
    assert "No thread was read." in draw(document, [], tmp_path / "none.html")


ATTACKS = [
    "</style><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<!--",
    "]]>",
    "'",
    "</section></main></body></html><script>",
    "&lt;script&gt;",
    "\u202eevil",
    "\0\x1b[31m",
    "\ud800",
    "javascript:alert(1)",
    "<svg onload=alert(1)>",
    "</title><script>x</script>",
]
hostile = st.lists(st.sampled_from(ATTACKS) | st.text(max_size=8), max_size=4).map("".join)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=hostile, text=hostile, when=hostile, title=hostile, warning=hostile, layout=hostile)
def test_hostile_text_is_inert(
    tmp_path: Path, name: str, text: str, when: str, title: str, warning: str, layout: str
) -> None:
    document = Document.from_bytes(text.encode("utf-8", "replace"), name or "-")
    comments = tuple(
        Comment(
            id=f"{number}{name}",
            text=text,
            author=name,
            created_raw=when,
            parent_id=f"0{name}",
            spans=(Range(0, number),),
            quotes=(Range(0, len(text) // 2),),
        )
        for number in range(3)
    )
    thread = Thread(
        Source(name, document.sha256, "text", "utf-8"),
        title=title,
        layout=layout,
        warnings=(warning,),
        comments=comments,
    )
    picture = draw(document, [thread], tmp_path / "out.html")
    check_inert(picture)
    assert "\u202e" not in picture
    if text.isprintable() and text.strip() and "\n" not in text:
        assert text.strip()[: len(text) // 2] in html.unescape(picture)
