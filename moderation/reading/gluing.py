"""Words glued together -> the words: "youareanidiot" is four.

    unknown word ── fewest, most frequent known parts ──► parts, if people would glue these

Names, things and foreign words fall into nouns and endings ("penis|tone", "shuttle|cock",
"ingrat|is"); what people glue to an insult is a small word or a common one. Reading an insult into
a harmless word is the worse error, so the parts must be of that kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

LONGEST = 80  # letters of glued words that are taken apart
RARE = 60_000  # a rank for words without one
RANKED = 1_500  # offensive words in order of use; behind them come rare and ambiguous ones
GLUED = 1_500  # ranks of words that people glue to an insult
GLUED_TO_STRONG = 5_000  # the same where the insult is a strong one
STRONG = 2_500  # ranks of offensive words that are used so much that any word may be glued to them
COMMON = 300  # ranks of the small words that sentences are made of
UNRANKED = 10_000  # the rank taken for an offensive word that is not among the known ones
# Bits a letter: what is cheaper is plain talk without its spaces. Names and foreign words that fall
# into parts cost more ("hitch|cock" 3.4, "dick|son" 3.4), sentences less ("likes|dick" 2.8).
PLAIN_TALK, PLAIN_NAME = 3.1, 2.4
CLAUSE, SENTENCE = 0.2, 0.7  # bits more for four words and for five: a row is no chance, where ...
LONG_PARTS = 0.6  # ... so many of them have three letters or more, and all are common
HIDDEN = 4.0  # bits: people glue offensive words to others so much more often
LONG = 6  # letters of words that hurt without being swear words, so that they are no syllables
COMMON_PART = 4_000  # rank up to which a word of three letters may be a part
LONGEST_PART = 16  # letters of the longest part that glued words are taken into
_SHORT_PARTS = frozenset("a an i u r ur is it my me be he we to of in on at as so do go no".split())
_SHORT_PARTS |= frozenset("up or by if am us ya yo".split())  # may be parts of glued words
_SHORT_ENDS = frozenset("u up me it ya yo us".split())  # the last of glued words
_OPENERS = frozenset("a an me my u ur".split())  # short words that may stand glued before an insult
_OBJECTS = frozenset("you them him her".split())  # may stand glued behind what is done to them
# Words that may stand glued before one of three letters, which could be a syllable elsewhere.
_SHORT_OPENERS = frozenset("a an my ur your his her the dumb kiss".split())


class Splitter:
    """Takes glued words apart. Thread-safe.

    `known`: word -> rank in use; `offensive`: word -> rank among the words worth recovering;
    `telling`: those of them that are no more than telling.
    """

    def __init__(
        self,
        known: Mapping[str, int],
        offensive: Mapping[str, int],
        telling: Mapping[str, int],
    ) -> None:
        self._known = known
        self._offensive = offensive
        self._telling = telling
        self._beginnings = {word[:4] for word in offensive if len(word) >= 4}

    def split_short(self, word: str) -> list[str] | None:
        """The words of an opener glued to an offensive word of three letters that is used much."""
        opener, end = word[:-3], word[-3:]
        if opener in _SHORT_OPENERS and end in self._offensive and end not in self._telling:
            return [opener, end] if self._known.get(end, RARE) < STRONG else None
        return None

    @cached_property
    def shorts(self) -> list[str]:
        """All that `split_short` takes apart. Ranks are looked up: not for a single short text."""
        glued = (opener + end for opener in _SHORT_OPENERS for end in self._offensive)
        return sorted({word for word in glued if self.split_short(word)})

    def may_split(self, word: str) -> bool:
        """Whether an offensive word of four letters or more stands in a longer word."""
        begins, offensive, size = self._beginnings, self._offensive, len(word)
        for i in range(size - 3):
            if word[i : i + 4] in begins:
                for end in range(i + 4, min(i + LONGEST_PART, size) + 1):
                    if word[i:end] in offensive:
                        return True
        return False

    def split(self, word: str, *, name: bool = False) -> list[str] | None:
        """Take glued words apart, where every part is known and one of them is offensive.

        `name`: it is written with a capital and small letters, as names are.
        """
        parts = self.part(word)
        if parts is None or len(parts) < 2:
            return None
        known = self._known
        ended = len(parts) > 3 and all(len(part) < 3 for part in parts[1:])
        if ended and known.get(parts[0], RARE) < GLUED_TO_STRONG:
            return None  # "illegal|is|at|i|on": a word that is used much and an ending
        limit = PLAIN_NAME if name else PLAIN_TALK
        if len(parts) > 3 and self._is_row(parts):
            limit += CLAUSE if len(parts) == 4 else SENTENCE
        if self._is_plain_talk(word, parts, limit) or self._is_said_to(parts):
            return parts
        if self._is_small_talk(parts):
            return parts
        # "penis|tone", "shuttle|cock", "ingrat|is": names, things and foreign words fall into
        # nouns and endings; what people glue to an insult is a small word or a common one.
        telling = self._telling
        bad = [p for p in parts if len(p) >= 4 and p in self._offensive and p not in telling]
        if not bad:
            return None
        sure = [part for part in bad if self._offensive[part] < RANKED]
        others = [part for part in parts if part not in bad]
        # The rarer the insult, the commoner its neighbours must be.
        usual = min((known.get(part, RARE) for part in sure), default=RARE)
        limit = (
            COMMON if parts[0] in bad or not sure else GLUED_TO_STRONG if usual < STRONG else GLUED
        )
        if any(known.get(part, RARE) >= limit for part in others):
            return None
        if parts[0] in bad and len(parts[-1]) < 3 and parts[-1] not in _SHORT_ENDS:
            return None
        if len(parts) == 2 and len(parts[0]) < 3 and parts[0] not in _OPENERS:
            return None  # "he|arse", "go|nads"
        if usual < STRONG:
            return parts
        if not sure:
            opened = parts[0] in _OPENERS or (len(parts[0]) > 2 and parts[0] in others)
            if not opened or min(known.get(part, RARE) for part in bad) >= UNRANKED:
                return None
        return parts if sum(len(part) < 3 for part in others) <= len(parts) // 2 else None

    def _is_plain_talk(self, word: str, parts: Sequence[str], limit: float) -> bool:
        """Whether the parts are so usual for so many letters that they are hardly there by chance.

        One of them must be offensive and long enough to be no syllable; `limit`: bits a letter.
        """
        bad = sum(
            part in self._offensive and len(part) >= (LONG if part in self._telling else 4)
            for part in parts
        )
        return bad > 0 and sum(map(self._price, parts)) - HIDDEN * bad <= limit * len(word)

    def _is_row(self, parts: Sequence[str]) -> bool:
        """Whether parts are words in a row rather than syllables ("sexual|is|at|i|on")."""
        known, offensive = self._known, self._offensive
        return sum(len(part) > 2 for part in parts) >= LONG_PARTS * len(parts) and all(
            known.get(part, RARE) < GLUED_TO_STRONG for part in parts if part not in offensive
        )

    def _is_said_to(self, parts: Sequence[str]) -> bool:
        """Whether it is a common word that hurts and who is meant: "hate|you"."""
        known = self._known
        return (
            len(parts) == 2
            and parts[0] in self._offensive
            and len(parts[0]) >= 4
            and parts[1] in _OBJECTS
            and known.get(parts[0], RARE) < COMMON
        )

    def _is_small_talk(self, parts: Sequence[str]) -> bool:
        """Whether all parts but those that hurt are small words, before them and not only letters.

        "i|hate|you"; names begin with what hurts ("hell|i|well") or end in letters ("virgin|i|an").
        """
        hurt = [len(part) >= 4 and part in self._offensive for part in parts]
        small = [part for part, bad in zip(parts, hurt, strict=True) if not bad]
        known = self._known
        return (
            len(parts) > len(small) > 1
            and not hurt[0]
            and any(len(part) > 2 for part in small)
            and all(known.get(part, RARE) < COMMON for part in small)
        )

    def _price(self, part: str) -> float:
        """Bits of a part by its Zipf rank, the rarer the dearer, and of its being there at all."""
        return 4.0 + (self._known.get(part, UNRANKED) + 2).bit_length()

    def odd_parts(self) -> list[str]:
        """The words that `part` takes glued words into, besides known ones of three letters up."""
        known = self._known
        odd = [word for word in _SHORT_PARTS if len(word) < 3 and word in known]
        return odd + [word for word in self._offensive if len(word) > 3 and word not in known]

    def part(self, word: str) -> list[str] | None:
        """The split into known words with the fewest, then most frequent parts; None if none."""
        n = len(word)
        if n > LONGEST or not word.isascii():
            return None
        inf = float("inf")
        cost = [0.0] + [inf] * n
        back = [0] * (n + 1)
        known, offensive = self._known, self._offensive
        for start in range(n):
            so_far = cost[start]
            if so_far == inf:
                continue
            for end in range(start + 1, min(start + LONGEST_PART, n) + 1):
                part = word[start:end]
                if end < start + 3 and part not in _SHORT_PARTS:
                    continue
                rank = known.get(part)
                if rank is None:
                    if end < start + 4 or part not in offensive:
                        continue
                    rank = UNRANKED
                if end == start + 3 and rank > COMMON_PART:
                    continue
                price = so_far + 4.0 + (rank + 2).bit_length()
                if price < cost[end]:
                    cost[end], back[end] = price, start
        if cost[n] == inf:
            return None
        parts: list[str] = []
        end = n
        while end:
            parts.append(word[back[end] : end])
            end = back[end]
        return parts[::-1]
