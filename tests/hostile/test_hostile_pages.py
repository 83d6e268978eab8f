"""Pages made to hurt: each is survived in bounded time and memory, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SECONDS = 60  # a guard against hanging: processor time; each takes a few
MEMORY = 2 << 30  # bytes of address space

RUN = """
import json, resource
resource.setrlimit(resource.RLIMIT_CPU, ({seconds}, {seconds}))
resource.setrlimit(resource.RLIMIT_AS, ({memory}, {memory}))
from moderation.threads.document import Document, ReadOptions
from moderation.threads.pages import PageReader
def word(n):
    return "".join(chr(97 + n // 26 ** k % 26) for k in range(4))
def comment(n, inner=""):
    return (f'<li class="comment depth-1" id="comment-{{n}}"><cite class="fn">Person {{n}}</cite> '
            f'<time datetime="2021-03-04T10:15:00">March 4, 2021</time>'
            f'<div class="comment-content"><p>Words {{word(n)}} here.</p></div>'
            f'<a class="comment-reply-link" href="#">Reply</a>'
            f'{{inner}}</li>')
def listed(text):
    return '<ol class="commentlist">' + text + '</ol>'
{code}
if isinstance(data, str):
    data = data.encode("utf-8", "surrogatepass")
(thread,) = PageReader({reader}).read(Document.from_bytes(data), ReadOptions())
print(json.dumps({{
    "comments": len(thread.comments),
    "depth": max((c.depth or 0 for c in thread.comments), default=0),
    "first": thread.comments[0].text if thread.comments else None,
    "layout": thread.layout,
}}))
"""

NESTED = """
opening = ''.join(comment(n, '<ol class="children">').removesuffix('</li>') for n in range(2000))
data = listed(opening + '</ol></li>' * 2000)
"""

ATTACKS = {
    # name: (code that makes `data`, reader's arguments, what must come out)
    "2,000 replies in replies": (NESTED, "", {"comments": 2000, "depth": 1999}),
    "2,000 replies in replies, unknown system": (
        NESTED.replace("data =", "data = '<html>' +"),
        "systems=(), structured=()",
        {"comments": 2000, "depth": 1999},
    ),
    "3,000 comments": (
        "data = listed(''.join(comment(n) for n in range(3000)))",
        "",
        {"comments": 3000, "first": "Words aaaa here."},
    ),
    "3,000 comments, unknown system": (
        "data = listed(''.join(comment(n) for n in range(3000)))",
        "systems=(), structured=()",
        {"comments": 3000, "layout": "generic"},
    ),
    "300,000 attributes": (
        "data = '<div ' + ' '.join(f'a{n}=x' for n in range(300_000)) + '>' + listed(comment(1))",
        "",
        {"comments": 1},
    ),
    "8 MB of text without a tag": (
        "data = '<html><p>' + 'word and word ' * 600_000 + listed(comment(1))",
        "",
        {"comments": 1},
    ),
    "100,000 open elements": (
        "data = listed(comment(1)) + '<div><b><i><span>' * 25_000",
        "",
        {"comments": 1},
    ),
    "15,000 ends without a start": (
        "data = listed(comment(1)) + '<p><object>' + '<i>' * 5000 + '<div></p></span>' * 15_000",
        "",
        {"comments": 1},
    ),
    "unclosed quotes": (
        "data = listed(comment(1)) + '<a b=\"' * 100_000",
        "",
        {"comments": 1},
    ),
    "unclosed comments": (
        "data = listed(comment(1)) + '<!-- x <b' * 200_000",
        "",
        {"comments": 1},
    ),
    "unclosed raw text": (
        "data = listed(comment(1)) + '<textarea><title><xmp>' * 10_000",
        "",
        {"comments": 1},
    ),
    "open marks": ("data = listed(comment(1)) + '<' * 1_000_000", "", {"comments": 1}),
    "a flood of entities": (
        "data = listed(comment(1, '<p>' + '&amp;&notanentity;&#99999999;&#xD800;' * 50_000))",
        "",
        {"comments": 1},
    ),
    "an entity bomb in a DTD": (
        'data = \'<!DOCTYPE html [<!ENTITY a "b"><!ENTITY c "&a;&a;&a;">]><html>&c;\''
        " + listed(comment(1))",
        "",
        {"comments": 1},
    ),
    "NUL bytes and control characters": (
        "data = listed(comment(1)).replace('Words', 'W\\0o\\x01rds\\x7f')",
        "",
        {"comments": 1},
    ),
    "lone surrogates": (
        "data = listed(comment(1)).replace('Words', 'W\\ud800rds')",
        "",
        {"comments": 1},
    ),
    "random bytes": (
        "import random\nrandom.seed(1)\ndata = b'<html>' + random.randbytes(500_000)",
        "",
        {"comments": 0},
    ),
    "deep JSON-LD": (
        "data = '<script type=\"application/ld+json\">' + '[' * 200_000 + '</script>'"
        " + listed(comment(1))",
        "",
        {"comments": 1},
    ),
    "20,000 classes": (
        "data = ''.join(f'<p class=\"k{n}x y{n}z\">March {n % 28}, 2021</p>'"
        " for n in range(10_000))",
        "",
        {"comments": 0},
    ),
    "long words in a date's place": (
        "data = listed(comment(1).replace('March 4, 2021', 'a1' * 100_000 + ' 1' * 100_000))",
        "",
        {"comments": 1},
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_survived(name: str) -> None:
    code, reader, wanted = ATTACKS[name]
    script = RUN.format(code=code, reader=reader, seconds=SECONDS, memory=MEMORY)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=10 * SECONDS
    )
    assert done.returncode == 0, done.stderr[-2000:]
    result = json.loads(done.stdout)
    assert {key: result[key] for key in wanted} == wanted
