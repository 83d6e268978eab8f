"""Exports made to hurt: each is refused with one line or survived, in bounded memory, not hung."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SECONDS = 60  # a guard against hanging; each takes a few
MEMORY = 1 << 30  # bytes of address space: the process, Python and the attack

PRELUDE = """
import bz2, gzip, io, json, lzma, resource, sys, zipfile
import zstandard
path = sys.argv[1]
HEAD = b'<rss xmlns:wp="http://wordpress.org/export/1.2/"><channel>\\n'
def comment(n):
    return (b'<item><wp:post_id>1</wp:post_id><wp:comment><wp:comment_id>%d</wp:comment_id>'
            b'<wp:comment_content>words</wp:comment_content></wp:comment></item>\\n' % n)
def thing(n, replies=b'""'):
    return (b'{"kind":"t1","data":{"id":"c%d","body":"b","link_id":"t3_x","parent_id":"t1_c%d",'
            b'"replies":%s}}' % (n, n - 1, replies))
def zstd(data):
    return zstandard.ZstdCompressor(level=1).compress(data)
def zipped(data):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", data)
    return buffer.getvalue()
"""
RUN = """
with open(path, "wb") as f:
    f.write(data)
del data
resource.setrlimit(resource.RLIMIT_AS, ({memory}, {memory}))
from moderation.errors import InputError
from moderation.threads import read_threads
try:
    threads = list(read_threads(path))
except InputError as error:
    print(json.dumps({{"refused": str(error)}}))
else:
    print(json.dumps({{
        "layout": threads[0].layout,
        "comments": sum(len(t.comments) for t in threads),
        "warnings": [w for t in threads for w in t.warnings],
    }}))
