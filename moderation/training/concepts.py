"""Concepts, and the combinations of them that heads are taught (`features.combinations`)."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import numpy as np

from moderation.reading.chunks import U64
from moderation.training.knowledge import AXES

_OF = {of: tuple(f"{of}:{axis}" for axis in axes) for of, axes in AXES.items()}

# Who or what is spoken of.
TARGETS: dict[str, tuple[str, ...]] = {
    "first": ("pronoun.first", "possessive.first", "self"),
    "second": ("pronoun.second", "possessive.second"),
    "third": ("pronoun.third", "possessive.third"),
    "group": _OF["group"],
    "unprotected": ("unprotected",),
    "slur": _OF["slur"],
}
# What hurts.
HOSTILE: dict[str, tuple[str, ...]] = {
    "insult": ("insult.strong", "insult"),
    "profanity": ("profanity",),
    "sexual": ("sexual",),
    "dehumanise": ("dehumanise",),
    "kill": ("violence.kill",),
    "violence": ("violence",),
    "exclusion": ("exclusion",),
    "contempt": ("contempt",),
    "crime": ("crime",),
    "weapon": ("weapon",),
    "conspiracy": ("conspiracy",),
}
# What makes it harmless, or turns or weakens what is said.
OTHER: dict[str, tuple[str, ...]] = {
    "counter": ("counter",),
    "support": ("support",),
    "praise": ("praise",),
    "politeness": ("politeness",),
    "things": ("sport_game", "cooking", "computing", "thing"),
    "negation": ("negation",),
    "quantifier": ("quantifier",),
    "obligation": ("modal.obligation",),
    "reporting": ("reporting",),
    "question": ("question",),
    "quote": ("quote",),
    "place": ("place",),
    "modal": ("modal",),
    "intensifier": ("intensifier",),
    "body": ("body_part",),
}
# Of them, what is said where nothing is meant ill, and what may turn what is said.
MILD = ("counter", "support", "praise", "politeness", "things")
TURNING = (*MILD, "negation", "reporting", "question", "quote")

CONCEPTS: dict[str, tuple[str, ...]] = {
    "hurt": tuple(itertools.chain(_OF["slur"], *HOSTILE.values())),
    "mild": tuple(itertools.chain.from_iterable(OTHER[name] for name in MILD)),
    **OTHER,
    **TARGETS,
    **{name: (name,) for names in _OF.values() for name in names},
    **HOSTILE,
}
"""Concept -> the classes (`knowledge.CLASS_ORDER`) of which a word makes it be there."""

EXACT = (*TARGETS, *HOSTILE, "mild", "negation")
"""Concepts whose exact sets are features too."""


def enumerate_combinations() -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The concepts that must be there, and those that must not, of every combination."""
    # A target with anything else; with what hurts and with what is said of it, or with nothing
    # that turns it.
    yield from (((target, other), ()) for target in TARGETS for other in (*HOSTILE, *OTHER))
    yield from ((pair, ()) for pair in itertools.combinations(TARGETS, 2))
    yield ("group", "hurt"), ()
    for target, hostile in itertools.product(TARGETS, HOSTILE):
        yield from (((target, hostile, other), ()) for other in OTHER)
        yield (target, hostile), TURNING
    # The same by axis.
    persons = ("first", "second", "third")
    for of, names in _OF.items():
        for name in names:
            for other in (*HOSTILE, *OTHER, *persons, "slur" if of == "group" else "group"):
                yield (name, other), ()
    yield from (((name,), ("hurt",)) for name in _OF["group"])
    # A group where nothing hurts: with one or two other concepts, with each set of what is mild.
    harmless = [name for name in (*TARGETS, *OTHER) if name not in ("group", "slur")]
    for size in range(3):
        for others in itertools.combinations(harmless, size):
            yield ("group", *others), ("hurt",)
    for size in range(len(MILD) + 1):
        for there in itertools.combinations(MILD, size):
            yield ("group", *there), ("hurt", *(name for name in MILD if name not in there))


def mask_of(names: Iterable[str]) -> int:
    """The mask in which these concepts are there."""
    return sum(1 << place for place, name in enumerate(CONCEPTS) if name in set(names))


def combination_masks() -> U64:
    """`enumerate_combinations` as masks: uint64, shape (K, 2)."""
    every = [[mask_of(names) for names in combination] for combination in enumerate_combinations()]
    return np.array(every, np.uint64)


def exact_masks(masks: U64, least: int) -> U64:
    """The sets of concepts that texts with a group or a slur have: uint64, shape (K, 2).

    Of the concepts EXACT those that are there, and all the others missing. `masks`: those of the
    texts; a set must stand in `least` of them.
    """
    scope, named = np.uint64(mask_of(EXACT)), np.uint64(mask_of(("group", "slur")))
    there, count = np.unique(masks[masks & named != 0] & scope, return_counts=True)
    there = there[count >= least]
    return np.stack([there, there ^ scope], axis=1)
