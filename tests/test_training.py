"""Training: small runs, end to end, with texts of our own."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from click.testing import CliRunner
from scipy import sparse

from moderation.cli.group import cli
from moderation.corpora.contrasts import read_contrasts
from moderation.errors import InputError, ModerationError
from moderation.evaluation.data import read_data
from moderation.evaluation.fairness import short_mentions
from moderation.model import HEADS, POOL, REGISTER, SOCIAL, load_file
from moderation.pooling import Pooled, Pooling
from moderation.reading.lexer import Lexer
from moderation.records import LABELS
from moderation.scoring import Scorer
from moderation.training import (
    Examples,
    Fit,
    Recipe,
    Rows,
    Screen,
    add_everyday,
    add_harmless,
    add_mentions,
    add_stances,
    assemble,
    calibrate,
    calibrate_in_turn,
    choose_combinations,
    choose_rationale,
    choose_thresholds,
    combination_matrix,
    compose,
    encode_texts,
    fit_head,
    fit_heads,
    fit_pooling,
    names_group,
    normalise_rows,
    plain_pooling,
    prune,
    read_recipe,
    reweigh,
    scale_registers,
    screen,
    segment_masks,
    segment_matrix,
    taught_features,
    text_masks,
    text_matrix,
    train,
    write,
)
from moderation.training.calibration import EVEN, KNEE, MANY, _macro_f1, level_social
from moderation.training.everyday import read_everyday
from moderation.training.heads import log_count_scale, register_weights
from moderation.training.knowledge import build
from moderation.training.mentions import Stance, read_mentions, read_stances
from tests.case_files import read_cases

ROOT = Path(__file__).parent.parent


def of_one_segment(whole: npt.NDArray[np.float32], worst: npt.NDArray[np.float32]) -> Pooled:
    """Texts of one segment: (C, H) each."""
    return Pooled(whole, worst, np.ones(len(whole), np.int64))


RUDE = ["you are a fool", "what a stupid clown", "shut up idiot", "nobody likes a moron like you"]
KIND = ["you are a friend", "what a lovely clown", "thank you kindly", "everybody likes the garden"]
NOUNS = ["today", "in the park", "again", "about the map", "on the train", "with the band"]


def examples(repeat: int = 40) -> Examples:
    """Rude and kind sentences with other words about them; half a dozen parts are held."""
    made = Examples()
    for i in range(repeat):
        for kind, texts in ((1.0, RUDE), (0.0, KIND)):
            for text in texts:
                made.texts.append(f"{text} {NOUNS[i % len(NOUNS)]} {i % 7}.")
                made.labels.append([kind, 0.0, kind, 0.0, float("nan"), 0.0])
                made.weight.append([1.0] * len(LABELS))
                made.part.append("held" if i % 8 == 0 else "train")
                made.source.append("own")
    made.sources["own"] = {"sha256": "0" * 64, "rows": len(made)}
    return made


RECIPE = Recipe(bits=14, per_label=(5_000,) * 6, min_count=1.0, epochs=30, unknown=0.5)


def test_a_small_model_learns_and_gives_the_same_file_twice(tmp_path: Path) -> None:
    first = write(train(examples(), RECIPE, "own"), tmp_path / "first" / "own")
    second = write(train(examples(), RECIPE, "own"), tmp_path / "second" / "own")
    assert first.digest == second.digest
    assert (tmp_path / "first" / "own.safetensors").read_bytes() == (
        tmp_path / "second" / "own.safetensors"
    ).read_bytes()
    rude, kind = first.predict_proba(["You are a FOOL, stupid!", "You are a kind friend."])[:, 0]
    assert rude > 0.5 > kind
    # A label of which no text has both outcomes is as frequent as it was, whatever the text.
    severe = first.predict_proba(["You are a fool.", "Thank you."])[:, 1]
    assert severe[0] == severe[1] < 0.05
    assert first.settings["trained"]["sources"]["own"]["rows"] == 320
    assert first.settings["trained"]["recipe"] == RECIPE.record()


def test_scoring_adds_up_what_training_multiplied() -> None:
    """The matrices of training times the file's weights are the sums of scoring, repeats too."""
    texts = [*examples(3).texts, "fool fool, fool fool! you fool of a fool " * 9, "you. " * 40, ""]
    knowledge = build(texts * 5)
    texts.append("you wuggly fool of a frobnitz! gimble-wabe")
    labels = np.tile(np.arange(len(texts), dtype=np.float32)[:, None] % 2, len(LABELS))
    encoded = encode_texts(
        texts,
        Lexer(knowledge.tables),
        knowledge.classes,
        knowledge.class_names,
        knowledge.telling,
    )
    chosen = screen(
        encoded, labels, np.ones_like(labels), min_count=1.0, per_label=(5_000,) * len(LABELS)
    )
    chosen = dataclasses.replace(chosen, idf=np.ones_like(chosen.idf))
    heads = np.random.default_rng(0).integers(-64, 64, (len(chosen.keys), len(HEADS))) / 64
    pooling = plain_pooling()
    with pytest.raises(ValueError, match="prune them first"):
        assemble("own", knowledge, chosen, heads.astype(np.float32), pooling, RECIPE, {})
    kept = prune(chosen, heads.astype(np.float32), RECIPE.bits)
    chosen, heads = chosen.take(kept), heads[kept]
    combining = choose_combinations(encoded, [1] * len(LABELS))
    assert combining is not None
    combining = dataclasses.replace(combining, idf=np.ones_like(combining.idf))
    own = np.random.default_rng(1).integers(-64, 64, (len(combining.idf), len(HEADS))) / 64
    arrays = (chosen, heads.astype(np.float32), pooling, RECIPE, {})
    model = assemble("own", knowledge, *arrays, combining.weighted(own.astype(np.float32)))
    found = Scorer(model).pooled(texts)
    extent = encoded.extent_of_texts(RECIPE.unknown)
    assert encoded.unknown.tolist() == [0] * (encoded.n_segments - 2) + [2, 2]
    assert extent[-1] == 8 - 4 * 0.5
    of_texts = normalise_rows(
        combination_matrix(text_masks(encoded), combining), extent, RECIPE.kappa
    )
    whole = normalise_rows(text_matrix(encoded, chosen), extent, RECIPE.kappa) @ heads
    whole += of_texts @ own
    np.testing.assert_allclose(found.whole, whole, rtol=1e-4, atol=1e-4)
    numbers = np.arange(encoded.n_segments)
    every = segment_matrix(encoded, chosen, numbers)
    lengths = encoded.extent(RECIPE.unknown)
    z = normalise_rows(every, lengths, RECIPE.kappa) @ heads
    of_segments = combination_matrix(segment_masks(encoded, numbers), combining)
    z += normalise_rows(of_segments, lengths, RECIPE.kappa) @ own
    worst = np.maximum.reduceat(z, encoded.text_first, axis=0)
    np.testing.assert_allclose(found.worst, worst, rtol=1e-4, atol=1e-4)
    undamped = text_matrix(encoded, chosen, damped=False)
    plain = normalise_rows(undamped, extent, RECIPE.kappa) @ heads
    plain += of_texts @ own
    assert np.abs(plain - whole).max() > 0.1  # repeats are damped


