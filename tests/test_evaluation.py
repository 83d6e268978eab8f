"""Measures, sets, probes, reports and floors, on predictors and rows made up here."""

from __future__ import annotations

import collections
import gzip
import hashlib
import json
import math
import random
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from moderation.cli.evaluate import evaluate as command
from moderation.cli.evaluate import read_tricks
from moderation.corpora.registry import Corpus
from moderation.dialect import is_dialect
from moderation.errors import CorpusError, InputError
from moderation.evaluation import (
    bias,
    calibrating,
    evaluate,
    fairness,
    load_sets,
    needed_corpora,
    set_names,
)
from moderation.evaluation.data import read_data
from moderation.evaluation.floors import (
    MARGIN,
    Pin,
    check_floors,
    read_floors,
    set_floors,
    write_floors,
)
from moderation.evaluation.measuring import Measuring
from moderation.evaluation.metrics import (
    Calibration,
    Decisions,
    Ranking,
    character_f1,
    draw_weights,
    fit_platt,
    interval,
    logit,
    power_mean,
)
from moderation.evaluation.page import write_page
from moderation.evaluation.report import Report, write_markdown, write_tables
from moderation.records import LABELS
from moderation.training import read_recipe

ROWS = st.lists(
    st.tuples(st.integers(0, 6).map(lambda i: i / 6), st.booleans()), min_size=2, max_size=40
)


def arrays(rows: list[tuple[float, bool]]) -> tuple[Any, Any]:
    return np.array([p for p, _ in rows]), np.array([y for _, y in rows], dtype=bool)


# --- measures ------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(ROWS, st.data())
def test_ranking_equals_scikit_learn_on_any_weights(
    rows: list[tuple[float, bool]], data: st.DataObject
) -> None:
    scores, positive = arrays(rows)
    counts = data.draw(st.lists(st.integers(0, 3), min_size=len(rows), max_size=len(rows)))
    weights = np.array([counts], dtype=float)
    measured = Ranking(scores, positive).measure(weights)
    drawn = np.repeat(np.arange(len(rows)), counts)
    if 0 < positive[drawn].sum() < len(drawn):
        expected = roc_auc_score(positive[drawn], scores[drawn])
        assert measured["auc"][0] == pytest.approx(expected)
        expected = average_precision_score(positive[drawn], scores[drawn])
        assert measured["ap"][0] == pytest.approx(expected)
    else:
        assert math.isnan(measured["auc"][0])


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_decisions_equal_scikit_learn(rows: list[tuple[float, bool]]) -> None:
    scores, positive = arrays(rows)
    measured = Decisions(scores, positive, 0.5).measure(np.ones((1, len(rows))))
    flagged = scores >= 0.5
    if 0 < positive.sum() < len(rows):
        both = f1_score(positive, flagged, average=None, labels=[False, True], zero_division=0)
        assert measured["f1"][0] == pytest.approx(both[1])
        assert measured["macro_f1"][0] == pytest.approx(both.mean())
        assert measured["false_positive_rate"][0] == pytest.approx(flagged[~positive].mean())
    else:
        assert math.isnan(measured["macro_f1"][0])
        assert math.isnan(measured["accuracy"][0])


def test_ece_of_known_gaps() -> None:
    scores = np.array([0.1] * 10 + [0.9] * 10)
    targets = np.array([0.0] * 10 + [1.0] * 5 + [0.0] * 5)
    calibration = Calibration(scores, targets, bins=2)
    assert calibration.measure(np.ones((1, 20)))["ece"][0] == pytest.approx((0.1 + 0.4) / 2)
    assert calibration.curve() == [
        (pytest.approx(0.1), 0.0, 10),
        (pytest.approx(0.9), pytest.approx(0.5), 10),
    ]


def test_ece_with_masses_is_that_of_repeated_rows() -> None:
    rng = np.random.default_rng(3)
    scores = rng.random(400)
    targets = (rng.random(400) < scores**2).astype(float)
    mass = np.where(targets > 0, 1.0, 3.0)
    weighted = Calibration(scores, targets, bins=1, mass=mass).measure(np.ones((1, 400)))["ece"][0]
    drawn = np.repeat(np.arange(400), mass.astype(int))
    repeated = Calibration(scores[drawn], targets[drawn], bins=1)
    assert weighted == pytest.approx(repeated.measure(np.ones((1, len(drawn))))["ece"][0])
    bins = Calibration(scores, targets, bins=4, mass=mass).curve()
    assert [n for *_, n in bins] != [100] * 4  # of equal mass, not of equally many rows
    assert sum(n for *_, n in bins) == 400


def test_calibrated_scores_have_small_ece_and_soft_labels_count() -> None:
    rng = np.random.default_rng(1)
    p = rng.random(20_000)
    y = (rng.random(20_000) < p).astype(float)
    ones = np.ones((1, len(p)))
    assert Calibration(p, y).measure(ones)["ece"][0] < 0.02
    assert Calibration(p, p).measure(ones)["ece"][0] == pytest.approx(0, abs=1e-9)
    assert Calibration(p, y).measure(ones)["ece"][0] < Calibration(p**2, y).measure(ones)["ece"][0]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from("abcde"), min_size=1, max_size=30), st.integers(1, 50))
