"""Misspelt copies of training texts: what a model learns to read through.

People mistype, and people misspell on purpose to slip past a filter. What the lexer cannot undo
leaves a word that nobody has seen, of which only some character n-grams are left; a model that has
met such remains gives them weight. The labels of the copies are those of the originals. The kinds
of slips are those of typing (Damerau 1964: a letter left out, put in, struck wrongly, two swapped),
of a space too many or too few, and of spelling by sound. Half of the copies slip where a person
would hide something, in the insults and swear words alone: what such a slip leaves may be a word
of its own, which only the words about it betray.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Callable, Container, Sequence
from functools import cache
from random import Random

import numpy as np

from moderation.reading.chunks import I64
from moderation.reading.spelling import NEAR
from moderation.training.arrays import Float32
from moderation.training.knowledge import DISGUISED
from moderation.training.lexicons import coarse, load_classes

_VOWELS = "aeiou"
_WORD = re.compile(r"([A-Za-z]{3,40})( ?)")
_SOUNDS = (
    ("ck", "k"),
    ("ph", "f"),
    ("qu", "kw"),
    ("ee", "ea"),
    ("ou", "u"),
    ("ss", "s"),
    ("er", "a"),
    ("c", "k"),
    ("s", "z"),
    ("x", "ks"),
    ("i", "y"),
    ("y", "i"),
)

HIDDEN, BESIDES = 0.9, 0.05  # chances to slip of words that are hidden, and of those about them
HIDING = 0.5  # share of the copies in which what is offensive is hidden, where something is
TURNS = 3  # how often a text is copied at most
MAX_CHARS = 400  # of a text that is copied: short ones hang on single words


def misspelt_copies(
    texts: Sequence[str], labels: Float32, count: int, seed: int, draws: int = 1
) -> tuple[list[str], I64, I64]:
    """At most `count` misspelt copies a draw, the index of each one's original, and its draw.

    `labels`: (N, L), NaN = missing. Half of the copies of a draw are of texts with the first label
    (toxicity), as far as there are any. The next draw goes on with other texts, and with the first
    ones again when all were copied: TURNS times at most, each time otherwise. In half of the copies
    between a fifth and four fifths of the words slip; in the others nearly all offensive words do
    and few of the rest, if there are offensive ones.
    """
    short = np.fromiter((len(text) <= MAX_CHARS for text in texts), np.bool_, len(texts))
    toxic = np.flatnonzero(short & (labels[:, 0] > 0.5))
    harmless = np.flatnonzero(short & (labels[:, 0] <= 0.5))
    half = min(count // 2, TURNS * len(toxic) // draws)
    drawn = _draw(toxic, texts, half, draws, seed)
    drawn += _draw(harmless, texts, count - half, draws, seed)
    drawn.sort()
    copies = []
    offensive = offensive_words()
    for index, turn, _ in drawn:
        text = texts[index]
        own = Random(f"{seed}:{turn}:{text}")
        share = own.uniform(0.2, 0.8)
        words = (word.lower() for word, _ in _WORD.findall(text))
        if own.random() < HIDING and not offensive.isdisjoint(words):
            copies.append(misspell(text, own, BESIDES, offensive))
        else:
            copies.append(misspell(text, own, share))
    table = np.array(drawn, np.int64).reshape(-1, 3)
    return copies, table[:, 0], table[:, 2]


def _draw(
    rows: I64, texts: Sequence[str], count: int, draws: int, seed: int
) -> list[tuple[int, int, int]]:
    """At most `count` rows a draw: each with its turn (n: all were drawn n times before), its draw.

    Which are drawn depends on each text alone: another text more or less leaves the others be.
    """
    keys = [
        hashlib.blake2b(f"{seed}:{texts[row]}".encode("utf-8", "surrogatepass")).digest()
        for row in rows.tolist()
    ]
    order = [row for _, row in sorted(zip(keys, rows.tolist(), strict=True))]
    found = itertools.islice(itertools.product(range(TURNS), order), count * draws)
    return [(row, turn, place // count) for place, (turn, row) in enumerate(found)]


@cache
def offensive_words() -> frozenset[str]:
    """The single words that people disguise: insults, swear words, slurs."""
    return frozenset(
        term
        for term, names in load_classes().items()
        if term.isalpha() and any(coarse(name) in DISGUISED for name in names)
    )


def misspell(text: str, rng: Random, share: float, hidden: Container[str] = ()) -> str:
    """A copy of `text` in which each word of three letters or more slips with chance `share`.

    `hidden`: lower-case words that slip with chance HIDDEN instead.
    """

    def slip(match: re.Match[str]) -> str:
        word, space = match.groups()
        if rng.random() >= (HIDDEN if word.lower() in hidden else share):
            return word + space
        way = rng.choice(_SLIPS)
        return word if way is None else way(word, rng) + space

    return _WORD.sub(slip, text)


def _place(word: str, rng: Random) -> int:
    """Any letter but the first, which people get right."""
    return rng.randrange(1, len(word))


def _drop(word: str, rng: Random) -> str:
    at = _place(word, rng)
    return word[:at] + word[at + 1 :]


def _swap(word: str, rng: Random) -> str:
    at = rng.randrange(len(word) - 1)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _double(word: str, rng: Random) -> str:
    at = _place(word, rng)
    return word[:at] + word[at] + word[at:]


def _strike(word: str, rng: Random) -> str:
    at = _place(word, rng)
    return word[:at] + rng.choice(NEAR[word[at].lower()]) + word[at + 1 :]


def _vowel(word: str, rng: Random) -> str:
    spots = [at for at in range(1, len(word)) if word[at].lower() in _VOWELS]
    if not spots:
        return _strike(word, rng)
    at = rng.choice(spots)
    return word[:at] + rng.choice(_VOWELS) + word[at + 1 :]


def _without_vowels(word: str, rng: Random) -> str:
    kept = word[0] + "".join(letter for letter in word[1:] if letter.lower() not in _VOWELS)
    return kept if len(kept) > 1 else _drop(word, rng)


def _sound(word: str, rng: Random) -> str:
    heard = [pair for pair in _SOUNDS if pair[0] in word.lower()]
    if not heard:
        return _drop(word, rng)
    written, spoken = rng.choice(heard)
    at = word.lower().index(written)
    return word[:at] + spoken + word[at + len(written) :]


def _split(word: str, rng: Random) -> str:
    at = _place(word, rng)
    return f"{word[:at]} {word[at:]}"


_SLIPS: tuple[Callable[[str, Random], str] | None, ...] = (
    _drop,
    _swap,
    _double,
    _strike,
    _strike,
    _vowel,
    _without_vowels,
    _sound,
    _sound,
    _split,
    None,  # the space after it is forgotten
)
