"""Which letters with symbols and digits among them hide no word, for many at once."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from moderation.reading.chunks import KeyIndex, where
from moderation.reading.disguises import LONGEST_MASKED, MASKS, Disguises
from moderation.reading.letters import LONGEST_ROW, Letters, index_of
from moderation.reading.text import OUTER, PAUSE, PUNCTUATION, URL
from moderation.reading.words import MAX_WORD, Tables

_PARTED = re.compile(r"[\n,;:…\"“”]+|\.\.+|--+|__+|[?!]{2,}")  # at line ends and `text.PAUSE`
_WIDE = re.compile(r"[^\0-\x7f]")
_NO_SIGN = ","  # stands for no letter
# Kinds of characters within what may be a word in disguise; see `disguises.Disguises`.
_LETTER, _INNER, _ANY_SIGN, _NO_LEET, _MASK, _STAR, _NO_MASK, _NO_GLYPH = (1 << n for n in range(8))


class Signs:
    """Tells which letters with symbols and digits among them hide no word: what
    `Disguises.read` and `Repairer.respelled` make nothing of, for many at once.

    The letters that are written must not be an offensive word, whole or but for one (a symbol may
    stand for it); and the letters that the others look like must be no word that is read so.
    """

    def __init__(self, tables: Tables, disguises: Disguises, hollow: KeyIndex) -> None:
        self.hollow = hollow
        self.known = tables.vocabulary
        self.disguises = disguises
        alike, traces = self.disguises.traces()
        shown = [word for word in traces if word.isascii() and len(word) <= LONGEST_ROW]
        self.traces = index_of(Letters(shown).whole())
        self.leet = leet = tables.leet
        self.alike = np.arange(128, dtype=np.uint64)
        self.kinds = np.zeros(128, np.uint8)
        for code in range(128):
            sign = chr(code)
            taken = alike.get(code, sign)
            self.alike[code] = ord(taken or "\0")
            kinds = _LETTER if sign.isalpha() else 0
            kinds |= _INNER if sign.isalnum() else 0
            kinds |= _ANY_SIGN if not taken or taken == "\0" else 0
            if not sign.isalpha():
                kinds |= _NO_LEET if sign not in leet and sign != "'" else 0
                kinds |= _MASK if sign in "#@%$&!?+" else 0
                kinds |= _STAR if sign == "*" else 0
                kinds |= _NO_MASK if sign not in MASKS else 0
                kinds |= _NO_GLYPH if code not in self.disguises.glyphs else 0
            self.kinds[code] = kinds

    def clear(self, text: str) -> tuple[set[str], dict[str, str]]:
        """What stands in the lines of a text in lower case and hides nothing.

        Some may still be misspelt: those, and the letters that they look like.
        """
        shown = [line for line in text.split("\n") if len(line) <= 2 * MAX_WORD]
        # What pauses part is read on its own where the whole is no word.
        shown += [part for part in _PARTED.split(text) if part and not part.isalpha()]
        found: dict[str, None] = {}
        for low in shown:
            core = low.strip(OUTER)
            if 3 <= len(core) <= MAX_WORD and not core.isalpha():
                found[core] = found[low.strip(PUNCTUATION)] = None
        cores = [core for core in found if len(core) <= MAX_WORD]
        if not text.isascii():
            cores = [core for core in cores if core.isascii() or self._has_wide_signs_alone(core)]
        if not cores:
            return set(), {}
        letters = Letters([_WIDE.sub(_NO_SIGN, core) for core in cores])
        kinds = self.kinds[letters.code]
        every = np.bitwise_or.reduceat(kinds, letters.start)
        is_letter = kinds & _LETTER != 0
        count = np.add.reduceat(is_letter, letters.start, dtype=np.int64)
        size = letters.lengths()
        hidden = self.hollow.find(letters.part(is_letter)) >= 0
        # Letters with signs between them all are read together.
        inner = kinds & _INNER != 0
        beside = inner[1:] & inner[:-1] & (letters.owner[1:] == letters.owner[:-1])
        hidden |= (count > 2) & (np.bincount(letters.owner[1:][beside], minlength=len(cores)) == 0)
        # Symbols for several letters.
        many = (every & _MASK != 0) & (size - count > 1) | (every & _STAR != 0)
        hidden |= many & (every & _NO_MASK == 0) & (size <= LONGEST_MASKED)
        # Symbols and digits for the letters that they look like.
        leet = every & _NO_LEET == 0
        traces = Letters(cores, self.alike[letters.code]).squeezed()
        hidden |= leet & ((every & _ANY_SIGN != 0) | (self.traces.find(traces) >= 0))
        likely = self.disguises.likely
        for at in where(leet & ~hidden & (count * 2 >= size)).tolist():
            hidden[at] = not self.known.keys().isdisjoint(likely(cores[at]))
        clear = where(~hidden)
        glyphs = self.disguises.letters_of
        alike = {
            cores[at]: word
            for at in clear[every[clear] & _NO_GLYPH == 0].tolist()
            if (word := glyphs(cores[at])) is not None and word not in self.known
        }
        return {cores[at] for at in clear.tolist()}, alike

    def are_open(self, chunks: Sequence[str]) -> list[bool]:
        """Whether each chunk, words tied by signs and in lower case, is read word by word."""
        clear = self.clear("\n".join(chunks))[0]

        def is_clear(text: str) -> bool:
            if text.strip(OUTER) not in clear or text.strip(PUNCTUATION) not in clear:
                return False
            return URL.search(text) is None

        def is_open(chunk: str) -> bool:
            if not chunk.isascii() or not is_clear(chunk):
                return False
            parts = PAUSE.split(chunk.strip(OUTER))
            return len(parts) == 1 or all(
                not part or part.isalpha() or is_clear(part) for part in parts
            )

        return [is_open(chunk) for chunk in chunks]

    def _has_wide_signs_alone(self, core: str) -> bool:
        """Whether all that is not ASCII are signs which stand for no letter."""
        wide = _WIDE.findall(core)
        return not any(sign.isalnum() or sign in self.leet for sign in wide)
