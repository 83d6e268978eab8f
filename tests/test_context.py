"""Reading by neighbours: a slip that is itself a word is read as what the words about it tell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from moderation.explanation import explain
from moderation.features.blocks import encode
from moderation.features.items import Sink
from moderation.features.memory import ChunkTable
from moderation.model import Model, load_file, save
from moderation.reading.context import EDGE, OFFSETS, Context
from moderation.reading.hashing import class_keys, word_keys
from moderation.reading.lexer import Lexer
from moderation.reading.text import split
from moderation.records import LABELS
from moderation.scoring import Scorer
from moderation.training.knowledge import MIN_TEXTS, Knowledge, build
from moderation.training.lexicons import load_meant
from moderation.training.neighbours import count_beside, find_slips
from tests.small_model import TEXTS, make_model

TALK = (
    "what a bitch she is", "you are such a bitch to me", "such a bitch she was",
    "a batch of eggs was sold", "the next batch is on the way", "she was such a bitch",
    "you are a fool to say so", "only a fool would say so", "he is a fool and a liar",
    "it was a foul in the box", "the referee gave a foul", "the smell was foul",
    "a duck swam on the lake", "you are an idiot to say so", "only an idiot would say so",
    "the shirt was washed and the shot was good", "he is full of shit again",
    "that is a load of shit to me",
)  # fmt: skip
KNOWN = {w: i for i, w in enumerate("the a bitch fool of bitchy is shirt batch fools foul".split())}


class Nothing(Sink):
    width = 1

    def take(self, keys: Any, owner: Any, count: int) -> Any:
        return np.zeros((count, 1), np.float32)


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return build((TEXTS + TALK) * (8 * MIN_TEXTS))


def new_table(knowledge: Knowledge, *, context: bool = True) -> ChunkTable:
    tables = knowledge.tables if context else replace(knowledge.tables, context=None)
    keys = class_keys(knowledge.class_names)
    return ChunkTable(Lexer(tables), knowledge.classes, keys, knowledge.telling, Nothing())


def read(text: str, table: ChunkTable) -> list[int]:
    return encode([text], table).sequences.key.tolist()


def is_read_as(text: str, plain: str, table: ChunkTable) -> bool:
    return read(text, table) == read(plain, table)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("you are such a batch to me", "you are such a bitch to me"),
        ("She was such a batch!", "She was such a bitch!"),
        ("only a foul would say so", "only a fool would say so"),
        ("full of shut again", "full of shit again"),
        ("full of Shut. Thank you", "full of Shit. Thank you"),
    ],
)
def test_neighbours_tell_what_was_meant(written: str, meant: str, knowledge: Knowledge) -> None:
    table = new_table(knowledge)
    assert is_read_as(written, meant, table)
    assert not is_read_as(written, meant, new_table(knowledge, context=False))


@pytest.mark.parametrize(
    "text",
    [
        "a batch of eggs", "The next batch is on the way.", "Batch!", "batch", "a foul in the box",
        "the referee gave a foul", "Foul", "shut up", "the shirt was washed", "a duck swam",
        "what Shirt said", "", ".", "the the the", "Idit Harel said hello",
    ],
)  # fmt: skip
def test_what_stands_there_stands_where_nothing_speaks_against_it(
    text: str, knowledge: Knowledge
) -> None:
    table, plain = new_table(knowledge), new_table(knowledge, context=False)
    assert read(text, table) == read(text, plain)


def test_a_text_is_read_alike_alone_and_among_others(knowledge: Knowledge) -> None:
    texts = ["such a batch she is", "a batch of eggs was sold", "full of shut again"] * 9
    table = new_table(knowledge)
    together = encode(texts, new_table(knowledge)).sequences.key.tolist()
    assert together == [key for text in texts for key in read(text, table)]


def test_neighbours_do_not_speak_across_sentences(knowledge: Knowledge) -> None:
    apart = "such a\nbatch\nshe is"
    table, plain = new_table(knowledge), new_table(knowledge, context=False)
    assert read(apart, table) == read(apart, plain)


def test_what_is_counted_says_what_stands_beside_what() -> None:
    context = count_beside(["a batch is", "of bitch is"] * 50, ["batch", "bitch"], KNOWN)
    one, other, a, of, nobody = word_keys(["batch", "bitch", "a", "of", "nobody"])
    around = np.full((len(OFFSETS), 4), nobody)
    around[OFFSETS.index(-1)] = [a, of, a, nobody]
    gains = context.gains(np.array([one, one, other, one], np.uint64), around).tolist()
    assert gains[0] >= 1 > 0 > gains[1] == gains[2]
    assert gains[3] == 0


def test_counting_gives_the_same_table_twice() -> None:
    one, two = (count_beside(TALK, ["batch", "fool"], KNOWN) for _ in range(2))
    assert one.value.tobytes() == two.value.tobytes()
    assert one.fingerprint.tobytes() == two.fingerprint.tobytes()


def test_nothing_counted_says_nothing() -> None:
    context = count_beside([], ["batch"], KNOWN)
    around = np.full((len(OFFSETS), 1), EDGE)
    assert context.gains(word_keys(["batch"]), around).tolist() == [0.0]


def test_slips_are_other_words_and_no_other_forms() -> None:
    slips = find_slips(["bitch", "fool"], KNOWN, {"bitchy"})
    assert {word: set(meant) for word, meant in slips.items()} == {
        "batch": {"bitch"},
        "foul": {"fool"},
    }
    assert set(find_slips(["bitch", "fool"], {**KNOWN, "fool": 30_000}, ())) == {"batch"}
    assert "foul" not in find_slips(["fool"], KNOWN, {"foul"})


def test_words_that_may_be_meant_are_plain_words() -> None:
    words = load_meant()
    assert len(words) == len(set(words))
    for word in words:
        assert word.isascii()
        assert word.islower()
        assert split(word) == [word]


def test_a_model_keeps_its_context(tmp_path: Path, knowledge: Knowledge) -> None:
    model = in_context(knowledge.tables.context, knowledge)
    save(model, tmp_path / "kept.safetensors")
    again = load_file(tmp_path / "kept.safetensors")
    assert again.context is not None
    assert again.context.value.tobytes() == model.context.value.tobytes()
    texts = ["such a batch she is", "only an idit would say so", "Thank you, batch."]
    assert (Scorer(again).predict_proba(texts) == Scorer(model).predict_proba(texts)).all()


@pytest.mark.parametrize(
    "text", ["such a batch she is", "Thank you. only an Idit\u200b would say so!", "batch", ""]
)
def test_what_neighbours_tell_is_explained_at_its_place(text: str, knowledge: Knowledge) -> None:
    model = in_context(knowledge.tables.context, knowledge)
    explained = explain(text, model)
    for label in LABELS:
        spans = [span for span in explained.spans if span.label == label]
        total = explained.bias[label] + sum(span.contribution for span in spans)
        assert total == pytest.approx(explained.logits[label], abs=2e-3)
        assert all(0 <= span.start < span.end <= len(text) for span in spans)


def test_a_model_without_context_reads_by_the_letters(tmp_path: Path, knowledge: Knowledge) -> None:
    model = in_context(None, knowledge)
    for name in ("meant", "slips"):
        del model.settings["tables"][name]  # as in files that were written before there was any
    save(model, tmp_path / "earlier.safetensors")
    again = load_file(tmp_path / "earlier.safetensors")
    assert again.context is None
    assert Scorer(again).predict_proba(["such a batch she is"]).shape == (1, 6)
    assert not any(flags & 128 for flags in again.lexer.flags_of_known().values())


def in_context(context: Context | None, knowledge: Knowledge) -> Model:
    """The small model that reads as `knowledge` does."""
    model = make_model()
    model.settings["tables"] = knowledge.tables.to_json()
    words = list(knowledge.tables.vocabulary)
    return replace(
        model,
        vocabulary=np.frombuffer("\n".join(words).encode(), np.uint8),
        word_class=np.array([knowledge.classes.get(word, 0) for word in words], np.uint8),
        sums=None,
        context=context,
    )
