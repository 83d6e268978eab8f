"""The ablation: families of features, variants, paired differences; with texts of our own."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from click.testing import CliRunner

from bench import ablation
from moderation.model import LINE
from moderation.records import LABELS
from moderation.training import Examples, Recipe

TOXICITY = LABELS.index("toxicity")
RECIPE = Recipe(
    bits=14, per_label=(4_000,) * 6, min_count=1.0, reference={"from a": 1, "toxicity": 0.5}
)
RUDE = {"a": ["you idiot", "stupid fool"], "b": ["glorp brilf", "smeev wugna"]}
KIND = {"a": ["dear friend", "quiet garden"], "b": ["idiomatic stupor", "foolscap idiom"]}
PLACES = "today tomorrow outside upstairs nearby again abroad indoors".split()


def examples() -> Examples:
    """Two corpora; what is harmless in the second looks like what is rude in the first."""
    made = Examples()
    for number in range(160):
        for source in ("a", "b"):
            for rude, texts in ((1.0, RUDE[source]), (0.0, KIND[source])):
                text = f"{texts[number % 2]} {PLACES[number % 8]}, number {number}!"
                made.texts.append(text)
                made.labels.append([rude, *[float("nan")] * 5])
                made.weight.append([1.0] * len(LABELS))
                made.part.append(("train", "train", "held", "dev")[number // 2 % 4])
                made.source.append(source)
    made.sources = {name: {"sha256": name * 64, "rows": 80} for name in "ab"}
    return made


@pytest.fixture(scope="module")
def made() -> ablation.Ablation:
    return ablation.Ablation(examples(), RECIPE, {}, 1.0, ["toxicity"])


@pytest.fixture(scope="module")
def full(made: ablation.Ablation) -> ablation.Outcome:
    return made.run(ablation.Variant("full recipe", RECIPE))


def test_every_feature_belongs_to_the_family_that_made_it(made: ablation.Ablation) -> None:
    found = {ablation.FAMILIES[i] for i in made.family.tolist()}
    assert found >= {"words", "marks", "character n-grams", "class tokens"}
    assert found >= {"word bigrams", "ends of sentences"}
    marks = made.family == ablation.FAMILIES.index("marks")
    assert marks.sum() == 2  # "!" and a number are the only marks among the texts
    words = {word for text in examples().texts for word in text.replace("!", "").split()}
    known = made.family == ablation.FAMILIES.index("words")
    assert 0 < known.sum() <= len(words)


@pytest.mark.parametrize("family", ["words", "character n-grams"])
def test_a_family_taken_away_has_no_weight(
    made: ablation.Ablation, full: ablation.Outcome, family: str
) -> None:
    outcome = made.run(ablation.Variant("less", RECIPE, without=family))
    gone = made.family == ablation.FAMILIES.index(family)
    assert not outcome.heads[gone].any()
    assert full.heads[gone].any()
    assert outcome.features < full.features
    assert outcome.values < full.values


def test_a_recipe_against_itself_differs_nowhere(
    made: ablation.Ablation, full: ablation.Outcome
) -> None:
    again = made.run(ablation.Variant("again", RECIPE))
    assert np.array_equal(again.logits, full.logits)
    found = made.compare(full, again, TOXICITY, 20)
    assert set(found) == {"a", "b", ablation.COMPOSED}
    for measures in found.values():
        for value, draws in measures.values():
            assert value == 0
            assert not draws.any()
            assert len(draws) == 20


def test_the_corpus_that_teaches_a_word_is_missed_where_it_is_used(
    made: ablation.Ablation, full: ablation.Outcome
) -> None:
    without = made.run(ablation.Variant("no b", RECIPE, sources=("b",)))
    found = made.compare(full, without, TOXICITY, 200)
    value, draws = found["b"]["auc"]
    assert value < -0.1
    assert np.quantile(draws, 0.975) < 0
    assert found["a"]["auc"][0] == pytest.approx(0, abs=0.02)
    assert ablation.shown(value, draws).startswith("**-")


def test_rows_are_drawn_one_by_one_where_there_is_one_cluster(full: ablation.Outcome) -> None:
    texts = examples()
    one = {("a", text): "a thread" for text in texts.texts}
    clustered = ablation.Ablation(texts, RECIPE, one, 1.0, ["toxicity"])
    (dev,) = [dev for dev in clustered.dev_sets if dev.name == "a"]
    assert set(dev.clusters) == {"a thread"}
    noisy = dataclasses.replace(
        full, logits=np.random.default_rng(0).normal(size=full.logits.shape)
    )
    measured = clustered.measure([noisy], dev, TOXICITY, 20)
    assert measured is not None
    assert len(set(measured["auc"][0].tolist())) > 5


def test_settings_change_what_they_name(made: ablation.Ablation, full: ablation.Outcome) -> None:
    fewer = made.run(ablation.Variant("fewer", dataclasses.replace(RECIPE, per_label=(40,) * 6)))
    assert 0 < fewer.features <= 40 < full.features
    again = made.run(ablation.Variant("back", RECIPE))
    assert again.features == full.features
    plain = made.run(ablation.Variant("uncalibrated", RECIPE, calibrated=False))
    assert not np.array_equal(plain.pooling, full.pooling)
    watching = dataclasses.replace(RECIPE, composed={"toxicity": (0.0, 1.0)})
    lines = made.run(ablation.Variant("two lines", watching)).pooling[0, : 2 * len(LINE)]
    assert not np.array_equal(*lines.reshape(2, -1))
    error = made.calibration_error(full, TOXICITY, 10)
    assert error is not None
    assert len(error) == 11
    assert 0 <= error.min() <= error.max() <= 1


def test_variants_cover_sources_once_and_start_with_the_recipe() -> None:
    sources = ["jigsaw2018_any", "dynahate", "hatexplain", "new_one", "labels.jsonl"]
    variants = ablation.list_variants(RECIPE, sources, ["labels.jsonl"])
    assert variants[0] == ablation.Variant("full recipe", RECIPE)
    assert len({variant.title for variant in variants}) == len(variants)
    left = [name for variant in variants for name in variant.sources]
    assert sorted(left) == ["dynahate", "hatexplain", "labels.jsonl", "new_one"]


def test_page_has_a_line_for_each_variant_and_only_computed_figures(
    made: ablation.Ablation,
) -> None:
    variants = [
        ablation.Variant("full recipe", RECIPE),
        ablation.Variant("no b", RECIPE, sources=("b",)),
        ablation.Variant("no recalibration", RECIPE, calibrated=False),
    ]
    page = ablation.write_page(made, variants, "HEAD", 10)
    assert page.startswith("HEAD")
    assert page.count("| no b |") == 4  # mean, cost, AUC and AP by corpus
    assert page.count("| no recalibration |") == 5
    assert "| full recipe |" in page
    assert page.count("nan") == 0


def test_what_phrases_share_is_no_combination() -> None:
    recipe = dataclasses.replace(RECIPE, combinations=(1,) * len(LABELS))
    made = ablation.Ablation(examples(), recipe, {}, 1.0, ["toxicity"])
    outcome = made.run(ablation.Variant("full recipe", recipe))
    assert made.phrases is not None
    assert made.combining is not None
    own = len(outcome.heads) - len(made.combining.masks)
    assert not outcome.heads[own - made.phrases.count : own].any()  # it went to the phrases
    assert outcome.heads[own:].any()
    rate, size = made.speed(outcome, classes=True)  # a model of these weights can be written
    assert rate > 0
    assert size > 0


def test_the_share_hangs_on_the_text_alone() -> None:
    texts = [f"text {number}" for number in range(2_000)]
    chosen = [text for text in texts if ablation.is_chosen(text, 0.25)]
    assert 400 < len(chosen) < 600
    assert set(chosen) <= {text for text in texts if ablation.is_chosen(text, 0.5)}


def test_wrong_usage_is_told() -> None:
    run = CliRunner().invoke
    assert "nothing to learn" in run(ablation.main, []).output
    assert "'insultt' is not a label" in run(ablation.main, ["--heads", "insultt"]).output
