"""Exports: each system's cases exactly, tables and their maps, broken files, streaming."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import subprocess
import sys
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.errors import InputError
from moderation.records import Comment, Thread
from moderation.threads import Document, ReadOptions, choose_reader, read_threads
from moderation.threads.exports.markup import read_markdown, remove_markup
from moderation.threads.exports.own import thread_from_dict
from moderation.threads.exports.tables import guess_columns
from moderation.threads.exports.times import read_time
from moderation.threads.exports.values import parse_broken

CASES = Path(__file__).parent / "cases" / "exports"
EXPECTED: dict[str, Any] = json.loads((CASES / "expected.json").read_text("utf-8"))


def native(identifier: str | None) -> str | None:
    """What follows the source's digest in an id."""
    return None if identifier is None else identifier.split(":", 1)[1]


def row(comment: Comment) -> list[Any]:
    return [
        comment.native_id,
        native(comment.parent_id),
        comment.author,
        comment.created_at,
        comment.status,
        comment.kind,
        comment.depth,
        comment.text,
    ]


def read(data: bytes | str, **options: Any) -> list[Thread]:
    if isinstance(data, str):
        data = data.encode("utf-8")
    return list(read_threads(data, ReadOptions(**options)))


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_each_system_is_read_exactly(name: str) -> None:
    threads = list(read_threads(CASES / name))
    wanted = EXPECTED[name]
    assert {thread.layout for thread in threads} == {wanted["format"]}
    assert [thread.native_id for thread in threads] == [t["id"] for t in wanted["threads"]]
    for thread, expected in zip(threads, wanted["threads"], strict=True):
        assert [row(comment) for comment in thread.comments] == expected["comments"]
        assert thread.title == expected["title"]
        assert thread.counts == {"extracted": len(thread.comments), **expected["counts"]}
        ids = [comment.id for comment in thread.comments]
        assert len(set(ids)) == len(ids)
        assert all(i.startswith(thread.source.sha256[:12] + ":") for i in ids)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_name_of_a_file_decides_nothing(name: str, tmp_path: Path) -> None:
    data = (CASES / name).read_bytes()
    other = tmp_path / "page.html"
    other.write_bytes(data)
    assert choose_reader(Document.from_path(other)).name == EXPECTED[name]["format"]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_personal_data_is_dropped_unless_asked_for(name: str) -> None:
    path = CASES / name
    secrets = [
        word
        for word in ("@example.org", "192.0.2.", "deadbeef", "/a.png", "https://example.org/k")
        if word in path.read_text("utf-8")
    ]
    shown = json.dumps([thread.to_dict() for thread in read_threads(path)])
    assert not [word for word in secrets if word in shown]
    kept = list(read_threads(path, ReadOptions(keep_personal=True)))
    values = [v for t in kept for c in t.comments for v in c.personal.values()]
    assert all("personal" not in c.to_dict() for t in kept for c in t.comments if not c.personal)
    if secrets and name != "disqus.xml":
        assert values


def test_personal_fields_say_what_they_are() -> None:
    thread = next(read_threads(CASES / "wordpress.xml", ReadOptions(keep_personal=True)))
    assert thread.comments[0].to_dict()["personal"] == {
        "email": "ines@example.org",
        "ip": "192.0.2.7",
    }


def test_quotations_are_marked() -> None:
    quoted = {
        name: [
            q.of(c.text) for t in read_threads(CASES / name) for c in t.comments for q in c.quotes
        ]
        for name in ("wordpress.xml", "reddit_pair.json", "discourse.json")
    }
    assert quoted == {
        "wordpress.xml": ["First line"],
        "reddit_pair.json": ["> A long one"],
        "discourse.json": ["ines:\nOpening"],
    }


def test_ids_name_the_thread_only_where_they_start_anew_in_each() -> None:
    first, second = read_threads(CASES / "isso.json")
    assert first.comments[0].id.endswith(":/a/:0")
    assert second.comments[0].id.endswith(":/b/:0")
    (only,) = read_threads(CASES / "isso_api.json")
    assert [native(c.id) for c in only.comments] == ["5", "6"]


def zipped(data: bytes) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("export.xml", data)
    return buffer.getvalue()


