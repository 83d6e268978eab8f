"""The shipped model does not fall below the floors of quality.json.

Set $MODERATION_CORPORA to the folder with the public corpora; without it only the file is checked.
`python -m moderation.evaluation floors --corpora DIR` sets the floors anew.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import quality
from moderation.errors import ModelError
from moderation.evaluation import evaluate_model, needed_corpora
from moderation.evaluation.floors import PINS, SETS, check_floors, read_floors
from moderation.evaluation.report import Figure, Report
from moderation.model import find, load
from moderation.records import LABELS

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


# --- the comparison with peers -----------------------------------------------------------------


def scores(*rows: tuple[float, float]) -> Any:
    """Toxicity and identity_attack of each text; the other labels are not judged."""
    table = np.full((len(rows), len(LABELS)), np.nan, dtype=np.float32)
    table[:, [0, -1]] = rows
    return table


def test_cache_asks_for_new_texts_only_and_keeps_no_text(tmp_path: Path) -> None:
    asked: list[list[str]] = []

    def score(texts: list[str]) -> Any:
        asked.append(texts)
        return scores(*[(len(text) / 10, np.nan) for text in texts])

    first = quality.Cache(tmp_path / "peer.jsonl").predict(["aa", "bbbb", "aa"], score)
    again = quality.Cache(tmp_path / "peer.jsonl").predict(["bbbb", "cc\ud800"], score)
    assert asked == [["aa", "bbbb"], ["cc\ud800"]]
    assert first[:, 0].tolist() == pytest.approx([0.2, 0.4, 0.2])
    assert again[:, 0].tolist() == pytest.approx([0.4, 0.3])
    assert np.isnan(again[:, 1:]).all()
    assert "bbbb" not in (tmp_path / "peer.jsonl").read_text("utf-8")


def test_one_score_stands_for_hate_only_where_there_is_no_other() -> None:
    both = quality.judge_hate_by_toxicity(lambda texts: scores((0.9, 0.1)))
    one = quality.judge_hate_by_toxicity(lambda texts: scores((0.9, np.nan)))
    assert both(["a"])[0, -1] == pytest.approx(0.1)
    assert one(["a"])[0, -1] == pytest.approx(0.9)


def test_comparison_marks_the_best_by_each_measure() -> None:
    def report(name: str, auc: float, ece: float) -> Report:
        figures = [
            Figure("jigsaw2018_any/dev", "toxicity", "ece", ece, None, None, 9, 4),
            Figure("trac1/dev", "toxicity", "auc", auc, auc - 0.1, auc + 0.1, 9, 4),
        ]
        return Report(name, "", {}, {"trac1": "0" * 64}, 0, 10, figures)

    page = quality.write_comparison([report("a", 0.8, 0.02), report("b", 0.7, 0.01)], ["A note."])
    assert "| 0.020 | **0.010** |" in page
    assert "| **0.800 [0.700, 0.900]** | 0.700 [0.600, 0.800] |" in page
    assert "- A note." in page


def test_a_peer_that_cannot_run_is_told() -> None:
    with pytest.raises(quality.click.ClickException, match="no-such-peer cannot run"):
        quality.score_with_peer(sys.executable, "no-such-peer", ["a"])