def test_texts_that_count_for_a_part_are_a_part_of_document_frequencies() -> None:
    texts = examples(3).texts
    knowledge = build(texts * 5)
    texts.append("you wuggly fool of a frobnitz! gimble-wabe")
    labels = np.tile(np.arange(len(texts), dtype=np.float32)[:, None] % 2, len(LABELS))

    def screened(times: int, count: float) -> Screen:
        encoded = encode_texts(
            texts * times,
            Lexer(knowledge.tables),
            knowledge.classes,
            knowledge.class_names,
            knowledge.telling,
        )
        given = np.tile(labels, (times, 1))
        weight = np.full_like(given, count)
        counts = np.full(len(given), count, np.float32)
        return screen(encoded, given, weight, count=counts, min_count=2.0)

    once, thrice = screened(1, 1.0), screened(3, 1 / 3)
    assert len(once.keys) > 20
    assert once.keys.tolist() == thrice.keys.tolist()
    np.testing.assert_allclose(once.idf, thrice.idf, rtol=1e-4)
    np.testing.assert_allclose(once.count, thrice.count, rtol=1e-4)


def test_of_features_that_share_a_slot_the_one_stays_that_is_missed_most() -> None:
    """Slots are the two highest bits of a key; the last feature weighs nothing."""
    keys = np.array([1, 2, 3 << 62, (3 << 62) + 1, 1 << 62], np.uint64)
    count = np.array([9, 4, 1, 50, 99], np.float32)
    every = np.ones((5, len(LABELS)), np.bool_)
    chosen = Screen(keys, count, np.ones(5, np.float32), every)
    heads = np.zeros((5, len(HEADS)), np.float32)
    heads[:4, 0] = [1.0, -2.0, 3.0, 0.0]
    heads[3, 1] = 0.1  # all that this head knows
    assert prune(chosen, heads, 2).tolist() == [1, 3]
    assert chosen.take(np.array([1, 3])).count.tolist() == [4, 50]


def test_word_spans_survive_training(tmp_path: Path) -> None:
    from moderation.explanation import explain

    model = write(train(examples(), RECIPE, "own"), tmp_path / "own")
    explained = explain("What a lovely park. You are a stupid f00l!", model)
    for label in LABELS:
        total = explained.bias[label] + sum(
            span.contribution for span in explained.spans if span.label == label
        )
        assert total == pytest.approx(explained.logits[label], abs=2e-3)


def test_compose_hides_one_sentence_and_keeps_harmless_texts_harmless() -> None:
    texts = ["You fool.", *["A quiet sentence about the weather number one."] * 30]
    labels = np.zeros((len(texts), len(LABELS)), np.float32)
    labels[0, 0] = 1
    made, rows = compose(texts, labels, seed=1, count=10)
    assert len(made) == len(rows) == 10
    for text, row in zip(made, rows, strict=True):
        assert ("You fool." in text) == (row[0] == 1)
        assert text.count(".") >= 5
    again, _ = compose(texts, labels, seed=1, count=10)
    assert made == again


def test_compose_without_material_makes_nothing() -> None:
    made, rows = compose(["You fool."], np.ones((1, len(LABELS)), np.float32), 1, 10)
    assert made == []
    assert rows.shape == (0, len(LABELS))


def test_features_that_tell_the_outcomes_apart_are_held_back_less() -> None:
    rng = np.random.default_rng(0)
    labels = (np.arange(2_000) % 2).astype(np.float32)
    weight = np.ones(2_000, np.float32)
    # What stands with one outcome nearly always, twice as often, as often, hardly ever at all; the
    # last two are the first two the other way round.
    shares = np.array([[0.4, 0.01], [0.4, 0.2], [0.3, 0.3], [0.001, 0.0], [0.01, 0.4], [0.2, 0.4]])
    dense = rng.random((2_000, 6)) < shares[:, 1] + np.outer(labels, shares[:, 0] - shares[:, 1])
    matrix = sparse.csr_matrix(dense.astype(np.float32))
    scale = log_count_scale(matrix, labels, weight)
    assert scale[0] > scale[1] > scale[2]
    assert scale[3] < scale[1]  # too rare to say much
    assert np.median(scale) == pytest.approx(1.1, abs=0.3)
    # Labels the other way round and soft ones change nothing of that.
    assert np.allclose(log_count_scale(matrix, 1 - labels, weight), scale, rtol=0.05)

    def fit(trust: float) -> Any:
        return fit_head(
            matrix, labels, weight, cost=0.01, cap=3.0, tolerance=1e-4, epochs=200, seed=0,
            trust=trust,
        )[0]  # fmt: skip

    plain, tilted = fit(0.0), fit(0.5)
    assert tilted[0] / tilted[1] > plain[0] / plain[1] > 1


def by_head(logits: Any) -> Any:
    """Logits by label (N, L) as z by head (N, H); all texts are half in either register."""
    heads = np.zeros((len(logits), len(HEADS)), np.float32)
    heads[:, : len(LABELS)] = logits
    heads[:, HEADS.index(SOCIAL)] = logits[:, 0]
    heads[:, HEADS.index(REGISTER)] = -2.0
    return heads


def calibrated(logits: Any, labels: Any, reference: dict[str, float]) -> tuple[Any, Any]:
    """The pooling that `calibrate` makes of rows of one corpus, "own", and their new logits."""
    scaled = calibrate(
        plain_pooling(),
        logits,
        labels,
        np.ones_like(labels),
        np.array(["own"] * len(labels)),
        reference,
    )
    heads = by_head(logits)
    return scaled, Pooling(scaled).logits(of_one_segment(heads, heads))


def test_calibration_reaches_the_named_prevalence() -> None:
    rng = np.random.default_rng(0)
    n = 4_000
    truth = (rng.random(n) < 0.5).astype(np.float32)
    logits = np.zeros((n, len(LABELS)), np.float32)
    logits[:, 0] = 3 * (truth - 0.5) + rng.normal(size=n)
    labels = np.full((n, len(LABELS)), np.nan, np.float32)
    labels[:, 0] = truth
    scaled, found = calibrated(logits, labels, {"from own": 1.0, "toxicity": 0.1})
    probability = 1 / (1 + np.exp(-found[:, 0]))
    weight = np.where(truth == 1, 0.1 / truth.mean(), 0.9 / (1 - truth.mean()))
    assert np.average(probability, weights=weight) == pytest.approx(0.1, abs=0.005)
    others = [i for i, head in enumerate(HEADS) if head not in (LABELS[0], SOCIAL)]
    assert (scaled[others] == plain_pooling()[others]).all()