def test_bootstrap_draws_whole_groups(groups: list[str], draws: int) -> None:
    weights = np.concatenate(list(draw_weights(groups, draws, seed=3, key="x")))
    assert weights.shape == (draws, len(groups))
    names = sorted(set(groups))
    by_group = np.array([weights[:, groups.index(name)] for name in names])
    assert (by_group.sum(axis=0) == len(names)).all()
    for name, row in zip(names, by_group, strict=True):
        assert all((weights[:, i] == row).all() for i, g in enumerate(groups) if g == name)
    again = np.concatenate(list(draw_weights(groups, draws, seed=3, key="x")))
    assert (weights == again).all()


def test_bootstrap_interval_covers_the_mean() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for trial in range(200):
        sample = rng.normal(size=60)
        blocks = draw_weights([str(i) for i in range(60)], 300, seed=trial)
        ends = interval(np.concatenate([block @ sample / 60 for block in blocks]))
        assert ends is not None
        covered += ends[0] <= 0.0 <= ends[1]
    assert 178 <= covered <= 199  # 95 % of 200, three standard errors either way


def test_power_mean_leans_to_the_worst() -> None:
    assert power_mean([0.9, 0.9]) == pytest.approx(0.9)
    assert 0.5 < power_mean([0.5, 1.0]) < 0.6
    assert power_mean([0.0, 1.0]) == 0.0
    assert math.isnan(power_mean([]))


@pytest.mark.parametrize(
    ("predicted", "gold", "expected"),
    [(set(), set(), 1.0), ({1}, set(), 0.0), (set(), {1}, 0.0), ({1, 2}, {2, 3}, 0.5)],
)
def test_character_f1(predicted: set[int], gold: set[int], expected: float) -> None:
    assert character_f1(predicted, gold) == expected


def test_platt_finds_the_line_and_leaves_calibrated_scores() -> None:
    rng = np.random.default_rng(2)
    p = rng.beta(0.5, 2, 20_000)
    y = (rng.random(20_000) < 1 / (1 + np.exp(-(0.5 * logit(p) + 1)))).astype(float)
    slope, offset = fit_platt(p, y)
    assert slope == pytest.approx(0.5, abs=0.05)
    assert offset == pytest.approx(1.0, abs=0.1)
    slope, offset = fit_platt(np.array([0.2, 0.9]), np.array([0.0, 1.0]))
    assert abs(slope - 1) < 0.5  # two separable rows do not send it to infinity
    assert abs(offset) < 1


# --- evaluate ------------------------------------------------------------------------------------


def corpus(name: str, rows: Sequence[tuple[str, str, dict[str, float], dict[str, Any]]]) -> Corpus:
    labels = np.full((len(rows), len(LABELS)), np.nan, dtype=np.float32)
    for i, (_, _, given_labels, _) in enumerate(rows):
        for label, value in given_labels.items():
            labels[i, LABELS.index(label)] = value
    return Corpus(
        name=name,
        sha256=name[0] * 64,
        licence="none",
        ids=[str(i) for i in range(len(rows))],
        texts=[text for _, text, _, _ in rows],
        split=[split for split, _, _, _ in rows],
        labels=labels,
        groups=[f"{name}{i}" for i in range(len(rows))],
        raw_labels=[raw for *_, raw in rows],
    )


def by_word(*words: str) -> Any:
    """A predictor that scores 0.9 where a text holds one of these words, else 0.1."""

    def predict(texts: list[str]) -> Any:
        one = [0.9 if any(word in text.lower() for word in words) else 0.1 for text in texts]
        return np.repeat(np.array(one, dtype=np.float32)[:, None], len(LABELS), axis=1)

    return predict


def dynahate(n: int = 60) -> Corpus:
    return corpus(
        "dynahate",
        [
            ("dev", f"{'rotten' if i % 3 == 0 else 'lovely'} number {i}",
             {"identity_attack": float(i % 3 == 0 or i % 10 == 1)}, {})
            for i in range(n)
        ],
    )  # fmt: skip


def test_figures_of_a_set() -> None:
    report = evaluate(by_word("rotten"), [dynahate()], bootstrap=50, model="m")
    positives = len({*range(0, 60, 3), *range(1, 60, 10)})
    recall = report.find("dynahate/dev", "identity_attack", "recall")
    assert recall is not None
    assert recall.value == pytest.approx(20 / positives)
    assert recall.low is not None
    assert recall.high is not None
    assert recall.low <= recall.value <= recall.high
    assert (recall.n, recall.positives) == (60, positives)
    precision = report.find("dynahate/dev", "identity_attack", "precision")
    assert precision is not None
    assert precision.value == 1.0
    assert report.find("dynahate/dev", "toxicity", "auc") is None  # not labelled there
    (curve,) = report.curves
    assert curve.roc[0] == (0.0, 0.0)
    assert curve.roc[-1] == (1.0, 1.0)
    assert [t for t, *_ in curve.thresholds] == [round(0.1 * i, 1) for i in range(1, 10)]
    at_half = next(row for row in curve.thresholds if row[0] == 0.5)
    assert at_half[1:] == (
        1.0,
        pytest.approx(20 / positives, abs=1e-4),
        pytest.approx(1 / 3, abs=1e-4),
    )