def long_zstd(data: bytes) -> bytes:
    parameters = zstandard.ZstdCompressionParameters.from_level(1, window_log=27, enable_ldm=True)
    return zstandard.ZstdCompressor(compression_params=parameters).compress(data)


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "zstd long": long_zstd,
    "two frames": lambda data: b"".join(
        zstandard.ZstdCompressor().compress(half) for half in (data[:200], data[200:])
    ),
    "two members": lambda data: gzip.compress(data[:200]) + gzip.compress(data[200:]),
    "zip": zipped,
}


@pytest.mark.parametrize("packer", sorted(PACKERS))
@pytest.mark.parametrize("name", ["wordpress.xml", "pushshift.jsonl", "table.csv"])
def test_compressed_files_give_the_same(packer: str, name: str) -> None:
    data = (CASES / name).read_bytes()
    plain, packed = read(data), read(PACKERS[packer](data))
    assert [[row(c) for c in t.comments] for t in packed] == [
        [row(c) for c in t.comments] for t in plain
    ]
    assert [t.warnings for t in packed] == [t.warnings for t in plain]


def test_threads_of_our_own_are_read_back(tmp_path: Path) -> None:
    threads = [t for name in sorted(EXPECTED) for t in read_threads(CASES / name)]
    path = tmp_path / "threads.jsonl"
    path.write_text("".join(json.dumps(t.to_dict()) + "\n" for t in threads), "utf-8")
    assert list(read_threads(path)) == threads
    lines = path.read_text("utf-8").splitlines()
    lines[1] = lines[1][:50]
    lines[2] = lines[2].replace('"visible"', '"seen"')
    again = read("\n".join(lines))
    assert len(again) == len(threads) - 2
    warnings = [
        w for t in again for w in t.warnings if w not in {w for t in threads for w in t.warnings}
    ]
    assert warnings[0].startswith("line 2: ")
    assert warnings[1].startswith('line 3: comments[0].status is "seen"')
    with pytest.raises(ValueError, match=r"comments\[0\] has no \"id\""):
        thread_from_dict({"comments": [{"text": "x"}]})


# Tables


def test_columns_are_mapped_as_the_caller_says() -> None:
    data = "nr,what,who,to\n5,hello,ines,\n6,you,bo,5\n7,too,kim,5\n"
    with pytest.raises(
        InputError, match=r"-:1: .*columns: nr, what, who, to; map them.*--map text="
    ):
        read(data)
    columns = {"text": "what", "id": "nr", "author": "who", "parent": "to"}
    (thread,) = read(data, columns=columns)
    assert [(c.native_id, native(c.parent_id), c.author, c.text) for c in thread.comments] == [
        ("5", None, "ines", "hello"),
        ("6", "5", "bo", "you"),
        ("7", "5", "kim", "too"),
    ]
    with pytest.raises(InputError, match='no column "whom"; columns: nr, what'):
        read(data, columns={"text": "whom"})
    with pytest.raises(InputError, match='no field "words"'):
        read(data, columns={"words": "what"})
    with pytest.raises(InputError, match="add text=COLUMN"):
        read(data, columns={"id": "nr"})


def test_json_lines_are_mapped_as_the_caller_says() -> None:
    data = '{"nr": 5, "what": "hello"}\n{"nr": 6, "what": "you"}\n'
    with pytest.raises(InputError, match="columns: nr, what"):
        read(data)
    (thread,) = read(data, columns={"text": "what", "id": "nr"})
    assert [c.text for c in thread.comments] == ["hello", "you"]


def test_the_list_of_comments_is_found_among_others() -> None:
    comments = [{"id": "a", "parent": "root", "text": "one", "author": "@ines"}]
    shape = {"title": "A film", "formats": [{"url": "x"}], "tags": ["y"], "comments": comments}
    (thread,) = read(json.dumps(shape))
    assert [(c.native_id, c.parent_id, c.text) for c in thread.comments] == [("a", None, "one")]


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["id", "comment_text", "toxic"], "comment_text"),
        (["Comment ID", "Body", "User Name"], "Body"),
        (["text", "body"], None),
        (["subject", "words"], None),
    ],
)
def test_columns_are_guessed_only_where_they_are_unmistakable(
    names: list[str], text: str | None
) -> None:
    columns = guess_columns(names)
    assert (None if columns is None else columns["text"]) == text


