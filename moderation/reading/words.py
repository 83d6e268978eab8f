"""What is read out of a chunk, its words and marks; and the tables that it is read with."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from moderation.reading.context import Context

ODD = 2_500  # from this rank on, two or three letters are more often a fragment than a word
MAX_WORD = 40  # code points of a word that features see; the longest English words have 45

# Marks are features of the writing that are not words.
MARK_EXCLAIM, MARK_EXCLAIMS = "\x01!", "\x01!!"
MARK_QUESTION, MARK_QUESTIONS = "\x01?", "\x01??"
MARK_CAPS = "\x01caps"
MARK_CENSORED = "\x01censored"
MARK_URL, MARK_MENTION, MARK_NUMBER = "\x01url", "\x01mention", "\x01number"
MARK_QUOTE = "\x01quote"
MARKS = (
    MARK_EXCLAIM,
    MARK_EXCLAIMS,
    MARK_QUESTION,
    MARK_QUESTIONS,
    MARK_CAPS,
    MARK_CENSORED,
    MARK_URL,
    MARK_MENTION,
    MARK_NUMBER,
    MARK_QUOTE,
)


class Word(NamedTuple):
    """A word as meant; `start`, `end` are its half-open range in the chunk."""

    text: str
    start: int
    end: int


class Reading(NamedTuple):
    """What one chunk says: its words, its marks, whether a sentence ends after it.

    `single` is true where the chunk is one letter: a run of such chunks may be a spaced word.
    """

    words: tuple[Word, ...] = ()
    marks: tuple[str, ...] = ()
    ends: bool = False
    single: bool = False


@dataclass(frozen=True, eq=False, repr=False)
class Tables:
    """The knowledge that a Lexer reads with; a model file carries its own.

    - `vocabulary`: known word -> rank (0 = most frequent).
    - `offensive`: words worth recovering from disguise -> rank (0 = first choice);
      `telling`: others that are worth recovering from a slip of the pen alone.
    - `homoglyphs`: character -> Latin letters; `leet`: symbol -> candidate letters, best first;
      `emoji`: emoji -> words.
    - `common`: words that say little but to whom ("you"), recovered from slips as well;
    - `names`: what is written with a capital and is as near to an offensive word as its slips are,
      a space between;
    - `meant`: words that their neighbours may tell; `slips`: known word -> those of them that it
      may be a slip for, with the bits that neighbours must speak for each; `context`: how far they
      do, None where all is read by its letters alone.
    """

    vocabulary: Mapping[str, int]
    offensive: Mapping[str, int]
    homoglyphs: Mapping[str, str] = field(default_factory=dict)
    leet: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    emoji: Mapping[str, str] = field(default_factory=dict)
    telling: Mapping[str, int] = field(default_factory=dict)
    meant: Collection[str] = ()
    slips: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    context: Context | None = None
    names: str = ""
    common: Collection[str] = ()

    def to_json(self) -> dict[str, Any]:
        """The small tables, as stored in a model file (the vocabulary is an array there).

        Lists of words are one string, a space between: as a list they took half as much again.
        """
        return {
            "offensive": " ".join(self.offensive),
            "telling": " ".join(self.telling),
            "homoglyphs": dict(self.homoglyphs),
            "leet": {symbol: list(letters) for symbol, letters in self.leet.items()},
            "emoji": dict(self.emoji),
            "meant": " ".join(self.meant),
            "slips": {word: dict(meant) for word, meant in self.slips.items()},
            "names": self.names,
            "common": " ".join(self.common),
        }


def place_words(words: list[str], spots: list[int], core: str) -> Iterable[Word]:
    """Give each of `words`, which were read out of `core`, its range among `spots`."""
    if not spots:
        return
    if len(words) == 1:
        yield Word(words[0], spots[0], spots[-1] + 1)
        return
    # Glued words: their letters stand one after the other in the core.
    at = 0
    for number, word in enumerate(words):
        length = len(word) if number + 1 < len(words) else len(spots) - at
        length = max(1, min(length, len(spots) - at))
        if at >= len(spots):
            return
        yield Word(word, spots[at], spots[at + length - 1] + 1)
        at += length