def test_thresholds_decide() -> None:
    cut = {"identity_attack": 0.95}
    report = evaluate(by_word("rotten"), [dynahate()], thresholds=cut, bootstrap=0)
    figure = report.find("dynahate/dev", "identity_attack", "recall")
    assert figure is not None
    assert figure.value == 0.0
    assert figure.low is None


def test_same_seed_same_report() -> None:
    reports = [evaluate(by_word("rotten"), [dynahate()], bootstrap=40, seed=s) for s in (1, 1, 2)]
    assert reports[0] == reports[1]
    assert reports[0] != reports[2]


def test_dev_only_never_reads_test_rows() -> None:
    seen: list[str] = []

    def predict(texts: list[str]) -> Any:
        seen.extend(texts)
        return by_word("rotten")(texts)

    rows = [(s, f"{s} row {i}", {"identity_attack": float(i % 2)}, {})
            for i in range(20) for s in ("train", "dev", "test")]  # fmt: skip
    evaluate(predict, [corpus("dynahate", rows)], splits=("dev",), bootstrap=0)
    given = {
        text for _, text, *_ in rows
    }  # beside them only the project's own sentences are scored
    assert given & set(seen)
    assert all(text.startswith("dev") for text in seen if text in given)


def test_labels_that_a_predictor_lacks_are_left_out() -> None:
    def predict(texts: list[str]) -> Any:
        scores = by_word("rotten")(texts)
        scores[:, 1:] = np.nan
        return scores

    rows = [("dev", f"{'rotten' if i % 2 else 'fine'} {i}",
             {"toxicity": float(i % 2), "identity_attack": float(i % 2)}, {})
            for i in range(30)]  # fmt: skip
    report = evaluate(predict, [corpus("measuring_hate_speech", rows)], bootstrap=0)
    assert {f.label for f in report.figures if f.set.endswith("/dev")} == {"toxicity"}


def test_a_predictor_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="predict gave shape"):
        evaluate(lambda texts: np.zeros((len(texts), 2), np.float32), [dynahate()])


def test_views_read_the_corpus_s_own_labels() -> None:
    kinds = ["hatespeech", "offensive", "normal"]
    rows = [("test", f"{kinds[i % 3]} {i}", {}, {"label": kinds[i % 3]}) for i in range(30)]
    report = evaluate(by_word("hatespeech"), [corpus("hatexplain", rows)], bootstrap=0)
    figure = report.find("hatexplain/test:hatespeech", "identity_attack", "auc")
    assert figure is not None
    assert (figure.value, figure.n, figure.positives) == (1.0, 30, 10)


