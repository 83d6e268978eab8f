"""`moderation score`, `explain` and `model` as people run them."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from moderation.cli import cli, is_plain
from moderation.cli.tables import paint, printable
from moderation.errors import ModerationError
from moderation.explanation import explain
from moderation.explanation_page import write_page
from moderation.records import LABELS
from moderation.scoring import score
from tests.small_model import small_model, write_small_model

MODEL = small_model()
ODD_BYTES = b"plain\n\xff\xfe\n\xe2\x82\nlast\n"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_small_model(tmp_path_factory.mktemp("models")))


def run(*args: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(cli, list(args), input=stdin)


def lines(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def process(*args: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "moderation", *args]
    return subprocess.run(command, input=stdin, capture_output=True, check=False)


def test_texts_are_scored(model: str) -> None:
    idiot, thanks = lines(run("score", "--model", model, "You are an idiot", "Thank you"))
    assert idiot["id"] == "1"
    assert thanks["id"] == "2"
    assert tuple(idiot["scores"]) == LABELS
    assert idiot["abusive"] is True
    assert thanks["abusive"] is False
    assert re.fullmatch(r"small@[0-9a-f]{12}", idiot["model"])
    want = {k: round(v, 4) for k, v in score("You are an idiot", MODEL).scores.items()}
    assert idiot["scores"] == want


def test_explanations_add_up(model: str) -> None:
    (found,) = lines(run("score", "--model", model, "--explain", "You are an idiot!"))
    for label in LABELS:
        total = found["bias"][label] + sum(
            span["contribution"] for span in found["spans"] if span["label"] == label
        )
        assert total == pytest.approx(found["logits"][label], abs=0.002)
    assert [9, 10][0] < found["rationale"]["insult"][0][1] <= 17


@pytest.mark.parametrize(
    ("name", "data", "ids"),
    [
        ("a.jsonl", b'{"id": "x", "text": "idiot"}\n\n{"text": "thanks"}\n', ["x", "3"]),
        ("a.jsonl", b'\xef\xbb\xbf{"id": 7, "text": "idiot"}\r\n', ["7"]),
        ("a.csv", b'id,text\nx,"an\nidiot"\ny,thanks\n', ["x", "y"]),
        ("a.csv", b"\xef\xbb\xbftext\r\nidiot\r\n", ["2"]),
        ("a.csv", b'id;text\r\nx;"an; idiot"\r\ny;thanks, all\r\n', ["x", "y"]),
        ("a.tsv", b"text\tid\nidiot\tx\nthanks, all; bye\ty\n", ["x", "y"]),
        ("threads.jsonl", b'{"source": {}, "comments": [{"id": "c1", "text": "idiot"}]}\n', ["c1"]),
    ],
)
def test_files_are_scored(
    model: str, tmp_path: Path, name: str, data: bytes, ids: list[str]
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    found = lines(run("score", "--model", model, "--input", str(path)))
    assert [record["id"] for record in found] == ids
    assert found[0]["abusive"] is True
    assert found == lines(run("score", "--model", model, "--input", "-", stdin=data))


def test_the_name_of_a_file_is_a_text_and_said_to_be_one(model: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text\nidiot\n", encoding="utf-8")
    result = run("score", "--model", model, str(path), str(tmp_path), "none.csv", "a\0b")
    assert [record["id"] for record in lines(result)] == ["1", "2", "3", "4"]
    (note,) = result.stderr.splitlines()
    assert repr(str(path)) in note
    assert "--input" in note


def test_columns_and_lines(model: str) -> None:
    found = lines(
        run("score", "--model", model, "--input", "-", "--text-column", "body", "--id-column", "n",
            stdin="n,body\n5,idiot\n")
    )  # fmt: skip
    assert [record["id"] for record in found] == ["5"]
    found = lines(run("score", "--model", model, "--input", "-", "--format", "lines", stdin="a\nb"))
    assert len(found) == 2


@pytest.mark.parametrize(
    "text", ["\x00", "a\x00idiot", "\u202eabc", "x" * 300_000, "idiot " * 5_000, "", " \n "]
)
def test_odd_texts(model: str, text: str) -> None:
    stdin = json.dumps({"id": "1", "text": text}) + "\n" + json.dumps({"text": "\ud800 idiot"})
    found = lines(run("score", "--model", model, "--input", "-", "--explain", stdin=stdin))
    assert len(found) == 2


def test_many_comments_keep_their_order(model: str) -> None:
    stdin = "".join(
        json.dumps({"id": str(i), "text": f"word{i} idiot"}) + "\n" for i in range(2500)
    )
    found = lines(run("score", "--model", model, "--input", "-", stdin=stdin))
    assert [record["id"] for record in found] == [str(i) for i in range(2500)]


@pytest.mark.parametrize(
    ("args", "stdin", "words"),
    [
        (["--input", "-"], b'{"text": "a"}\n{"text": \n', "<stdin>:2: is not JSON"),
        (["--input", "-"], b"plain words\n", "--format lines"),
        (["--input", "-"], ODD_BYTES, "--format lines"),
        (["--input", "-", "--format", "lines"], ODD_BYTES, "<stdin>:2: is not UTF-8"),
        (["--input", "-", "--format", "csv"], b"id,body\n", "has no column 'text'"),
        (["--input", "none.jsonl"], b"", "none.jsonl: cannot be read"),
        (["--model", "none", "text"], b"", "none: no such model"),
        (["--output", "none/x.jsonl", "text"], b"", "none/x.jsonl: cannot be written"),
    ],
)
def test_bad_data_is_one_line(model: str, args: list[str], stdin: bytes, words: str) -> None:
    if "--model" not in args:
        args = ["--model", model, *args]
    done = process("score", *args, stdin=stdin)
    message = done.stderr.decode()
    assert done.returncode == 1
    assert words in message
    assert message.startswith("moderation: ")
    assert message.count("\n") == 1


@pytest.mark.parametrize(
    "args",
    [["score"], ["score", "a", "--input", "-"], ["score", "--format", "xml", "a"],
     ["score", "--nothing"], ["explain"], ["explain", "--label", "kindness", "a"],
     ["model", "nothing"], ["nothing"]],
)  # fmt: skip
def test_wrong_usage_is_two(model: str, args: list[str]) -> None:
    if args[0] == "explain":
        args = [*args, "--model", model]
    result = run(*args)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_errors_are_counted_where_asked(model: str) -> None:
    stdin = b'{"text": "idiot"}\n{"text": 3}\nnonsense\n\xff\n{"text": "thanks"}\n'
    done = process("score", "--model", model, "--input", "-", "--skip-errors", stdin=stdin)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 2
    assert b"3 malformed lines were skipped" in done.stderr
    assert b"<stdin>:4: is not UTF-8" in done.stderr


def test_output_file_is_whole_or_untouched(model: str, tmp_path: Path) -> None:
    path = tmp_path / "scores.jsonl"
    path.write_text("old")
    bad = b'{"text": "a"}\n' * 2_000 + b"nonsense\n"
    args = ("score", "--model", model, "--input", "-", "--output", str(path))
    done = process(*args, stdin=bad)
    assert done.returncode == 1
    assert b"<stdin>:2001" in done.stderr
    assert path.read_text() == "old"
    done = process(*args, stdin=b'{"text": "a"}\n')
    assert done.returncode == 0
    assert done.stdout == b""
    assert json.loads(path.read_text())["id"] == "1"
    assert not path.with_name(path.name + ".partial").exists()


def test_closed_pipe_is_quiet(model: str) -> None:
    command = f"{sys.executable} -m moderation score --model {model} --input - | head -1"
    stdin = b'{"text": "idiot"}\n' * 20_000
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], input=stdin, capture_output=True, check=False
    )
    assert done.stdout.count(b"\n") == 1
    assert done.stderr == b""
    assert done.returncode == 0


def test_table(model: str) -> None:
    result = run("score", "--model", model, "--table", "You are an idiot\x1b[2J\n!", "Thank you")
    assert result.exit_code == 0
    head, idiot, thanks, foot = result.stdout.splitlines()
    assert head.split() == ["toxic", "severe", "insult", "profan", "threat", "ident", "text"]
    assert " A  You are an idiot" in idiot
    assert "\x1b" not in result.stdout
    assert " A" not in thanks
    assert foot.startswith("A abusive, H hateful by small@")
    explained = run("score", "--model", model, "--table", "--explain", "You are an idiot")
    assert re.search(r"\[idiot \+\d\.\d\]", explained.stdout)


def test_explain_prints_what_each_word_adds(model: str) -> None:
    result = run("explain", "--model", model, "Thank you. You are an idiot")
    assert result.exit_code == 0
    assert re.search(r"^insult 0\.9\d \(yes, threshold 0\.50\): logit \+", result.stdout, re.M)
    assert re.search(r"\[idiot \+\d\.\d\]", result.stdout)
    assert "worst sentence: characters 11 to 27" in result.stdout
    only = run("explain", "--model", model, "--label", "threat", "You are an idiot")
    assert re.match(r"threat 0\.\d\d \(no", only.stdout)
    (found,) = lines(run("explain", "--model", model, "--json", "idiot"))
    assert found["rationale"]["insult"] == [[0, 5]]


def test_explain_is_coloured_on_a_terminal(model: str) -> None:
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "moderation", "explain", "--model", model, "You idiot"]
    child = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    shown = b""
    while True:
        try:
            part = os.read(master, 4096)
        except OSError:  # Linux: the other end was closed
            break
        if not part:
            break
        shown += part
    os.close(master)
    assert child.wait() == 0
    assert b"\x1b[37m\x1b[41midiot\x1b[0m" in shown


def test_explain_page(model: str, tmp_path: Path) -> None:
    path = tmp_path / "why.html"
    text = '<script>alert("x")</script> & you idiot \u202e\x00\ud800 🤡'
    result = run("explain", "--model", model, "--html", str(path), text, "Thank you")
    assert result.exit_code == 0, result.output
    page = path.read_text(encoding="utf-8", errors="surrogatepass")
    assert "<script" not in page
    assert "&lt;" in page
    assert "\u202e" not in page
    assert "\x00" not in page
    assert not re.search(r"""(?:src|href)=|@import|url\(""", page)
    assert page.count("<section>") == 2


def test_page_shows_sums_that_add_up() -> None:
    texts = ["You are such an idiot! Thank you. The train was late.", "", "🤮 i d i o t"]
    page = write_page([explain(text, MODEL) for text in texts], MODEL)
    tables = re.findall(r"<table>(.*?)</table>", page)
    assert len(tables) == len(texts) * len(LABELS)
    for table in tables:
        *parts, logit = (float(n) for n in re.findall(r"<td>([+-]\d+\.\d+)</td></tr>", table))
        assert sum(parts) == pytest.approx(logit, abs=0.001 * (len(parts) + 1))
    assert "prefers-color-scheme: dark" in page
    assert re.search(r"<u>.*idiot.*</u>", page)


def test_model_show(model: str, tmp_path: Path) -> None:
    result = run("model", "show", model)
    assert result.exit_code == 0
    digest = re.search(r"^sha256 +([0-9a-f]{64})$", result.stdout, re.M)
    assert digest is not None
    assert f"small@{digest[1][:12]}" in result.stdout
    arrays = ("fingerprint", "weight", "vocabulary", "word_class", "word_sums", "pool")
    for name in (*arrays, "toxicity 0.500"):
        assert name in result.stdout
    (found,) = lines(run("model", "show", "--json", model))
    assert found["sha256"] == digest[1]
    assert "tables" not in found
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(Path(model).read_bytes()[:-10])
    with pytest.raises(ModerationError):
        CliRunner().invoke(cli, ["model", "show", str(broken)], catch_exceptions=False)
    done = process("model", "show", str(broken))
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1


def test_nothing_steers_a_terminal() -> None:
    text = "a\x1b[31m\u202e\x07\r\nidiot\tb\u2028"
    assert all(c.isprintable() for c in printable(text))
    for colour in (False, True):
        shown = paint(explain(text, MODEL), "insult", colour)
        plain = re.sub(r"\x1b\[\d+m", "", shown)
        assert all(c.isprintable() for c in plain)


TEXTS_ONLY = [
    ["You are an idiot", "Thank you"],
    ["", "  ", "\u202e\n\t🤡"],
    ["score"],
]


@pytest.mark.parametrize("texts", TEXTS_ONLY)
def test_texts_alone_take_the_short_way_to_the_same_lines(texts: list[str]) -> None:
    assert is_plain(["score", *texts])
    short, long = process("score", *texts), process("score", "--json", *texts)
    assert short.returncode == long.returncode == 0
    assert short.stdout == long.stdout
    assert short.stdout.count(b"\n") == len(texts)


@pytest.mark.parametrize(
    "arguments",
    [line.split() for line in ("", "score", "--help", "score --help", "score a --table")]
    + [line.split() for line in ("score - a", "explain a", "model", "--version")],
)
def test_whatever_else_goes_the_long_way(arguments: list[str]) -> None:
    assert not is_plain(arguments)


def test_texts_alone_need_no_click() -> None:
    code = (
        "import sys; sys.argv = ['moderation', 'score', 'Thank you']\n"
        "from moderation.cli import main\nmain()\nassert 'click' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_reader_that_leaves_the_short_way_is_no_error() -> None:
    command = [sys.executable, "-m", "moderation", "score", *["Thank you"] * 2_000]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.readline()
        child.stdout.close()
        assert child.stderr.read() == b""
        assert child.wait() == 0


def test_help_of_every_command() -> None:
    for args in (["score"], ["explain"], ["model"], ["model", "show"]):
        result = run(*args, "--help")
        assert result.exit_code == 0
        assert "Usage:" in result.stdout
