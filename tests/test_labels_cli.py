"""`moderation labels` as people use it: exit codes, one line a problem, the whole way round."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from moderation.cli import cli, main
from moderation.labelling.store import read_labels

CASES = Path(__file__).parent / "cases" / "labels"


FORM_A = ("seeds/threads.jsonl", "--reading", "A", "--reader", "ann")
FORM_B = ("seeds/threads.jsonl", "--reading", "B", "--reader", "bea")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    for name in ("threads.jsonl", "labels.jsonl"):
        (seeds / name).write_bytes((CASES / name).read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["labels", *arguments])


def test_check_says_ok_in_one_line(folder: Path) -> None:
    result = run("check", "seeds/labels.jsonl")
    assert result.exit_code == 0
    assert result.stdout == "seeds/labels.jsonl: ok: 4 comments, 12 records\n"
    assert result.stderr == ""


def test_check_prints_every_problem_in_order_and_exits_with_1(folder: Path) -> None:
    path = folder / "seeds" / "labels.jsonl"
    lines = path.read_text("utf-8").splitlines()
    lines[1] = lines[1].replace('"insult"', '"insultt"')
    lines[2] = lines[2].replace("[[0, 67]]", "[[0, 670]]")
    lines[5] = lines[5].replace('"person"', '"none"')
    lines.pop()
    lines.append('{"comment": "abab')
    path.write_text("\n".join(lines), "utf-8")
    result = run("check", "seeds/labels.jsonl")
    assert result.exit_code == 1
    assert result.stdout == ""
    found = [line.split(": ", 1) for line in result.stderr.splitlines()]
    assert [place for place, _ in found] == [f"seeds/labels.jsonl:{n}" for n in (2, 3, 4, 6, 12)]
    assert [re.match(r"\D+", what)[0] for _, what in found] == [  # type: ignore[index]
        'label "insultt" is not in the scheme; did you mean "insult"?',
        "span [",
        'comment "abababababab:',
        '"insult" is ',
        "the last line is cut off (it has no line end): a write was interrupted; "
        "complete or remove it",
    ]


def test_check_with_threads_elsewhere(folder: Path) -> None:
    (folder / "seeds" / "threads.jsonl").rename(folder / "t.jsonl")
    assert run("check", "seeds/labels.jsonl").exit_code == 1
    assert run("check", "seeds/labels.jsonl", "--threads", "t.jsonl").exit_code == 0


def test_check_of_a_missing_file_is_one_line(folder: Path) -> None:
    result = run("check", "none.jsonl")
    assert result.exit_code == 1
    said = "none.jsonl: cannot be read: No such file or directory; check the path\n"
    assert result.stderr == said


def test_control_characters_of_a_file_do_not_reach_the_terminal(folder: Path) -> None:
    path = folder / "seeds" / "labels.jsonl"
    lines = path.read_text("utf-8").splitlines()
    record = {**json.loads(lines[0]), "comment": "x\x1b[31m\n\ud800"}
    path.write_text("\n".join([json.dumps(record), *lines]) + "\n", "utf-8")
    result = run("check", "seeds/labels.jsonl")
    assert result.exit_code == 1
    assert "\x1b" not in result.stderr
    assert r'comment "x\x1b[31m\n\ud800" is unknown' in result.stderr


def test_agreement_prints_a_row_for_each_label_and_what_it_is_worth(folder: Path) -> None:
    result = run("agreement", "seeds/labels.jsonl")
    assert result.exit_code == 0
    rows = {line.split()[0]: line.split() for line in result.stdout.splitlines()[1:7]}
    assert rows["toxicity"][1:6] == ["4", "100.0", "2", "2", "1.000"]
    assert rows["insult"][1:6] == ["4", "75.0", "1", "2", "0.533"]
    assert rows["threat"][1:6] == ["4", "100.0", "0", "0", "undefined"]
    assert "With n = 4, one changed answer moves the percent agreement by 25 points" in (
        result.stdout
    )
    assert "too few comments" in result.stdout
    assert result.stdout == run("agreement", "seeds/labels.jsonl").stdout


def test_agreement_without_pairs_says_so(folder: Path) -> None:
    path = folder / "A.jsonl"
    lines = (folder / "seeds" / "labels.jsonl").read_text("utf-8").splitlines()
    path.write_text("\n".join(lines[:4]) + "\n", "utf-8")
    result = run("agreement", "A.jsonl")
    assert result.exit_code == 0
    assert "No comment has two readings yet" in result.stdout


def test_malformed_file_ends_agreement_with_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad.jsonl").write_text("{}\n", "utf-8")
    monkeypatch.setattr("sys.argv", ["moderation", "labels", "agreement", "bad.jsonl"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 1
    assert capsys.readouterr().err == 'moderation: bad.jsonl:1: key "comment" is missing; add it\n'


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("template", "seeds/threads.jsonl", "--reading", "C", "--reader", "ann"), "--reading"),
        (("template", "seeds/threads.jsonl", "--reading", "A"), "--reader"),
        (("template", "seeds/threads.jsonl", "--reading", "A", "--reader", " "), "is empty"),
        (("template", *FORM_B, "--show", "seeds/labels.jsonl"), "made blind"),
        (("template", *FORM_A, "--output", "seeds/labels.jsonl"), "exists and may hold labels"),
        (("template", *FORM_A, "--date", "yesterday"), "is no date"),
        (("merge", "A.jsonl"), "--output"),
        (("check",), "FILE"),
    ],
)
def test_wrong_usage_exits_with_2(folder: Path, arguments: tuple[str, ...], says: str) -> None:
    before = (folder / "seeds" / "labels.jsonl").read_bytes()
    result = run(*arguments)
    assert result.exit_code == 2
    assert says in result.stderr
    assert (folder / "seeds" / "labels.jsonl").read_bytes() == before


def test_second_reading_comes_in_another_order_and_shows_no_other_reading(folder: Path) -> None:
    common = ("seeds/threads.jsonl", "--reader", "bea", "--date", "2026-02-01")
    first = run("template", *common, "--reading", "A").stdout.splitlines()
    second = run("template", *common, "--reading", "B", "--shuffle", "1").stdout.splitlines()
    ids = [json.loads(line)["comment"] for line in first]
    shuffled = [json.loads(line)["comment"] for line in second]
    assert sorted(ids) == sorted(shuffled)
    assert ids != shuffled
    assert "readings" not in "".join(first + second)


def fill(path: Path, answers: dict[str, dict[str, object]]) -> None:
    """What a reader does by hand."""
    forms = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for form in forms:
        form.update(answers[form["comment"]])
    path.write_text("".join(json.dumps(form) + "\n" for form in forms), "utf-8")


def test_the_example_of_the_help_works_from_threads_to_labels(folder: Path) -> None:
    """Runs the lines of `moderation labels --help`, filling the forms where it says so."""
    reference = [json.loads(line) for line in (CASES / "labels.jsonl").read_bytes().splitlines()]
    answers = {
        reading: {
            line["comment"]: {key: line[key] for key in ("labels", "target", "rationale", "note")}
            for line in reference
            if line["reading"] == reading
        }
        for reading in ("A", "B", "decision")
    }
    (folder / "seeds" / "labels.jsonl").unlink()
    help_text = run("--help").stdout.replace("\\\n", " ")
    commands = [
        shlex.split(line)[2:]
        for line in help_text.splitlines()
        if line.strip().startswith("moderation labels ")
    ]
    assert [command[0] for command in commands] == (
        ["template", "template", "agreement", "template", "merge", "check"]
    )
    for command in commands:
        result = run(*command)
        if command[0] == "template":
            form = folder / command[command.index("--output") + 1]
            assert result.exit_code == 0, result.output
            if "decision" in command:
                shown = json.loads(form.read_text("utf-8").splitlines()[0])["context"]["readings"]
                assert list(shown) == ["A (ann)", "B (bea)"]
            fill(form, answers[command[command.index("--reading") + 1]])
        assert result.exit_code == 0, result.output
    assert result.stdout == "seeds/labels.jsonl: ok: 4 comments, 12 records\n"
    made = read_labels(folder / "seeds" / "labels.jsonl")
    assert all(record.text is None and record.text_sha256 for record in made)
    by_key = {(line["comment"], line["reading"]): line for line in reference}
    for record in made:
        line = by_key[(record.comment, record.reading)]
        assert record.to_dict() == {**line, "reader": record.reader, "date": record.date}


def test_examples_in_each_help_name_real_commands() -> None:
    for name in ("check", "agreement", "template", "merge"):
        text = run(name, "--help").stdout
        assert f"moderation labels {name} " in text