def test_toxic_comments_without_a_label_count_by_their_share() -> None:
    """Insults are known of every harmless comment and of one in ten of the toxic ones."""
    rng = np.random.default_rng(0)
    n, column = 40_000, LABELS.index("insult")
    toxic = rng.random(n) < 0.2
    insult = toxic & (rng.random(n) < 0.5)
    logits = np.zeros((n, len(LABELS)), np.float32)
    logits[:, column] = 2.0 * toxic + insult - 2 + rng.normal(size=n)
    labels = np.full((n, len(LABELS)), np.nan, np.float32)
    labels[:, 0], labels[:, column] = toxic, insult
    labels[toxic & (rng.random(n) < 0.9) & ~insult, column] = np.nan
    _, found = calibrated(logits, labels, {"from own": 1.0, "toxicity": 0.2, "insult": 0.1})
    assert (1 / (1 + np.exp(-found[:, column]))).mean() == pytest.approx(0.1, abs=0.005)


def test_a_register_that_is_told_has_the_prevalence_of_its_place() -> None:
    rng = np.random.default_rng(0)
    n, column = 20_000, LABELS.index("identity_attack")
    hate = rng.random(n) < 0.2
    logits = np.zeros((n, len(LABELS)), np.float32)
    logits[:, column] = 2 * hate + rng.normal(size=n)
    labels = np.full((n, len(LABELS)), np.nan, np.float32)
    labels[:, 0], labels[:, column] = hate, hate
    source = np.array(["own", "other"])[rng.integers(0, 2, n)]
    labels[source == "other", column] = rng.random(int((source == "other").sum())) < 0.5
    reference = {"from own": 1.0, "toxicity": 0.02, "talk identity_attack": 0.02}
    scales = scale_registers(logits, labels, np.ones_like(labels), source, reference)
    slope, offset = scales["talk"]["identity_attack"]
    probability = 1 / (1 + np.exp(-(slope * logits[:, column] + offset)))
    own = source == "own"
    mean = 0.02 * probability[own & hate].mean() + 0.98 * probability[own & ~hate].mean()
    assert mean == pytest.approx(0.02, abs=0.001)
    assert scales == {"talk": {"identity_attack": [slope, offset]}}
    few = np.arange(n) < 20
    assert scale_registers(logits[few], labels[few], labels[few], source[few], reference) == {}


def test_what_is_linked_adds_to_toxicity_and_leaves_it_calibrated() -> None:
    rng = np.random.default_rng(0)
    n, hate = 6_000, LABELS.index("identity_attack")
    truth = (rng.random(n) < 0.3).astype(np.float32)
    hateful = truth * (rng.random(n) < 0.5)
    logits = rng.normal(size=(n, len(LABELS))).astype(np.float32)
    logits[:, 0] += truth
    logits[:, hate] += 4 * hateful
    labels = np.full((n, len(LABELS)), np.nan, np.float32)
    labels[:, 0], labels[:, hate] = truth, hateful
    heads = by_head(logits)
    pooled = of_one_segment(heads, heads)
    reference = {"from own": 1.0, "toxicity": 0.3, "mixed identity_attack": 0.15}

    def found(links: dict[str, tuple[float, float]]) -> Any:
        recipe = dataclasses.replace(RECIPE, reference=reference, links=links)
        weight, source = np.ones_like(labels), np.array(["own"] * n)
        pooling = calibrate_in_turn(plain_pooling(), pooled, labels, weight, source, recipe)
        return 1 / (1 + np.exp(-Pooling(pooling).logits(pooled)[:, 0]))

    alone, linked = found({}), found({"identity_attack": (0.0, 1.0)})
    assert linked[hateful == 1].mean() > alone[hateful == 1].mean() + 0.05
    assert linked.mean() == pytest.approx(0.3, abs=0.005)
    assert alone.mean() == pytest.approx(0.3, abs=0.005)


@pytest.mark.parametrize("n", [20_000, 6_000])  # enough positives for several bends, or for one
def test_calibration_bends_the_scale_where_its_slope_changes(n: int) -> None:
    rng = np.random.default_rng(0)
    score = rng.normal(scale=3, size=n)
    logit = np.where(score < KNEE, score, KNEE + 0.3 * (score - KNEE))
    truth = rng.random(n) < 1 / (1 + np.exp(-logit))
    assert (truth.sum() >= MANY) == (n == 20_000)
    column = LABELS.index("identity_attack")
    logits = np.zeros((n, len(LABELS)), np.float32)
    logits[:, column] = score
    labels = np.full((n, len(LABELS)), np.nan, np.float32)
    labels[:, column] = truth
    _, scaled = calibrated(logits, labels, {"mixed identity_attack": float(truth.mean())})
    found = scaled[:, column]
    assert np.abs(found - logit)[np.abs(score) < 4].max() < 0.5  # one line misses by 1.2
    assert np.abs(found - logit).mean() < 0.2


def test_each_register_is_judged_by_its_own_measure() -> None:
    """A word that is rude on talk pages and common among friends, and one the other way round."""
    rng = np.random.default_rng(0)
    made = Examples()
    for i in range(1_200):
        talk = i % 2 == 0
        rude = bool(rng.random() < 0.5)
        word = ("daft" if rude else "mellow") if talk else ("mellow" if rude else "daft")
        frame = "the article cites {} sources in section" if talk else "lol u so {} fr tho"
        made.texts.append(f"{frame.format(word)} {NOUNS[i % 6]} {i % 11}")
        made.labels.append([float(rude)] + [float("nan")] * 5)
        made.weight.append([1.0] * len(LABELS))
        made.part.append("held" if i % 5 == 0 else "train")
        made.source.append("talk" if talk else "posts")
    weights = {"talk": (1.0,) * 6, "posts": (1.0,) * 6}
    recipe = dataclasses.replace(
        RECIPE,
        weights=weights,
        talk=("talk",),
        fits={"toxicity": (Fit(social=0),), "toxicity_social": (Fit(talk=0),)},
    )
    model = train(made, recipe, "two")
    pages = ["the article cites daft sources in section", "the article cites mellow sources in it"]
    posts = ["lol u so daft fr tho", "lol u so mellow fr tho"]
    found = model.predict_proba([*pages, *posts])[:, 0]
    assert found[0] > 0.5 > found[1]
    assert found[3] > 0.5 > found[2]
    scorer = Scorer(model)
    share = scorer.pooling.share(scorer.pooled([*pages, *posts]))
    assert share[:2].max() < share[2:].min()


