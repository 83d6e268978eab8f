"""Symbols in the place of letters -> the word behind them: "1d10t", "sh!t", "f*ck", "i.d.i.o.t".

    core of a chunk ── unleet ──► symbols read as the letters that they look like
                    └─ unmask ──► the likeliest word that fits what is left of it

Nothing is read unless a known word comes out, and mostly an offensive one: who hides letters has a
reason, and numbers, codes and file names are full of symbols too.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Collection, Mapping

from moderation.reading.gluing import RARE, Splitter
from moderation.reading.spelling import FEW

MASKED = 5_000  # ranks of harmless words that are read where letters are starred out
SHORT = 600  # ranks of harmless words of three letters that are read: "y0u", but not "w3c"
HIDDEN = 4.0  # bits: letters of an offensive word are starred out so much more often
MASKS = "*#_.@%$&!?+~^-"  # symbols that letters are masked with
LONGEST_MASKED = 20  # letters and symbols of a word with masks
_MASKED = re.compile(f"[a-z{re.escape(MASKS)}]+")
_GLYPHS = frozenset("0123456789@$")
_TWO_LETTERS = frozenset("1!|")  # an "i" or an "l"
_ANY = "\0"  # in a trace: a symbol that may stand for several letters
_NO_LETTERS = re.compile(r"[^a-z]+")
_SYMBOLS = re.compile(r"[\W_]+")
_CODE = re.compile(r"[a-z]{1,2}\d{2,3}|\d[a-z]\d\d")  # "sh17", "5h17": parts, rooms, plates
_APART = re.compile(r"[^.*_~-](?:([.*_~-])[^.*_~-])(?:\1[^.*_~-]){2,}")  # one sign between them all
_RUNS = re.compile(r"(.)\1+")
# Words by a letter and their length, the likeliest first: the bits by which each surprises, then
# what decides between equals: the length, or where words are found by their last letter the number
# of their first letter and length as they come.
Pool = dict[tuple[str, int], list[tuple[float, int, str]]]


class Disguises:
    """Reads what symbols and digits hide. Thread-safe.

    `known`: word -> rank in use; `offensive`: word -> rank among the words worth recovering;
    `leet`: symbol -> the letters that it may stand for, best first; `longest`: code points of the
    longest core that is read.
    """

    def __init__(
        self,
        known: Mapping[str, int],
        offensive: Mapping[str, int],
        leet: Mapping[str, tuple[str, ...]],
        splitter: Splitter,
        *,
        longest: int,
    ) -> None:
        self._known = known
        self._offensive = offensive
        self._leet = leet
        self._splitter = splitter
        self._longest = longest
        self._first_choice: dict[int, str | None] = {ord("'"): None}
        signs = {sign: of for sign, of in leet.items() if len(sign) == 1 and not sign.isalpha()}
        self._first_choice.update((ord(sign), of[0]) for sign, of in signs.items())
        self._last_choice = self._first_choice | {
            ord(sign): of[-1] for sign, of in signs.items() if sign in _TWO_LETTERS
        }
        self.glyphs = {ord(sign): leet[sign][0] for sign in _GLYPHS if sign in leet}
        self._pools: dict[tuple[bool, int], Pool] = {}
        self._traces: tuple[dict[int, str | None], frozenset[str]] | None = None
        self._unleeted = 0
        self.cleared: Collection[str] = ()

    def learn(self, clear: Collection[str]) -> None:
        """Take cores that neither `read` nor `Repairer.respelled` makes anything of.

        They come instead of what was taken before. For many that is found at once (`sieve`).
        """
        self.cleared = clear

    def read(self, core: str) -> list[str] | None:
        """A core with symbols or digits in it, read as the word that it hides; None if none."""
        if len(core) > self._longest or len(core) < 3:
            return None
        if not core.isalnum() and _APART.fullmatch(core):  # i.d.!.0.t
            joined = core[::2]
            meant = None if joined.isalpha() else self.unleet(joined)
            if meant in self._offensive and sum(map(str.isalpha, joined)) > 2:
                return [str(meant)]
        parts = [p for p in _SYMBOLS.split(core) if p]
        if len(parts) >= 3 and all(len(p) == 1 for p in parts):  # i.d.i.o.t, f-u-c-k
            joined = "".join(parts)
            if joined.isalpha():
                if joined in self._offensive or (len(joined) > 3 and joined in self._known):
                    return [joined]
                found = self._splitter.split(joined)
                if found is not None or "*" not in core:
                    return found
        if (
            len(parts) >= 2
            and all(p in self._known and len(p) >= 3 for p in parts)
            and not any(c in "*#@$%" for c in core)
        ):
            return None  # "well-known", "and/or"
        read = self.unleet(core)
        read = self.unmask(core, read) or read
        if read is not None:
            return [read]
        if len(parts) >= 2:  # id.iot, stu_pid
            joined = "".join(parts)
            if (
                joined.isalpha()
                and joined in self._offensive
                and any(p not in self._known or len(p) <= 2 for p in parts)
            ):
                return [joined]
        return None

    def unleet(self, core: str) -> str | None:
        """Digits and symbols read as letters; accepted only where a known word comes out."""
        leet = self._leet
        signs = [char for char in core if not char.isalpha()]
        letters = len(core) - len(signs)
        total, swapped = 1, 0
        for char in signs:
            if char in leet:
                total *= len(leet[char])
                swapped += 1
            elif char != "'":
                return None
        if total > 256 or swapped == 0 or (letters == 0 and any(map(str.isdigit, signs))):
            return None
        if len(core) <= 4 and _CODE.fullmatch(core):
            return None
        if self._may_be_leet(core):
            found = self._worst(core, short=swapped + letters <= 3)
            if found is not None:
                return found
        if letters * 2 < len(core) or not core[0].isalpha() or core[:-1].isalpha():
            return None
        for word in self.likely(core):
            if len(word) >= 3 and word.isalpha():
                rank = self._known.get(word)
                if rank is not None and (len(word) > 3 or rank < SHORT):
                    return word
        return None

    def likely(self, core: str) -> tuple[str, str]:
        """`core` with the first choice of letters for each symbol and digit, and once more with an
        "l" for each that may be one ("l1berals", "repub1icans")."""
        return core.translate(self._first_choice), core.translate(self._last_choice)

    def _worst(self, core: str, *, short: bool) -> str | None:
        """The first choice among the offensive words that `core` may be, digits read as letters.

        Runs are made one letter too, unless it is `short`.
        """
        leet = self._leet
        options = [
            (char,) if char.isalpha() else leet[char]
            for char in core
            if char.isalpha() or char in leet
        ]
        best: tuple[int, str] | None = None
        for choice in itertools.product(*options):
            candidate = "".join(choice)
            rank = self._offensive.get(candidate)
            if rank is None and not short:
                squeezed = _RUNS.sub(r"\1", candidate)
                rank = self._offensive.get(squeezed)
                if rank is not None:
                    candidate = squeezed
            if (
                rank is not None
                and len(candidate) >= 3
                and (best is None or (rank, candidate) < best)
            ):
                best = (rank, candidate)
        return None if best is None else best[1]

    def letters_of(self, core: str) -> str | None:
        """`core` with the likeliest letter for each digit, "@" and "$"; it may be misspelt too.

        None where other symbols are in it, where fewer than half of five or more are letters, and
        where the last alone is none ("tool2").
        """
        if len(core) < 5 or core[:-1].isalpha():
            return None
        word = core.translate(self.glyphs)
        if not word.isalpha():
            return None
        return word if sum(map(str.isalpha, core)) * 2 >= len(core) else None

    def _may_be_leet(self, core: str) -> bool:
        """Whether an offensive word may come out of `core` at all: a filter, seldom wrongly true.

        Letters that one symbol may stand for are taken for one letter, and a run for one: that is
        a trace which every reading of a word shares.
        """
        if self._traces is None:
            self._unleeted += 1
            if self._unleeted <= FEW:
                return True  # to make the traces takes as long
        alike, known = self.traces()
        trace = _RUNS.sub(r"\1", core.translate(alike))
        return trace in known or _ANY in trace

    def traces(self) -> tuple[dict[int, str | None], frozenset[str]]:
        """Symbols and letters -> the letter they are taken for; traces of the offensive words."""
        traces = self._traces
        if traces is None:
            traces = self._traces = self._make_traces()
        return traces

    def _make_traces(self) -> tuple[dict[int, str | None], frozenset[str]]:
        leet = self._leet
        symbols = {key: of for key, of in leet.items() if len(key) == 1 and not key.isalpha()}
        single = {key: of for key, of in symbols.items() if all(len(part) == 1 for part in of)}
        alike = {letter: letter for of in single.values() for letter in of}
        for of in single.values():
            group = {alike[letter] for letter in of}
            alike.update((letter, min(group)) for letter in alike if alike[letter] in group)
        table: dict[int, str | None] = {} if "'" in symbols else {ord("'"): None}
        table.update((ord(letter), taken) for letter, taken in alike.items())
        table.update((ord(key), _ANY) for key in symbols)
        table.update((ord(key), alike[of[0]]) for key, of in single.items())
        words = "\n".join(self._offensive).translate(table)
        return table, frozenset(_RUNS.sub(r"\1", words).split("\n"))

    def unmask(self, core: str, other: str | None = None) -> str | None:
        """A word with letters starred out ("f*ck", "id**t"): the likeliest that fits.

        The rarer a word, the less likely it was meant, but offensive words are starred out more
        often than others. `other` is another reading of the same letters, which competes.
        """
        if not 3 <= len(core) <= LONGEST_MASKED or not _MASKED.fullmatch(core):
            return None
        masks = {c for c in core if not c.isalpha()}
        letters = sum(map(str.isalpha, core))
        if not masks or not letters:
            return None
        first = core[0]
        if not first.isalpha() and letters < 3:
            return None
        if letters == 1 and masks != {"*"}:
            return None
        if not masks & set("*#@$%&!?+") and (letters < len(core) - 1 or letters < 3):
            return None  # "b.a", "x-y"
        size = len(core)
        # People star out what is offensive; of other words they leave the more.
        common = first.isalpha() and masks == {"*"} and letters * 2 >= size
        place = 0 if first.isalpha() else -1
        pool = self._maskable(common=common, place=place)
        # a lone star may stand for two letters
        sizes = range(size, size + core.count("*") + 1)
        if core[place].isalpha():
            keys = [(core[place], length) for length in sizes]
        else:
            keys = [key for key in pool if key[1] in sizes]
        # The letters that it begins and ends with, and the most of those between masks.
        starts, *between, stops = _NO_LETTERS.split(core)
        inner = max(between, key=len, default="")
        pattern: re.Pattern[str] | None = None
        price = 1.0 if masks <= set("*#_-") else 5.0  # "@" is rather an "a" than a mask
        best = (math.inf, 0, "")
        if other is not None:
            best = (self._surprise(other), -1, other)
        for key in keys:
            for cost, order, word in pool.get(key, ()):
                cost += price + (key[1] - size)
                if cost > best[0]:
                    break
                fits = word.startswith(starts) and word.endswith(stops) and inner in word
                if fits and (cost, order, word) < best:
                    pattern = pattern or _mask_pattern(core)
                    if pattern.fullmatch(word):
                        best = (cost, order, word)
        return best[2] or None

    def _surprise(self, word: str) -> float:
        """Bits by which a word surprises where letters are hidden."""
        bits = math.log2(self._known.get(word, RARE) + 8)
        return bits - HIDDEN if word in self._offensive else bits

    def _maskable(self, *, common: bool, place: int) -> Pool:
        """Offensive words, and with `common` common ones too; `place`: of the letter in the key."""
        pool = self._pools.get((common, place))
        if pool is None:
            pool = {}
            words = dict.fromkeys(self._offensive)
            if common:
                words.update((word, None) for word, rank in self._known.items() if rank < MASKED)
            order: dict[tuple[str, int], int] = {}
            for word in words:
                if len(word) >= 3:
                    number = len(word)
                    if place:
                        number = order.setdefault((word[0], number), len(order))
                    key = word[place], len(word)
                    pool.setdefault(key, []).append((self._surprise(word), number, word))
            for some in pool.values():
                some.sort()
            self._pools[common, place] = pool
        return pool


def _mask_pattern(core: str) -> re.Pattern[str]:
    """What a word with masks in it may be: one letter for each, or two for a star alone."""

    def letters(masks: re.Match[str]) -> str:
        if len(masks.group()) == 1:
            return "[a-z]{1,2}" if masks.group() == "*" else "[a-z]"
        return f"[a-z]{{{len(masks.group())}}}"

    return re.compile(_NO_LETTERS.sub(letters, core))
