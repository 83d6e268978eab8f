"""The contrast set: what the builder prints, how it is balanced, and what it refuses."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from moderation.corpora import contrasts
from moderation.corpora.contrasts.commands import main
from moderation.errors import InputError, LabelError
from moderation.records import LABELS

SEEDS = Path(__file__).resolve().parents[1] / "seeds"


@pytest.fixture(scope="module")
def material() -> contrasts.Material:
    return contrasts.read_material(SEEDS / "contrasts")


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return contrasts.read_contrasts(SEEDS / "contrasts.jsonl")


def test_the_file_is_what_the_builder_prints(material: contrasts.Material) -> None:
    built = [json.dumps(row, ensure_ascii=False) for row in contrasts.build_rows(material)]
    assert (SEEDS / "contrasts.jsonl").read_text(encoding="utf-8").splitlines() == built


def test_size_and_variety(material: contrasts.Material, rows: list[dict[str, Any]]) -> None:
    assert len({row["pair"] for row in rows}) >= 2500
    assert len({row["family"] for row in rows}) >= 90
    assert len(material.pairs) >= 800
    assert len(material.groups) >= 60
    assert len({row["text"] for row in rows}) == len(rows)


def test_a_pair_has_two_sides_that_differ(rows: list[dict[str, Any]]) -> None:
    pairs = defaultdict(list)
    for row in rows:
        pairs[row["pair"]].append(row)
    for members in pairs.values():
        first, second = members
        assert first["text"] != second["text"]
        assert first["readings"]["A"] != second["readings"]["A"]
        assert first["part"] == second["part"]


def test_sides_of_a_pair_share_words(rows: list[dict[str, Any]]) -> None:
    shares = []
    for first, second in zip(rows[::2], rows[1::2], strict=True):
        a, b = (set(re.findall(r"\w+", row["text"].lower())) for row in (first, second))
        shares.append(len(a & b) / max(1, min(len(a), len(b))))
    assert sum(shares) / len(shares) > 0.5


def test_labels_keep_the_codebooks_implications(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        labels = row["labels"]
        for name in ("severe_toxicity", "insult", "threat", "identity_attack"):
            assert labels["toxicity"] or not labels[name], row["id"]
        if labels["identity_attack"]:
            assert row["target"].startswith("group:"), row["id"]
        if not labels["toxicity"]:
            assert row["target"] == "none", row["id"]


def test_parts_are_whole_families_about_a_quarter_each(rows: list[dict[str, Any]]) -> None:
    parts = defaultdict(set)
    families = defaultdict(set)
    texts: dict[str, set[str]] = {"train": set(), "heldout": set()}
    for row in rows:
        parts[row["family"]].add(row["part"])
        families[row["capability"]].add((row["family"], row["part"]))
        texts[row["part"]].add(re.sub(r"\W+", " ", row["text"].lower()).strip())
    assert all(len(values) == 1 for values in parts.values())
    assert not texts["train"] & texts["heldout"]
    for capability, members in families.items():
        share = sum(part == "heldout" for _, part in members) / len(members)
        assert 0.15 <= share <= 0.4, capability


def test_drawing_again_changes_nothing(material: contrasts.Material) -> None:
    assert contrasts.draw_heldout(material) == list(material.heldout)


def test_each_group_is_named_as_often_in_abuse_as_elsewhere(
    material: contrasts.Material, rows: list[dict[str, Any]]
) -> None:
    padded = [
        (f" {re.sub(r'[^a-z]+', ' ', row['text'].lower())} ", row["labels"]["toxicity"])
        for row in rows
    ]
    for group in material.groups:
        forms = [*group.plural, *group.singular, group.adjective]
        needles = [f" {re.sub(r'[^a-z]+', ' ', form.lower())} " for form in forms]
        toxic = [label for text, label in padded if any(needle in text for needle in needles)]
        assert len(toxic) >= 30, group.name
        assert 0.4 <= sum(toxic) / len(toxic) <= 0.6, group.name


def test_no_slot_is_left_unfilled(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        assert not re.search(r"[{}]|<[^>]*\||\bthe the\b|  ", row["text"]), row["text"]


def test_styles_are_shared_by_both_sides(rows: list[dict[str, Any]]) -> None:
    for first, second in zip(rows[::2], rows[1::2], strict=True):
        if len(first["text"]) > 25 and len(second["text"]) > 25:
            assert first["text"].isupper() == second["text"].isupper(), first["id"]


def test_blind_texts_show_no_label_and_cover_each_unread_side(
    material: contrasts.Material,
) -> None:
    unread = contrasts.Material(
        material.pairs, material.groups, material.fillers, material.heldout, ()
    )
    blind = contrasts.export_blind(unread)
    assert {key for row in blind for key in row} == {"id", "text"}
    assert len({row["id"] for row in blind}) == len(blind)
    sides = {side.key for pair in material.pairs for side in pair.sides}
    assert len(sides) <= len(blind) <= 2 * len(sides)


def test_the_datasheets_table_is_what_count_prints() -> None:
    printed = CliRunner().invoke(main, ["count"]).output
    sheet = (SEEDS / "CONTRASTS.md").read_text(encoding="utf-8")
    assert f"<!-- count -->\n{printed}<!-- /count -->" in sheet


# --- a small set of its own, to see readings, mistakes and commands -----------------------------


@pytest.fixture
def small(tmp_path: Path) -> Path:
    folder = tmp_path / "contrasts"
    (folder / "templates").mkdir(parents=True)
    (folder / "groups.txt").write_text(
        "Norlanders | N | Norlanders | a Norlander | Norlandic\n"
        "Westers | NF | Westers; West folk | a Wester | Western\n"
    )
    (folder / "fillers.txt").write_text("fruit: apple | pear | plum\n")
    (folder / "heldout.txt").write_text("# none yet\n")
    (folder / "readings.jsonl").write_text("")
    (folder / "templates" / "one.txt").write_text(
        "@likes mention\n"
        "TH I cannot stand {Gs} near my {fruit}.\n"
        "0 I can stand {Gs} near my {fruit}.\n"
        "@names insult unstyled\n"
        "TI What a <silly|daft> man, he ate a {fruit}.\n"
        "0 What a <silly|daft> tune, I ate a {fruit}.\n"
    )
    return folder


def rewrite(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)


def test_slots_choices_and_articles(small: Path) -> None:
    rows = list(contrasts.build_rows(contrasts.read_material(small)))
    named = [row for row in rows if row["family"] == "names"]
    assert {"an apple" in row["text"] or "a p" in row["text"] for row in named} == {True}
    for first, second in zip(named[::2], named[1::2], strict=True):
        assert ("silly" in first["text"]) == ("silly" in second["text"])
    groups = Counter(row["target"] for row in rows if row["labels"]["identity_attack"])
    assert set(groups) == {"group:norlanders", "group:westers"}


def test_second_reading_and_decision(small: Path, tmp_path: Path) -> None:
    run = CliRunner()
    blind = tmp_path / "blind.jsonl"
    result = run.invoke(main, ["--seeds", str(tmp_path), "blind", str(blind)])
    assert result.exit_code == 0, result.output
    zero = dict.fromkeys(LABELS, 0)
    delivered = tmp_path / "B.jsonl"
    lines = [json.loads(line) for line in blind.read_text().splitlines()]
    delivered.write_text("".join(json.dumps({"id": r["id"], "labels": zero}) + "\n" for r in lines))
    for expected in (len(lines), 0):  # a second delivery of the same adds nothing
        command = ["--seeds", str(tmp_path), "merge", str(blind), str(delivered)]
        result = run.invoke(main, command)
        assert f"{expected} readings added" in result.output
    material = contrasts.read_material(small)
    assert contrasts.export_blind(material) == []
    rows = list(contrasts.build_rows(material))
    assert all(row["readings"]["B"] == zero for row in rows)
    hateful = next(row for row in rows if row["labels"]["identity_attack"])
    differing = run.invoke(main, ["--seeds", str(tmp_path), "disagreements"]).output
    first = json.loads(differing.splitlines()[0])
    assert first["differ"] == ["toxicity", "identity_attack"]
    decision = {"side": first["side"], "reader": "decision", "labels": zero}
    with (small / "readings.jsonl").open("a") as file:
        file.write(json.dumps(decision) + "\n")
    after = {row["id"]: row for row in contrasts.build_rows(contrasts.read_material(small))}
    assert after[hateful["id"]]["labels"] == zero
    assert after[hateful["id"]]["target"] == "none"
    assert after[hateful["id"]]["readings"]["A"]["identity_attack"] == 1
    table = run.invoke(main, ["--seeds", str(tmp_path), "agreement"]).output
    assert "| insult | 0.000 | 3 | 4 |" in table


def test_readings_of_unknown_or_reworded_texts_are_refused(small: Path, tmp_path: Path) -> None:
    run, blind, delivered = CliRunner(), tmp_path / "blind.jsonl", tmp_path / "B.jsonl"
    run.invoke(main, ["--seeds", str(tmp_path), "blind", str(blind)])
    command = ["--seeds", str(tmp_path), "merge", str(blind), str(delivered)]
    zero = dict.fromkeys(LABELS, 0)
    delivered.write_text(json.dumps({"id": "nothing", "labels": zero}) + "\n")
    result = run.invoke(main, command)
    assert "B.jsonl:1: " in str(result.exception)
    assert 'no text with the id "nothing"' in str(result.exception)
    ids = [json.loads(line)["id"] for line in blind.read_text().splitlines()]
    delivered.write_text("".join(json.dumps({"id": i, "labels": zero}) + "\n" for i in ids))
    path = small / "templates" / "one.txt"
    path.write_text(path.read_text().replace("I can stand", "I can bear"))
    result = run.invoke(main, command)
    assert "has changed since" in str(result.exception)
    assert (small / "readings.jsonl").read_text() == ""


def test_samples_read_differently_leave_the_label_open(small: Path) -> None:
    material = contrasts.read_material(small)
    key = material.pairs[0].sides[0].key
    zero, one = dict.fromkeys(LABELS, 0), dict.fromkeys(LABELS, 0) | {"toxicity": 1}
    lines = [{"side": key, "reader": "B", "labels": labels} for labels in (zero, one)]
    rewrite(small, "readings.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    row = next(iter(contrasts.build_rows(contrasts.read_material(small))))
    assert row["readings"]["B"] == zero | {"toxicity": None}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("templates/one.txt", "@a b\n0 one\n", ":2: this line has no second side"),
        ("templates/one.txt", "@a b\n0 one\n0 two\n", ":3: both sides"),
        ("templates/one.txt", "@a b\n0 one\nQ two\n", ":3: expected CODE"),
        ("templates/one.txt", "@a b\n0 one\nI two\n", ":3: insult implies toxicity"),
        ("templates/one.txt", "@a b\n0 one {fig}\nTI two\n", 'no "fig"'),
        ("templates/one.txt", "@a b\n0 one {Zs}\nTI two\n", "unknown group kind 'Z'"),
        ("templates/one.txt", "@a b\n0 one {Gs\nTI two\n", "a brace or bar"),
        ("templates/one.txt", "@a b\n0 one\nTH two\n", "identity attack on nobody"),
        ("templates/one.txt", "@a b c d\n", "expected @family capability"),
        ("templates/one.txt", "@a b\n0 x\nTI y\n@c b\n0 x\nTI z\n", ":6: the pair repeats"),
        ("groups.txt", "Norlanders | N | Norlanders\n", "groups.txt:1: expected name"),
        ("groups.txt", "N | Z | Ns | an N | N\n", "unknown kind 'Z'"),
        ("fillers.txt", "fruit: apple\n", "fillers.txt:1: expected"),
        ("fillers.txt", "a: b | c\na: b | c\n", "fillers.txt:2"),
        ("heldout.txt", "nobody\n", 'no family is called "nobody"'),
        ("readings.jsonl", "{\n", "readings.jsonl:1: is not JSON"),
        ("readings.jsonl", '{"side": "x", "reader": "C"}\n', 'expected "reader"'),
        ("readings.jsonl", '{"side": "x", "reader": "B", "labels": {}}\n', "exactly"),
    ],
)
def test_mistakes_are_named_with_their_place(
    small: Path, name: str, text: str, message: str
) -> None:
    rewrite(small, name, text)
    with pytest.raises(InputError, match=re.escape(message)):
        list(contrasts.build_rows(contrasts.read_material(small)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"part": "dev"}, 'part is "dev"'),
        ({"text": None}, 'a string for "text"'),
        ({"labels": {"toxicity": 1}}, "exactly"),
        ({"labels": dict.fromkeys(LABELS, True)}, "is True"),
        ({"readings": {}}, 'reading "A"'),
    ],
)
def test_reader_refuses_malformed_rows(
    rows: list[dict[str, Any]], tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    path = tmp_path / "contrasts.jsonl"
    path.write_text(json.dumps(rows[0]) + "\n" + json.dumps(rows[1] | change) + "\n")
    with pytest.raises(LabelError, match=re.escape(message)) as caught:
        contrasts.read_contrasts(path)
    assert caught.value.place == f"{path}:2"


def test_reader_refuses_a_repeated_id(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    path = tmp_path / "contrasts.jsonl"
    path.write_text(2 * (json.dumps(rows[0]) + "\n"))
    with pytest.raises(LabelError, match="stands twice"):
        contrasts.read_contrasts(path)


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        contrasts.read_contrasts(tmp_path / "none.jsonl")