def test_figures_by_group() -> None:
    rows = []
    for i in range(200):
        target = "women" if i % 2 else "black"
        hate = (i // 2) % 2
        word = "rotten" if hate and target == "women" else "plain"
        label = {"identity_attack": float(hate)}
        rows.append(("dev", f"{word} {i}", label, {"target": f"['{target}']"}))
    report = evaluate(by_word("rotten"), [corpus("hatemoji_build", rows)], bootstrap=20)
    found = {
        group: report.find("hatemoji_build/dev", "identity_attack", "recall", f"target {group}")
        for group in ("women", "black")
    }
    assert {g: f.value for g, f in found.items() if f} == {"women": 1.0, "black": 0.0}
    assert "target women" in write_tables(report, groups=True)
    assert "target women" not in write_tables(report)


# --- probes --------------------------------------------------------------------------------------


def value(report: Report, *key: str) -> float:
    figure = report.find(*key)
    assert figure is not None, key
    return figure.value


def test_own_sentences_show_a_model_that_hates_a_name() -> None:
    fair = evaluate(by_word("moron", "disgusting", "trash"), [], bootstrap=0)
    against = evaluate(by_word("sikh", "gay", "moron"), [], bootstrap=0)

    def bpsn(report: Report, term: str) -> float:
        return value(report, "sentences", "toxicity", "bpsn_auc", term)

    assert bpsn(fair, "gay") == bpsn(fair, "black")
    assert bpsn(against, "gay") < bpsn(against, "black") - 0.1
    assert bpsn(against, "gay") < bpsn(fair, "gay") - 0.1
    for report, wrong in ((fair, 0), (against, 1 / 32)):  # one term of them all
        for label in ("toxicity", "identity_attack"):
            assert value(report, "sentences", label, "false_positive_rate") == pytest.approx(wrong)
    assert 0 < value(fair, "sentences", "toxicity", "recall") < 1


def test_functional_tests_are_decided_at_the_threshold_of_hate() -> None:
    def flag(hate: float) -> Any:
        def predict(texts: list[str]) -> Any:
            return np.full((len(texts), len(LABELS)), hate, np.float32)

        return evaluate(predict, [], sets=["functional"], bootstrap=0)

    hateful, harmless = (
        sum(map(len, read_data("functional.toml")[key].values())) for key in ("hateful", "harmless")
    )
    share = hateful / (hateful + harmless)
    for hate, denial, threat in ((0.9, 0.0, 1.0), (0.1, 1.0, 0.0)):
        report = flag(hate)
        key = ("functional", "identity_attack", "accuracy")
        assert value(report, *key, "denial") == denial
        assert value(report, *key, "threat") == threat
        assert value(report, *key) == pytest.approx(share if hate > 0.5 else 1 - share)
        assert value(report, "functional", "identity_attack", "auc") == 0.5
        assert value(report, "functional", "identity_attack", "recall") == float(hate > 0.5)
    by_quote = evaluate(by_word('"'), [], sets=["functional"], bootstrap=0)
    found = value(by_quote, "functional", "identity_attack", "accuracy", "quotation_condemned")
    assert found < 0.2  # they are quoted


def test_everyday_comments_are_decided_at_the_threshold_of_toxicity() -> None:
    report = evaluate(by_word("you"), [], sets=["everyday"], bootstrap=0)
    key = ("everyday", "toxicity")
    assert 0.1 < value(report, *key, "recall") < 0.9
    assert 0.1 < value(report, *key, "false_positive_rate") < 0.9
    assert value(report, *key, "accuracy", "wishes") < value(report, *key, "accuracy", "praise")
    assert 0.3 < value(report, *key, "auc") < 0.7


@pytest.mark.parametrize(
    ("text", "template", "identity"),
    [
        ("Ann is a kind taoist", "name_adj", "taoist"),
        ("You are an awful middle aged", "you_are_adj", "middle aged"),
        ("Being deaf is fine.", "being_adj", "deaf"),
        ("hug sikh", "verb_adj", "sikh"),
        ("i am trans", "am_hate_adj", "trans"),
        ("You are a kind baker", "you_occupation", None),
    ],
)
def test_find_identity(text: str, template: str, identity: str | None) -> None:
    assert bias.find_identity(text, template) == identity


def test_bias_shows_on_the_identity_that_carries_it() -> None:
    rows = [
        ("test", f"N{i} is a {adjective} {who}", {"toxicity": float(adjective == "vile")},
         {"template": "name_adj"})
        for i in range(40)
        for who in ("deaf", "sikh", "young")
        for adjective in ("vile", "kind")
    ]  # fmt: skip

    def predict(texts: list[str]) -> Any:
        one = [0.6 * ("vile" in t) + 0.7 * ("sikh" in t) for t in texts]
        return np.repeat(np.array(one, dtype=np.float32)[:, None], len(LABELS), axis=1)

    report = evaluate(predict, [corpus("identity_templates", rows)], bootstrap=30)
    name = "identity_templates/test:bias"
    for kind in ("subgroup_auc", "bpsn_auc", "bnsp_auc"):
        assert value(report, name, "toxicity", kind, "sikh") == (0.0 if kind == "bpsn_auc" else 1.0)
    assert value(report, name, "toxicity", "subgroup_auc_power_mean") == 1.0
    assert value(report, name, "toxicity", "bpsn_auc_minimum") == 0.0
    # the clean sentences about others lie below the abusive ones about deaf people, sikh ones above
    assert value(report, name, "toxicity", "bnsp_auc", "deaf") == pytest.approx(0.5)


def test_perturbation_counts_what_is_kept() -> None:
    rows = [
        ("test", text, {"toxicity": 1.0}, {"clean": clean})
        for text, clean in [("rotten a", "rotten a"), ("r0tten b", "rotten b"), ("ok c", "ok c"),
                            ("rotten d", "r. d")]
    ]  # fmt: skip
    report = evaluate(by_word("rotten"), [corpus("noisyhate", rows)], bootstrap=20)
    name = "noisyhate/test:perturbation"
    assert value(report, name, "toxicity", "kept") == 0.5
    assert value(report, name, "toxicity", "found_anew") == 0.5
    assert value(report, name, "toxicity", "recall_clean") == 0.5


def test_beside_perspective_the_difference_is_paired() -> None:
    rows = [
        ("test", f"{'rotten' if i % 4 == 0 else 'fine'} {i}", {"toxicity": float(i % 4 == 0)},
         {"perspective": {"TOXICITY": 0.9 if i % 4 == 0 and i else 0.1}})
        for i in range(80)
    ]  # fmt: skip
    report = evaluate(by_word("rotten"), [corpus("perspective_scores", rows)], bootstrap=100)
    name = "perspective_scores/test:beside_perspective"
    assert value(report, name, "toxicity", "auc_ours") == 1.0
    assert value(report, name, "toxicity", "auc_perspective") == pytest.approx(1 - 0.05 / 2)
    difference = report.find(name, "toxicity", "auc_difference")
    assert difference is not None
    assert difference.value == pytest.approx(0.025)
    assert difference.low == 0.0  # samples without that one comment: no difference at all


def test_explanations_are_held_against_marked_characters() -> None:
    rows = [
        ("dev", "rotten lot", {"toxicity": 1.0}, {"toxic_characters": list(range(6))}),
        ("dev", "a whole insult", {"toxicity": 1.0}, {"toxic_characters": []}),
        ("dev", "rotten", {"toxicity": 1.0}, {"toxic_characters": []}),
    ]
    report = evaluate(
        by_word("rotten"),
        [corpus("toxic_spans", rows)],
        bootstrap=0,
        explain=lambda text: [(0, 6)] if text.startswith("rotten") else [],
    )
    name = "toxic_spans/dev:explanation"
    assert value(report, name, "toxicity", "character_f1") == pytest.approx(2 / 3)
    assert value(report, name, "toxicity", "character_f1", "marked") == 1.0


def wikipedia() -> Corpus:
    harmless = "The harbour was rebuilt after the war by the council number {}. "
    rows = [("dev", harmless.format(i) * (20 if i < 5 else 1), {"toxicity": 0.0}, {})
            for i in range(60)]  # fmt: skip
    rows += [("dev", f"you rotten liar {i}", {"toxicity": 1.0}, {}) for i in range(30)]
    return corpus("jigsaw2018_any", rows)


def test_dilution_compares_alone_with_in_company() -> None:
    def first_words(texts: list[str]) -> Any:
        return by_word("rotten")([text[:20] for text in texts])

    report = evaluate(first_words, [wikipedia()], bootstrap=0, sets=["dilution"])
    assert value(report, "dilution", "toxicity", "recall_alone") == 1.0
    assert value(report, "dilution", "toxicity", "recall_diluted") == 0.0
    whole = evaluate(by_word("rotten"), [wikipedia()], bootstrap=0, sets=["dilution"])
    assert value(whole, "dilution", "toxicity", "kept") == 1.0
    assert value(whole, "dilution", "toxicity", "auc", "diluted against harmless") == 1.0
    assert value(whole, "dilution", "toxicity", "false_positive_rate", "long comments") == 0.0


def test_tricks_are_measured_one_by_one() -> None:
    def mask(text: str, rng: random.Random) -> str:
        return text.replace("rotten", "r*tten") if rng.random() < 2 else text

    tricks = {"mask": mask, "upper": lambda text, rng: text.upper()}
    report = evaluate(by_word("rotten"), [wikipedia()], bootstrap=0, sets=["tricks"], tricks=tricks)
    assert value(report, "tricks", "toxicity", "recall", "as written") == 1.0
    assert value(report, "tricks", "toxicity", "kept", "mask") == 0.0
    assert value(report, "tricks", "toxicity", "kept", "upper") == 1.0
    # a copy that equals its original is no attack: harmless comments hold nothing to mask
    assert report.find("tricks", "toxicity", "false_positive_rate", "mask") is None
    assert value(report, "tricks", "toxicity", "false_positive_rate", "upper") == 0.0


def test_counterfactual_swaps_keep_capitals_and_show_the_identity_that_raises() -> None:
    assert fairness.swap_term("Muslims say", 0, 7, "sikhs") == "Sikhs say"
    assert fairness.swap_term("MUSLIMS SAY", 0, 7, "sikhs") == "SIKHS SAY"
    assert fairness.find_term("the GERMANS came") == ("nationalities", "germans", 4, 11)
    assert fairness.find_term("a black cat, germanium") is None
    assert fairness.find_term("german\u017f, and germans") == ("nationalities", "germans", 13, 20)
    rows = [("dev", f"There are muslims in town {i}", {"toxicity": 0.0}, {}) for i in range(30)]
    report = evaluate(by_word("jews"), [corpus("civil_comments", rows)], bootstrap=20)
    assert value(report, "counterfactual", "toxicity", "mean_change", "jews") == pytest.approx(0.8)
    assert value(report, "counterfactual", "toxicity", "worst_change", "sikhs") == 0.0
    assert value(report, "counterfactual", "toxicity", "decisions_changed") == pytest.approx(1 / 7)


def test_mentions_compare_false_alarms() -> None:
    rows = [("dev", f"{'Some immigrants came' if i % 4 == 0 else 'It rained'} on day {i}",
             {"toxicity": 0.0, "identity_attack": 0.0}, {}) for i in range(100)]  # fmt: skip
    report = evaluate(by_word("immigrants"), [corpus("jigsaw2018_any", rows)], bootstrap=20)
    assert value(
        report, "mentions", "toxicity", "false_alarm_ratio", "jigsaw2018_any"
    ) == pytest.approx(4.0)


def test_short_sentences_name_a_group_and_little_else() -> None:
    texts, groups = fairness.short_mentions()
    assert len(texts) == len(set(texts)) == len(groups)
    assert all(2 <= len(text.split()) <= 8 and "{" not in text for text in texts)
    rows = [("dev", f"It rained on day {i}", {"identity_attack": 0.0}, {}) for i in range(50)]
    report = evaluate(by_word("refugees"), [corpus("jigsaw2018_any", rows)], bootstrap=20)
    rate = report.find("mentions", "identity_attack", "false_positive_rate", fairness.SHORT)
    assert rate is not None
    assert rate.n == len(texts)
    assert rate.value == pytest.approx(sum("refugees" in text for text in texts) / len(texts))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I'm finna head out", True),
        ("they be talking all day", True),
        ("nah fam we good", True),
        ("it ain't nothing to it", True),
        ("They will be talking all day", False),
        ("An ion is a charged atom", False),
        ("I did nothing", False),
        ("", False),
    ],
)
def test_dialect_markers(text: str, expected: bool) -> None:
    assert is_dialect(text) is expected


