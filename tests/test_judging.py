"""Judging extraction: what counts as found, each shape of gold, the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.cli import cli
from moderation.errors import InputError
from moderation.records import Comment, Range, Source, Thread
from moderation.threads.document import Document
from moderation.threads.judging import (
    GoldComment,
    Judgement,
    compare,
    fill_texts,
    find_document,
    format_table,
    read_gold,
    summarise,
)

SOURCE = Source("x", "0" * 64, "html")
EXPORTS = Path(__file__).parent / "cases" / "exports"


def thread(*comments: Comment, **fields: Any) -> Thread:
    return Thread(SOURCE, comments=tuple(comments), **fields)


def page(index: int, text: str, author: str | None = "ines", **more: Any) -> dict[str, Any]:
    row = {"doc": "a.html", "index": index, "kind": "comment", "author": author, "text": text}
    return {**row, "depth": 0, "parent_index": None, "text_own": None, **more}


def gold_of(tmp_path: Path, *rows: dict[str, Any]) -> dict[str, list[GoldComment]]:
    path = tmp_path / "gold.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return read_gold(path)


def test_texts_are_paired_one_to_one_exactly_then_softly(tmp_path: Path) -> None:
    gold = gold_of(
        tmp_path,
        page(0, "Nice, said I."),
        page(1, "Nice, said I."),
        page(2, "A longer remark about spades"),
        page(3, "Never found at all"),
    )["a.html"]
    judged = compare(
        [
            thread(
                Comment("a", "nice said I"),
                Comment("b", "Nice - said I!", author="ines", parent_id="a"),
                Comment("c", "A longer remark about spades. Reply", author="ines"),
                Comment("d", "The article's own words", author="kim"),
            )
        ],
        gold,
    )
    # "nice" is not "Nice": letters are compared as they are
    assert (judged.gold, judged.extracted, judged.exact, judged.soft) == (4, 4, 1, 2)
    assert judged.author == (2, 2)
    assert judged.parent == (1, 2)
    measures = judged.measures()
    assert measures["precision"] == measures["recall"] == measures["f1"] == 0.25
    assert measures["soft_f1"] == 0.5
    assert judged.characters == sum(map(len, ("nicesaidI", "NicesaidI"))) + 29 + 19
    assert judged.leaked == len("nicesaidI") + len("Reply") + len("Thearticlesownwords")


def test_half_a_comment_is_not_found(tmp_path: Path) -> None:
    gold = gold_of(tmp_path, page(0, "one two three four five six"))["a.html"]
    judged = compare([thread(Comment("a", "one two three"))], gold)
    assert (judged.exact, judged.soft, judged.leaked) == (0, 0, 0)


def test_comments_count_with_or_without_their_quotations(tmp_path: Path) -> None:
    gold = gold_of(tmp_path, page(0, "She wrote that. I agree", text_own="I agree"))["a.html"]
    for comment in (
        Comment("a", "She wrote that. I agree"),
        Comment("a", "I agree"),
        Comment("a", "ines:\nShe wrote that\nI agree", quotes=(Range(0, 20),)),
    ):
        assert compare([thread(comment)], gold).exact == 1


def test_parents_are_compared_by_the_comments_they_were_paired_with(tmp_path: Path) -> None:
    gold = gold_of(
        tmp_path,
        page(0, "first one"),
        page(1, "second one", depth=1, parent_index=0),
        page(2, "third one", depth=1, parent_index=0),
        page(3, "fourth one", depth=None),
    )["a.html"]
    comments = (
        Comment("p", "first one"),
        Comment("q", "second one", parent_id="p"),
        Comment("r", "third one", parent_id="q"),
        Comment("s", "fourth one", parent_id="q"),
    )
    assert compare([thread(*comments)], gold).parent == (2, 3)


def test_silence_is_judged_where_there_is_nothing() -> None:
    assert compare([thread()], []).measures()["silent"] == 1.0
    noisy = compare([thread(Comment("a", "words"))], [])
    assert noisy.measures()["silent"] == 0.0
    assert noisy.measures()["leakage"] == 1.0
    assert noisy.measures()["f1"] is None


def test_forums_and_dumps(tmp_path: Path) -> None:
    forum = {"doc": "t.html", "index": 0, "text": "a post", "date": None, "post_link": ""}
    text = "Comments\n\u00fcnes: a post\n"
    (tmp_path / "w3m").mkdir()
    (tmp_path / "w3m" / "t.txt").write_text(text, "utf-8")
    dump = {"tool": "w3m", "doc": "t", "index": 0, "author": "\u00fcnes", "depth": None}
    dump |= {"parent_index": None, "start": text.index("a post"), "end": len(text) - 1}
    gold = gold_of(
        tmp_path,
        forum | {"author_display": "Ines I.", "author_surface": "ines"},
        dump,
        dump | {"index": 1, "start": None, "end": None},
    )
    assert find_document(tmp_path / "w3m" / "t.txt", gold) == "w3m/t"
    assert find_document(tmp_path / "t.html", gold) == "t.html"
    assert find_document(tmp_path / "u.html", gold) is None
    fill_texts(gold["w3m/t"], Document.from_path(tmp_path / "w3m" / "t.txt"))
    judged = compare([thread(Comment("a", "a post", author="\u00fcnes"))], gold["w3m/t"])
    assert (judged.gold, judged.exact, judged.author, judged.parent) == (1, 1, (1, 1), (0, 0))
    for name, right in (("ines", 1), ("Ines  I.", 1), ("kim", 0)):
        judged = compare([thread(Comment("a", "a post", author=name))], gold["t.html"])
        assert judged.author == (right, 1)


def test_authors_are_asked_only_where_the_gold_names_one(tmp_path: Path) -> None:
    forum = {"doc": "t.html", "date": None, "post_link": "", "author_surface": "u.php?id=4"}
    gold = gold_of(
        tmp_path,
        page(0, "first one", author=None),
        page(1, "second one"),
        forum | {"index": 0, "text": "first one", "author_display": None},
        forum | {"index": 1, "text": "second one", "author_display": "ines"},
    )
    comments = (Comment("a", "first one", author="kim"), Comment("b", "second one", author="kim"))
    for document in ("a.html", "t.html"):
        assert compare([thread(*comments)], gold[document]).author == (0, 1)
    nameless = (Comment("a", "first one"), Comment("b", "second one", author="ines"))
    assert compare([thread(*nameless)], gold["a.html"]).author == (1, 1)


def test_replies_to_deleted_comments_keep_their_parents(tmp_path: Path) -> None:
    gold = gold_of(
        tmp_path,
        page(0, "first one"),
        page(1, "", author=None, kind="deleted"),
        page(2, "[deleted]", author=None, kind="deleted", depth=1, parent_index=1),
        page(3, "a reply", depth=2, parent_index=2),
        page(4, "last one"),
    )["a.html"]
    first, last = Comment("p", "first one", author="ines"), Comment("t", "last one", author="ines")
    gone = Comment("q", "", status="deleted")
    below = Comment("r", "", status="deleted", parent_id="q")
    reply = Comment("s", "a reply", author="ines", parent_id="r")
    judged = compare([thread(first, gone, below, reply, last)], gold)
    assert (judged.gold, judged.extracted, judged.exact) == (3, 3, 3)
    assert (judged.author, judged.parent) == ((3, 3), (3, 3))
    # a reply that was hung on another comment, or on the wrong one of two placeholders, is wrong
    for parent in (None, "p", "q"):
        moved = Comment("s", "a reply", author="ines", parent_id=parent)
        assert compare([thread(first, gone, below, moved, last)], gold).parent == (2, 3)
    # without the placeholders the reply cannot have its parent, and nothing else is lost
    judged = compare([thread(first, Comment("s", "a reply", author="ines"), last)], gold)
    assert (judged.exact, judged.parent) == (3, (2, 3))
    # a text where the gold has a placeholder is one comment too many
    filled = Comment("q", "the article's own words", author="kim")
    judged = compare([thread(first, filled, below, reply, last)], gold)
    assert (judged.gold, judged.extracted, judged.exact) == (3, 4, 3)


def export(native: str, **more: Any) -> dict[str, Any]:
    row = {"file": "e.json", "native_id": native, "parent_native_id": None, "author": None}
    row |= {"created_raw": "2020", "status": "approved", "kind": "comment", "thread": "7"}
    return {**row, "text_raw": "<p>some &amp; words</p>", **more}


def test_exports_are_paired_by_their_ids(tmp_path: Path) -> None:
    gold = gold_of(tmp_path, export("1"), export("2", parent_native_id="9", status="0"))["e.json"]
    judged = compare(
        [
            thread(
                Comment("s:1", "some words", native_id="1", created_raw="2020"),
                Comment("s:2", "other", native_id="2", parent_id="s:9", status="pending"),
                Comment("s:3", "a posting", native_id="3", kind="post"),
                native_id="7",
            ),
            thread(Comment("s:1", "some words", native_id="1"), native_id="8"),
        ],
        gold,
    )
    assert (judged.gold, judged.extracted, judged.exact) == (2, 3, 1)
    assert (judged.author, judged.parent, judged.created) == ((0, 0), (2, 2), (1, 2))
    assert (judged.status, judged.kind) == ((2, 2), (2, 2))


def test_averages_are_taken_over_the_documents_that_have_the_measure() -> None:
    one = Judgement(gold=2, extracted=2, exact=2, soft=2, author=(1, 2))
    two = Judgement(gold=2, extracted=0)
    none = Judgement()
    summary = summarise([one, two, none])
    assert summary["documents"] == 3
    assert summary["f1"] == 0.5
    assert summary["precision"] == 1.0
    assert summary["author"] == 0.5
    assert summary["silent"] == 1.0
    table = format_table([("all", dict(summary))])
    assert table.splitlines()[0].startswith("| document | gold | extracted | precision | recall")
    assert "| all | 4 | 2 | 1.000 | 0.500 |" in table


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "gold.jsonl:2: is no gold comment"),
        ('{"doc": "a"}', "gold.jsonl:2: is no gold comment (KeyError: 'index'"),
        ("[1]", "gold.jsonl:2: is no gold comment"),
    ],
)
def test_bad_gold_is_named(line: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text(json.dumps(page(0, "x")) + "\n" + line + "\n", "utf-8")
    with pytest.raises(InputError) as error:
        read_gold(path)
    assert problem in str(error.value)
    path.write_text("\n", "utf-8")
    with pytest.raises(InputError, match="holds no gold comment"):
        read_gold(path)


def test_the_command_prints_and_writes_the_table(tmp_path: Path) -> None:
    expected = json.loads((EXPORTS / "expected.json").read_text("utf-8"))
    name = "pushshift.jsonl"
    gold = tmp_path / "gold.jsonl"
    raw = [json.loads(line) for line in (EXPORTS / name).read_text("utf-8").splitlines()]
    created = {f"t1_{record['id']}": str(record["created_utc"]) for record in raw}
    with gold.open("w", encoding="utf-8") as stream:
        for part in expected[name]["threads"]:
            for native, parent, author, _, status, kind, _, text in part["comments"]:
                row = {"file": name, "native_id": native, "parent_native_id": parent}
                row |= {"author": author, "created_raw": created[native], "status": status}
                row |= {"kind": kind, "thread": part["id"], "text_raw": text}
                stream.write(json.dumps(row) + "\n")
    out = tmp_path / "out.json"
    arguments = ["evaluate", "threads", "--gold", str(gold), "--json", str(out)]
    result = CliRunner().invoke(cli, [*arguments, str(EXPORTS / name)])
    assert result.exit_code == 0, result.output
    assert f"| {name} | 4 | 4 | 1.000 | 1.000 | 1.000 |" in result.output
    shape = json.loads(out.read_text("utf-8"))
    assert shape["average"]["f1"] == shape["average"]["parent"] == 1.0
    assert shape["average"]["created"] == shape["average"]["status"] == 1.0
    assert shape["documents"][name]["counts"]["author"] == [2, 2]  # two are nameless in the gold
    result = CliRunner().invoke(cli, [*arguments, str(EXPORTS / "table.csv")])
    assert isinstance(result.exception, InputError)
    assert "names none of the files" in str(result.exception)


words = st.lists(st.sampled_from(["spade", "frost", "Tom", "red!", "no"]), min_size=1, max_size=4)


@given(st.lists(words, max_size=6), st.lists(words, max_size=6))
@settings(max_examples=100, deadline=None)
def test_measures_stay_in_their_range(found: list[list[str]], wanted: list[list[str]]) -> None:
    comments = [Comment(str(n), " ".join(text)) for n, text in enumerate(found)]
    gold = [
        GoldComment(str(n), ("".join(w.strip("!") for w in text),)) for n, text in enumerate(wanted)
    ]
    judged = compare([thread(*comments)], gold)
    assert judged.exact <= judged.soft <= min(len(found), len(wanted))
    assert 0 <= judged.leaked <= judged.characters
    assert all(value is None or 0 <= value <= 1 for value in judged.measures().values())
    itself = compare([thread(*comments)], [
        GoldComment(str(n), ("".join(w.strip("!") for w in text),)) for n, text in enumerate(found)
    ])  # fmt: skip
    assert itself.exact == len(found)
    assert itself.leaked == 0
