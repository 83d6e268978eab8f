"""What is known of words beforehand is what their letters say, whoever asks and how many."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from moderation.features.memory import ChunkTable
from moderation.reading import vocabulary
from moderation.reading.hashing import class_keys, word_keys
from moderation.reading.lexer import Lexer
from moderation.reading.plain import word_keys as plain_keys
from moderation.reading.vocabulary import Vocabulary, vocabulary_of
from moderation.scoring import Scorer, WeightSink
from tests.small_model import make_model, small_model

MODEL = small_model()
WORDS = MODEL.words


def test_a_vocabulary_says_of_each_word_what_the_lexer_says() -> None:
    found = Vocabulary(MODEL.lexer)
    assert found.key.tolist() == word_keys(WORDS).tolist()
    assert found.flags.tolist() == [MODEL.lexer.flags_of(word) for word in WORDS]
    assert any(found.flags)
    keys = plain_keys(WORDS)
    assert found.index.find(keys).tolist() == list(range(len(WORDS)))
    assert found.index.find(plain_keys(["qzx", WORDS[0] + "qzx"])).tolist() == [-1, -1]


def test_it_is_made_when_many_words_are_asked_for() -> None:
    lexer = Lexer(MODEL.tables)
    assert vocabulary_of(lexer, vocabulary.FEW) is None
    made = vocabulary_of(lexer, 1)
    assert made is not None
    assert vocabulary_of(lexer, 0) is made


def test_sums_of_known_words_are_those_of_their_letters() -> None:
    asked = [*WORDS, "qzx", "\x01caps"]
    settings = MODEL.settings
    hashed = ChunkTable(
        MODEL.lexer,
        MODEL.classes,
        class_keys(settings["classes"]),
        settings["telling"],
        WeightSink(MODEL),
    )
    knowing = Scorer(MODEL).new_table()
    one, other = (table.store.ids(asked) for table in (hashed, knowing))
    assert np.array_equal(knowing.store.ids(asked[::-1]), other[::-1])
    for name in ("value", "key", "cls"):
        hashed_rows, known_rows = getattr(hashed.store, name), getattr(knowing.store, name)
        assert np.array_equal(hashed_rows[one], known_rows[other])


def test_scores_do_not_depend_on_who_looks_words_up(monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(4)
    cased = (str, str.title, str.upper)
    texts = [
        " ".join(random.choice(cased)(random.choice([*WORDS, "qzx", "idi0t"])) for _ in range(30))
        for _ in range(40)
    ]
    scores = []
    for few in (10**9, -1, 500):
        monkeypatch.setattr(vocabulary, "FEW", few)
        scores.append(Scorer(make_model()).predict_proba(texts))
    assert np.array_equal(scores[0], scores[1])
    assert np.array_equal(scores[0], scores[2])
