"""How people spell common words otherwise: for misspelt copies that look like people's.

counts of words ── rare, unknown ── of the sound of a common one, some letters off ──► spellings

What people write when they misspell, or hide, a word can be found in what they wrote: it sounds
alike and looks alike (Le et al. 2022, "Perturbations in the Wild"). Of one sound are words with one
skeleton (`spelling.skeleton_of`), which keeps the classes of the sounds that are heard.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping
from itertools import takewhile

from moderation.spelling import skeleton_of

COMMON, RARE = 60, 12  # texts that a common word is in at least, another spelling at most
TIMES = 30  # a word is in so many times more texts than one of its other spellings
SHORTEST, LONGEST = 3, 20  # letters
STRETCH = 2  # letters that differ, all in one place
_FIRST = frozenset("ckfpq")  # first letters that stand for one another; elsewhere they are the same


def find_spellings(counts: Mapping[str, int], known: Container[str]) -> dict[str, tuple[str, ...]]:
    """Common word -> what it is spelt like elsewhere, in the order of the alphabet.

    `counts`: how many texts each word is in; `known`: words, of which none is another's spelling.
    """
    by_sound: dict[str, list[str]] = defaultdict(list)
    for word, count in counts.items():
        if count >= COMMON and len(word) >= SHORTEST and word in known:
            by_sound[skeleton_of(word)].append(word)
    found: dict[str, list[str]] = defaultdict(list)
    for spelt in sorted(counts):
        count = counts[spelt]
        plain = SHORTEST <= len(spelt) <= LONGEST and spelt.isascii() and spelt.isalpha()
        if not plain or count > RARE or spelt in known:
            continue
        near = [
            (apart, -counts[word], word)
            for word in by_sound.get(skeleton_of(spelt), ())
            if counts[word] >= TIMES * count
            and (spelt[0] == word[0] or {spelt[0], word[0]} <= _FIRST)
            and (apart := letters_apart(spelt, word)) <= STRETCH
        ]
        if near:
            found[min(near)[2]].append(spelt)
    return {word: tuple(others) for word, others in found.items()}


def letters_apart(one: str, other: str) -> int:
    """Letters of the longer stretch that is left between what both begin and end with."""
    start = _alike(one, other)
    one, other = one[start:], other[start:]
    return max(len(one), len(other)) - _alike(one[::-1], other[::-1])


def _alike(one: str, other: str) -> int:
    """How many letters both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
