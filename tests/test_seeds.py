"""The five seed documents: intact, and read right."""

from __future__ import annotations

import hashlib
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from moderation.cli.extract import extract
from moderation.records import Range, read_spans

SEEDS = Path(__file__).parent.parent / "seeds"
THREADS: list[dict[str, Any]] = [
    json.loads(line) for line in (SEEDS / "threads.jsonl").read_text("utf-8").splitlines()
]


def seed(number: int) -> tuple[str, dict[str, Any]]:
    thread = THREADS[number]
    data = (SEEDS / thread["source"]["name"]).read_bytes()
    return data.decode("utf-8"), thread


def authors(thread: dict[str, Any]) -> list[str | None]:
    return [comment["author"] for comment in thread["comments"]]


def test_threads_are_what_extract_prints() -> None:
    files = [str(path) for path in sorted(SEEDS.glob("*.txt"))]
    result = CliRunner().invoke(extract, files)
    assert result.exit_code == 0
    assert result.stdout_bytes == (SEEDS / "threads.jsonl").read_bytes()


def test_readme_states_the_digests_of_the_documents() -> None:
    readme = (SEEDS / "README.md").read_text("utf-8")
    stated = dict(re.findall(r"\| `(\S+\.txt)` \| `([0-9a-f]{64})` \|", readme))
    documents = sorted(SEEDS.glob("*.txt"))
    assert len(documents) == 5
    assert stated == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in documents
    }
    assert stated == {thread["source"]["name"]: thread["source"]["sha256"] for thread in THREADS}


@pytest.mark.parametrize("number", range(5))
def test_spans_read_from_the_document_give_the_text(number: int) -> None:
    text, thread = seed(number)
    taken: list[list[int]] = list(thread["article"])
    for comment in thread["comments"]:
        assert read_spans(text, [Range(*span) for span in comment["spans"]]) == comment["text"]
        assert comment["id"] == f"{thread['source']['sha256'][:12]}:{comment['spans'][0][0]}"
        taken.extend(comment["spans"])
    assert all(left[1] <= right[0] for left, right in pairwise(taken))


def test_nested_replies_have_their_parents() -> None:
    _, thread = seed(0)
    assert thread["layout"] == "nested-list"
    assert authors(thread) == [
        "GuyQ",
        "Barba_Papa",
        "Gary Sellars",
        "Ivan",
        "Ivanus59",
        "Liberal guy",
        "goingbrokes",
    ]
    by_id = {comment["id"]: comment["author"] for comment in thread["comments"]}
    parents = [by_id.get(comment["parent_id"]) for comment in thread["comments"]]
    assert parents == [None, None, "Barba_Papa", None, None, "Ivanus59", None]
    assert [comment["depth"] for comment in thread["comments"]] == [0, 0, 1, 0, 0, 1, 0]
    assert all(comment["parent_known"] for comment in thread["comments"])
    assert len(thread["comments"][-1]["text"].splitlines()) == 2


def test_lost_author_lines_leave_comments_without_author() -> None:
    _, thread = seed(1)
    assert thread["layout"] == "name-then-text"
    assert authors(thread) == [
        "Promitheas Apollonious",
        "Zionism = EVIL",
        "Jens Holm",
        None,
        "Jens Holm",
        "Rafik Chauhan",
        None,
        "Jens Holm",
        "R Trojson",
        None,
    ]
    assert thread["comments"][4]["text"].endswith("\nBut they do fight. Dont they ?")
    assert thread["comments"][6]["text"] == "Its about time."
    assert all(comment["depth"] is None for comment in thread["comments"])
    assert not any(comment["parent_known"] for comment in thread["comments"])


def test_bare_paragraphs_are_comments_of_low_confidence() -> None:
    text, thread = seed(2)
    assert thread["layout"] == "bare-paragraphs"
    assert authors(thread) == [None] * 8
    assert [len(comment["spans"]) for comment in thread["comments"]] == [1, 1, 1, 1, 2, 1, 1, 2]
    assert all(comment["confidence"] <= 0.5 for comment in thread["comments"])
    assert thread["warnings"] == ["layout_uncertain"]
    assert len(thread["article"]) == 6
    assert thread["article"][0][0] == 0
    assert Range(*thread["article"][-1]).of(text).endswith("Manbij-Al Bab road.")
    assert "–" not in thread["comments"][4]["text"].splitlines()


@pytest.mark.parametrize("number", [3, 4])
def test_articles_without_comments_stay_articles(number: int) -> None:
    text, thread = seed(number)
    assert (thread["layout"], thread["comments"]) == ("none", [])
    covered = sum(end - start for start, end in thread["article"])
    assert covered > 0.95 * len(text.strip())
