"""Documents made to hang a reader of text dumps: read in linear time, within a memory cap."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from moderation.records import Source, read_spans
from moderation.threads.document import ReadOptions
from moderation.threads.dumps import read_text

SECONDS = 60  # of processor time, many times what a linear reader needs: only a hang reaches it
MEMORY = 3 << 30

MILLION = 1_000_000
DOCUMENTS: dict[str, Callable[[], str]] = {
    "spaces": lambda: " " * MILLION,
    "tabs": lambda: "\t" * MILLION + "x",
    "blank lines": lambda: "\n" * MILLION,
    "bullets on one line": lambda: "• " * MILLION,
    "bullets on lines": lambda: "•\n" * (MILLION // 50),
    "one long line": lambda: "word " * (MILLION // 4),
    "one long word": lambda: "x" * MILLION,
    "opening quotation marks": lambda: "“" * (MILLION // 4) + "”",
    "opened and apostrophes": lambda: "‘a’b " * (MILLION // 10),
    "hashes": lambda: "#" * MILLION,
    "brackets": lambda: "[" * MILLION,
    "digits": lambda: "1" * MILLION,
    "dates on one line": lambda: "May 3, 2012 " * (MILLION // 12),
    "date lines": lambda: "May 3, 2012\n" * (MILLION // 400),
    "says lines": lambda: "Bo says:\n" * (MILLION // 400),
    "names": lambda: "Anna Berg\n\n" * (MILLION // 400),
    "alternating": lambda: "Anna Berg\n\nI don't think so, do you?\n\n\n" * (MILLION // 800),
    "numbers": lambda: "".join(f"#{i}\nI think so.\nReply\n" for i in range(MILLION // 800)),
    "openings": lambda: "".join(
        f"w{i % 999} on May 3, 2012\ntext\n" for i in range(MILLION // 400)
    ),
    "lone dashes": lambda: "A paragraph of several words.\n–\n" * (MILLION // 800),
    "surrogate pairs": lambda: "😀 • 2 days ago\n" * (MILLION // 400),
    "quotation in quotation": lambda: "Comments\n\n" + "Bo says:\n> x [quote] wrote:\n" * 2000,
    "signatures": lambda: "• a\n– Bo\nMay 3, 2012\nanswered May 3, 2012\n" * (MILLION // 800),
    "said by turns": lambda: "Bo: well, no\nAnna: i think so?\n" * (MILLION // 400),
    "line ends": lambda: "\r\n\r" * (MILLION // 3),
}

SCRIPT = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({memory}, {memory}))
resource.setrlimit(resource.RLIMIT_CPU, ({seconds}, {seconds}))
sys.path[:0] = {path!r}
from tests.hostile.test_dumps import DOCUMENTS, read
for name in {names!r}:
    read(DOCUMENTS[name]())
    print(name)
"""


def read(text: str) -> None:
    thread = read_text(text, Source("hostile.txt", "0" * 64, "text"), ReadOptions())
    for comment in thread.comments:
        assert read_spans(text, comment.spans) == comment.text


def test_hostile_documents_are_read_under_a_cap() -> None:
    script = SCRIPT.format(memory=MEMORY, seconds=SECONDS, path=sys.path, names=list(DOCUMENTS))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines() == list(DOCUMENTS), done.stderr[-2000:]


def test_two_thousand_levels_keep_their_depth() -> None:
    blocks = [
        f"{' ' * level}• Wren{level % 7}\n\n{' ' * level}  I don't think so, do you?"
        for level in range(2000)
    ]
    text = "\n\n".join(blocks)
    thread = read_text(text, Source("deep.txt", "0" * 64, "text"), ReadOptions())
    assert [comment.depth for comment in thread.comments] == list(range(2000))
    assert thread.comments[-1].parent_id == thread.comments[-2].id


@pytest.mark.parametrize("count", [800])
def test_many_comments_are_all_found(count: int) -> None:
    text = "\n".join(
        f"Wren{i % 97} • {i % 50 + 2} days ago\nI counted {i} boats, how many did you see?\nReply\n"
        for i in range(count)
    )
    thread = read_text(text, Source("many.txt", "0" * 64, "text"), ReadOptions())
    assert len(thread.comments) == count