def test_a_head_is_lent_the_weights_of_another() -> None:
    matrix = sparse.csr_matrix(np.eye(4, dtype=np.float32)[[0, 1, 2, 3] * 5])
    labels = np.full((20, len(LABELS)), np.nan, np.float32)
    labels[:, 0] = [1, 0, 1, 0] * 5
    labels[:, LABELS.index("profanity")] = [1, 0, 0, 0] * 5
    register = np.array(["talk", "social"] * 10)
    draw = np.full(20, -1)

    def fitted(lent: dict[str, float]) -> Any:
        recipe = dataclasses.replace(RECIPE, lent=lent)
        told = taught_features(tells)
        weight = np.ones_like(labels)
        return fit_heads(Rows(matrix, labels, weight, register, draw, 20), told, recipe)

    tells = np.ones((4, len(LABELS)), np.bool_)
    tells[3, 0] = False  # the second harmless word is not taught to toxicity's heads
    alone, lent = fitted({}), fitted({"profanity": 0.5})
    profanity = alone[:, LABELS.index("profanity")]
    assert profanity[0] > 0.1 > profanity[2]
    np.testing.assert_allclose(lent[:, 0], alone[:, 0] + 0.5 * profanity, rtol=1e-6)
    assert (lent[:, 1:] == alone[:, 1:]).all()
    assert alone[3, 0] == 0 > alone[1, 0]
    assert alone[3, LABELS.index("profanity")] < 0


def test_a_head_is_the_mean_of_its_draws() -> None:
    matrix = sparse.csr_matrix(np.eye(4, dtype=np.float32)[[0, 1, 2, 3] * 5])
    labels = np.full((20, len(LABELS)), np.nan, np.float32)
    labels[:, 5] = [1, 0, 1, 0] * 5
    register = np.array(["talk", "social"] * 10)
    told = taught_features(np.ones((4, len(LABELS)), np.bool_))
    draw = np.array([-1] * 10 + [0] * 4 + [1] * 6)

    def fitted(rows: Any, draws: int, seed: int) -> Any:
        recipe = dataclasses.replace(RECIPE, draws=draws, seed=seed)
        some = labels[rows]
        ones = np.ones_like(some)
        of_heads = Rows(matrix[rows], some, ones, register[rows], draw[rows], 20)
        return fit_heads(of_heads, told, recipe)[:, 5]

    both = fitted(np.arange(20), 2, 0)
    first = fitted(np.flatnonzero(draw < 1), 1, 0)
    draw[draw == 1] = 0
    second = fitted(np.r_[0:10, 14:20], 1, 1)
    assert not np.allclose(first, second)
    np.testing.assert_allclose(both, (first + second) / 2, rtol=1e-6)


def test_each_fit_of_a_head_is_taught_by_the_rows_that_it_weighs() -> None:
    matrix = sparse.csr_matrix(np.eye(4, dtype=np.float32)[[0, 1, 2, 3] * 5])
    labels = np.full((20, len(LABELS)), np.nan, np.float32)
    labels[:, 5] = [1, 0, 1, 0] * 5
    source = np.array(["pages", "pages", "posts", "ours"] * 5)
    known = {"talk": ("pages",), "weights": {"posts": (1.0,) * len(LABELS)}}
    draw = np.full(20, -1)
    draw[16:] = 1
    told = taught_features(np.ones((4, len(LABELS)), np.bool_))

    def fitted(*fits: Fit) -> Any:
        by_head = {"identity_attack": fits}
        recipe = dataclasses.replace(RECIPE, draws=len(fits), fits=by_head, **known)
        weight = np.ones_like(labels)
        return fit_heads(Rows(matrix, labels, weight, source, draw, 20), told, recipe)[:, 5]

    every, talk = fitted(Fit()), fitted(Fit(both=0, social=0))
    assert every.all()
    assert talk[:2].all()
    assert not talk[2:].any()
    half = fitted(Fit(), Fit(both=0, social=0, misspelt=0))
    np.testing.assert_allclose(half, (every + talk) / 2, rtol=0.01)  # but for the order of rows
    # copies of the second draw weigh what its fit says
    assert fitted(Fit(), Fit(both=0, social=0, misspelt=5))[0] > half[0] + 0.1
    np.testing.assert_array_equal(fitted(Fit(without=("posts", "ours"))), talk)
    # a fit that one outcome is left to is no opinion; without any the head stays at zero
    np.testing.assert_array_equal(fitted(Fit(), Fit(talk=0, social=0)), every)
    assert not fitted(Fit(talk=0, social=0)).any()


def test_harmless_texts_that_name_a_group_or_are_in_dialect_weigh_more() -> None:
    texts = [
        "My Jewish neighbour sings.",
        "I hate jewish people.",
        "My neighbour sings.",
        "Jewish?",
        "she finna sing",
        "a Jewish man tryna sing",
        "they be lying",
    ]
    assert names_group(texts).tolist() == [True, True, False, True, False, True, False]
    labels = np.zeros((7, len(LABELS)), np.float32)
    labels[1, 0], labels[3, 0], labels[6, 0] = 1, np.nan, 1
    labels[5, 5] = 1
    weight = np.full((7, len(LABELS)), 2, np.float32)
    recipe = Recipe(named_weight=1.5, dialect_weight=(4, 1, 1, 1, 1, 3))
    found = reweigh(texts, labels, weight, recipe)
    # what is not known to be harmless stays
    assert found[:, 0].tolist() == [3, 2, 2, 2, 8, 12, 2]
    assert found[:, 5].tolist() == [2, 2, 2, 2, 6, 2, 6]
    assert (found[:, 1:5] == 2).all()
    assert (weight == 2).all()


def test_social_media_are_as_toxic_as_their_scores_say() -> None:
    """Talk pages keep theirs."""
    rng = np.random.default_rng(0)
    n = 4_000
    talk = rng.random(n) < 0.5
    z = rng.normal(size=(n, len(HEADS))).astype(np.float32)
    z[:, HEADS.index(REGISTER)] = np.where(talk, -100, 100)
    pooled = of_one_segment(z, z)
    toxic = rng.random(n).astype(np.float32) < 1 / (1 + np.exp(-z[:, 0] + 1))
    out = level_social(plain_pooling(), pooled, toxic.astype(np.float32), 1.0 * ~talk)
    before, after = (
        1 / (1 + np.exp(-Pooling(made).logits(pooled)[:, 0])) for made in (plain_pooling(), out)
    )
    assert after[~talk].mean() == pytest.approx(toxic[~talk].mean(), abs=1e-3)
    assert abs(before[~talk].mean() - toxic[~talk].mean()) > 0.1
    assert np.array_equal(before[talk], after[talk])
    # Without both outcomes, or far off, nothing moves.
    for labels in (np.ones(n), np.arange(n) == 0):
        same = level_social(plain_pooling(), pooled, labels.astype(np.float32), np.ones(n))
        assert np.array_equal(same, plain_pooling())