def test_tables_in_other_encodings_and_with_other_separators() -> None:
    table = "id;text;author\n1;caf\u00e9;ines\n2;na\u00efve;bo\n"
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        (thread,) = read(table.encode(encoding))
        assert [c.text for c in thread.comments] == ["caf\u00e9", "na\u00efve"]
        assert bool(thread.warnings) == (encoding == "cp1252")
        assert thread.source.encoding == encoding


@pytest.mark.parametrize("odd", ["\u2028", "\x85", "\x0b", "\x1e"])
def test_comments_are_not_cut_at_odd_line_ends(odd: str) -> None:
    table = f"id,text,author\n1,one{odd}two,ines\n2,three,bo\n"
    (thread,) = read(table.encode())
    assert [c.author for c in thread.comments] == ["ines", "bo"]
    assert thread.comments[0].text.startswith("one")
    assert thread.comments[0].text.endswith("two")
    assert not thread.warnings


def test_prose_with_commas_is_no_table() -> None:
    prose = "Dear all, I write to you\nabout the garden, again\nand the frost, sadly\n" * 3
    assert choose_reader(Document.from_bytes(prose.encode())).name == "dumps"


# What is broken


def comment_xml(number: int, text: str) -> str:
    return (
        f"<wp:comment><wp:comment_id>{number}</wp:comment_id>"
        f"<wp:comment_content>{text}</wp:comment_content>"
        "<wp:comment_approved>1</wp:comment_approved></wp:comment>\n"
    )


def post_xml(number: int, *comments: str) -> str:
    inner = "".join(comments)
    return f"<item><title>P</title><wp:post_id>{number}</wp:post_id>\n{inner}</item>\n"


WXR_HEAD = '<?xml version="1.0"?>\n<rss xmlns:wp="http://wordpress.org/export/1.2/"><channel>\n'
WXR_END = "</channel></rss>"