def test_dialect_is_held_against_its_own_corpora() -> None:
    rows = [("dev", f"{'finna' if i < 25 else 'going to'} eat {'now' if i % 5 else 'rotten'} {i}",
             {"toxicity": 0.0}, {}) for i in range(100)]  # fmt: skip
    report = evaluate(by_word("rotten"), [corpus("davidson", rows)], bootstrap=20)
    assert value(report, "dialect", "toxicity", "false_alarm_ratio") == pytest.approx(1.0)


def contrast(part: str, text: str, toxic: int, number: int) -> dict[str, Any]:
    return {
        "id": f"{number}{toxic}", "pair": f"p{number}", "family": f"f{number % 3}", "part": part,
        "capability": "negation" if number % 2 else "praise", "text": text,
        "labels": dict.fromkeys(LABELS, 0) | {"toxicity": toxic},
    }  # fmt: skip


def test_contrasts_use_held_out_rows_only(tmp_path: Path) -> None:
    path = tmp_path / "contrasts.jsonl"
    rows = [contrast("train", "nothing rotten here", 0, 99)]
    for i in range(12):
        rows += [contrast("held-out", f"rotten {i}", 1, i), contrast("held-out", f"ok {i}", 0, i)]
    rows[1]["text"] = "missed"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")

    def predict(texts: list[str]) -> Any:
        scores = by_word("rotten")(texts)
        scores[:, 1:] = 0.1
        return scores

    report = evaluate(predict, [], bootstrap=20, contrasts=path)
    assert report.corpora == {"contrasts": hashlib.sha256(path.read_bytes()).hexdigest()}
    name = "contrasts/held-out"
    assert value(report, name, "toxicity", "accuracy") == pytest.approx(23 / 24)
    assert value(report, name, "toxicity", "accuracy", "negation") == 1.0
    both = "toxicity and identity_attack"
    assert value(report, name, both, "pair_accuracy") == pytest.approx(11 / 12)
    path.write_text('{"text": "a"}\n', "utf-8")
    with pytest.raises(InputError, match=r"contrasts.jsonl:1: .*lacks pair"):
        evaluate(predict, [], contrasts=path)


