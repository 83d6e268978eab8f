"""A small model made by hand: exact, deterministic, good enough to tell an insult from thanks.

Its tables are the real ones (lexicons, homoglyphs, leet, emoji); its vocabulary is what stands in
`TEXTS`; its weights sit on the words, n-grams and marks that `HARM` and `CALM` name.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from moderation.features.blocks import encode
from moderation.features.combinations import Combined
from moderation.features.items import Sink
from moderation.features.memory import ChunkTable
from moderation.model import HEADS, POOL, REGISTER, Model, load_file, save
from moderation.reading.hashing import class_keys, item_features, slots
from moderation.reading.lexer import Lexer
from moderation.reading.text import split
from moderation.reading.words import MARKS
from moderation.records import LABELS
from moderation.settings import FORMAT
from moderation.training.concepts import CONCEPTS, mask_of
from moderation.training.knowledge import MIN_TEXTS, build
from moderation.weights import on_grid

BITS = 14
TEXTS = (
    "you are an idiot and a moron", "thank you that was kind of you", "what a stupid comment",
    "i will kill you", "all of them should leave", "the assessment was on friday",
    "this is not what we said to him", "he is a liar and she is a fool", "go home you trash",
    "the weather was fine and the train was late again", "well known people said hello",
    "i think it is a good idea to wait", "please read the first page before you ask",
    "shut up you pathetic loser", "no shit", "fuck off", "oh shit",
    "my dog and your cat sleep in the same house",
)  # fmt: skip
# text -> what each of its features adds to the six labels, in the order of LABELS
HARM: dict[str, tuple[float, ...]] = {
    "idiot": (2.0, 0.3, 2.4, 0.5, -0.2, 0.1),
    "moron": (1.9, 0.2, 2.2, 0.4, -0.1, 0.1),
    "stupid": (1.5, 0.1, 1.7, 0.3, -0.3, 0.0),
    "fuck": (2.1, 1.0, 1.1, 3.0, 0.1, 0.2),
    "kill": (1.2, 0.9, 0.1, -0.1, 3.1, 0.4),
    "i will kill you": (0.5, 0.6, 0.1, 0.0, 1.5, 0.1),
    "you are an idiot": (0.4, 0.1, 0.6, 0.0, 0.0, 0.0),
    "🤡": (0.7, 0.1, 0.9, 0.1, 0.0, 0.0),
}
CALM: dict[str, tuple[float, ...]] = {
    "thank you": (-0.9, -0.4, -0.8, -0.5, -0.4, -0.3),
    "please": (-0.6, -0.3, -0.4, -0.2, -0.2, -0.1),
    "the": (-0.1, -0.05, -0.1, -0.05, -0.05, -0.02),
}
# concepts that are there, concepts that are missing -> the same
COMBINED: tuple[tuple[tuple[str, ...], tuple[str, ...], tuple[float, ...]], ...] = (
    (("second", "insult"), (), (0.4, 0.1, 0.5, 0.0, 0.0, 0.1)),
    (("second", "kill", "modal"), (), (0.2, 0.4, 0.0, 0.0, 0.6, 0.1)),
    (("group", "hurt"), (), (0.2, 0.1, 0.0, 0.0, 0.1, 0.9)),
    (("group",), ("hurt",), (-0.3, -0.2, -0.2, -0.1, -0.1, -0.4)),
    (("first",), ("insult", "kill"), (-0.1, -0.1, -0.1, 0.0, 0.0, 0.0)),
)
MARK_WEIGHT = (0.11, 0.07, 0.05, 0.03, 0.02, 0.01)


class _Nothing(Sink):
    width = 1

    def take(self, keys: Any, owner: Any, count: int) -> Any:
        return np.zeros((count, 1), np.float32)


def make_settings(name: str = "small") -> dict[str, Any]:
    """Settings of the small model (a new object each time)."""
    knowledge = build(TEXTS * MIN_TEXTS)
    return {
        "format": FORMAT,
        "name": name,
        "labels": list(LABELS),
        "thresholds": dict.fromkeys(LABELS, 0.5),
        "bits": BITS,
        "kappa": 4.0,
        "unknown": 0.5,
        "classes": list(knowledge.class_names),
        "telling": knowledge.telling,
        "rationale": [0.05, 0.3],
        "tables": knowledge.tables.to_json(),
        "concepts": [list(names) for names in CONCEPTS.values()],
        "registers": {"talk": {"identity_attack": [1.2, -0.7]}},
        "trained": {"rows": 23, "corpora": {"made by hand": "no training"}},
    }


def make_model(name: str = "small") -> Model:
    """Build the model anew."""
    settings = make_settings(name)
    knowledge = build(TEXTS * MIN_TEXTS)
    lexer = Lexer(knowledge.tables)
    classes = knowledge.classes
    by_number = class_keys(knowledge.class_names)
    fingerprint = np.zeros(1 << BITS, np.uint16)
    weight = np.zeros((1 << BITS, len(HEADS)), np.float16)

    def put(keys: Any, values: Any) -> None:
        at, prints = slots(keys, BITS)
        for slot, mark in zip(at.tolist(), prints.tolist(), strict=True):
            if fingerprint[slot] not in (0, mark):
                continue  # the slot is taken: the first feature keeps it
            fingerprint[slot] = mark
            both = (*values, 0.7 * values[0], 0.3)  # toxicity in social media; the register
            weight[slot] += np.asarray(both, np.float16)

    for table in (HARM, CALM):
        for text, values in table.items():
            readings = [lexer.read(chunk) for chunk in split(text)]
            if len(readings) == 1:
                keys = item_features([word.text for word in readings[0].words], classes, by_number)[
                    3
                ]
                put(keys, [value / len(keys) for value in values])
            else:
                memory = ChunkTable(lexer, classes, by_number, knowledge.telling, _Nothing())
                for family, _ in encode([text], memory).sequences.families():
                    put(family, [value / 10 for value in values])
    for mark in MARKS:
        keys = item_features([mark], classes, by_number)[3]
        put(keys, MARK_WEIGHT)
    known = list(knowledge.tables.vocabulary)
    pool = np.zeros((len(HEADS), len(POOL)), np.float32)
    own = (-3.0, 3.1, 2.3, -0.21, -0.4, 0.13, 0.3, 0.07, -0.2, 0.41)
    watching = (-3.2, 1.9, 4.1, -0.3, -0.2, 0.1, 0.2, 0.3, 0.1, 0.6)
    pool[:] = (*own, *watching, -1.0, 0.2, -2.5, 0.3, -0.25, 1.0, 0.4, 2.0, -0.3)
    pool[:, 0] += np.arange(len(HEADS), dtype=np.float32) / -10
    pool[HEADS.index(REGISTER)] = 0
    pool[HEADS.index(REGISTER), :2] = (0.2, 0.5)  # from all of one head to all of the other
    return Model(
        name=name,
        settings=settings,
        fingerprint=fingerprint,
        weight=on_grid(weight),
        vocabulary=np.frombuffer("\n".join(known).encode(), np.uint8),
        word_class=np.array([classes.get(word, 0) for word in known], np.uint8),
        pool=pool,
        context=knowledge.tables.context,
        combined=Combined(
            np.array(
                [[mask_of(there), mask_of(missing)] for there, missing, _ in COMBINED], np.uint64
            ),
            np.array([(*v, 0.5 * v[0], 0.1) for *_, v in COMBINED], np.float16),
        ),
        digest="0" * 64,
    )


@cache
def small_model() -> Model:
    """The model, shared by tests that do not change it."""
    return make_model()


def write_small_model(folder: Path, name: str = "small") -> Path:
    """Save the model in `folder` and return the path."""
    path = folder / f"{name}.safetensors"
    save(make_model(name), path)
    assert load_file(path).name == name
    return path
