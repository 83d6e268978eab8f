"""Models that are told how comments are written."""

from __future__ import annotations

import math
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

from moderation import explain, score
from moderation.cli import cli
from moderation.cli.options import register_option
from moderation.errors import ModelError
from moderation.model import load, load_file, save
from moderation.pooling import Pooling
from moderation.records import LABELS
from moderation.registers import tell
from moderation.scoring import scorer_of
from moderation.settings import REGISTERS
from tests.small_model import make_model, small_model, write_small_model

MODEL = small_model()
TEXTS = [
    "You are an idiot and a moron.",
    "Thank you, that was kind of you.",
    "Please wait. " * 12 + "I will kill you!",
    "the muslims of our town",
    "",
]
OTHERS = [label for label in LABELS if label not in ("toxicity", "identity_attack")]


@pytest.mark.parametrize("register", REGISTERS)
def test_the_share_is_what_it_was_told(register: str) -> None:
    told = tell(MODEL, register)
    share = Pooling(told.pool).share(scorer_of(told).pooled(TEXTS))
    assert (share == REGISTERS[register]).all()
    assert told.register == register
    assert MODEL.register is None
    assert tell(told, register) is told


def test_toxicity_lies_between_that_of_either_register() -> None:
    judged, talk, social = (
        model.predict_proba(TEXTS)[:, 0]
        for model in (MODEL, tell(MODEL, "talk"), tell(MODEL, "social"))
    )
    assert (np.minimum(talk, social) - 1e-6 <= judged).all()
    assert (judged <= np.maximum(talk, social) + 1e-6).all()
    assert (talk != social).any()


def test_other_labels_and_decisions_about_hate_stay() -> None:
    for register in REGISTERS:
        told = tell(MODEL, register)
        for text in TEXTS:
            before, after = score(text, MODEL), score(text, told)
            assert all(before.scores[k] == pytest.approx(after.scores[k]) for k in OTHERS)
            assert before.hateful == after.hateful


def test_a_register_has_a_scale_of_its_own() -> None:
    told = tell(MODEL, "talk")
    slope, offset = MODEL.settings["registers"]["talk"]["identity_attack"]
    for text in TEXTS:
        logit = explain(text, MODEL).logits["identity_attack"]
        found = explain(text, told)
        assert found.logits["identity_attack"] == pytest.approx(slope * logit + offset, abs=1e-4)
    threshold = told.thresholds["identity_attack"]
    assert math.log(threshold / (1 - threshold)) == pytest.approx(offset)  # it was 0.5
    assert tell(MODEL, "social").thresholds == MODEL.thresholds


def test_explanations_of_a_told_model_add_up() -> None:
    for register in REGISTERS:
        for text in TEXTS:
            found = explain(text, tell(MODEL, register))
            for label in LABELS:
                mine = [span.contribution for span in found.spans if span.label == label]
                total = math.fsum([found.bias[label], *mine])
                assert total == pytest.approx(found.logits[label], rel=1e-3, abs=1e-3)


def test_a_told_model_is_kept_in_a_file(tmp_path: Path) -> None:
    told = tell(make_model(), "social")
    save(told, tmp_path / "own.safetensors")
    found = load_file(tmp_path / "own.safetensors")
    assert found.register == "social"
    assert str(found).endswith("/social")
    assert (found.predict_proba(TEXTS) == told.predict_proba(TEXTS)).all()
    assert load(tmp_path / "own.safetensors", "social").register == "social"
    with pytest.raises(ModelError, match="was made for the register 'social', not 'talk'"):
        load(tmp_path / "own.safetensors", "talk")


def test_load_gives_the_same_object_for_the_same_register(tmp_path: Path) -> None:
    path = write_small_model(tmp_path)
    assert load(path, "talk") is load(path, "talk") is not load(path, "social")
    assert load(path) is load(path)
    assert load(path).register is None
    with pytest.raises(ValueError, match="no register 'chat'; there are talk, social"):
        load(path, "chat")


def test_the_option_names_the_registers() -> None:
    """They stand in two places: help must not wait for numpy."""

    @register_option
    @click.command()
    def command(register: str | None) -> None: ...

    (option,) = command.params
    assert list(option.type.to_info_dict()["choices"]) == list(REGISTERS)


def test_commands_take_a_register(tmp_path: Path) -> None:
    path = write_small_model(tmp_path)
    runner = CliRunner()
    found = {}
    for register in ([], ["--register", "talk"], ["--register", "social"]):
        arguments = ["score", "--model", str(path), "--json", *register, TEXTS[0]]
        result = runner.invoke(cli, arguments)
        assert result.exit_code == 0, result.output
        found[tuple(register)] = result.output
    assert len(set(found.values())) == 3
    assert '/talk"' in found["--register", "talk"]
    result = runner.invoke(cli, ["explain", "--model", str(path), "--register", "talk", "idiot"])
    assert result.exit_code == 0
    result = runner.invoke(cli, ["score", "--register", "chat", "idiot"])
    assert result.exit_code == 2
    assert "'chat' is not one of" in result.output


def test_a_recalibrated_model_keeps_its_register(tmp_path: Path) -> None:
    path = write_small_model(tmp_path)
    own = tmp_path / "own.csv"
    rows = [
        f"you are an idiot {i},{int(i % 5 > 0)}\nthank you {i},{int(i % 5 == 0)}" for i in range(30)
    ]
    own.write_text("text,toxicity\n" + "\n".join(rows) + "\n", encoding="utf-8")
    arguments = ["--input", str(own), "--model", str(path), "--output", str(tmp_path / "mine")]
    result = CliRunner().invoke(cli, ["model", "recalibrate", "--register", "social", *arguments])
    assert result.exit_code == 0, result.output
    shown = CliRunner().invoke(cli, ["model", "show", str(tmp_path / "mine.safetensors")])
    assert "register    social, told" in shown.output