def test_the_reference_is_what_the_recipe_scales_to() -> None:
    recipe = read_recipe()
    column = LABELS.index("identity_attack")
    taught = {name for name, weights in recipe.weights.items() if weights[column]}
    # The labels of paradetox say nothing of identity.
    assert set(calibrating.REFERENCE) == taught - {"paradetox"}
    share = recipe.reference["mixed identity_attack"]
    raw = collections.defaultdict(lambda: "[]")
    corpora = [
        corpus(
            name,
            [
                ("dev", f"{name} {i}", {"identity_attack": float(i < 10)}, raw)
                for i in range(40 if name == "cad" else 20)
            ],
        )
        for name in calibrating.REFERENCE
    ]

    def predict(texts: list[str]) -> Any:
        return np.full((len(texts), len(LABELS)), share, np.float32)

    report = evaluate(predict, corpora, bootstrap=20, sets=["reference"])
    (figure,) = [f for f in report.figures if f.set == "reference"]
    assert (figure.label, figure.measure) == ("identity_attack", "ece")
    assert (figure.n, figure.positives) == (420, 200)
    # One score for all: whatever the bins, the mean gap is none of the whole.
    off = evaluate(
        lambda texts: predict(texts) + 0.3, corpora, bootstrap=0, sets=["reference"]
    ).figures
    assert off[0].value >= 0.3 - 1e-6


def test_recalibration_helps_a_predictor_that_is_off() -> None:
    rng = random.Random(0)
    rows = [("dev", f"{'rotten' if i % 2 else 'fine'} {i}",
             {"toxicity": float(rng.random() < (0.4 if i % 2 else 0.02))}, {})
            for i in range(1000)]  # fmt: skip
    report = evaluate(
        by_word("rotten"), [corpus("civil_comments", rows)], bootstrap=0, sets=["calibration"]
    )
    shipped = value(report, "civil_comments/dev:recalibration", "toxicity", "ece_as_shipped")
    assert (
        value(report, "civil_comments/dev:recalibration", "toxicity", "ece_recalibrated")
        < shipped / 2
    )


def test_a_report_says_what_the_model_was_told() -> None:
    report = evaluate(by_word("rotten"), [dynahate()], bootstrap=0, model="own", register="talk")
    assert write_tables(report).startswith("model own/talk ")
    assert Report.from_dict(report.to_dict()) == report
    shape = evaluate(by_word("rotten"), [dynahate()], bootstrap=0, model="own").to_dict()
    del shape["register"]  # as it was written before
    assert Report.from_dict(shape).title == "own"


class Told:
    """A model told a register: it knows one bad word."""

    name, digest, register = "told", "", None

    def __init__(self, word: str) -> None:
        self.thresholds = dict.fromkeys(LABELS, 0.5)
        self.predict_proba = by_word(word)


