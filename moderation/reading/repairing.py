"""One word's letters -> the words that were meant: the ways of undoing tricks, in their order.

known ── itself
unknown ── stretched? ── misspelt? ── glued? ──► known words, or itself
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Mapping

from moderation.reading.disguises import Disguises
from moderation.reading.gluing import RANKED, Splitter
from moderation.reading.spelling import LIKELY, Speller, Written

_TRIPLE = re.compile(r"(.)\1\1")
_RUNS = re.compile(r"(.)\1+")


class Repairer:
    """Reads words that nobody knows as known ones where that is safe. Thread-safe.

    `known`: word -> rank in use; `offensive`: words worth recovering -> rank; the others undo one
    kind of trick each. No word of more than `longest` letters is returned.
    """

    def __init__(
        self,
        known: Mapping[str, int],
        offensive: Mapping[str, int],
        speller: Speller,
        splitter: Splitter,
        disguises: Disguises,
        *,
        longest: int,
    ) -> None:
        self._known = known
        self._offensive = offensive
        self._speller = speller
        self._splitter = splitter
        self._disguises = disguises
        self._longest = longest
        self._clear: Collection[str] = ()

    def learn(self, clear: Collection[str]) -> None:
        """Take unknown words that are no others in disguise, instead of what was taken before.

        For many words that is found at once (`sieve`).
        """
        self._clear = clear

    def resolve(self, word: str, written: Written = Written.PLAIN) -> list[str]:
        """An alphabetic word as meant: itself where known, else repaired where that is safe."""
        if word in self._known or word in self._offensive or len(word) < 3:
            return [word]
        if word in self._clear:
            return [word[: self._longest]]
        if not word.isascii() or len(word) > 4 * self._longest:
            return [word[: self._longest]]
        squeezed = self.squeeze(word)
        if squeezed is not None:
            meant = None if squeezed in self._known else self._speller.read(squeezed, written)
            return [meant or squeezed]
        short = self._splitter.split_short(word)
        if short is not None:
            return short
        repaired = self._speller.read(word, written)
        if repaired is not None:
            return [repaired]
        if len(word) >= 5 and self._splitter.may_split(word):
            parts = self._splitter.split(word, name=written is not Written.PLAIN)
            if parts is not None:
                return parts
        return [word[: self._longest]]

    def respelled(self, core: str) -> list[str]:
        """The offensive word that `core` with symbols is a misspelling of: "st00pid", "m0rrons"."""
        word = self._disguises.letters_of(core)
        if word is None or not word.isascii() or word in self._known or len(word) > self._longest:
            return []
        meant = self.squeeze(word)
        if meant is None or meant not in self._offensive:
            meant = self._speller.read(meant or word)
        return [meant] if meant is not None and meant in self._offensive else []

    def squeeze(self, word: str) -> str | None:
        """Undo stretched letters: "idiooot" -> "idiot", "stuupid" -> "stupid"."""
        runs = list(_RUNS.finditer(word))
        if not runs:
            return None
        long = _TRIPLE.search(word) is not None
        if len(runs) > 6:
            word_one = _RUNS.sub(r"\1", word)
            return word_one if word_one in self._known else None
        best: tuple[int, int, str] | None = None
        # What stands before each run, with its letter once or twice.
        options, last = [], 0
        for m in runs:
            once = word[last : m.start() + 1]
            options.append((once, once + m.group(1)))
            last = m.end()
        for candidate in map("".join, itertools.product(*options, (word[last:],))):
            offensive = self._offensive.get(candidate)
            if offensive is not None and len(candidate) >= 3:
                rank = (0, offensive, candidate)
            elif long and candidate in self._known and len(candidate) >= 2:
                rank = (1, self._known[candidate], candidate)
            else:
                continue
            if best is None or rank < best:
                best = rank
        if best is not None:
            return best[2]
        if long:
            return _RUNS.sub(r"\1\1", word)[: self._longest]
        return None

    def is_likely(self, word: str) -> bool:
        """Whether a word is offensive for sure, and common."""
        rank = self._offensive.get(word, RANKED)
        return rank < RANKED and self._known.get(word, LIKELY) < LIKELY

    def hashtag(self, tag: str) -> list[str]:
        """The words of what stands behind a "#"."""
        tag = tag.replace("_", "")
        if tag in self._known or tag in self._offensive:
            return [tag]
        return self._splitter.part(tag) or [tag[: self._longest]]
