"""Counted in the training texts: which words are slips for which, what stands beside them.

    words that slips may hide + known words ──► find_slips   ──► Tables.slips
    those + training texts                  ──► count_beside ──► Tables.context

How far a neighbour c speaks for a word w is log2((n + 1) / (e + 1)) bits, where n is how often c
stands beside w and e how often it would by chance: nothing for what is rare. Neighbours two words
off count half. `context` uses what is made here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import log2

import numpy as np
import numpy.typing as npt

from moderation.reading.chunks import I64
from moderation.reading.context import EDGE, OFFSETS, UNIT, ZERO, Context, context_keys
from moderation.reading.hashing import slots, word_keys
from moderation.reading.spelling import slip_cost
from moderation.reading.text import BREAK, chunk_word, ends_sentence, split
from moderation.reading.words import ODD

SLIP = 4.0  # bits: a word that stands there is more often meant than a slip
RARE = 3_000  # rank from which a word is not held to be rarer: elsewhere than here it is not rare
# Bits: of commoner words for rarer ones ("that", "thot") too much would have to be looked at.
DEAREST = 5.5
WEIGHTS = (0.5, 1.0, 1.0, 0.5)  # of neighbours, by OFFSETS
LEAST = 0.9  # bits below which nothing is kept
FULL = 0.6  # of the rows of the table that are filled at most
LEAST_BITS, MAX_BITS = 10, 16  # binary logarithm of its rows: 3 kB to 0.2 MB
_ENDINGS = ("s", "d", "r", "y", "ed", "er", "es")  # another form of a word is no slip for it


def find_slips(
    meant: Collection[str], known: Mapping[str, int], offensive: Collection[str]
) -> dict[str, dict[str, float]]:
    """Known word -> the words of `meant` it may be a slip for: bits that must speak for each.

    `known`: word -> rank; `offensive`: words that are no slips for others.
    """
    short: dict[str, set[str]] = {}
    for word in sorted(meant):
        for shorter in _shorten(word):
            short.setdefault(shorter, set()).add(word)
    slips: dict[str, dict[str, float]] = {}
    for word, rank in known.items():
        if word in meant or word in offensive or len(word) < (3 if rank >= ODD else 2):
            continue
        near = set[str]().union(*(short.get(shorter, ()) for shorter in _shorten(word)))
        for other in sorted(near):
            slip = slip_cost(word, other)
            if slip is None or _is_form(word, other):
                continue
            dear = slip + log2(known[other] + 8)
            if dear - log2(rank + 8) <= DEAREST:
                lacks = dear - log2(min(rank, RARE) + 8) + SLIP
                slips.setdefault(word, {})[other] = round(lacks, 3)
    return slips


def _shorten(word: str) -> set[str]:
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}


def _is_form(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) > 2 and long.startswith(short) and long[len(short) :] in _ENDINGS


def count_beside(texts: Iterable[str], words: Collection[str], known: Mapping[str, int]) -> Context:
    """What stands beside `words` in the texts, each of them and each neighbour a known word.

    The table holds what speaks loudest.
    """
    names = list(known)
    edge, strange = len(names), len(names) + 1
    number = {name: i for i, name in enumerate(names)}
    told = _number(texts, number, edge, strange)
    place = np.flatnonzero(told != edge)  # edges stand at both ends, two each
    asked = np.full(strange + 1, -1)
    asked[[number[word] for word in words]] = np.arange(len(words))
    which = asked[told[place]]
    mine = np.flatnonzero(which >= 0)
    which = which[mine]
    total = np.bincount(which, minlength=len(words))
    key = np.concatenate([word_keys(names), [EDGE, np.uint64(0)]])
    own = key[[number[word] for word in words]]
    found: list[tuple[npt.NDArray[np.uint64], npt.NDArray[np.float64]]] = []
    for row, (offset, weight) in enumerate(zip(OFFSETS, WEIGHTS, strict=True)):
        beside = told[place + offset]
        if abs(offset) == 2:
            beside[told[place + offset // 2] == edge] = edge
        share = np.bincount(beside, minlength=strange + 1) / max(len(place), 1)
        share[strange] = 0.0  # who nobody knows says nothing
        pairs, times = np.unique(which * len(share) + beside[mine], return_counts=True)
        ends = np.searchsorted(pairs, np.arange(len(words) + 1) * len(share))
        for word, (low, high) in enumerate(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)):
            seen = np.zeros(len(share))
            seen[pairs[low:high] - word * len(share)] = times[low:high]
            seen[strange] = 0.0
            bits = weight * np.log2((seen + 1) / (total[word] * share + 1))
            loud = np.flatnonzero(np.abs(bits) >= LEAST)
            found.append((context_keys(own[[word]], key[loud], row), bits[loud]))
    return _fill(
        np.concatenate([keys for keys, _ in found]), np.concatenate([bits for _, bits in found])
    )


def _number(texts: Iterable[str], number: Mapping[str, int], edge: int, strange: int) -> I64:
    """The words of texts by number, with two edges about each sentence and nothing for marks."""
    seen: dict[str, Sequence[int]] = {}
    told = [edge, edge]
    for text in texts:
        for chunk in split(text):
            spoken = seen.get(chunk)
            if spoken is None:
                spoken = seen[chunk] = _number_chunk(chunk, number, edge, strange)
            told += spoken
        told += (edge, edge)
    return np.array(told, np.int64)


def _number_chunk(
    chunk: str, number: Mapping[str, int], edge: int, strange: int
) -> tuple[int, ...]:
    if chunk == BREAK:
        return (edge, edge)
    word = chunk_word(chunk)
    if word is None:
        spoken: tuple[int, ...] = (strange,) if any(map(str.isalpha, chunk)) else ()
    else:
        spoken = (number.get(word, strange),)
    return (*spoken, edge, edge) if ends_sentence(chunk) else spoken


def _fill(keys: npt.NDArray[np.uint64], bits: npt.NDArray[np.float64]) -> Context:
    """The table of keys that speak for or against, the loudest where several want one row."""
    size = LEAST_BITS
    while size < MAX_BITS and len(keys) > FULL * (1 << size):
        size += 1
    order = np.lexsort((keys, np.abs(bits)))  # the loudest last: what is written last stays
    at, fingerprint = slots(keys[order], size)
    table = Context(np.zeros(1 << size, np.uint16), np.full(1 << size, ZERO, np.uint8))
    table.fingerprint[at] = fingerprint
    steps = np.round(bits[order] * UNIT).clip(1 - ZERO, ZERO - 1) + ZERO
    table.value[at] = steps.astype(np.uint8)
    return table