def test_registers_of_sources() -> None:
    recipe = read_recipe()
    assert recipe.register_of("jigsaw2018_any") == "talk"
    assert recipe.register_of("cad") == "social"
    assert recipe.register_of("identity_debias") == "both"
    assert recipe.register_of("my_labels.jsonl") == "both"
    assert set(recipe.talk) | set(recipe.both) <= set(recipe.weights)


def test_abuse_is_no_sign_of_a_register() -> None:
    """Half of either register's weight is toxic, and both weigh the same."""
    rng = np.random.default_rng(0)
    register = np.array(["talk", "social", "social", "both"])[rng.integers(0, 4, 4_000)]
    labels = np.full((4_000, len(LABELS)), np.nan, np.float32)
    hate = LABELS.index("identity_attack")
    toxic = rng.random(4_000) < np.where(register == "talk", 0.1, 0.6)
    labels[:2_000, 0], labels[2_000:, hate] = toxic[:2_000], toxic[2_000:]
    weight = register_weights(register, labels, dataclasses.replace(RECIPE, register_both=0.5))
    talk = register == "talk"
    assert weight[talk].sum() == pytest.approx(weight[~talk].sum(), rel=1e-3)
    for mine in (talk, ~talk):
        assert weight[mine & toxic].sum() == pytest.approx(weight[mine & ~toxic].sum(), rel=1e-3)
    social = weight[(register == "social") & toxic]
    assert weight[(register == "both") & toxic] == pytest.approx(social[0] / 2, rel=1e-3)


def test_each_head_of_toxicity_is_pooled_by_its_own_register() -> None:
    rng = np.random.default_rng(0)
    n = 2_000
    register = np.array(["talk", "social"])[rng.integers(0, 2, n)]
    z = rng.normal(size=(n, 1)).astype(np.float32)
    pooled = of_one_segment(np.repeat(z, len(HEADS), 1), np.repeat(z, len(HEADS), 1))
    labels = np.full((n, len(LABELS)), np.nan, np.float32)
    labels[:, 0] = (z[:, 0] > 0) == (register == "talk")  # the other way round in social media
    written = np.zeros(n, np.bool_)
    out = fit_pooling(pooled, labels, np.ones_like(labels), register, written, RECIPE)
    slope = out[:, POOL.index("whole")] + out[:, POOL.index("worst")]
    assert slope[0] > 1
    assert slope[HEADS.index(SOCIAL)] < -1
    # Where a register has no texts its head takes those of the other.
    alone = np.array(["both"] * n)
    out = fit_pooling(pooled, labels, np.ones_like(labels), alone, written, RECIPE)
    assert np.array_equal(out[0], out[HEADS.index(SOCIAL)])


def test_composed_texts_count_as_much_as_the_recipe_says_in_either_line() -> None:
    rng = np.random.default_rng(0)
    n = 2_000
    register = np.array(["talk"] * 2 * n)
    composed = np.arange(2 * n) >= n
    z = rng.normal(size=(2 * n, 1)).astype(np.float32)
    count = np.array([1] * n + [9] * n)
    zeros = np.zeros_like(z)
    pooled = Pooled(np.repeat(zeros, len(HEADS), 1), np.repeat(z, len(HEADS), 1), count)
    labels = np.zeros((2 * n, len(LABELS)), np.float32)
    labels[:n] = rng.random((n, 1)) < 0.5
    labels[n:] = z[n:] > 0
    recipe = dataclasses.replace(RECIPE, composed={"toxicity": (0.0, 1.0)}, composed_weight=0.0)
    out = fit_pooling(pooled, labels, np.ones_like(labels), register, composed, recipe)
    at = [POOL.index(name) for name in ("worst", "watch_worst", "watch_worst_few")]
    ordinary, *watching = out[0, at].tolist()
    assert abs(ordinary) < 0.3 < 1 < sum(watching)
    assert np.abs(out[1, at]).max() < 0.5  # the other labels' composed texts weigh nothing


def test_thresholds_separate_what_can_be_separated() -> None:
    probability = np.tile(np.linspace(0, 0.5, 200, dtype=np.float32)[:, None], (1, len(LABELS)))
    labels = (probability > 0.3).astype(np.float32)
    chosen = choose_thresholds(probability, labels, np.ones_like(labels), 0.4)
    assert chosen["toxicity"] == 0.4  # as it is given
    assert choose_thresholds(probability, labels, np.ones_like(labels))["toxicity"] == 0.5
    for label in LABELS[1:]:
        assert chosen[label] == pytest.approx(0.3, abs=0.01)