def test_a_model_is_measured_where_it_is_told_the_register() -> None:
    """Each corpus by the model that was told its register, on its dev and its test rows."""
    raw = {"aggression": "OAG"}
    rows = [
        (split, f"{'rotten' if i % 2 else 'fine'} {split} {i}", {"toxicity": float(i % 2)}, raw)
        for i in range(80)
        for split in ("dev", "test")
    ]
    corpora = [corpus("jigsaw2018_any", rows[::2]), corpus("trac1", rows)]
    told = {"talk": Told("rotten"), "social": Told("fine")}
    report = evaluate(by_word("neither"), corpora, bootstrap=20, sets=["told"], told=told)
    found = {f.group: f.value for f in report.figures if f.measure == "auc"}
    assert {f.set for f in report.figures} == {"told"}
    assert found == {
        "jigsaw2018_any/dev as talk": 1,
        "trac1/dev as social": 0,
        "trac1/test as social": 0,
    }
    alone = evaluate(by_word("neither"), corpora, bootstrap=0, splits=["test"], told=told)
    assert {f.group for f in alone.figures if f.set == "told"} == {"trac1/test as social"}
    assert not evaluate(by_word("neither"), corpora, bootstrap=0, sets=["told"]).figures


def test_scores_are_asked_once_a_text() -> None:
    calls: list[int] = []

    def predict(texts: list[str]) -> Any:
        calls.append(len(texts))
        return by_word("x")(texts)

    report = Report("", "", {}, {}, 0, 0)
    run = Measuring(predict, {}, report)
    assert run.scores(["a", "b", "a"]).shape == (3, 6)
    assert run.scores(["b", "c"]).shape == (2, 6)
    assert run.scores([]).shape == (0, 6)
    assert calls == [2, 1]


# --- names ---------------------------------------------------------------------------------------


def test_names_of_sets() -> None:
    names = set_names()
    assert {"cad", "cad/test:any_abuse", "bias", "dilution", "trac1/dev"} <= set(names)
    assert "noisyhate/dev" not in names
    assert "dynahate/test" not in set_names(("dev",))
    assert needed_corpora(["bias", "cad/test"]) == ["identity_templates", "cad"]
    with pytest.raises(CorpusError, match="did you mean 'dynahate/test'"):
        needed_corpora(["dynahat/test"])


def test_a_probe_without_its_corpus_says_so() -> None:
    with pytest.raises(CorpusError, match="bias: needs the corpora identity_templates"):
        evaluate(by_word("x"), [dynahate()], sets=["bias"])


# --- reports -------------------------------------------------------------------------------------


