"""How somebody speaks: the register of a paragraph, between report and remark.

Nothing here decides alone. Words inside quotation marks do not count: a reporter quotes people
who say "I" and ask questions.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_SENTENCE_END = ".!?…。！？"
_QUOTES = {"“": "”", "„": "“”", "«": "»", "‘": "’", "‹": "›", '"': '"', "「": "」"}
_OPENS = re.compile("[" + "".join(_QUOTES) + "]")


@cache
def words(table: str) -> frozenset[str]:
    """One table of `words.json`."""
    return frozenset(_tables()[table])


@cache
def _tables() -> dict[str, Any]:
    source = files("moderation.threads.dumps").joinpath("words.json")
    tables: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    return tables


def split_words(text: str) -> list[str]:
    """Words in lower case, with a typewriter's apostrophe."""
    return [word.replace("’", "'").lower() for word in _WORD.findall(text)]


def quotations(text: str) -> tuple[list[str], str]:
    """What stands between quotation marks, and the text without it.

    A mark that is not closed within `QUOTATION_LIMIT` opens nothing. A single mark inside a word
    is an apostrophe. Linear in the length of `text`.
    """
    quoted: list[str] = []
    rest: list[str] = []
    closings: dict[str, list[int]] = {}
    position = 0
    for match in _OPENS.finditer(text):
        index = match.start()
        if index < position or (index and text[index - 1].isalnum()):
            continue
        closers = _QUOTES[match.group()]
        if closers not in closings:
            closings[closers] = _closings(text, closers)
        ends = closings[closers]
        following = bisect_right(ends, index)
        if following == len(ends) or ends[following] - index > QUOTATION_LIMIT:
            continue
        rest.append(text[position:index])
        quoted.append(text[index + 1 : ends[following]].strip())
        position = ends[following] + 1
    rest.append(text[position:])
    return quoted, " ".join(rest)


QUOTATION_LIMIT = 2000  # code points: a longer one is a mark left open


def _closings(text: str, closers: str) -> list[int]:
    """Positions of closing marks that are no apostrophes."""
    return [
        index
        for index, character in enumerate(text)
        if character in closers
        and not (text[index - 1 : index].isalnum() and text[index + 1 : index + 2].isalnum())
    ]


ENOUGH = 10_000  # code points that show how somebody speaks


@dataclass(frozen=True, slots=True)
class Register:
    """Counts in one paragraph, outside quotations."""

    words: int
    first_person: int
    second_person: int
    informal: int
    contractions: int
    questions: int
    exclamations: int
    lower_starts: int
    shouted: int
    quoted: tuple[str, ...]

    @property
    def remark(self) -> float:
        """Weight of evidence for a remark (positive) against a report (negative), about [-2, 4].

        Weights were set by hand on the development documents; each kind of cue is capped, so that
        one habit alone cannot decide.
        """
        weight = -0.5 if self.words >= 12 else 0.0
        weight -= min(self.words, 120) / 120
        weight += min(self.first_person, 2) * 0.9
        weight += min(self.second_person, 2) * 0.5
        weight += min(self.informal, 2) * 0.8
        weight += min(self.contractions, 2) * 0.35
        weight += min(self.questions, 2) * 0.7
        weight += min(self.exclamations, 2) * 0.4
        weight += min(self.lower_starts, 2) * 0.5
        weight += min(self.shouted, 2) * 0.15
        return weight


def measure(text: str) -> Register:
    """Read the register of one paragraph, by its first `ENOUGH` code points."""
    text = text[:ENOUGH]
    quoted, rest = quotations(text)
    found = split_words(rest)
    sentences = [piece for piece in re.split(r"(?<=[.!?…])\s+", rest.strip()) if piece.strip()]
    raw = _WORD.findall(rest)
    return Register(
        words=len(found),
        first_person=_count(found, "first_person"),
        second_person=_count(found, "second_person"),
        informal=_count(found, "informal"),
        contractions=_count(found, "contractions"),
        questions=sum(1 for sentence in sentences if "?" in sentence[-4:]),
        exclamations=sum(1 for sentence in sentences if "!" in sentence[-4:]),
        lower_starts=sum(1 for sentence in sentences if sentence[0].islower()),
        shouted=sum(1 for word in raw if len(word) > 3 and word.isupper()),
        quoted=tuple(quoted),
    )


def _count(found: Iterable[str], table: str) -> int:
    known = words(table)
    return sum(1 for word in found if word in known)


_COUNT = re.compile(r"[+~]?\d[\d.,]*\s?[kKmM]?")  # "2.9k": votes


def name_score(text: str) -> float:
    """How much a line looks like the name of an author, in [0, 1]; from its shape alone."""
    text = text.strip()
    if not text or len(text) > 50 or text[-1] in "!?…,;:。！？" or "://" in text:
        return 0.0
    if text[-1] == "." and len(text.split()[-1]) > 3:
        return 0.0  # "Anna B." is a name, "Its about time." none
    tokens = text.split()
    if len(tokens) > 6 or _COUNT.fullmatch(text):
        return 0.0
    letters = [token for token in tokens if any(character.isalpha() for character in token)]
    if not letters:
        return 0.0
    lowered = [token.lower().strip("\"'()[]") for token in letters]
    function = sum(
        1 for word in lowered if word in words("function_words") and word not in words("particles")
    )
    capital = sum(1 for token in letters if not token[0].islower())
    score = {1: 0.8, 2: 0.9, 3: 0.8, 4: 0.6, 5: 0.4, 6: 0.3}[len(tokens)]
    if len(tokens) > 1:
        score *= 0.35 + 0.65 * capital / len(letters)
    score *= 0.5**function
    if any(mark in text for mark in ",;?!") or ": " in text:
        score *= 0.5
    return score


def prose(text: str) -> bool:
    """Whether a paragraph is running text rather than a title, a menu or a name."""
    count = len(split_words(text[:ENOUGH]))
    if not count:
        return len(text) > 30 and any(character in _SENTENCE_END for character in text)
    return count >= 6 and (count >= 20 or text.rstrip("\"'”’» ")[-1:] in _SENTENCE_END)