"""

REFUSED = {
    # name: (what makes `data`, what the refusal says)
    "billion laughs": (
        "ents = b''.join(b'<!ENTITY e%d \"%s\">' % (n, b'&e%d;' % (n - 1) * 10)"
        " for n in range(1, 10))\n"
        "data = b'<!DOCTYPE rss [<!ENTITY e0 \"lol\">' + ents + b']>' + HEAD"
        " + b'<item><title>&e9;</title></item></channel></rss>'",
        "entities",
    ),
    "external entity": (
        "data = b'<!DOCTYPE rss [<!ENTITY x SYSTEM \"file:///etc/hostname\">]>' + HEAD"
        " + b'<item><title>&x;</title></item></channel></rss>'",
        "entities",
    ),
    "external entity in Disqus": (
        "data = b'<!DOCTYPE d [<!ENTITY x SYSTEM \"file:///etc/hostname\">]>'"
        " b'<disqus xmlns=\"http://disqus.com\"><post><message>&x;</message></post></disqus>'",
        "entities",
    ),
    "a million nested elements": (
        "data = HEAD + b'<item>' + b'<a>' * 1_000_000",
        "elements nest more than",
    ),
    "gzip bomb": ("data = gzip.compress(b'[' + b' ' * 100_000_000)", "decompression bomb"),
    "gzip bomb in gzip": (
        "data = gzip.compress(gzip.compress(b' ' * 100_000_000) * 3)",
        "",  # one layer is opened; the inner one is no text of any kind
    ),
    "bzip2 bomb": ("data = bz2.compress(b'[' + b' ' * 100_000_000)", "decompression bomb"),
    "xz bomb": ("data = lzma.compress(b'[' + b' ' * 100_000_000, preset=0)", "decompression bomb"),
    "zstd bomb": ("data = zstd(b'[' + b' ' * 100_000_000)", "decompression bomb"),
    "zip bomb": ("data = zipped(b'[' + b' ' * 100_000_000)", "decompression bomb"),
    "zip of many files": (
        "b = io.BytesIO()\n"
        "with zipfile.ZipFile(b, 'w') as z:\n"
        "    for n in range(2000): z.writestr(str(n), b'')\n"
        "data = b.getvalue()",
        "zip archive of 2,000 files",
    ),
    "three million brackets": ("data = b'[' * 3_000_000", "nested more than"),
    "an array of numbers": ("data = b'[' + b'1,' * 300_000 + b'1]'", "no export"),
    "zstd header alone": ("data = b'\\x28\\xb5\\x2f\\xfd\\x04\\xff'", "nothing could be unpacked"),
}
SURVIVED = {
    # name: (what makes `data`, layout, comments, a part of a warning or None)
    "a million attributes": (
        "data = HEAD + comment(1) + b'<item '"
        " + b' '.join(b'a%d=\"\"' % n for n in range(1_000_000))"
        " + b'></item>' + comment(2) + b'</channel></rss>'",
        "wxr",
        2,
        None,
    ),
    "an attribute of 20 MB": (
        "data = HEAD + comment(1) + b'<item a=\"' + b'x' * 20_000_000 + b'\"></item>'"
        " + comment(2) + b'</channel></rss>'",
        "wxr",
        2,
        None,
    ),
    "a tag that never ends": (
        "data = HEAD + comment(1) + b'<item ' * 1_000_000",
        "wxr",
        1,
        "line 3: ",
    ),
    "CDATA that never ends": (
        "data = HEAD + comment(1) + b'<item><title><![CDATA[' + b'<item>' * 1_000_000",
        "wxr",
        1,
        "breaks off",
    ),
    "100,000 broken posts": (
        "data = HEAD + comment(1) + b'<item><wp:comment><\\n' * 100_000",
        "wxr",
        1,
        "reading went on",
    ),
    "4,000 levels of answers": (
        "depth = 4000\n"
        "opening = b''.join(thing(n, b'\\0').split(b'\\0')[0]"
        ' + b\'{"kind":"Listing","data":{"children":[\' for n in range(1, depth + 1))\n'
        "data = opening + thing(depth + 1) + b']}}}}' * depth",
        "reddit",
        4001,
        None,
    ),
    "unclosed brackets of things": (
        'data = b\'[{"kind":"t1","data":{"id":"a","body":"b","link_id":"t3_x"}},\''
        " + b'[' * 20_000",
        "reddit",
        1,
        "breaks off",
    ),
    "a circle of 20,000": (
        'data = b\'\\n\'.join(b\'{"id":"%d","text":"t","parent":"%d"}\''
        " % (n + 1, (n + 1) % 20_000 + 1) for n in range(20_000))",
        "json",
        20_000,
        "answers itself",
    ),
    "a number of a million digits": (
        'data = b\'{"id":"a","text":"t","n":\' + b\'9\' * 1_000_000 + b\'}\\n\''
        ' b\'{"id":"b","text":"u"}\\n\'',
        "json",
        None,
        None,
    ),
    "marks never closed": (
        "data = b'id,text\\n' + b''.join(b'%d,\"x\\n' % n if n % 1_500 == 0 else b'%d,y\\n' % n"
        " for n in range(15_000))",
        "csv",
        15_000,
        "never closed",
    ),
    "markup without end": (
        "data = json.dumps({'id': 'a', 'text': '<p>' + '<a \"' * 300_000 + '<!--' * 300_000"
        " + '<script>' * 100_000}).encode()",
        "json",
        1,
        None,
    ),
    "bytes of no encoding": (
        'data = b\'{"id":"a","text":"\' + bytes(range(128, 256)) * 1000 + b\'"}\\n\'',
        "json",
        1,
        "unreadable bytes",
    ),
}


def run(tmp_path: Path, make: str) -> dict[str, object]:
    script = PRELUDE + make + RUN.format(memory=MEMORY)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, str(tmp_path / "export")],
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    shape = json.loads(done.stdout)
    assert isinstance(shape, dict)
    return shape


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_refused(name: str, tmp_path: Path) -> None:
    make, reason = REFUSED[name]
    result = run(tmp_path, make)
    if not reason:
        assert result.get("comments", 0) == 0
        return
    message = str(result["refused"])
    assert reason in message
    assert "\n" not in message


@pytest.mark.parametrize("name", sorted(SURVIVED))
def test_survived(name: str, tmp_path: Path) -> None:
    make, layout, comments, warning = SURVIVED[name]
    result = run(tmp_path, make)
    assert result["layout"] == layout, result
    if comments is not None:
        assert result["comments"] == comments
    warnings = result["warnings"]
    assert isinstance(warnings, list)
    assert len(warnings) <= 60
    if warning is not None:
        assert any(warning in line for line in warnings), warnings