class Outline(HTMLParser):
    """Tags left open, and every address that a page names."""

    VOID = frozenset({"meta", "br", "path", "polyline", "circle", "rect"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [v or "" for k, v in attrs if k in ("src", "href", "xlink:href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_page_is_whole_and_loads_nothing() -> None:
    reports = [
        evaluate(by_word("rotten"), [dynahate()], bootstrap=20, model=name)
        for name in ("<b>one", "two")
    ]
    page = write_page(reports, "A & B")
    outline = Outline()
    outline.feed(page)
    assert outline.open == []
    assert outline.addresses == []
    assert outline.tags.count("svg") == 3
    assert outline.tags.count("script") == 0
    assert "&lt;b&gt;one" in page
    assert "<b>" not in page
    assert "number 3" not in page  # no text of the corpus


def test_report_as_json_and_text() -> None:
    report = evaluate(by_word("rotten"), [dynahate()], bootstrap=20, model="m", digest="ab" * 32)
    shape = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert shape["format"] == 1
    assert shape["corpora"] == {"dynahate": "d" * 64}
    assert {"set", "label", "measure", "value", "low", "high", "n"} <= set(shape["figures"][0])
    assert "dynahate/dev" in write_tables(report)
    markdown = write_markdown(report.figures).splitlines()
    assert len(markdown) == 2 + len(report.figures)


# --- floors --------------------------------------------------------------------------------------

PIN = Pin("dynahate/dev", "identity_attack", "recall", "hate is found")
CEILING = Pin("dynahate/dev", "identity_attack", "ece", "scores mean what they say")


def measured(*words: str) -> Report:
    return evaluate(by_word(*words), [dynahate()], bootstrap=0, digest="a" * 64)


def test_floors_hold_and_break() -> None:
    good, bad = measured("rotten"), measured("nothing")
    floors = set_floors(good, pins=[PIN, CEILING])
    assert check_floors(good, floors) == []
    floor, ceiling = floors["floors"]
    assert value(good, *PIN_KEY) - floor["floor"] == pytest.approx(MARGIN, abs=1e-4)
    assert ceiling["ceiling"] > value(good, "dynahate/dev", "identity_attack", "ece")
    problems = check_floors(bad, floors)
    assert len(problems) == 2
    assert "below its floor" in problems[0]
    assert "above its ceiling" in problems[1]
    assert "not measured" in check_floors(evaluate(by_word("x"), [], bootstrap=0), floors)[0]


PIN_KEY = ("dynahate/dev", "identity_attack", "recall")


def test_lowering_takes_a_flag_and_a_reason() -> None:
    floors = set_floors(measured("rotten"), pins=[PIN])
    bad = measured("nothing")
    with pytest.raises(ValueError, match=r"1 floors would fall .*--lower"):
        set_floors(bad, floors, pins=[PIN])
    with pytest.raises(ValueError, match="takes a reason"):
        set_floors(bad, floors, pins=[PIN], lower=True, reason=" ")
    (row,) = set_floors(bad, floors, pins=[PIN], lower=True, reason="half the size")["floors"]
    assert row["floor"] == pytest.approx(-MARGIN)
    assert "half the size" in row["reason"]


def test_a_lowered_floor_keeps_its_reason_until_it_is_back() -> None:
    high = set_floors(measured("rotten"), pins=[PIN])
    low = set_floors(measured("nothing"), high, pins=[PIN], lower=True, reason="half the size")
    (row,) = low["floors"]
    assert row["best"] == high["floors"][0]["floor"]
    row["floor"] -= 0.05  # as if it had fallen twice: what was best stays
    (between,) = set_floors(measured("nothing"), low, pins=[PIN])["floors"]
    assert row["floor"] < between["floor"] < between["best"] == row["best"]
    assert between["reason"] == row["reason"]
    (back,) = set_floors(measured("rotten"), low, pins=[PIN])["floors"]
    assert back == high["floors"][0]


def test_raising_is_free_and_a_hair_s_breadth_changes_nothing() -> None:
    low = set_floors(measured("nothing"), pins=[PIN])
    high = set_floors(measured("rotten"), low, pins=[PIN])
    assert high["floors"][0]["floor"] > low["floors"][0]["floor"]
    assert set_floors(measured("rotten"), high, pins=[PIN]) == high


def test_other_data_or_another_model_is_told() -> None:
    good = measured("rotten")
    floors = set_floors(good, pins=[PIN]) | {"data": {"dynahate": "0" * 64}, "model": "b" * 64}
    problems = check_floors(good, floors)
    assert "sha256" in problems[0]
    assert "set them anew" in problems[1]


def test_floor_files(tmp_path: Path) -> None:
    path = tmp_path / "quality.json"
    floors = set_floors(measured("rotten"), pins=[PIN])
    write_floors(path, floors)
    assert read_floors(path) == floors
    assert list(tmp_path.iterdir()) == [path]
    for content in ("[]", "{", '{"data": {}, "model": null, "floors": [{"set": "a"}]}'):
        path.write_text(content, "utf-8")
        with pytest.raises(InputError, match="not a file of floors"):
            read_floors(path)
    with pytest.raises(InputError, match="is not there"):
        read_floors(tmp_path / "none.json")


# --- command line --------------------------------------------------------------------------------


class FakeModel:
    name, digest, register = "fake", "f" * 64, None
    thresholds = dict.fromkeys(LABELS, 0.5)

    def predict_proba(self, texts: list[str]) -> Any:
        return by_word("rotten")(texts)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import moderation.model

    monkeypatch.setattr(moderation.model, "load", lambda name=None, register=None: FakeModel())
    with gzip.open(tmp_path / "dynahate.jsonl.gz", "wt", encoding="utf-8") as out:
        for i in range(40):
            row = {"id": str(i), "text": f"{'rotten' if i % 2 else 'fine'} {i}", "split": "dev",
                   "labels": {"hate": i % 2}}  # fmt: skip
            out.write(json.dumps(row) + "\n")
    return tmp_path


def test_command_prints_and_writes(folder: Path) -> None:
    out, page = folder / "report.json", folder / "report.html"
    arguments = ["--corpora", str(folder), "--bootstrap", "20", "--set", "dynahate/dev",
                 "--output", str(out), "--html", str(page)]  # fmt: skip
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "dynahate/dev" in result.output
    assert "auc 1.000" in result.output
    report = json.loads(out.read_text("utf-8"))
    assert report["digest"] == "f" * 64
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert not list(folder.glob("*.partial"))


def test_command_s_usage(folder: Path) -> None:
    run = CliRunner().invoke
    assert run(command, []).exit_code == 2
    assert "--corpora" in run(command, []).output
    listed = run(command, ["--list"]).output.splitlines()
    assert "dynahate/dev" in listed
    result = run(command, ["--corpora", str(folder), "--set", "dynahat"])
    assert isinstance(result.exception, CorpusError)
    assert "did you mean 'dynahate'" in str(result.exception)


def test_command_reads_tricks(folder: Path) -> None:
    file = folder / "tricks.py"
    file.write_text("TRICKS = {'up': lambda t, r: t.upper()}\nSCATTER = TRICKS\n", "utf-8")
    assert list(read_tricks(file)) == ["up", "up, any word"]
    for content, message in (("x = 1", "defines no TRICKS"), ("1/0", "cannot be run: ZeroDiv")):
        file.write_text(content, "utf-8")
        with pytest.raises(InputError, match=message):
            read_tricks(file)


def test_load_sets_reads_what_is_there(folder: Path) -> None:
    assert [c.name for c in load_sets(folder)] == ["dynahate"]
    assert set(load_sets(folder)[0].split) == {"dev"}
    with pytest.raises(CorpusError, match="is not there"):
        load_sets(folder, ["cad"])
    (folder / "dynahate.jsonl.gz").unlink()
    with pytest.raises(CorpusError, match="holds no known corpus"):
        load_sets(folder)