def test_a_threshold_moves_less_than_what_one_set_of_texts_says() -> None:
    chosen, single = [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        p = rng.beta(0.4, 1.2, 2_000).astype(np.float32)
        labels = (rng.random((2_000, len(LABELS))) < p[:, None]).astype(np.float32)
        columns = np.repeat(p[:, None], len(LABELS), 1)
        chosen.append(choose_thresholds(columns, labels, np.ones_like(labels))["threat"])
        order = np.argsort(-p)
        macro = _macro_f1(labels[order, LABELS.index("threat")] > 0.5, np.ones(2_000))
        single.append(p[order][np.argmax(macro >= macro.max() - EVEN)])
    assert np.mean(chosen) == pytest.approx(np.mean(single), abs=0.05)
    assert np.std(chosen) < 0.8 * np.std(single)


def test_of_thresholds_as_good_as_each_other_the_highest_is_chosen() -> None:
    rng = np.random.default_rng(0)
    probability = np.linspace(0.001, 1, 4_000, dtype=np.float32)
    # Between 0.2 and 0.8 a text is as often of the label as not: where the line goes is all one.
    labels = rng.random(4_000) < np.clip((probability > 0.8) + 0.5 * (probability > 0.2), 0, 1)
    columns = np.repeat(probability[:, None], len(LABELS), 1)
    given = np.repeat(labels[:, None].astype(np.float32), len(LABELS), 1)
    chosen = choose_thresholds(columns, given, np.ones_like(given))["threat"]

    def macro(threshold: float) -> float:
        said = probability >= threshold
        pairs = ((said, labels), (~said, ~labels))
        return float(np.mean([2 * (a & b).sum() / (a.sum() + b.sum()) for a, b in pairs]))

    best = max(map(macro, np.linspace(0.1, 0.9, 801).tolist()))
    assert macro(chosen) > best - 2 * EVEN
    assert all(macro(t) < best - EVEN / 2 for t in np.linspace(chosen + 0.01, 0.9, 50).tolist())


def test_pooling_without_both_outcomes_is_the_share() -> None:
    zeros = np.zeros((50, len(HEADS)), np.float32)
    pooled = of_one_segment(zeros, zeros)
    labels = np.zeros((50, len(LABELS)), np.float32)
    register = np.array(["talk"] * 50)
    written = np.zeros(50, np.bool_)
    out = fit_pooling(pooled, labels, np.ones_like(labels), register, written, RECIPE)
    biases = [POOL.index(name) for name in ("bias", "watch_bias")]
    assert (out[:-1, biases] < -4).all()  # the last is the register's
    out[:, [*biases, POOL.index("watch_from")]] = 0
    assert (out[:-1] == 0).all()


def test_rationale_finds_the_marked_words(tmp_path: Path) -> None:
    model = train(examples(), RECIPE, "own")
    texts = ["You are a fool today.", "Thank you kindly again."]
    marked = [range(10, 14), []]
    floor, share, mean = choose_rationale(model, texts, marked)
    assert floor > 0
    assert share >= 0
    assert mean > 0.5


def test_recipe_of_the_package_is_complete() -> None:
    from moderation.corpora import entries

    recipe = read_recipe()
    assert set(recipe.weights) <= set(entries())
    assert all(entries()[name].dev != "none" for name in recipe.weights), "a test set is taught"
    scaled = {k.removeprefix("mixed ") for k in recipe.reference if k[:5] not in ("from ", "talk ")}
    assert scaled == set(LABELS)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[settings]\nbitz = 3\n", "unknown key 'bitz'"),
        ("[settings]\nper_label = 9\n", "per_label must list 6 numbers"),
        ("[settings]\ncombinations = 20\n", "combinations must list 6 numbers"),
        ('[settings]\ncost = [1, 1, 1, 1, 1, "one"]\n', "cost must list 6 numbers"),
        ("[settings]\ncost = [1.0]\n", "cost must list 6 numbers"),
        ("[settings]\nunknown = 0\n", "unknown must be a number over 0"),
        ('[settings]\nunknown = "half"\n', "unknown must be a number over 0"),
        ("[settings]\nabusive_from = 1.0\n", "abusive_from must be a number between 0 and 1"),
        ("[settings]\nabusive_from = 1\n", "abusive_from must be a number between 0 and 1"),
        ("[weights.cad]\nrude = 1\n", "names no label of ours: 'rude'"),
        ("[registers]\ntalks = []\n", "unknown key 'talks'"),
        ("[[fits.spam]]\n", "names no head of ours: 'spam'"),
        ("[settings]\ndraws = 2\n[[fits.insult]]\n", "insult must list as many tables as"),
        ("[fits]\ninsult = 2\n", "insult must list as many tables as"),
        ("[[fits.insult]]\npages = 1\n", "insult: give numbers from 0 on for"),
        ('[[fits.insult]]\nwithout = "it"\n', "a list of sources for without"),
        ("[[fits.insult]]\ntalk = -1\n", "insult: give numbers from 0 on for"),
        ('[[fits.insult]]\nwithout = ["contrast"]\n', "without names no source: 'contrast'"),
        ("[registers.lent]\nprofane = 0.3\n", "profane: give a label and a number"),
        ('[registers]\ntrust = "much"\n', "trust must be a number"),
        ("[registers.composed]\ntoxicity = [1]\n", "toxicity: give one of"),
        ("[registers.composed]\nthreat = [1, 2]\n", "threat: give one of"),
        ("[registers.links]\nthreats = { from = 0, times = 1 }\n", "threats: give a label"),
        ("[registers.links]\nthreat = { from = 0 }\n", "threat: give a label, its from and times"),
        ("not toml", "is not TOML"),
    ],
)
def test_a_wrong_recipe_is_one_line(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=complaint) as caught:
        read_recipe(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "moderation", "train", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_command_with_labels_alone_says_what_such_a_model_is_worth(tmp_path: Path) -> None:
    result = run("--labels", str(ROOT / "seeds/labels.jsonl"), "--output", str(tmp_path / "small"))
    assert result.returncode == 0, result.stderr
    assert "25 labelled comments and nothing else" in result.stderr
    model = load_file(tmp_path / "small.safetensors")
    assert model.settings["trained"]["sources"]["labels.jsonl"]["rows"] == 25
    assert not list(tmp_path.glob("*.partial"))
    # Another process, with another hash seed and other chunk keys, writes the same bytes.
    again = run("--labels", str(ROOT / "seeds/labels.jsonl"), "--output", str(tmp_path / "b/small"))
    assert again.returncode == 0, again.stderr
    second = (tmp_path / "b" / "small.safetensors").read_bytes()
    assert second == (tmp_path / "small.safetensors").read_bytes()


def test_command_complains_in_one_line(tmp_path: Path) -> None:
    nothing = run("--output", str(tmp_path / "x"))
    assert nothing.returncode == 2
    missing = run("--corpora", str(tmp_path / "none"), "--output", str(tmp_path / "x"))
    assert missing.returncode == 1
    assert missing.stderr.strip().splitlines()[-1].startswith("moderation: ")
    broken = tmp_path / "labels.jsonl"
    broken.write_text(json.dumps({"comment": "x"}) + "\n")
    wrong = run("--labels", str(broken), "--output", str(tmp_path / "x"))
    assert wrong.returncode == 1
    assert "labels.jsonl:1" in wrong.stderr
    assert "Traceback" not in wrong.stderr
    assert not (tmp_path / "x.safetensors").exists()


def test_errors_are_of_one_family() -> None:
    assert issubclass(InputError, ModerationError)


FRAMES = """
fill = 2
plural = ["a {Gs} club", "{Gs} sing."]
singular = ["I met {G}."]
adjective = ["a {adj} song", "A {adj} song."]
[[groups]]
plural = ["Islanders", "islanders"]
singular = ["an Islander"]
adjective = ["Island"]
[[groups]]
plural = ["northerners"]
singular = ["a northerner"]
adjective = ["northern"]
"""


def test_frames_are_filled_with_groups(tmp_path: Path) -> None:
    path = tmp_path / "mentions.toml"
    path.write_text(FRAMES, "utf-8")
    examples = Examples()
    by_label = [1.0, 1.0, 1.0, 1.0, 1.0, 1.5]
    add_mentions(examples, path, by_label)
    assert examples.texts == read_mentions(path)  # the same ones each time
    assert len(examples) == examples.sources["mentions"]["rows"] == 10
    assert not any("{" in text for text in examples.texts)
    found = [text.lower().rstrip(".") for text in examples.texts]
    assert sorted(found[4:]) == sorted(
        ["i met an islander", "i met a northerner", *["an island song", "a northern song"] * 2]
    )
    labels, weight, _ = examples.arrays()
    assert (labels == 0).all()
    assert (weight == by_label).all()


def test_another_frame_leaves_the_sentences_of_the_others_be(tmp_path: Path) -> None:
    path = tmp_path / "mentions.toml"
    path.write_text(FRAMES, "utf-8")
    before = read_mentions(path)
    path.write_text(FRAMES.replace('["a {Gs} club"', '["{Gs} dance.", "a {Gs} club"'), "utf-8")
    assert set(before) < set(read_mentions(path))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("fill = 2", "fill = 0", "fill must be a whole number over 0"),
        ("fill = 2", "fill = ", "is not TOML"),
        ('"I met {G}."', '"I met {Gs}."', "singular: 'I met {Gs}.' has no {G}"),
        ('adjective = ["northern"]', "", "each of groups must give words for plural, singular"),
        ('["northern"]', "[]", "each of groups must give words for plural, singular, adjective"),
        ('["northern"]', "[7]", "each of groups must give words for plural, singular, adjective"),
    ],
)
def test_wrong_frames_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "mentions.toml"
    path.write_text(FRAMES.replace(old, new), "utf-8")
    with pytest.raises(InputError, match=re.escape(message)):
        read_mentions(path)


