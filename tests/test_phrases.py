"""Phrases of the lexicons, tied by their classes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from moderation.features.memory import ChunkTable
from moderation.model import HEADS
from moderation.reading.hashing import class_keys
from moderation.reading.lexer import Lexer
from moderation.records import LABELS
from moderation.training.encoding import Encoded, Recorder, encode_texts
from moderation.training.knowledge import MIN_TEXTS, Knowledge, build
from moderation.training.lexicons import load_ambiguous, load_classes
from moderation.training.matrices import text_matrix
from moderation.training.phrases import LEAST, Phrases, choose_phrases, phrase_keys
from moderation.training.screening import Screen

TEXTS = ["you pond scum", "what a waste of space", "thank you so much", "waste of paper again"]
UNSEEN = "kiddie fiddler"


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return build(TEXTS * MIN_TEXTS)


def encode_with(knowledge: Knowledge, texts: list[str]) -> Encoded:
    lexer = Lexer(knowledge.tables)
    return encode_texts(texts, lexer, knowledge.classes, knowledge.class_names, knowledge.telling)


def keys_of(knowledge: Knowledge, terms: dict[str, list[str]]) -> dict[int, str]:
    keys = class_keys(knowledge.class_names)
    lexer = Lexer(knowledge.tables)
    table = ChunkTable(lexer, knowledge.classes, keys, knowledge.telling, Recorder())
    return phrase_keys(table, terms)


def test_phrases_are_the_n_grams_of_texts(knowledge: Knowledge) -> None:
    terms = {"pond scum": ["insult.strong"], "pond-scum": ["insult.strong"]}
    listed = keys_of(knowledge, terms)
    assert list(listed.values()) == ["insult.strong"]  # written either way it is one n-gram
    for text in ("you pond scum", "Pond-scum!", "p0nd scum"):
        assert set(listed) <= set(encode_with(knowledge, [text]).gram_keys.tolist()), text
    assert not set(listed) & set(encode_with(knowledge, ["scum of the pond"]).gram_keys.tolist())


def test_what_is_no_sure_phrase_of_two_or_three_words_is_left_out(knowledge: Knowledge) -> None:
    doubtful = next(term for term in sorted(load_ambiguous()) if term.count(" ") == 1)
    terms = {
        doubtful: ["insult.mild"],
        "sh*t": ["profanity.strong"],
        "the scum of the whole pond": ["insult.strong"],
        "some thing": ["no.class"],
    }
    assert keys_of(knowledge, terms) == {}


def test_phrases_join_the_features_chosen(knowledge: Knowledge) -> None:
    encoded = encode_with(knowledge, TEXTS)
    keys = np.unique(encoded.gram_keys)[::2]
    tells = np.zeros((len(keys), len(LABELS)), np.bool_)
    chosen = Screen(keys, np.full(len(keys), 3, np.float32), np.ones(len(keys), np.float32), tells)
    more, phrases = choose_phrases(encoded, chosen, knowledge)
    assert phrases is not None
    assert (np.diff(more.keys.astype(object)) > 0).all()
    assert set(keys.tolist()) <= set(more.keys.tolist())
    listed = set(keys_of(knowledge, load_classes()))
    assert listed <= set(more.keys.tolist())
    assert phrases.ties.shape == (len(more.keys), phrases.count)
    tied = np.isin(more.keys, list(listed))
    assert (phrases.ties.getnnz(axis=1) == tied).all()
    assert (more.count[tied] >= LEAST).all()
    without = build(TEXTS * MIN_TEXTS, lexicons=False)
    assert choose_phrases(encoded, chosen, without) == (chosen, None)


def test_a_class_s_weight_goes_to_all_its_phrases(knowledge: Knowledge) -> None:
    encoded = encode_with(knowledge, TEXTS)
    none = np.zeros(0, np.float32)
    empty = Screen(np.zeros(0, np.uint64), none, none, np.zeros((0, len(LABELS)), np.bool_))
    chosen, phrases = choose_phrases(encoded, empty, knowledge)
    assert phrases is not None
    rng = np.random.default_rng(7)
    heads = rng.normal(size=(len(chosen.keys), len(HEADS))).astype(np.float32)
    shared = rng.normal(size=(phrases.count, len(HEADS))).astype(np.float32)
    matrix = text_matrix(encode_with(knowledge, [*TEXTS, f"some {UNSEEN}"]), chosen)
    assert matrix.getnnz(axis=1)[-1] > 0  # no text that was encoded holds it
    apart = matrix @ heads + phrases.columns(matrix) @ shared
    assert np.allclose(matrix @ phrases.untie(heads, shared), apart, atol=1e-4)


def test_phrases_of_one_class_share_one_column() -> None:
    ties = sparse.csr_matrix(np.array([[1, 0], [2, 0], [0, 1]], np.float32))
    phrases = Phrases(ties, np.ones((2, len(LABELS)), np.bool_))
    rows = sparse.csr_matrix(np.array([[1, 1, 0], [0, 0, 3]], np.float32))
    assert phrases.columns(rows).toarray().tolist() == [[3, 0], [0, 3]]
