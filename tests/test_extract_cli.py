"""`moderation extract`: what it prints, what it writes, how it fails."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from moderation.cli.extract import extract, format_thread
from moderation.records import Comment, Source, Thread

DUMP = """The harbour wall

The wall fell on Sunday night. Nobody was hurt, but three boats sank.

Wren says:

I heard it fall. It sounded like a train!

Tom <tom@example.org> says:

You're right, I thought it was one.

Wren says:

Who pays for the boats?
"""


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    path = tmp_path / "wall.txt"
    path.write_text(DUMP, "utf-8")
    return path


def run(*arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(extract, list(arguments), input=stdin)


def threads(output: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.splitlines()]


def authors(output: str) -> list[str | None]:
    return [comment["author"] for comment in json.loads(output)["comments"]]


def test_one_json_line_a_document(dump: Path) -> None:
    result = run(str(dump), str(dump))
    assert result.exit_code == 0
    first, second = threads(result.stdout)
    assert first == second
    assert {"source", "title", "article", "layout", "confidence"} <= first.keys()
    assert {"warnings", "counts", "comments"} <= first.keys()
    assert first["title"] == "The harbour wall"
    assert first["counts"] == {"extracted": 3}


def test_standard_input_is_read_for_a_dash(dump: Path) -> None:
    piped = run("-", stdin=dump.read_bytes())
    assert piped.exit_code == 0
    named = json.loads(run(str(dump)).stdout)
    assert json.loads(piped.stdout)["comments"] == named["comments"]


def test_output_is_written_whole_and_leaves_no_partial_file(dump: Path, tmp_path: Path) -> None:
    target = tmp_path / "threads.jsonl"
    result = run(str(dump), "--output", str(target))
    assert (result.exit_code, result.stdout) == (0, "")
    assert target.read_text("utf-8") == run(str(dump)).stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["threads.jsonl", "wall.txt"]


def test_unicode_is_written_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "ö.txt"
    path.write_text(DUMP.replace("train", "Zug – поезд"), "utf-8")
    assert "Zug – поезд" in run(str(path)).stdout


def test_a_missing_file_is_one_line_and_the_others_are_written(dump: Path, tmp_path: Path) -> None:
    missing = tmp_path / "missing.txt"
    result = run(str(missing), str(dump))
    assert result.exit_code == 1
    said = f"{missing}: cannot be read: No such file or directory; check the path"
    assert result.stderr == f"moderation: {said}\n"
    assert len(threads(result.stdout)) == 1


def test_explain_tells_the_reason_on_standard_error(dump: Path) -> None:
    result = run("--explain", str(dump))
    assert result.exit_code == 0
    assert f"{dump}: layout header-lines: 0." in result.stderr
    assert "NAME says" in result.stderr
    assert len(threads(result.stdout)) == 1


def test_addresses_are_dropped_from_authors_unless_kept(dump: Path) -> None:
    assert authors(run(str(dump)).stdout) == ["Wren", "Tom", "Wren"]
    kept = authors(run("--keep-personal", str(dump)).stdout)
    assert kept == ["Wren", "Tom <tom@example.org>", "Wren"]


def test_pseudonyms_are_stable_under_a_key(dump: Path, tmp_path: Path) -> None:
    key, other = tmp_path / "key", tmp_path / "other"
    key.write_bytes(b"harbour\n")
    other.write_bytes(b"quarry")
    first = authors(run("--pseudonyms", str(key), str(dump)).stdout)
    assert first == authors(run("--pseudonyms", str(key), str(dump)).stdout)
    assert first[0] == first[2] != first[1]
    assert all(str(name).startswith("user-") and len(str(name)) == 13 for name in first)
    assert first != authors(run("--pseudonyms", str(other), str(dump)).stdout)


def test_an_empty_or_missing_key_is_refused(dump: Path, tmp_path: Path) -> None:
    empty = tmp_path / "key"
    empty.write_bytes(b"\n")
    for path in (empty, tmp_path / "none"):
        arguments = [sys.executable, "-m", "moderation", "extract", "--pseudonyms", str(path)]
        done = subprocess.run([*arguments, str(dump)], capture_output=True, text=True)
        assert done.returncode == 1
        assert done.stdout == ""
        assert done.stderr.startswith(f"moderation: {path}: ")
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("mapping", ["text", "text=", "=body", "text=a,text=b", "text=a,,id=b"])
def test_a_mapping_that_is_none_is_wrong_usage(dump: Path, mapping: str) -> None:
    result = run("--map", mapping, str(dump))
    assert result.exit_code == 2
    assert "--map" in result.stderr


def test_html_takes_one_document(dump: Path, tmp_path: Path) -> None:
    result = run(str(dump), str(dump), "--html", str(tmp_path / "out.html"))
    assert result.exit_code == 2
    assert "--html" in result.stderr


def test_no_file_is_wrong_usage() -> None:
    assert run().exit_code == 2


def test_lone_surrogates_from_an_export_can_be_written() -> None:
    comment = Comment(id="x:1", text="odd \ud800 end")
    line = format_thread(Thread(Source("x", "0" * 64, "text"), comments=(comment,)))
    line.encode("utf-8")
    assert json.loads(line)["comments"][0]["text"] == comment.text


def test_help_shows_an_example_that_works() -> None:
    shown = run("--help").stdout
    example = next(line.strip() for line in shown.splitlines() if "--explain seeds/" in line)
    command = example.removeprefix("moderation ").split()
    root = Path(__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-m", "moderation", *command], cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 0
    assert json.loads(done.stdout)["comments"]


def test_picture_is_drawn_beside_the_lines(dump: Path, tmp_path: Path) -> None:
    picture = tmp_path / "wall.html"
    plain, drawn = run(str(dump)), run(str(dump), "--html", str(picture))
    assert drawn.exit_code == 0
    assert drawn.stdout == plain.stdout
    page = picture.read_text("utf-8")
    assert page.count('<section class="comment') == len(json.loads(plain.stdout)["comments"]) == 3
    for words in ("I heard it fall.", "Who pays for the boats?", "three boats sank"):
        assert words in page
    assert "tom@example.org" not in plain.stdout


def test_picture_of_one_document_only(dump: Path, tmp_path: Path) -> None:
    picture = tmp_path / "wall.html"
    result = run(str(dump), str(dump), "--html", str(picture))
    assert result.exit_code == 2
    assert "give one FILE" in result.output
    assert not picture.exists()
