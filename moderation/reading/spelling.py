"""Misspelt words -> the telling word that was meant: a noisy channel over the model's vocabulary.

    unknown word ── one slip, or the same sound ──► telling words ── cheapest ──► word or None

The cost of a reading is in bits: how rare the word is (a Zipf prior) plus how unlikely the slip
(Kernighan, Church & Gale 1990). Slips are a letter dropped, doubled, added or hit beside its key,
and two neighbours swapped (Damerau 1964); they are looked up by deletions (the symmetric index of
SymSpell), so the work for a word grows with its length alone. Harmless words compete: what is as
near to "shirt" is not read as anything else. Short words are one slip from much, and an unknown
word with a capital may be a name, so the cost that is accepted grows with the length and falls for
known names.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import cached_property
from math import inf, log2

LIKELY = 20_000  # ranks of words common enough that a misspelt word may be one of them
SHORTEST, LONGEST = 3, 24  # letters of words that are repaired
LONG = 7  # letters of compounds that are looked for however rare: few words are near them …
STRONGEST = 100  # … where they hold one of the telling words of the first ranks
FEW = 20  # words that are repaired without the index: making it takes as long
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_VOWELS = "aeiouy"
_ALIKE = ("ck", "sz", "cs", "kq", "cq", "fv", "gj", "dt", "bp", "vw", "mn")  # sounds near by
_LOOK_ALIKE = ("uv", *(f"x{vowel}" for vowel in "aeiou"))  # "stvpid"; an x masks a vowel: "stxpid"

# Bits for each kind of slip. People double and swap letters more often than they miss a key; a
# wrong first letter is rare, for that is the one that people see.
DOUBLED, SWAPPED, DROPPED_TWIN, DROPPED_VOWEL, DROPPED, REPLACED, BESIDE, ADDED = (
    1.0, 2.0, 1.0, 2.5, 3.5, 3.0, 3.5, 5.0,
)  # fmt: skip
FIRST_LETTER = 5.0
SOUND = 2.0
LIKE_LENGTHS = 4  # letters by which words of one sound differ less
MILD = 1.0  # to miss a word that tells less costs less than to see it where it was not meant
# Bits that a reading may cost, by letters of the word as written; longer words take the last.
# Chosen so that among unknown words of comments, those read as an offensive word are at least three
# times as frequent in toxic comments as in harmless ones. Readings as a mild word may cost less.
# With a capital it is less still for mild words and for what people and towns are called; so it is
# for three capitals, which are mostly abbreviations.
LIMITS = (0.0, 0.0, 0.0, 15.2, 14.9, 16.5, 17.5, 18.5, 19.0, 20.0)
MILD_LIMITS = (0.0, 0.0, 0.0, 14.9, 14.4, 16.5, 17.5, 18.0, 18.5, 18.5)
NAME_LIMITS = (0.0, 0.0, 0.0, 8.0, 10.2, 12.3, 13.5, 14.9, 16.5, 16.5)


class Written(Enum):
    """How a word is written: with a capital as names are; in three capitals; otherwise."""

    NAME, SHORT, PLAIN = range(3)


def _neighbours() -> dict[str, str]:
    near: dict[str, set[str]] = {letter: set() for letter in _LETTERS}
    pairs = [pair for row in _ROWS for pair in itertools.pairwise(row)]
    for upper, lower in itertools.pairwise(_ROWS):
        pairs += [(letter, other) for i, letter in enumerate(lower) for other in upper[i : i + 2]]
    for letter, other in pairs:
        near[letter].add(other)
        near[other].add(letter)
    return {letter: "".join(sorted(others)) for letter, others in near.items()}


NEAR = _neighbours()  # letter -> the letters on the keys around it (QWERTY)
# Letter written -> letters that may have been meant: neighbouring keys, vowels, like sounds, looks.
MEANT = {
    letter: frozenset(
        {*near, *(_VOWELS if letter in _VOWELS else "")}.union(
            *(pair for pair in (*_ALIKE, *_LOOK_ALIKE) if letter in pair)
        )
    )
    - {letter}
    for letter, near in NEAR.items()
}

# Spellings by sound, rewritten in this order on both sides; what is left is compared.
_SOUNDS = tuple(
    (letters, re.compile(pattern), sound)
    for letters, pattern, sound in (  # letters that must be there
        ("ph", r"ph", "f"),
        ("qu", r"qu(?=[aeiou])", "kw"),
        ("c", r"ck|cc|c(?![eiyh])", "k"),
        ("c", r"c(?=[eiy])", "s"),
        ("x", r"x", "ks"),
        ("z", r"z", "s"),
        ("h", r"[ae]h(?![aeiou])", "a"),
        ("", r"(?:er|uh|ur)(?=s?$)", "a"),
        ("n", r"(?:in|een)$", "ing"),
        ("", r"ee|ea|ie|y", "i"),
        ("o", r"oo|ou", "u"),
        ("", r"(.)\1+", r"\1"),
    )
)
_SOUNDING = re.compile(r"ph|[kqxzy]|[ae]h|ee|ea|ie|oo|ou|(.)\1|(?:a|uh|ur)s?$|in$")


def sound_of(word: str) -> str:
    """A key that words of one sound share: "phuk", "fuck"; "stoopid", "stupid".

    Of the kind of Metaphone (Philips 1990), with the vowels kept: few letters tell little.
    """
    for letters, pattern, sound in _SOUNDS:
        if letters in word:
            word = pattern.sub(sound, word)
    return word


# A coarser key, made letter by letter so that numpy can make it for many words: words of one sound
# have one skeleton. Letters by their class; " " is silent.
SKELETON = str.maketrans("aeiouyfpcksqxzhw", "aaaaaappkkkkkk  ")
_SKELETON_END = re.compile(r"r(?=k?$)|(?<=n)g$")
_RUN = re.compile(r"(.)\1+")


def skeleton_of(word: str) -> str:
    """Classes of sounds in a row, without silent letters, runs and what is not heard at the end."""
    classes = _RUN.sub(r"\1", word.translate(SKELETON).replace(" ", ""))
    return _RUN.sub(r"\1", _SKELETON_END.sub("", classes))


def slip_cost(written: str, meant: str) -> float | None:
    """Bits for writing `written` where `meant` was meant; None where that is not one slip."""
    n, m = len(written), len(meant)
    at = 0
    while at < n and at < m and written[at] == meant[at]:
        at += 1
    if n == m:
        if at == n:
            return None
        first = 0.0 if at else FIRST_LETTER
        if written[at + 1 :] == meant[at + 1 :]:
            return REPLACED + first if meant[at] in MEANT.get(written[at], "") else None
        swapped = written[at : at + 2] == meant[at : at + 2][::-1]
        return SWAPPED + first if swapped and written[at + 2 :] == meant[at + 2 :] else None
    if m == n + 1:
        if not at or meant[at + 1 :] != written[at:]:
            return None
        if meant[at] == meant[at - 1] or meant[at : at + 1] == meant[at + 1 : at + 2]:
            return DROPPED_TWIN
        return DROPPED_VOWEL if meant[at] in _VOWELS else DROPPED
    if n == m + 1 and written[at + 1 :] == meant[at:]:
        beside = written[max(0, at - 1) : at] + written[at + 1 : at + 2]
        if written[at] in beside:
            return DOUBLED
        near = any(written[at] in NEAR.get(letter, "") for letter in beside)
        return (BESIDE if near else ADDED) + (0.0 if at else FIRST_LETTER)
    return None


def slips_of(word: str) -> list[str]:
    """Every string that `word` may be one slip of: about forty for each of its letters."""
    lines: list[str] = []  # joined and split: one by one they take nearly twice as long
    for i, letter in enumerate(word):
        head, tail = word[:i], word[i + 1 :]
        lines.append(head + tail)
        if letter in MEANT:
            lines.append(head + f"{tail}\n{head}".join(MEANT[letter]) + tail)
        if tail and tail[0] != letter:
            lines.append(head + tail[0] + letter + tail[1:])
        lines.append(head + letter + f"{tail}\n{head}{letter}".join(_LETTERS) + tail)
    return "\n".join(lines).split("\n")


class Speller:
    """Reads unknown words as telling ones. Thread-safe.

    `known`: word -> rank in use; `telling`: the words worth recovering, of which those that are
    common enough are looked for. `mild`: others, which must be likelier. Those of three letters are
    looked for among words of three letters, which are few if nobody knows them, and by sound.
    `meant`: those that the neighbours of a word may tell, where its letters are not enough.
    `common`: mild ones too that are looked for among words of three letters as well ("you").
    `names`: words written with a capital that are as near to an offensive word as its slips are,
    white space between.
    """

    def __init__(
        self,
        known: Mapping[str, int],
        telling: Collection[str],
        mild: Collection[str] = (),
        meant: Collection[str] = (),
        names: str = "",
        common: Collection[str] = (),
    ) -> None:
        self._known = known
        self._common = frozenset(common)
        self._names_listed = names
        self._meant = frozenset(meant)
        self._last: tuple[str, list[tuple[float, str]]] = ("", [])
        self._telling, self._less_telling = telling, mild
        self._looked = 0
        self._by_deletion: dict[str, list[str]] | None = None
        self._by_sound: dict[str, list[str]] = {}
        self._by_first: dict[str, list[str]] = {}
        self._rival: Mapping[str, float] = {}

    # Made when the first unknown word comes: many a short text has none.
    @cached_property
    def _compounds(self) -> frozenset[str]:
        """Long telling words that have a common one inside."""
        known, telling = self._known, [w for w in self._telling if len(w) >= LONG]
        common = [
            word
            for word in itertools.islice(self._telling, STRONGEST)
            if len(word) > SHORTEST and known.get(word, LIKELY) < LIKELY
        ]
        inside = re.compile("|".join(map(re.escape, common)) or "(?!)")
        return frozenset(word for word in telling if inside.search(word))

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self._names_listed.split())

    @cached_property
    def _mild(self) -> frozenset[str]:
        return self._common.union(self._less_telling).difference(self._telling)

    @cached_property
    def _heard(self) -> frozenset[str]:
        words = (*self._telling, *self._mild)
        return frozenset(w for w in words if SHORTEST <= len(w) <= LONGEST and w.isalpha())

    @cached_property
    def _listed(self) -> frozenset[str]:
        mild = self._mild - self._common
        return frozenset(w for w in self._heard if len(w) > SHORTEST or w not in mild)

    def targets(self) -> list[str]:
        """The words that are looked for, in order of spelling."""
        return self._likely(self._listed)

    def harmless(self) -> dict[str, float]:
        """The words that compete with telling ones, and the bits that they cost without a slip."""
        listed = self._listed
        return {
            word: log2(rank + 8)
            for word, rank in self._known.items()
            if rank < LIKELY
            and len(word) <= LONGEST + 1
            and word not in listed
            and word.isascii()
            and word.isalpha()
        }

    def learn(self, rivals: Mapping[str, float]) -> None:
        """Take what it costs to read words as harmless ones, instead of what was taken before.

        Infinite where they are none. For many words that is found at once (`sieve`).
        """
        self._rival = rivals

    def heard(self) -> list[str]:
        """The words that are looked for by their sound: mild ones of three letters too."""
        return self._likely(self._heard)

    def _likely(self, words: Iterable[str]) -> list[str]:
        known = self._known
        return sorted(word for word in words if self._is_likely(word, known.get(word)))

    def _is_likely(self, word: str, rank: int | None) -> bool:
        """Whether a misspelt word may be `word`: it is common, or a long compound."""
        if rank is None:
            return False
        return rank < LIKELY or (len(word) >= LONG and word in self._compounds)

    def may_sound(self, word: str) -> bool:
        """Whether a telling word sounds like `word`: a filter, seldom wrongly true."""
        if self._by_deletion is None:
            self._make_indexes()
        return _SOUNDING.search(word) is not None and sound_of(word) in self._by_sound

    def read(self, word: str, written: Written = Written.PLAIN) -> str | None:
        """The telling word that `word` (lower-case ASCII letters, unknown) is a slip of."""
        if not SHORTEST <= len(word) <= LONGEST:
            return None
        best = min(self._weigh(word), default=None)
        if best is None or best[0] > self._limit(word, best[1], written):
            return None
        rival = self._rival.get(word)
        if rival is None:
            rival = next(self._rivals(word, best[0]), inf)
        return None if rival < best[0] else best[1]

    def nears(self, word: str, margin: float) -> bool:
        """Whether `word`, no telling one itself, is within `margin` bits of being read as one.

        Mild ones are left out, and harmless words do not compete here.
        """
        if word in self._telling or word in self._mild:
            return False
        near = (
            cost - self._limit(word, target, Written.PLAIN)
            for cost, target in self._weigh(word)
            if target not in self._mild
        )
        return min(near, default=margin + 1) <= margin

    def doubts(self, word: str) -> bool:
        """Whether neighbours may tell that `word`, which is not read as another, is a slip."""
        if not self._meant or not SHORTEST <= len(word) <= LONGEST:
            return False
        limit, meant = LIMITS[min(len(word), len(LIMITS) - 1)], self._meant
        return any(cost <= limit and target in meant for cost, target in self._weigh(word))

    def others(self, word: str, written: Written = Written.PLAIN) -> dict[str, float]:
        """What `word`, of which `doubts` is true, may be a slip for.

        With the bits that neighbours must speak for each: by so many its cost is above the limit,
        or above that of reading a harmless word.
        """
        size = min(len(word), len(LIMITS) - 1)
        costs: dict[str, float] = {}
        for cost, target in sorted(self._weigh(word)):
            if cost <= LIMITS[size] and target in self._meant:
                costs.setdefault(target, cost)
        own = {target: self._limit(word, target, written) for target in costs}
        rival = self._rival.get(word)
        if rival is None:
            rival = min(self._rivals(word, max(own.values(), default=0.0)), default=inf)
        return {target: cost - min(own[target], rival) for target, cost in costs.items()}

    def _limit(self, word: str, target: str, written: Written) -> float:
        """The bits that reading `word` as `target` may cost."""
        mild, limits = target in self._mild, LIMITS
        if written is Written.SHORT or (written is Written.NAME and (mild or word in self._names)):
            limits = NAME_LIMITS
        elif mild:
            limits = MILD_LIMITS
        return limits[min(len(word), len(limits) - 1)]

    def _weigh(self, word: str) -> list[tuple[float, str]]:
        """The telling words that `word` may be a slip of, each with the bits that it costs."""
        last = self._last  # most often the same word is asked for again
        if last[0] == word:
            return last[1]
        known, mild = self._known, self._mild
        costs: list[tuple[float, str]] = []
        for target, slip in self._candidates(word):
            rank = known.get(target)
            if rank is not None and self._is_likely(target, rank):
                cost = slip + log2(rank + 8)
                costs.append((cost + MILD if target in mild else cost, target))
        self._last = (word, costs)
        return costs

    def _rivals(self, word: str, most: float) -> Iterator[float]:
        """What it costs to read `word` as harmless words, those below `most`, in no order."""
        known = self._known
        for other in filter(known.__contains__, slips_of(word)):
            rank = known[other]
            if rank < LIKELY and other not in self._listed and log2(rank + 8) < most:
                slip_of_other = slip_cost(word, other)
                if slip_of_other is not None and slip_of_other + log2(rank + 8) < most:
                    yield slip_of_other + log2(rank + 8)

    def _candidates(self, word: str) -> Iterator[tuple[str, float]]:
        index = self._by_deletion
        if index is None:
            self._looked += 1
            if self._looked > FEW:
                index = self._make_indexes()
        for target in self._near(word, index):
            slip = slip_cost(word, target)
            if slip is not None and (len(target) > SHORTEST or len(word) == SHORTEST):
                yield target, slip
        if not _SOUNDING.search(word):
            return
        sound = sound_of(word)
        if index is not None:
            alike: Iterable[str] = [
                target
                for target in self._by_sound.get(sound, ())
                if target[0].translate(SKELETON) == word[0].translate(SKELETON)
                and abs(len(target) - len(word)) < LIKE_LENGTHS
            ]
        else:
            if not self._by_first:
                by_first: dict[str, list[str]] = {}
                for target in sorted(self._heard):
                    by_first.setdefault(target[0].translate(SKELETON), []).append(target)
                self._by_first = by_first
            size = len(word)
            alike = [
                target
                for target in self._by_first.get(word[0].translate(SKELETON), ())
                if abs(len(target) - size) < LIKE_LENGTHS and sound_of(target) == sound
            ]
        for target in alike:
            yield target, SOUND

    def _near(self, word: str, index: Mapping[str, Sequence[str]] | None) -> Iterable[str]:
        """Telling words that share all letters but one with `word`, in order."""
        if index is None:
            return self._listed.intersection(slips_of(word))
        near = set(index.get(word, ()))
        for i in range(len(word)):
            shorter = word[:i] + word[i + 1 :]
            if shorter in index:
                near.update(index[shorter])
        return near

    def _make_indexes(self) -> dict[str, list[str]]:
        by_deletion: dict[str, list[str]] = {}
        by_sound: dict[str, list[str]] = {}
        for target in self.targets():
            for shorter in {target, *(target[:i] + target[i + 1 :] for i in range(len(target)))}:
                by_deletion.setdefault(shorter, []).append(target)
        for target in self.heard():
            by_sound.setdefault(sound_of(target), []).append(target)
        self._by_sound = by_sound
        self._by_deletion = by_deletion  # last: who finds it finds the other too
        return by_deletion