STANCES = """
[stances]
fill = 3
[stances.sayings]
clause = ["{Gs} cheat", "{adj} people cheat"]
doing = ["mocking {G}"]
[stances.rejected]
clause = ["nobody should say that {clause}"]
doing = ["{doing} is wrong, {Gs} are fine."]
[stances.upheld]
clause = ["everybody knows that {clause}"]
"""


def test_stances_are_sayings_in_frames(tmp_path: Path) -> None:
    path = tmp_path / "mentions.toml"
    path.write_text(FRAMES + STANCES, "utf-8")
    examples = Examples()
    add_stances(examples, path, [0.5, 0.0, 0.0, 0.0, 0.0, 1.5])
    stances = read_stances(path)
    assert examples.texts == [stance.text for stance in stances]  # the same ones each time
    assert len(examples) == examples.sources["stances"]["rows"] == 9
    found = [(text.lower().rstrip("."), hateful) for text, hateful in stances]
    said = r"(islanders|northerners|(island|northern) people) cheat"
    for text, hateful in found[:3] + found[6:]:
        frame = "everybody knows" if hateful else "nobody should say"
        assert re.fullmatch(f"{frame} that {said}", text)
    assert [hateful for _, hateful in found] == [False] * 6 + [True] * 3
    one_group = (
        "mocking (an islander is wrong, islanders|a northerner is wrong, northerners) are fine"
    )
    assert all(re.fullmatch(one_group, text) for text, _ in found[3:6])
    labels, weight, part = examples.arrays()
    assert labels[:, [0, 5]].tolist() == [[float(hateful)] * 2 for _, hateful in stances]
    assert np.isnan(labels[:, 1:5]).all()
    assert (weight == [0.5, 0, 0, 0, 0, 1.5]).all()
    assert set(part.tolist()) == {"train"}


WHOLE = """
[stances.whole]
hateful = ["No {Gs} on our street.", "they should all leave"]
harmless = ["{G} lives on {adj} Street.", "we all leave at six"]
"""


def test_whole_sentences_are_filled_where_they_have_a_slot(tmp_path: Path) -> None:
    path = tmp_path / "mentions.toml"
    stances = STANCES.replace("fill = 3", "fill = 3\nwhole_fill = 2")
    path.write_text(FRAMES + stances + WHOLE, "utf-8")
    found = read_stances(path)
    assert found[:9] == read_stances_of(tmp_path, STANCES)
    assert len(found) == 9 + 6
    assert {(text.lower().rstrip("."), hateful) for text, hateful in found[9:]} == {
        ("an islander lives on island street", False),
        ("a northerner lives on northern street", False),
        ("no islanders on our street", True),
        ("no northerners on our street", True),
        ("they should all leave", True),
        ("we all leave at six", False),
    }


def read_stances_of(folder: Path, stances: str) -> list[Stance]:
    path = folder / "others.toml"
    path.write_text(FRAMES + stances, "utf-8")
    return read_stances(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("whole_fill = 2", "", "stances.whole_fill must be a whole number over 0"),
        ("hateful =", "hated =", "stances.whole must have harmless and hateful sentences"),
        ('["{G} lives on {adj} Street.", "we all leave at six"]', "[]", "stances.whole must be a"),
    ],
)
def test_wrong_whole_sentences_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "mentions.toml"
    stances = STANCES.replace("fill = 3", "fill = 3\nwhole_fill = 2")
    path.write_text(FRAMES + (stances + WHOLE).replace(old, new, 1), "utf-8")
    with pytest.raises(InputError, match=re.escape(message)):
        read_stances(path)


def test_a_file_need_not_have_stances(tmp_path: Path) -> None:
    path = tmp_path / "mentions.toml"
    path.write_text(FRAMES, "utf-8")
    examples = Examples()
    add_stances(examples, path, [1.0] * len(LABELS))
    assert not len(examples)
    assert not examples.sources


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("fill = 3", "fill = true", "stances.fill must be a whole number over 0"),
        ("[stances.sayings]", "[stances.said]", "stances.sayings must be a table of lists"),
        ('["mocking {G}"]', "[]", "stances.sayings must be a table of lists"),
        ('["everybody knows that {clause}"]', "[7]", "stances.upheld must be a table of lists"),
        ("that {clause}", "that", "'nobody should say that' has no saying of its kind"),
        ('doing = ["mocking {G}"]', "", "has no saying of its kind"),
        ('["{Gs} cheat", "{adj} people cheat"]', '["we cheat"]', "names no group"),
    ],
)
def test_wrong_stances_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "mentions.toml"
    path.write_text(FRAMES + STANCES.replace(old, new, 1), "utf-8")
    with pytest.raises(InputError, match=re.escape(message)):
        read_stances(path)


