"""The label store, the codebook's rules and the agreement of readers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.errors import InputError, LabelError
from moderation.labelling import agreement, forms, scheme, store, validation
from moderation.records import LABELS, Range

ROOT = Path(__file__).parent.parent
CASES = Path(__file__).parent / "cases" / "labels"
PROBLEMS = json.loads((CASES / "problems.json").read_text("utf-8"))
EXAMPLES = json.loads((CASES / "alpha.json").read_text("utf-8"))["examples"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("threads.jsonl", "labels.jsonl"):
        (tmp_path / name).write_bytes((CASES / name).read_bytes())
    return tmp_path


def make_record(**changes: Any) -> scheme.LabelRecord:
    """A valid reading of a comment that carries its own text."""
    text = "Lovely work by the builders."
    record = scheme.LabelRecord(
        comment="c1",
        source="made",
        reading="A",
        reader="ann",
        date="2026-01-31",
        codebook="1.0",
        labels=dict.fromkeys(LABELS, 0),
        text_sha256=scheme.text_digest(text),
        text=text,
    )
    return replace(record, **changes)


# --- the codebook and the code say the same ---------------------------------------------------


def test_codebook_has_the_version_and_labels_of_the_scheme() -> None:
    codebook = (ROOT / "seeds" / "CODEBOOK.md").read_text("utf-8")
    found = re.search(r"^Version: (\S+)$", codebook, re.MULTILINE)
    assert found is not None
    assert found[1] == scheme.CODEBOOK
    assert tuple(re.findall(r"^\| `(\w+)` \|", codebook, re.MULTILINE)) == LABELS


def test_codebook_example_line_is_a_valid_record(tmp_path: Path) -> None:
    codebook = (ROOT / "seeds" / "CODEBOOK.md").read_text("utf-8")
    (example,) = re.findall(r"```json\n(.*?)\n```", codebook, re.DOTALL)
    path = tmp_path / "labels.jsonl"
    path.write_text(example + "\n", "utf-8")
    (record,) = store.read_labels(path)
    assert scheme.find_problems(record) == []


# --- reading ----------------------------------------------------------------------------------


def test_missing_label_is_missing_not_zero(tmp_path: Path) -> None:
    shape = make_record().to_dict()
    shape["labels"] = {"toxicity": 0, "threat": None}
    path = tmp_path / "labels.jsonl"
    path.write_text(json.dumps(shape), "utf-8")
    (record,) = store.read_labels(path)
    assert record.labels == {**dict.fromkeys(LABELS), "toxicity": 0}
    assert list(record.labels) == list(LABELS)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b'{"comment": "c1", "sour', "cut off"),
        (b'{"comment": "c1", "sour\n', "expected one JSON object a line"),
        (b'["not an object"]\n', "not a JSON object"),
        (b'{"comment": "\xff"}\n', "not UTF-8 at byte 14;"),
        (b'{"a": ' + b"[" * 200_000 + b"\n", "nested too deeply"),
        (b'{"a": NaN}\n', "expected one JSON object a line"),
        (b"\x00\x00\n", "expected one JSON object a line"),
        (b'{"a": 1}{"b": 2}\n', "expected one JSON object a line"),
        (b"{}\n", 'key "comment" is missing'),
    ],
)
def test_unreadable_line_is_reported_with_its_place(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "labels.jsonl"
    good = store.encode_line(make_record().to_dict())
    path.write_bytes(good + b"\n" + data)  # the blank line is counted, not reported
    with pytest.raises(LabelError) as caught:
        store.read_labels(path)
    assert str(caught.value).startswith(f"{path}:3: ")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    line = store.encode_line(make_record().to_dict()).rstrip(b"\n")
    path.write_bytes(b"\xef\xbb\xbf" + line + b"\r\n" + line + b"\r\n")
    assert len(store.read_labels(path)) == 2


def test_missing_file_names_itself(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=r"none\.jsonl: cannot be read"):
        store.read_labels(tmp_path / "none.jsonl")
    with pytest.raises(InputError, match=r"none\.jsonl: cannot be read"):
        store.load_texts(tmp_path / "none.jsonl")


any_text = st.text(st.characters(exclude_categories=()), max_size=40)  # lone surrogates, too


@settings(max_examples=60, deadline=None)
@given(
    text=any_text,
    note=any_text,
    values=st.lists(st.sampled_from([0, 1, None]), min_size=6, max_size=6),
    ends=st.lists(st.integers(0, 10**9), max_size=4),
)
def test_record_survives_the_file(
    tmp_path_factory: pytest.TempPathFactory,
    text: str,
    note: str,
    values: list[int | None],
    ends: list[int],
) -> None:
    record = make_record(
        text=text,
        note=note,
        text_sha256=scheme.text_digest(text),
        labels=dict(zip(LABELS, values, strict=True)),
        rationale=tuple(Range(end // 2, end) for end in ends),
    )
    path = tmp_path_factory.mktemp("labels") / "labels.jsonl"
    path.write_bytes(store.encode_line(record.to_dict()))
    assert store.read_labels(path) == [record]


@settings(max_examples=100, deadline=None)
@given(line=st.binary(max_size=60) | st.text(alphabet='{}[]":,01 anotelbs\\u', max_size=60))
def test_any_line_is_a_record_or_one_line_of_complaint(
    tmp_path_factory: pytest.TempPathFactory, line: bytes | str
) -> None:
    path = tmp_path_factory.mktemp("labels") / "labels.jsonl"
    path.write_bytes(line.encode() if isinstance(line, str) else line)
    for entry in store.scan_labels(path):
        assert isinstance(entry, store.BadLine)
        assert entry.problems
        assert entry.place.startswith(f"{path}:")


# --- appending --------------------------------------------------------------------------------


def test_append_supersedes_and_keeps_every_line(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    first = make_record(note="first")
    store.append_label(path, first)
    before = path.read_bytes()
    slip = make_record(note="corrected")
    store.append_label(path, slip)
    other = make_record(reader="bea", reading="B")
    store.append_label(path, other)
    assert path.read_bytes().startswith(before)
    records = store.read_labels(path)
    assert [record.note for record in records] == ["first", "corrected", ""]
    assert store.current(records) == [slip, other]


def test_last_decision_holds_whoever_made_it(tmp_path: Path) -> None:
    early = make_record(reading="decision", reader="cleo", note="early")
    late = make_record(reading="decision", reader="dan", note="late")
    records = [early, make_record(), late]
    assert store.decisions(records) == {"c1": late}
    assert early not in store.current(records)


def test_append_refuses_what_breaks_the_codebook(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    with pytest.raises(LabelError, match='"insult" is 1 but "toxicity" is 0'):
        store.append_label(path, make_record(labels={**dict.fromkeys(LABELS, 0), "insult": 1}))
    assert not path.exists()


def test_append_after_a_cut_off_line_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    whole = store.encode_line(make_record().to_dict())
    path.write_bytes(whole + whole[:50])
    with pytest.raises(LabelError, match=r"labels\.jsonl:2: the last line is cut off"):
        store.append_label(path, make_record())
    assert path.read_bytes() == whole + whole[:50]


def test_append_after_a_whole_line_without_its_end(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_bytes(store.encode_line(make_record().to_dict()).rstrip(b"\n"))
    store.append_label(path, make_record(note="second"))
    assert [record.note for record in store.read_labels(path)] == ["", "second"]


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "labels.jsonl"
    store.append_label(path, make_record())
    before = path.read_bytes()
    real_write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real_write(fd, data[:20]))
    with pytest.raises(LabelError, match="no room left"):
        store.append_label(path, make_record(note="second"))
    monkeypatch.undo()
    assert path.read_bytes() == before


def test_writers_at_the_same_time_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    note = "x" * 5000

    def write(reader: str) -> None:
        for number in range(10):
            store.append_label(path, make_record(reader=reader, comment=str(number), note=note))

    threads = [threading.Thread(target=write, args=(f"reader {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.current(store.read_labels(path))) == 40


# --- texts ------------------------------------------------------------------------------------


def test_labelled_texts_pairs_decisions_with_their_texts(folder: Path) -> None:
    pairs = store.labelled_texts(folder / "labels.jsonl")
    assert [text for _, text in pairs] == [
        "Lovely work by the builders.",
        "What a towering intellect you are.",
        "Norlanders only ever look after themselves, they turn with the wind.",
        "Those shitty backroads are history 🎉 at last.",
    ]
    assert {record.reading for record, _ in pairs} == {"decision"}
    assert [record.rationale[0].of(text) for record, text in pairs if record.rationale] == [
        "What a towering intellect you are",
        "Norlanders only ever look after themselves, they turn with the wind",
        "shitty",
    ]


def test_labelled_texts_reads_texts_from_the_records_themselves(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    store.append_label(path, make_record(reading="decision"))
    ((_, text),) = store.labelled_texts(path)
    assert text == "Lovely work by the builders."


def test_labelled_texts_notices_a_changed_text(folder: Path) -> None:
    threads = folder / "threads.jsonl"
    threads.write_text(threads.read_text("utf-8").replace("shitty", "rotten"), "utf-8")
    with pytest.raises(LabelError, match=r"labels\.jsonl:12: .* text has changed"):
        store.labelled_texts(folder / "labels.jsonl")


def test_one_id_for_two_texts_is_an_error(folder: Path) -> None:
    threads = folder / "threads.jsonl"
    line = threads.read_text("utf-8")
    threads.write_text(line + line, "utf-8")
    assert len(store.load_texts(threads)) == 6  # the same document twice is harmless
    threads.write_text(line + line.replace("Lovely", "Shoddy"), "utf-8")
    with pytest.raises(InputError, match=r"threads\.jsonl:2: .* another text than at .*:1"):
        store.load_texts(threads)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"comments": []}', "source"),
        ('{"source": {"sha256": "a"}, "comments": [{"id": 3, "text": ""}]}', r"comments\[0\]\.id"),
        ("nonsense", "expected one thread a line"),
    ],
)
def test_line_that_is_no_thread_is_an_error(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "threads.jsonl"
    path.write_text(line + "\n", "utf-8")
    with pytest.raises(InputError, match=rf"threads\.jsonl:1: .*{says}"):
        store.load_texts(path)


# --- checking ---------------------------------------------------------------------------------


def test_good_file_has_no_problems(folder: Path) -> None:
    report = validation.check_labels([folder / "labels.jsonl"])
    assert report.problems == ()
    assert (report.comments, report.records, report.superseded) == (4, 12, 0)


@pytest.mark.parametrize("case", PROBLEMS, ids=lambda case: case["name"])
def test_each_mistake_is_found_at_its_line(folder: Path, case: dict[str, Any]) -> None:
    path = folder / "labels.jsonl"
    lines = path.read_text("utf-8").splitlines()
    shape = {**json.loads(lines[1]), **case["change"]}
    shape = {key: value for key, value in shape.items() if value != "<delete>"}
    lines[1] = json.dumps(shape)
    path.write_text("\n".join(lines) + "\n", "utf-8")
    report = validation.check_labels([path])
    found = [str(problem) for problem in report.problems]
    assert any(line.startswith(f"{path}:2: ") and case["says"] in line for line in found), found
    # What the mistake causes elsewhere (a reading that is now missing) is the only other finding.
    assert all(line.startswith(f"{path}:2: ") or "has no reading A" in line for line in found)


def test_correction_by_a_later_line_heals_the_file(folder: Path) -> None:
    path = folder / "labels.jsonl"
    lines = path.read_text("utf-8").splitlines()
    good = lines[1]
    lines[1] = good.replace('"toxicity": 1', '"toxicity": 0')
    path.write_text("\n".join(lines) + "\n", "utf-8")
    assert len(validation.check_labels([path]).problems) == 1
    path.write_text("\n".join([*lines, good]) + "\n", "utf-8")
    report = validation.check_labels([path])
    assert report.problems == ()
    assert report.superseded == 1


@pytest.mark.parametrize(
    ("dropped", "says"),
    [
        ((0,), "has no reading A; add it"),
        ((4,), "has no reading B; add it"),
        ((8,), "has no decision; add it"),
        ((0, 8), "has no reading A, no decision; add it"),
    ],
)
def test_missing_reading_is_found(folder: Path, dropped: tuple[int, ...], says: str) -> None:
    path = folder / "labels.jsonl"
    lines = path.read_text("utf-8").splitlines()
    kept = [line for number, line in enumerate(lines) if number not in dropped]
    path.write_text("\n".join(kept) + "\n", "utf-8")
    (problem,) = validation.check_labels([path]).problems
    assert says in problem.what
    assert '"abababababab:100"' in problem.what


def test_comment_without_any_label_is_found_unless_a_sample(folder: Path) -> None:
    path = folder / "labels.jsonl"
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join(line for line in lines if ":100" not in line) + "\n", "utf-8")
    (problem,) = validation.check_labels([path]).problems
    assert str(problem).startswith(f"{folder / 'threads.jsonl'}:1: ")
    assert "no reading A, no reading B, no decision" in problem.what
    assert validation.check_labels([path], sample=True).problems == ()


def test_readings_in_several_files_are_judged_together(folder: Path) -> None:
    path = folder / "labels.jsonl"
    lines = path.read_text("utf-8").splitlines()
    parts = []
    for name, part in (("A", lines[:4]), ("B", lines[4:8]), ("D", lines[8:])):
        parts.append(folder / f"{name}.jsonl")
        parts[-1].write_text("\n".join(part) + "\n", "utf-8")
    assert validation.check_labels(parts).problems == ()
    assert len(validation.check_labels(parts[:2]).problems) == 4


def test_records_need_a_text_from_somewhere(folder: Path) -> None:
    (folder / "threads.jsonl").unlink()
    (problem,) = validation.check_labels([folder / "labels.jsonl"]).problems
    assert "12 records have no text" in problem.what
    assert "--threads" in problem.what


def test_one_id_for_two_documents_is_found(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    readings = [("A", "ann", "one"), ("B", "bea", "one"), ("decision", "cleo", "two")]
    for reading, reader, source in readings:
        store.append_label(path, make_record(reading=reading, reader=reader, source=source))
    (problem,) = validation.check_labels([path]).problems
    assert str(problem).startswith(f'{path}:3: comment "c1" has source "two" here and "one" at ')


def test_one_person_may_not_make_both_readings_at_once(folder: Path) -> None:
    path = folder / "labels.jsonl"
    text = path.read_text("utf-8").replace("second reader", "first reader")
    path.write_text(text, "utf-8")
    problems = validation.check_labels([path]).problems
    assert len(problems) == 4
    assert all("made both readings" in problem.what for problem in problems)
    lines = text.splitlines()
    lines[4:8] = [line.replace("2026-01-31", "2026-02-14") for line in lines[4:8]]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    assert validation.check_labels([path]).problems == ()


def test_null_labels_are_allowed_where_a_note_says_why() -> None:
    empty = make_record(labels=dict.fromkeys(LABELS))
    assert "no label is filled in" in scheme.find_problems(empty)[0]
    assert scheme.find_problems(replace(empty, note="another language")) == []


# --- forms ------------------------------------------------------------------------------------


def test_forms_cover_the_comments_that_call_for_labels(folder: Path) -> None:
    comments = store.load_comments(folder / "threads.jsonl")
    made = list(forms.blank_forms(comments, reading="A", reader="ann", date="2026-01-31"))
    assert [form["comment"] for form in made] == [f"abababababab:{n}" for n in (100, 150, 200, 300)]
    assert all(set(form["labels"].values()) == {None} for form in made)
    assert made[1]["context"]["parent"] == "Lovely work by the builders."
    assert all("readings" not in form["context"] for form in made)


def test_merge_keeps_old_lines_and_can_be_repeated(folder: Path) -> None:
    path = folder / "labels.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:4]))
    rest = folder / "rest.jsonl"
    rest.write_bytes(b"".join(lines[2:]))
    assert forms.merge_labels([rest], path) == (8, 4)
    assert path.read_bytes().startswith(b"".join(lines[:4]))
    assert forms.merge_labels([rest], path) == (0, 12)
    assert validation.check_labels([path]).problems == ()


def test_merge_leaves_the_output_alone_when_a_form_is_not_filled_in(folder: Path) -> None:
    path = folder / "labels.jsonl"
    before = path.read_bytes()
    form = folder / "form.jsonl"
    comments = store.load_comments(folder / "threads.jsonl")
    blank = forms.blank_forms(comments, reading="A", reader="eve", date="2026-01-31")
    form.write_bytes(b"".join(store.encode_line(shape) for shape in blank))
    with pytest.raises(LabelError, match=r"form\.jsonl:1: no label is filled in"):
        forms.merge_labels([form], path)
    assert path.read_bytes() == before
    assert [p.name for p in folder.glob("*.partial")] == []


# --- agreement --------------------------------------------------------------------------------


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["name"][0])
def test_published_examples(example: dict[str, Any]) -> None:
    units = list(zip(*example["observers"], strict=True))
    found = agreement.coincidences(units)
    assert found == pytest.approx({(c, k): o for c, k, o in example["coincidences"]})
    alpha = agreement.krippendorff_alpha(units)
    assert alpha is not None
    assert round(alpha, 3) == example["alpha"]


def test_example_c_by_hand() -> None:
    """39 and 1600 come from n = 40; 32 agreements stand on the diagonal; margins 9 13 10 5 3."""
    units = list(zip(*EXAMPLES[2]["observers"], strict=True))
    by_hand = 1 - 39 * (40 - 32) / (40**2 - (9**2 + 13**2 + 10**2 + 5**2 + 3**2))
    assert agreement.krippendorff_alpha(units) == pytest.approx(by_hand)


def test_alpha_is_undefined_without_variation() -> None:
    assert agreement.krippendorff_alpha([[0, 0], [0, 0]]) is None
    assert agreement.krippendorff_alpha([]) is None
    assert agreement.krippendorff_alpha([[1, None], [0]]) is None
    assert agreement.bootstrap_interval([[0, 0]] * 5) == (None, 1.0)
    assert agreement.percent_agreement([[1, None]]) is None


def test_alpha_by_meaning() -> None:
    assert agreement.krippendorff_alpha([[0, 0], [1, 1]]) == 1.0
    opposite = agreement.krippendorff_alpha([[0, 1], [1, 0]] * 10)
    assert opposite is not None
    assert opposite < 0


values = st.lists(st.sampled_from([0, 1, 2, None]), min_size=1, max_size=4)


@settings(max_examples=100, deadline=None)
@given(units=st.lists(values, max_size=12), seed=st.integers(0, 2**32 - 1))
def test_alpha_properties(units: list[list[int | None]], seed: int) -> None:
    alpha = agreement.krippendorff_alpha(units)
    assert agreement.krippendorff_alpha(list(reversed(units))) == (
        None if alpha is None else pytest.approx(alpha)
    )
    renamed = [["xyz"[v] if v is not None else None for v in reversed(unit)] for unit in units]
    assert agreement.krippendorff_alpha(renamed) == (
        None if alpha is None else pytest.approx(alpha)
    )
    interval, undefined = agreement.bootstrap_interval(units, resamples=50, seed=seed)
    assert 0.0 <= undefined <= 1.0
    if interval is not None:
        assert interval[0] <= interval[1] <= 1.0
    assert (interval, undefined) == agreement.bootstrap_interval(units, resamples=50, seed=seed)


def test_interval_is_what_resampling_units_one_by_one_gives() -> None:
    """The quick way (patterns and a multinomial) against drawing units and computing alpha."""
    import numpy as np

    units: list[list[int]] = [[0, 0]] * 25 + [[1, 1]] * 10 + [[0, 1]] * 5
    interval, undefined = agreement.bootstrap_interval(units, resamples=4000)
    generator = np.random.default_rng(7)
    drawn = []
    for _ in range(1500):
        chosen = generator.integers(0, len(units), size=len(units))
        alpha = agreement.krippendorff_alpha([units[i] for i in chosen])
        assert alpha is not None
        drawn.append(alpha)
    assert interval is not None
    assert interval == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])), abs=0.04)
    assert undefined == 0.0


def test_measured_agreement_of_a_file(folder: Path) -> None:
    rows = {
        row.name: row
        for row in agreement.measure_agreement(store.read_labels(folder / "labels.jsonl"))
    }
    assert tuple(rows) == LABELS
    assert (rows["toxicity"].units, rows["toxicity"].percent, rows["toxicity"].alpha) == (
        4,
        100.0,
        1.0,
    )
    # insult: 0 0, 1 1, 0 1, 0 0. n = 8, 6 agreements, margins 5 and 3: 1 - 7 * 2 / (64 - 34).
    assert rows["insult"].percent == 75.0
    assert rows["insult"].alpha == pytest.approx(1 - 14 / 30)
    assert rows["insult"].positives == {"A": 1, "B": 2}
    assert rows["threat"].alpha is None
    assert rows["threat"].interval is None


def test_superseded_missing_and_decided_values_do_not_count() -> None:
    zero, one = dict.fromkeys(LABELS, 0), {**dict.fromkeys(LABELS, 0), "profanity": 1}
    records = [
        make_record(labels=one),
        make_record(labels=zero),
        make_record(labels=zero, reading="B", reader="bea"),
        make_record(labels=one, reading="decision", reader="cleo"),
        make_record(labels=one, comment="c2"),
        make_record(labels={**one, "profanity": None}, comment="c2", reading="B", reader="bea"),
    ]
    rows = {row.name: row for row in agreement.measure_agreement(records)}
    assert rows["profanity"].units == 1
    assert rows["profanity"].percent == 100.0
    assert rows["toxicity"].units == 2


def test_labelling_needs_neither_scikit_learn_nor_scipy() -> None:
    code = (
        "import sys\n"
        "import moderation.labelling.agreement, moderation.labelling.forms\n"
        "import moderation.labelling.validation, moderation.cli.labels\n"
        "print(sorted({'sklearn', 'scipy', 'joblib'} & set(sys.modules)))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
