"""Comments in: every format, every malformed line by its place, memory that stays flat."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from moderation import streams
from moderation.errors import InputError
from moderation.streams import Skips, encode_json, open_input, open_output, read_comments
from tests.strategies import texts


def read(data: bytes, format: str = "auto", **options: object) -> list[tuple[str, str]]:
    return list(read_comments("f", io.BytesIO(data), format, **options))  # type: ignore[arg-type]


@settings(max_examples=150, deadline=None)
@given(st.lists(texts, max_size=6))
def test_json_lines_round_trip(given_texts: list[str]) -> None:
    data = "".join(
        encode_json({"id": f"c{i}", "text": text}) + "\n" for i, text in enumerate(given_texts)
    ).encode("utf-8")
    assert read(data, "jsonl") == [(f"c{i}", text) for i, text in enumerate(given_texts)]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(texts.filter(lambda t: "\x00" not in t and "\r" not in t), max_size=6),
    st.sampled_from(streams.SEPARATORS),
)
def test_csv_round_trip(given_texts: list[str], separator: str) -> None:
    file = io.StringIO()
    writer = csv.writer(file, delimiter=separator, lineterminator="\n")
    writer.writerow(["id", "text"])
    for i, text in enumerate(given_texts):
        writer.writerow([f"c{i}", text])
    data = file.getvalue().encode("utf-8", "surrogatepass")
    assert read(data) == [(f"c{i}", text) for i, text in enumerate(given_texts)]


@settings(max_examples=150, deadline=None)
@example(b"\r\x00", "csv")
@example(b"\r\x00", "auto")
@example(b"text\na\rb\n", "csv")
@given(st.binary(max_size=80), st.sampled_from(streams.FORMATS))
def test_any_bytes_are_read_or_refused_in_one_line(data: bytes, format: str) -> None:
    skips = Skips()
    for options in ({}, {"skips": skips}):
        try:
            found = read(data, format, **options)
        except InputError as error:
            complaint = str(error)
        else:
            complaint = "f"
            assert all(isinstance(i, str) and isinstance(t, str) for i, t in found)
        assert "\n" not in complaint
        assert complaint.startswith("f")


@pytest.mark.parametrize(
    ("data", "want"),
    [
        (b'{"id": 7, "text": "a"}\n{"text": "b"}', [("7", "a"), ("2", "b")]),
        (b'\xef\xbb\xbf{"text": "a"}\r\n\r\n{"text": "b"}\r\n', [("1", "a"), ("3", "b")]),
        (b'{"text": "\\ud800"}', [("1", "\ud800")]),
        (b'{"text": "a\\u0000b"}', [("1", "a\x00b")]),
        (b"\xef\xbb\xbfid,text\r\nx,a\r\n", [("x", "a")]),
        (b'text\n"a\nb"\nc\n', [("2", "a\nb"), ("4", "c")]),
        (b'id,text\nx,"say ""no"", twice"\n\ny,b', [("x", 'say "no", twice'), ("y", "b")]),
        (b'n,text,id\n1,"a\r\n\r\nb",x\n', [("x", "a\n\nb")]),
        (b'{"source": {}, "comments": [{"id": "c1", "text": "a"}, '
         b'{"id": "c2", "text": "", "status": "deleted"}]}', [("c1", "a")]),
        (b"", []),
        (b"\n", []),
    ],
    ids=lambda value: repr(value)[:30],
)  # fmt: skip
def test_formats(data: bytes, want: list[tuple[str, str]]) -> None:
    if data == b"\n":
        assert read(data, "jsonl") == want
    else:
        assert read(data) == want


def test_plain_lines() -> None:
    assert read(b"\xef\xbb\xbfa\r\n\nb", "lines") == [("1", "a"), ("2", ""), ("3", "b")]


@pytest.mark.parametrize(
    ("data", "format", "place", "words"),
    [
        (b'{"text": "a"}\n{"text": }\n', "auto", "f:2", "is not JSON"),
        (b'{"text": "a"}\n[1]\n', "auto", "f:2", "is a JSON list"),
        (b'{"text": "a"}\n{"body": "a"}\n', "auto", "f:2", "has no 'text'"),
        (b'{"text": "a"}\n{"text": 3}\n', "auto", "f:2", "has no string in 'text'"),
        (b'{"text": "a"}\n\xff\n', "auto", "f:2", "is not UTF-8 (byte 1"),
        (b"plain words\n", "auto", "f:1", "--format lines"),
        (b"id,body\nx,a\n", "csv", "f:1", "has no column 'text'; columns: 'id', 'body'"),
        (b"id,text\nx\n", "csv", "f:2", "has 1 columns"),
        (b"id;text\nx\n", "csv", "f:2", "has 1 columns"),
        (b"id;body\nx;a\n", "auto", "f:1", "a column 'text'"),
        (b'id;text\nx;"never closed\ny;b\n', "auto", "f:2", "quotation mark"),
        (b'id,text\nx,"a\nb"\ny\n', "csv", "f:4", "has 1 columns"),
        (b'{"source": 1, "comments": 3}\n', "threads", "f:1", 'has no list "comments"'),
        (b'{"source": 1, "comments": [3]}\n', "threads", "f:1", "a comment has no text"),
        (b'{"text": "a"}\n' + b'{"a":' * 50_000 + b"\n", "jsonl", "f:2", "nested too deep"),
        (b'id,text\nx,"never closed\ny,b\n', "csv", "f:2", "quotation mark"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_malformed_lines_are_named(data: bytes, format: str, place: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        read(data, format)
    assert caught.value.place == place
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    if words.startswith(("--format", "has no column", "a column")):
        return
    skips = Skips()
    good = read(data, format, skips=skips)
    assert skips.count >= 1
    assert skips.first[0].startswith(place)
    assert len(good) == int(data.startswith(b'{"text"') or place == "f:4")


def test_long_lines_are_refused_before_they_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MAX_LINE", 1_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=r"f:2: is longer"):
            read(b"a\n" + b"x" * 1_000_001 + b"\n", "lines")
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("format", ["jsonl", "csv", "lines"])
def test_memory_stays_flat(format: str) -> None:
    class Endless(io.RawIOBase):
        """100 MB of lines that are made as they are read."""

        def __init__(self) -> None:
            self.lines = self.make()
            self.left = b""

        def make(self) -> Iterator[bytes]:
            if format == "csv":
                yield b"id,text\n"
            for i in range(20_000):
                words = b"x" * 1_000
                yield {
                    "jsonl": b'{"id": "%d", "text": "%b"}\n' % (i, words),
                    "csv": b'%d,"%b\n%b"\n' % (i, words, words),
                    "lines": words + b"\n",
                }[format]

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: object) -> int:
            view = memoryview(buffer)  # type: ignore[call-overload]
            if not self.left:
                self.left = next(self.lines, b"")
            part = self.left[: len(view)]
            view[: len(part)] = part
            self.left = self.left[len(part) :]
            return len(part)

    stream = io.BufferedReader(Endless())
    tracemalloc.start()
    try:
        count = sum(1 for _ in read_comments("f", stream, format))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 20_000
    assert peak < 1_000_000


def test_output_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("old")

    def fail() -> None:
        with open_output(str(path)) as output:
            output.write("new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    with open_output(str(path)) as output:
        output.write("new\ud800")
        assert path.read_text() == "old"
    assert path.read_bytes().startswith(b"new")
    assert not (tmp_path / "out.jsonl.partial").exists()


def test_places_that_cannot_be_opened(tmp_path: Path) -> None:
    for name in (tmp_path, tmp_path / "none"):
        with pytest.raises(InputError, match="cannot be read"), open_input(str(name)):
            pass
    with pytest.raises(InputError, match="cannot be written"), open_output(str(tmp_path / "a/b")):
        pass
    with pytest.raises(InputError, match="cannot be written"), open_output(str(tmp_path)):
        pass


@given(texts)
def test_json_lines_are_utf8(text: str) -> None:
    line = encode_json({"text": text})
    assert json.loads(line.encode("utf-8")) == {"text": text}
    assert "\n" not in line


def test_places_count_lines_that_were_skipped() -> None:
    skips = Skips()
    found = read(b"text\n\xff\na\nb\n", "csv", skips=skips)
    assert found == [("3", "a"), ("4", "b")]
    assert skips.first[0].startswith("f:2: is not UTF-8")