def test_stances_are_not_the_sentences_to_choose_by() -> None:
    chosen_by = tomllib.loads(
        (ROOT / "moderation" / "evaluation" / "sentences.toml").read_text("utf-8")
    )
    theirs = {
        frame.replace("{}", term)
        for kind in ("harmless", "abusive")
        for frame in chosen_by[kind]
        for term in chosen_by["terms"]
    }
    mine = {text.lower().rstrip(".") for text, _ in read_stances(ROOT / "seeds" / "mentions.toml")}
    assert len(mine) > 5_000
    assert not mine & theirs


def test_mentions_are_not_the_sentences_to_choose_by() -> None:
    chosen_by = tomllib.loads(
        (ROOT / "moderation" / "evaluation" / "sentences.toml").read_text("utf-8")
    )
    frames = tomllib.loads((ROOT / "seeds" / "mentions.toml").read_text("utf-8"))
    mine = {
        re.sub(r"\{\w+\}", "{}", frame.lower().rstrip("."))
        for form in ("plural", "singular", "adjective")
        for frame in frames[form]
    }
    assert not mine & {*chosen_by["harmless"], *chosen_by["abusive"]}


def test_what_is_taught_is_not_what_is_asked() -> None:
    asked = {
        plain(text)
        for functions in read_data("functional.toml").values()
        for texts in functions.values()
        for text in texts
    }
    assert len(asked) == 1_238
    everyday = [
        plain(text)
        for functions in read_data("everyday.toml").values()
        for texts in functions.values()
        for text in texts
    ]
    assert len(everyday) == len(set(everyday)) > 1_200
    asked |= set(everyday)
    short = set(map(plain, short_mentions()[0]))
    assert len(short) == 735
    asked |= short
    asked |= {plain(case["text"]) for case in read_cases("innocent.jsonl")}
    taught = {plain(text) for text in read_mentions(ROOT / "seeds" / "mentions.toml")}
    taught |= {plain(text) for text, _ in read_stances(ROOT / "seeds" / "mentions.toml")}
    taught |= {plain(row["text"]) for row in read_contrasts(ROOT / "seeds" / "contrasts.jsonl")}
    taught |= set(map(plain, (ROOT / "seeds" / "harmless.list").read_text("utf-8").splitlines()))
    taught |= {plain(comment.text) for comment in read_everyday(ROOT / "seeds" / "everyday.toml")}
    assert not asked & taught


def plain(text: str) -> str:
    """The words of a text, however they are written; a text without words as it is."""
    return " ".join(re.findall(r"\w+", text.lower())) or text


EVERYDAY = """
[[kinds]]
name = "threats"
labels = ["toxicity", "threat"]
missing = ["insult"]
comments = ["I'll find you.", "Watch it!"]
[[kinds]]
name = "praise"
labels = []
comments = ["You star."]
"""


def test_everyday_comments_have_the_labels_of_their_kind(tmp_path: Path) -> None:
    path = tmp_path / "everyday.toml"
    path.write_text(EVERYDAY, "utf-8")
    examples = Examples()
    by_label = [5.0, 1.0, 4.0, 3.0, 2.0, 0.5]
    add_everyday(examples, path, by_label)
    assert examples.texts == ["I'll find you.", "Watch it!", "You star."]
    labels, weight, part = examples.arrays()
    threat = [1.0, 0.0, float("nan"), 0.0, 1.0, 0.0]
    assert np.array_equal(labels, [threat, threat, [0.0] * 6], equal_nan=True)
    assert (weight == by_label).all()
    assert set(part.tolist()) == {"train"}
    assert set(examples.source) == {"everyday"}
    assert examples.sources["everyday"]["rows"] == 3


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[[kinds]]", "[[sorts]]", "has no [[kinds]]"),
        ('name = "praise"\n', "", "kind 2: give a name, a list of labels and a list of comments"),
        ('labels = []', 'labels = "none"', "kind 2: give a name, a list of labels"),
        ('["You star."]', "[7]", "kind 2: give a name, a list of labels and a list of comments"),
        ('missing = ["insult"]', 'missing = "insult"', "kind 1: give a name"),
        ('missing = ["insult"]', 'missing = ["slur"]', "'threats' names no label of ours: 'slur'"),
        ('missing = ["insult"]', 'missing = ["threat"]', "'threats': 'threat' is 1 and missing"),
        ("You star.", "Watch it!", "kind 'praise': 'Watch it!' stands twice"),
        ("labels = []", "labels = [", "is not TOML"),
    ],
)  # fmt: skip
def test_wrong_everyday_files_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "everyday.toml"
    assert old in EVERYDAY
    path.write_text(EVERYDAY.replace(old, new), "utf-8")
    with pytest.raises(InputError, match=rf"everyday\.toml: .*{re.escape(message)}"):
        read_everyday(path)


def test_everyday_comments_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"missing\.toml: cannot be read"):
        read_everyday(tmp_path / "missing.toml")


def test_the_command_names_a_wrong_everyday_file(tmp_path: Path) -> None:
    path = tmp_path / "everyday.toml"
    path.write_text(EVERYDAY.replace("threats", "").replace('"toxicity"', '"rude"'), "utf-8")
    args = ["train", "--labels", str(ROOT / "seeds" / "labels.jsonl"), "--everyday", str(path)]
    result = CliRunner().invoke(cli, [*args, "--output", str(tmp_path / "model")])
    assert isinstance(result.exception, InputError)  # `main` makes a line of it
    assert str(result.exception) == f"{path}: kind '' names no label of ours: 'rude'"
    assert not list(tmp_path.glob("model*"))


def test_everyday_comments_keep_what_labels_imply() -> None:
    """The codebook: threats, insults and hate are toxic; and half of them, or so, are harmless."""
    comments = read_everyday(ROOT / "seeds" / "everyday.toml")
    abusive = [comment for comment in comments if "toxicity" in comment.labels]
    assert 0.3 < len(abusive) / len(comments) < 0.7
    implied = {"severe_toxicity", "insult", "threat", "identity_attack"}
    assert not [c.text for c in comments if c.labels & implied and "toxicity" not in c.labels]


def test_harmless_sentences_are_rows_with_every_label_zero(tmp_path: Path) -> None:
    path = tmp_path / "harmless.list"
    path.write_text("# names\nMr. Dyke runs the shop.\n\n  The hoe is blunt. \n", "utf-8")
    examples = Examples()
    add_harmless(examples, path, 2.0)
    assert examples.texts == ["Mr. Dyke runs the shop.", "The hoe is blunt."]
    labels, weight, part = examples.arrays()
    assert (labels == 0).all()
    assert (weight == 2).all()
    assert set(part.tolist()) == {"train"}
    assert examples.sources["harmless"]["rows"] == 2
    with pytest.raises(InputError, match=r"missing\.txt: cannot be read"):
        add_harmless(examples, tmp_path / "missing.txt", 1.0)
