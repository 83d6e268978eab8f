"""Explanations: sums that add up exactly, spans that point at what was written."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given, settings

from moderation.explanation import explain
from moderation.records import LABELS, Explanation
from moderation.scoring import score
from tests.small_model import small_model
from tests.strategies import texts

MODEL = small_model()


def parts(explanation: Explanation, label: str) -> list[tuple[str, float]]:
    return [
        (span.of(explanation.text), span.contribution)
        for span in explanation.spans
        if span.label == label
    ]


@settings(max_examples=250, deadline=None)
@given(texts)
@example("i will kill you " * 120)
@example("Thank you. You idiot! " * 60)
def test_any_text_is_explained_exactly(text: str) -> None:
    found = explain(text, MODEL)
    assert found.text == text
    assert found.score == score(text, MODEL)
    for label in LABELS:
        spans = [span for span in found.spans if span.label == label]
        end = 0
        for span in spans:
            assert end <= span.start < span.end <= len(text)
            end = span.end
        total = math.fsum([found.bias[label], *(span.contribution for span in spans)])
        assert total == pytest.approx(found.logits[label], rel=1e-3, abs=1e-3)
        assert found.score.scores[label] == pytest.approx(
            1 / (1 + math.exp(-found.logits[label])), abs=1e-5
        )
        end = 0
        for part in found.rationale[label]:
            assert end <= part.start < part.end <= len(text)
            end = part.end
        where = found.sentence[label]
        assert 0 <= where.start <= where.end <= len(text)


@pytest.mark.parametrize(
    "written",
    ["idiot", "IDIOT", "1d10t", "i d i o t", "i.d.i.o.t", "id!ot", "idiooot", "ｉｄｉｏｔ", "іdіоt",
     "i\u200bd\u200bi\u200bot", "🤡"],
)  # fmt: skip
def test_disguised_words_are_shown_as_written(written: str) -> None:
    found = explain(f"Well, you {written} there", MODEL)
    word, contribution = max(parts(found, "insult"), key=lambda pair: pair[1])
    assert word == written
    assert contribution > 0.2
    assert found.text[found.rationale["insult"][0].start :].startswith(written)


def test_the_worst_sentence_is_named() -> None:
    text = "Thank you. The train was late! You are a stupid idiot. Please read the first page."
    found = explain(text, MODEL)
    where = found.sentence["insult"]
    assert text[where.start : where.end] == "You are a stupid idiot"
    assert found.score.abusive


def test_what_several_words_add_is_shared() -> None:
    alone, together = explain("kill", MODEL), explain("i will kill you", MODEL)
    assert dict(parts(together, "threat"))["will"] > 0.1
    assert "will" not in dict(parts(alone, "threat"))


def test_marks_belong_to_their_words() -> None:
    calm, loud = explain("idiot", MODEL), explain("idiot!", MODEL)
    assert parts(loud, "toxicity")[0][1] > parts(calm, "toxicity")[0][1]
    assert [word for word, _ in parts(explain("?!", MODEL), "toxicity")] == ["?!"]


def test_an_empty_text_has_only_its_bias() -> None:
    found = explain("", MODEL)
    assert found.spans == ()
    assert found.logits == pytest.approx(found.bias)
    assert all(where.start == where.end == 0 for where in found.sentence.values())


def test_the_shape_is_json() -> None:
    shape = explain("You idiot", MODEL).to_dict()
    assert set(shape) == {
        "scores", "abusive", "hateful", "model", "logits", "bias", "spans", "rationale", "sentence"
    }  # fmt: skip