def test_a_broken_record_costs_only_itself() -> None:
    data = (
        WXR_HEAD
        + post_xml(1, comment_xml(1, "a"), comment_xml(2, "b & c"), comment_xml(3, "d&nbsp;e\x08"))
        + post_xml(2, comment_xml(4, "f"), comment_xml(5, "<g"), comment_xml(6, "h"))
        + post_xml(3, comment_xml(7, "i"))
        + WXR_END
    )
    threads = read(data)
    assert [[(c.native_id, c.text) for c in t.comments] for t in threads] == [
        [("1", "a"), ("2", "b & c"), ("3", "d e")],
        [("4", "f"), ("6", "h")],
        [("7", "i")],
    ]
    warnings = [w for t in threads for w in t.warnings]
    assert sorted(w.split(":")[0] for w in warnings) == ["line 10", "line 5", "line 6"]
    assert "reading went on at line 11" in warnings[-1]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_file_cut_anywhere_keeps_what_came_before(name: str) -> None:
    data = (CASES / name).read_bytes()
    whole = {c.native_id: c for t in read(data) for c in t.comments}
    most = -1
    for cut in range(len(data) // 3, len(data), max(1, len(data) // 23)):
        try:
            threads = read(data[:cut])
        except InputError:
            continue  # a table without the end of its header, an archive without its list
        if threads[0].layout != EXPECTED[name]["format"]:
            continue  # too little is left to know the format by
        found = [c for t in threads for c in t.comments]
        assert {c.native_id for c in found} - {None} <= set(whole)
        assert len(found) >= most - 1
        most = max(most, len(found))
        if name.endswith((".xml", ".json")) and len(data[:cut].rstrip()) < len(data.rstrip()):
            assert any("break" in w or "before was read" in w for t in threads for w in t.warnings)


def test_a_broken_line_is_named_and_left_out() -> None:
    lines = (CASES / "pushshift.jsonl").read_text("utf-8").splitlines()
    lines[1] = lines[1][:60]
    threads = read("\n".join(lines))
    assert [c.native_id for t in threads for c in t.comments] == ["t1_d1", "t1_d2", "t1_e2"]
    assert threads[0].warnings[0].startswith("line 2: ")


def test_cut_archives_are_reported() -> None:
    lines = (CASES / "pushshift.jsonl").read_text("utf-8").splitlines()
    data = "\n".join(
        lines[0].replace("d1", f"n{n}").replace("first", f"text {n * 7919}") for n in range(3000)
    ).encode()
    for pack in (gzip.compress, zstandard.ZstdCompressor().compress):
        packed = pack(data)
        threads = read(packed[: len(packed) * 2 // 3])
        assert 100 < len(threads[0].comments) < 3000
        assert any("compressed file" in w for w in threads[0].warnings)


def flat(*records: dict[str, Any]) -> list[Thread]:
    return read("\n".join(json.dumps(record) for record in records))


def test_duplicates_missing_parents_and_circles_are_warned_of() -> None:
    (thread,) = flat(
        {"id": "a", "text": "one", "parent": "c"},
        {"id": "b", "text": "two", "parent": "a"},
        {"id": "c", "text": "three", "parent": "b"},
        {"id": "a", "text": "one", "parent": "c"},
        {"id": "b", "text": "another", "parent": "gone"},
        {"id": "d", "text": "self", "parent": "d"},
    )
    assert [(native(c.id), native(c.parent_id), c.depth) for c in thread.comments] == [
        ("a", None, 0),
        ("b", "a", 1),
        ("c", "b", 2),
        ("b#2", "gone", None),
        ("d", None, 0),
    ]
    assert thread.counts == {"extracted": 5, "missing_parents": 1, "repeated": 1}
    assert [w.split(";")[0] for w in thread.warnings] == [
        "line 4: comment a appears again",
        "line 5: id b is used again for another comment",
        "line 5: parent gone is not in the file",
        "line 1: comment a answers itself through 3 comments",
        "line 6: comment d answers itself through 1 comments",
    ]


def test_nought_is_a_parent_only_where_a_comment_is_called_so() -> None:
    (thread,) = flat({"id": 0, "text": "a", "parent": 0}, {"id": 1, "text": "b", "parent": 0})
    assert [native(c.parent_id) for c in thread.comments] == [None, "0"]
    (thread,) = flat({"id": 1, "text": "a", "parent": 0}, {"id": 2, "text": "b", "parent": 1})
    assert [native(c.parent_id) for c in thread.comments] == [None, "1"]
    assert not thread.warnings


def test_answers_nest_2000_levels_deep() -> None:
    shape = '""'
    for number in range(2000, 0, -1):
        parent = "t3_x" if number == 1 else f"t1_c{number - 1}"
        data = f'"id":"c{number}","body":"b","author":"a","parent_id":"{parent}","link_id":"t3_x"'
        shape = (
            f'{{"kind":"Listing","data":{{"children":[{{"kind":"t1","data":{{{data},'
            f'"replies":{shape}}}}}]}}}}'
        )
    (thread,) = read(shape)
    assert [c.depth for c in thread.comments] == list(range(2000))


# Memory


GENERATORS = {
    "wxr": """
w(HEAD)
for i in range(n // 20):
    w(f'<item><title>P</title><wp:post_id>{i}</wp:post_id>')
    for k in range(i * 20, i * 20 + 20):
        w(f'<wp:comment><wp:comment_id>{k}</wp:comment_id><wp:comment_content>{T}'
          '</wp:comment_content><wp:comment_approved>1</wp:comment_approved></wp:comment>')
    w('</item>')
w('</channel></rss>')
""",
    "disqus": """
w('<disqus xmlns="http://disqus.com" xmlns:dsq="http://disqus.com/disqus-internals">')
for k in range(n):
    w(f'<post dsq:id="{k}"><message>{T}</message><thread dsq:id="t{k % (n // 20)}"/></post>')
w('</disqus>')
""",
    "jsonl": """
for k in range(n):
    w('{"id": "c%d", "body": "%s", "link_id": "t3_%d", "parent_id": "t3_x"}\\n'
      % (k, T, k % (n // 20)))
""",
    "csv": """
w('id,text,thread\\n')
for k in range(n):
    w(f'{k},{T},{k % (n // 20)}\\n')
""",
}
MEASURE = """
import resource
from moderation.threads import read_threads
from moderation.threads.exports import spool
spool.MEMORY_ITEMS = 100
HEAD, T, path = {head!r}, {text!r}, {path!r}
for n in (800, 3_200):
    with open(path, "w") as f:
        w = f.write
        {body}
    count = sum(len(thread.comments) for thread in read_threads(path))
    assert count == n, count
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux only")
@pytest.mark.parametrize("kind", sorted(GENERATORS))
def test_memory_does_not_grow_with_the_export(kind: str, tmp_path: Path) -> None:
    script = MEASURE.format(
        head=WXR_HEAD,
        text="some words of a comment " * 400,
        path=str(tmp_path / "export"),
        body=GENERATORS[kind].strip().replace("\n", "\n        "),
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    small, large = map(int, done.stdout.split())
    assert large - small < 10_000  # KiB; the file is 23,000 KiB larger, held in memory more


# Parts


@pytest.mark.parametrize(
    ("raw", "utc", "shown"),
    [
        ("2021-03-17T12:09:47.722181Z", False, "2021-03-17T12:09:47.722181Z"),
        ("2021-03-17T12:09:47+02:00", False, "2021-03-17T10:09:47Z"),
        ("2021-03-17 12:09:47", False, "2021-03-17T12:09:47"),
        ("2021-03-17 12:09:47", True, "2021-03-17T12:09:47Z"),
        ("2021-03-17", False, "2021-03-17"),
        ("1600000000", False, "2020-09-13T12:26:40Z"),
        ("1600000000.0", False, "2020-09-13T12:26:40Z"),
        ("1600000000000", False, "2020-09-13T12:26:40Z"),
        ("Tue, 27 Jan 2015 14:56:57 +0000", False, "2015-01-27T14:56:57Z"),
        ("0000-00-00 00:00:00", True, None),
        ("2021-13-01 00:00:00", True, None),
        ("9" * 18, False, None),
        ("yesterday", False, None),
        ("", False, None),
    ],
)
def test_times(raw: str, utc: bool, shown: str | None) -> None:
    assert read_time(raw, utc=utc) == shown


@given(st.text(max_size=40))
@settings(max_examples=100, deadline=None)
def test_any_time_is_read_or_not(raw: str) -> None:
    shown = read_time(raw)
    assert shown is None or read_time(shown) == shown


@pytest.mark.parametrize(
    ("fragment", "text"),
    [
        ("<p>a</p>\n<p>b<br/>c</p>", "a\nb\nc"),
        ("<p>a\nb</p>", "a b"),
        ("a\nb <b>c</b>", "a\nb c"),
        ("I <3 you & a < b", "I <3 you & a < b"),
        ("a<!-- b -->c", "ac"),
        ("a <!-- b", "a <!-- b"),
        ("<script>x</script>y", "y"),
        ("<script>x", "x"),
        ("<a title=\"x>y\" href='z'>t</a>", "t"),
        ("it's <b and", "it's <b and"),
        ("&lt;b&gt;&nbsp;&#x27;", "<b> '"),
        ('<img alt="\U0001f600" src="x">!', "\U0001f600!"),
        ('<img alt=":smile:">!', "!"),
        ("<ul><li>a<li>b</ul>", "a\nb"),
        ("<pre>a\n  b</pre>", "a\nb"),
    ],
)
def test_markup_is_removed(fragment: str, text: str) -> None:
    assert remove_markup(fragment)[0] == text


@given(st.text(alphabet="ab <>/&;\"'p\n!-=", max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_fragment_gives_text_whose_quotes_lie_in_it(fragment: str) -> None:
    for text, quotes in (remove_markup(fragment), read_markdown(fragment)):
        assert text == text.strip()
        ends = [0]
        for quote in quotes:
            assert ends[-1] <= quote.start < quote.end <= len(text)
            ends.append(quote.end)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON, st.integers(min_value=0, max_value=200))
@settings(max_examples=150, deadline=None)
def test_the_patient_parser_agrees_with_the_strict_one(value: Any, cut: int) -> None:
    text = json.dumps(value)
    assert parse_broken(text) == (value, len(text), None)
    _, end, problem = parse_broken(text[:cut])
    assert end <= len(text)
    if cut < len(text) and isinstance(value, dict | list):
        assert problem is not None


@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.none() | st.integers(0, 8), st.sampled_from("xyz")),
        max_size=12,
    )
)
@settings(max_examples=100, deadline=None)
def test_whatever_the_parents_the_tree_is_sound(records: list[tuple[int, int | None, str]]) -> None:
    rows = [{"id": f"n{i}", "text": t, "parent": p and f"n{p}"} for i, p, t in records]
    if not rows:
        return
    (thread,) = flat(*rows)
    by_id = {c.id: c for c in thread.comments}
    assert len(by_id) == len(thread.comments)
    for comment in thread.comments:
        steps, at = 0, comment
        while at.parent_id in by_id:
            at = by_id[at.parent_id]
            steps += 1
            assert steps <= len(by_id)
        assert comment.depth == (steps if at.parent_id is None else None)
