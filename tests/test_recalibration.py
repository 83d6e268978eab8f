"""Recalibration: two numbers a label, folded into an ordinary model file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from moderation.cli.model import model as command
from moderation.errors import InputError
from moderation.evaluation.metrics import logit
from moderation.explanation import explain
from moderation.model import load_file, save
from moderation.recalibration import MIN_ROWS, read_labelled, recalibrate
from moderation.records import LABELS
from tests.small_model import TEXTS, small_model, write_small_model

TOXICITY, INSULT = LABELS.index("toxicity"), LABELS.index("insult")


def comments(n: int) -> list[str]:
    """Distinct comments, some rude and some not."""
    return [f"{TEXTS[i % len(TEXTS)]} number {i}" for i in range(n)]


def labelled(texts: Sequence[str], slope: float, offset: float) -> Any:
    """Shares of annotators that a model with this slope and offset would have got right."""
    table = np.full((len(texts), len(LABELS)), np.nan)
    z = logit(small_model().predict_proba(list(texts))[:, TOXICITY])
    table[:, TOXICITY] = 1 / (1 + np.exp(-(slope * z + offset)))
    return table


def test_known_slope_and_offset_are_found() -> None:
    texts = comments(3000)
    found = recalibrate(small_model(), texts, labelled(texts, 0.6, -0.7), name="own")
    (fit,) = found.fits
    assert (fit.label, fit.n) == ("toxicity", 3000)
    assert fit.slope == pytest.approx(0.6, abs=0.03)
    assert fit.offset == pytest.approx(-0.7, abs=0.05)
    assert fit.loss_after < fit.loss_before
    gold = labelled(texts, 0.6, -0.7)[:, TOXICITY]
    scores = found.model.predict_proba(texts)
    assert fit.mean_after == pytest.approx(scores[:, TOXICITY].mean(), abs=1e-5)
    assert fit.mean_after == pytest.approx(gold.mean(), abs=0.01)
    before = small_model().predict_proba(texts)
    assert (scores[:, INSULT] == before[:, INSULT]).all()
    assert set(found.unchanged) == set(LABELS) - {"toxicity"}


@settings(max_examples=15, deadline=None)
@given(st.floats(0.4, 1.8), st.floats(-2, 2))
def test_ranking_stays_and_explanations_add_up(slope: float, offset: float) -> None:
    texts = comments(80)
    gold = labelled(texts, slope, offset)
    assume(np.nanmin(gold) < 0.5 < np.nanmax(gold))  # of one kind only there is nothing to learn
    own = recalibrate(small_model(), texts, gold).model
    before = small_model().predict_proba(texts)[:, TOXICITY]
    after = own.predict_proba(texts)[:, TOXICITY]
    order = np.argsort(before)
    assert (np.diff(after[order]) >= -1e-6).all()
    told = explain("Hello there. You are an idiot.", own)
    total = told.bias["toxicity"] + sum(
        span.contribution for span in told.spans if span.label == "toxicity"
    )
    assert total == pytest.approx(told.logits["toxicity"], abs=1e-3)


def test_file_is_an_ordinary_model_that_says_where_it_comes_from(tmp_path: Path) -> None:
    texts = comments(60)
    own = recalibrate(
        small_model(), texts, labelled(texts, 1.0, 1.0), name="own", source="ab" * 32
    ).model
    digest = save(own, tmp_path / "own.safetensors")
    again = load_file(tmp_path / "own.safetensors")
    assert again.digest == digest
    assert str(again) == f"own@{digest[:12]}"
    note = again.settings["recalibrated"]
    assert (note["from"], note["source"], note["rows"]) == (small_model().digest, "ab" * 32, 60)
    assert note["labels"]["toxicity"]["n"] == 60
    assert (again.predict_proba(texts) == own.predict_proba(texts)).all()


def test_too_few_one_sided_or_contrary_labels_are_refused() -> None:
    texts = comments(MIN_ROWS - 1)
    with pytest.raises(InputError, match=f"{MIN_ROWS - 1} labelled comments, needs at least"):
        recalibrate(small_model(), texts, labelled(texts, 1, 0))
    texts = comments(MIN_ROWS)
    with pytest.raises(InputError, match="same label for every comment"):
        recalibrate(small_model(), texts, np.zeros((len(texts), len(LABELS))))
    texts = comments(2000)
    with pytest.raises(InputError, match="contradicts the scores"):
        recalibrate(small_model(), texts, labelled(texts, -1, 0))


def test_command_writes_a_model_that_scores(tmp_path: Path) -> None:
    path = write_small_model(tmp_path)
    texts = comments(120)
    rude = small_model().predict_proba(texts)[:, TOXICITY] > 0.3
    rows = [
        {"text": text, "toxicity": int(one), "threat": None}
        for text, one in zip(texts, rude, strict=True)
    ]
    given = tmp_path / "own.jsonl"
    given.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    args = ["recalibrate", "--model", str(path), "--input", str(given)]
    result = CliRunner().invoke(command, [*args, "--output", str(tmp_path / "own")])
    assert result.exit_code == 0, result.output
    assert f"toxicity: {int(rude.sum())} of 120" in result.output
    assert "threat: unchanged" in result.output
    own = load_file(tmp_path / "own.safetensors")
    assert own.name == "own"
    shown = CliRunner().invoke(command, ["show", str(tmp_path / "own.safetensors")])
    assert "recalibrated on 120 comments" in shown.output
    result = CliRunner().invoke(command, [*args, "--output", str(path)])
    assert result.exit_code == 2
    few = tmp_path / "few.jsonl"
    few.write_text("".join(json.dumps(row) + "\n" for row in rows[:20]), encoding="utf-8")
    args[-1] = str(few)
    result = CliRunner().invoke(command, [*args, "--output", str(tmp_path / "few")])
    assert isinstance(result.exception, InputError)
    assert "few.jsonl: has 20 labelled comments" in str(result.exception)
    assert "\n" not in str(result.exception)
    assert not (tmp_path / "few.safetensors").exists()


def test_json_lines_and_csv_give_the_same(tmp_path: Path) -> None:
    lines = tmp_path / "a.jsonl"
    lines.write_text(
        '{"text": "one, two", "toxicity": 1, "insult": 0}\n\n'
        '{"text": "three\\nfour", "labels": {"toxicity": 0, "insult": null}}\n',
        encoding="utf-8",
    )
    table = tmp_path / "a.csv"
    table.write_text(
        '\ufefftext,toxicity,insult\n"one, two",1,0\n"three\nfour",0,\n', encoding="utf-8"
    )
    texts, labels, digest = read_labelled(lines)
    same, other, another = read_labelled(table)
    assert texts == same == ["one, two", "three\nfour"]
    np.testing.assert_array_equal(labels, other)
    assert labels[0, TOXICITY] == 1
    assert np.isnan(labels[1, INSULT])
    assert len(digest) == 64
    assert digest != another
    table.write_text('text;toxicity;insult\n"one, two";1;0\n"three\nfour";0;\n', encoding="utf-8")
    again, still, _ = read_labelled(table)
    assert again == texts
    np.testing.assert_array_equal(labels, still)


@pytest.mark.parametrize("odd", ["\u2028", "\x85", "\x0b", "\x1e"])
def test_texts_are_not_cut_at_odd_line_ends(tmp_path: Path, odd: str) -> None:
    table = tmp_path / "a.csv"
    table.write_text(f"text,toxicity\none{odd}two,1\nthree,0\n", encoding="utf-8")
    texts, labels, _ = read_labelled(table)
    assert texts == [f"one{odd}two", "three"]
    assert labels[:, TOXICITY].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"text": "a", "toxicity": 1}\n{"text": "b", "toxicity": 2}', r":2: toxicity is neither"),
        ('{"text": "a", "toxicity": "yes"}', r":1: toxicity is neither 0 nor 1"),
        ('{"text": "a"}', r":1: has no label 0 or 1"),
        ('{"toxicity": 1}', r':1: has no "text"'),
        ('{"text": "a", "toxicity": 1}\n[1]', r":2: is not a JSON object"),
        ('{"text": "a", ', r":1: is not a JSON object"),
        ('{"text": "a", "toxicity": NaN}', r":1: toxicity is neither"),
        ("comment,toxicity\nx,1\n", r":1: is neither JSON lines nor CSV"),
        ("text,toxicity\nx,maybe\n", r":2: toxicity is neither 0 nor 1"),
        ("", r":1: is neither JSON lines nor CSV"),
    ],
)
def test_bad_rows_are_told_by_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=message) as caught:
        read_labelled(path)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_not_utf8_are_told_by_line(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_bytes(b'{"text": "a", "toxicity": 1}\n{"text": "\xff"}\n')
    with pytest.raises(InputError, match=r":2: is not UTF-8"):
        read_labelled(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_labelled(tmp_path / "absent.jsonl")
