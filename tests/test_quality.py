"""The shipped model does not fall below the floors of quality.json.

Set $MODERATION_CORPORA to the folder with the public corpora; without it only the file is checked.
`python -m moderation.evaluation floors --corpora DIR` sets the floors anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from moderation.errors import ModelError
from moderation.evaluation import evaluate_model, needed_corpora
from moderation.evaluation.floors import PINS, SETS, check_floors, read_floors
from moderation.model import find, load

FILE = Path(__file__).with_name("quality.json")
CONTRASTS = Path(__file__).parent.parent / "seeds" / "contrasts.jsonl"
CORPORA = os.environ.get("MODERATION_CORPORA")


def is_shipped() -> bool:
    try:
        find()
    except ModelError:
        return False
    return True


def test_pins_name_sets_that_exist() -> None:
    assert needed_corpora(SETS)
    assert len({(pin.set, pin.label, pin.measure, pin.group) for pin in PINS}) == len(PINS)


def test_file_is_sound() -> None:
    floors = read_floors(FILE)
    assert all(len(digest) == 64 for digest in floors["data"].values())


@pytest.mark.skipif(not is_shipped(), reason="no model is shipped yet")
def test_floors_are_those_of_the_shipped_model() -> None:
    floors = read_floors(FILE)
    assert floors["model"] == load().digest
    pinned = {(r["set"], r["label"], r["measure"], r.get("group", "")) for r in floors["floors"]}
    assert pinned >= {(pin.set, pin.label, pin.measure, pin.group) for pin in PINS}


@pytest.mark.corpora
@pytest.mark.skipif(not CORPORA, reason="$MODERATION_CORPORA is not set")
@pytest.mark.skipif(not is_shipped(), reason="no model is shipped yet")
def test_shipped_model_holds_its_floors() -> None:
    assert CORPORA
    report = evaluate_model(load(), CORPORA, sets=SETS, bootstrap=0, contrasts=CONTRASTS)
    assert check_floors(report, read_floors(FILE)) == []
