"""Scores: exact in every batch, order, thread and state of memory; any text; flat and linear."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import moderation
from moderation import scoring, weights
from moderation.features import blocks as features
from moderation.features import memory
from moderation.records import LABELS
from moderation.scoring import Scorer, score, score_many, sigmoid
from tests.small_model import make_model, small_model
from tests.strategies import texts

MODEL = small_model()
SOME = [
    "You are an idiot. Thank you!",
    "",
    "i d i o t",
    "a b c d e f g h i j k l m n o p q r s t u v w x y z",
    "Thank you.\n\nPlease read the first page!",
    "\ud800 \x00 🤡",
    "you are an id iot",
    "   ",
    "kill",
    "please see the first page. " * 90,
]


def alone(text: str) -> Any:
    return Scorer(MODEL).predict_proba([text])[0]


@settings(max_examples=120, deadline=None)
@given(texts)
def test_any_text_has_six_probabilities(text: str) -> None:
    found = score(text, MODEL)
    assert tuple(found.scores) == LABELS
    assert all(0 <= p <= 1 for p in found.scores.values())
    assert found.abusive == (found.scores["toxicity"] >= MODEL.thresholds["toxicity"])
    assert found.hateful == (found.scores["identity_attack"] >= MODEL.thresholds["identity_attack"])
    assert found.model == "small@000000000000"


@settings(max_examples=40, deadline=None)
@given(st.lists(texts, max_size=12), st.randoms(use_true_random=False))
def test_scores_do_not_depend_on_the_company_or_on_memory(batch: list[str], random: Random) -> None:
    warm = scoring.scorer_of(MODEL).predict_proba(batch)
    assert warm.shape == (len(batch), len(LABELS))
    for text, row in zip(batch, warm, strict=True):
        assert (alone(text) == row).all()
    order = list(range(len(batch)))
    random.shuffle(order)
    cold = Scorer(MODEL)
    assert (cold.predict_proba([batch[i] for i in order]) == warm[order]).all()
    assert (cold.predict_proba(batch) == warm).all()


def test_runs_of_letters_in_neighbouring_texts_stay_apart() -> None:
    batch = ["x q z v i d i o t", "i d i o t", "o n e", "i d", "i o t", "q " * 60 + "i d i o t"]
    together = Scorer(MODEL).predict_proba(batch)
    assert all((alone(t) == row).all() for t, row in zip(batch, together, strict=True))
    assert together[1, 0] > 0.5 > together[3, 0]


def test_unknown_words_thin_out_less_what_the_others_say() -> None:
    whole = make_model()
    del whole.settings["unknown"]  # as in files from before: every word counts whole
    third = make_model()
    third.settings["unknown"] = 1 / 3
    known, strange = "you are an idiot of a page", "you are an idiot of a wugglish frobnitz"
    models = (whole, MODEL, third)
    plain, mixed = (
        [float(Scorer(model).pooled([text]).whole[0, 0]) for model in models]
        for text in (known, strange)
    )
    assert plain[0] == plain[1] == plain[2] > 0
    assert mixed[0] < mixed[1] < mixed[2]
    assert mixed[1] / mixed[0] == pytest.approx(((8 + 4) / (8 - 1 + 4)) ** 0.5)  # kappa is 4
    batch = [known, strange * 30, "frobnitz", "", strange]
    together = Scorer(third).predict_proba(batch)
    assert all(
        (Scorer(third).predict_proba([text])[0] == row).all()
        for text, row in zip(batch, together, strict=True)
    )


def test_what_is_said_again_and_again_is_scored_the_same_in_company() -> None:
    batch = [*SOME, "i will kill you " * 200, "you " * 40, "idiot. " * 400]
    together = Scorer(MODEL).predict_proba(batch)
    assert all((alone(t) == row).all() for t, row in zip(batch, together, strict=True))


@pytest.mark.parametrize("said", ["you are an idiot", "i will kill you", "Shut up, idiot!"])
def test_repeating_what_is_abusive_hides_nothing(said: str) -> None:
    scores = [score(" ".join([said] * n), MODEL).scores["toxicity"] for n in (1, 3, 10, 100, 1_000)]
    assert scores == sorted(scores)


def test_scores_survive_a_replaced_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MAX_CACHED", 5)
    monkeypatch.setattr(scoring, "BLOCK_TEXTS", 3)
    batch = [f"{text} word{i}" for i in range(20) for text in SOME]
    scorer = Scorer(MODEL)
    first = scorer.table()
    rows = scorer.predict_proba(batch)
    assert scorer.table() is not first
    monkeypatch.undo()
    assert (Scorer(MODEL).predict_proba(batch) == rows).all()


def test_blocks_cut_a_batch_without_changing_it(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = SOME * 700  # more than BLOCK_TEXTS
    assert len(batch) > scoring.BLOCK_TEXTS
    rows = Scorer(MODEL).predict_proba(batch)
    assert (rows == np.tile(rows[: len(SOME)], (700, 1))).all()
    monkeypatch.setattr(scoring, "BLOCK_CHARS", 7)
    assert (Scorer(MODEL).predict_proba(SOME) == rows[: len(SOME)]).all()
    streamed = [list(s.scores.values()) for s in score_many(iter(SOME), MODEL)]
    assert np.array_equal(np.array(streamed, np.float32), rows[: len(SOME)])


def test_sums_do_not_depend_on_how_much_is_added_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = [f"{text} You are not kind, {number}" for number, text in enumerate(SOME * 20)]
    whole = Scorer(MODEL).pooled(batch)
    for name, size in (("CACHED", 50), ("ADDED", 30), ("SEGMENTS", 1), ("FEW", 0)):
        monkeypatch.setattr(scoring, name, size)
        found = Scorer(MODEL).pooled(batch)
        assert found.whole.tobytes() == whole.whole.tobytes()
        assert found.worst.tobytes() == whole.worst.tobytes()


@pytest.mark.parametrize("step", [1.0, 1 + 2.0**-9], ids=["on the grid", "between"])
def test_a_word_alone_and_among_many_weighs_the_same(
    monkeypatch: pytest.MonkeyPatch, step: float
) -> None:
    """Whether few or many features are looked up at once, to the last bit."""
    model = make_model()
    model = replace(model, weight=(model.weight * step).astype(np.float16), sums=None)
    long = "idiot-" * 600 + "kill"  # too many words for weights that are packed
    words = ["idiot", "kill", "thank", "stupid!", "moron", "you are an idiot", "fuck", long]
    want = [Scorer(model).predict_proba([word])[0] for word in words]
    many = [*words, *(f"{word} word{i}" for i, word in enumerate(words[:-1] * 30))]
    for limit in (0, 10**9):
        monkeypatch.setattr(weights, "MANY", limit)
        scorer = Scorer(replace(model))
        for _ in range(2):  # the first look-up may pack the weights for the second
            rows = scorer.predict_proba(many)
            assert all((row == alone).all() for row, alone in zip(rows, want, strict=False))


def test_eight_threads_give_the_numbers_of_one() -> None:
    random = Random(7)
    words = ["".join(random.choices("abcdeiot", k=random.randint(1, 9))) for _ in range(3_000)]
    batches = [
        [" ".join(random.choices(words, k=12)) + random.choice(SOME) for _ in range(60)]
        for _ in range(24)
    ]
    want = [Scorer(MODEL).predict_proba(batch) for batch in batches]
    shared = Scorer(MODEL)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(shared.predict_proba, batches))
        again = list(pool.map(shared.predict_proba, batches))
    for a, b, c in zip(want, found, again, strict=True):
        assert (a == b).all()
        assert (a == c).all()


def test_empty_batches_and_empty_texts() -> None:
    scorer = Scorer(MODEL)
    assert scorer.predict_proba([]).shape == (0, len(LABELS))
    assert list(score_many([], MODEL)) == []
    nothing = scorer.predict_proba([""])
    many = scorer.predict_proba([""] * 100_000)
    assert many.shape == (100_000, len(LABELS))
    assert (many == nothing).all()
    mixed = scorer.predict_proba(["", "idiot", "", "", "thank you", ""])
    assert (mixed[[0, 2, 3, 5]] == nothing).all()
    assert (mixed[1] == alone("idiot")).all()
    assert (mixed[4] == alone("thank you")).all()


def test_one_text_is_not_a_batch() -> None:
    with pytest.raises(TypeError, match="not one text"):
        Scorer(MODEL).predict_proba("text")


@pytest.mark.parametrize(
    "text",
    ["a" * 1_000_000, "idiot " * 166_667, "1" + "." * 500_000 + "a",
     "!" * 500_000 + "x", "😀" * 50_000],
    ids=["one chunk", "many chunks", "dots", "bangs", "emoji"],
)  # fmt: skip
def test_a_million_characters(text: str) -> None:
    found = score(text, MODEL)
    assert all(0 <= p <= 1 for p in found.scores.values())


def test_work_grows_with_length_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls of the slow readers, counted: four times the text, about four times the calls."""
    calls = {"join": 0, "read": 0}
    lexer = MODEL.lexer
    join, read = type(lexer).read_joined, type(lexer)._read_slowly
    sizes: list[int] = []

    def count_join(self: Any, pieces: Any) -> Any:
        calls["join"] += 1
        return join(self, pieces)

    def count_read(self: Any, chunk: str) -> Any:
        calls["read"] += 1
        sizes.append(len(chunk))
        return read(self, chunk)

    monkeypatch.setattr(type(lexer), "read_joined", count_join)
    monkeypatch.setattr(type(lexer), "_read_slowly", count_read)

    def work(n: int) -> tuple[int, int]:
        random = Random(n)
        calls.update(join=0, read=0)
        letters = " ".join(random.choices("bcdfghjkl", k=n))
        Scorer(MODEL).predict_proba([letters, "z0" * n])
        return calls["join"], calls["read"]

    small, large = work(2_000), work(8_000)
    assert 0 < small[0] <= 2_000 * features.MAX_TRIES / features.MAX_APART + features.MAX_TRIES
    assert large[0] <= 5 * small[0]
    assert large[1] <= 5 * max(small[1], 2)
    assert max(sizes) <= 2_000


def test_memory_is_replaced_when_long_chunks_fill_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MAX_CACHED_CHARS", 10_000)
    scorer = Scorer(MODEL)
    first = scorer.table()
    scorer.predict_proba(["x" * 30_000])
    assert scorer.table() is not first


def test_scoring_loads_no_training_library(tmp_path: Any) -> None:
    from tests.small_model import write_small_model

    path = write_small_model(tmp_path)
    code = (
        "import sys, moderation\n"
        f"print(moderation.score('x', moderation.load({str(path)!r})).abusive)\n"
        "heavy = {'sklearn', 'scipy', 'joblib', 'click', 'lxml', 'msgspec'}\n"
        "print(sorted((heavy | {'moderation.training'}) & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n[]\n"


@given(st.floats(-(2.0**100), 2.0**100, width=32))
def test_sigmoid_stays_in_range(logit: float) -> None:
    value = float(sigmoid(np.array([logit], np.float32))[0])
    assert 0 <= value <= 1
    assert value == pytest.approx(
        1 / (1 + np.exp(-np.float64(max(min(logit, 500), -500)))), abs=1e-6
    )


def test_public_names() -> None:
    assert moderation.score is score
    assert moderation.score_many is score_many
