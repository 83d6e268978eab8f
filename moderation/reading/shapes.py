"""What the bytes of many chunks are, as masks: one number a chunk, one bit a byte.

A chunk of up to 64 bytes fits the bits of one number. Which of its bytes are letters, stops or
digits is a mask, and where a word begins or what stands about it is arithmetic on masks: a few
steps for all chunks at once, on a sixth of the memory that a number for each byte would take.
"""

from __future__ import annotations

import numpy as np

from moderation.reading.chunks import I64, U8, U64, Bools, eights, keep_bytes, where
from moderation.reading.words import MAX_WORD

# Common signs of three bytes: each of the three becomes one byte that UTF-8 never has.
_SIGNS = dict(zip("“”‘’…—–", range(0xF8, 0x100), strict=False))
_SIGN_OF = np.zeros(256, np.uint8)  # by the last byte; the others are e2 80
_SIGN_OF[[sign.encode()[2] for sign in _SIGNS]] = list(_SIGNS.values())

_SMALL = "abcdefghijklmnopqrstuvwxyz"
_LETTERS = _SMALL + _SMALL.upper()
_DIGITS = "0123456789"
# Kinds of bytes, eight to a table; the expressions of `text` say the same.
_KINDS = (
    {
        "letter": _LETTERS,
        "small": _SMALL,
        "lead": "\"'([*_-“‘—",
        "tail": ".,!?;:)]\"'*_-…”’—",
        "stop": ".!?…",
        "close": ".!?)]\"'*…”’",
        "straight": "'",
        "curly": "’",
    },
    {
        "digit": _DIGITS,
        "tie": _LETTERS + '!"()+,-./:;<=>?[\\]^_`{|}~“”…—–',  # about tied words: not @ # & ' * $ %
        "outer": _LETTERS + '"()[]{}<>.,!?;:*_~-/\\|^=`“”…—–',  # about one word
        "in number": _DIGITS + ".,:/%'x-",
        "about number": "!\"$%'()*+,-./:;<=>?[\\]^`{|}~“”‘’…—–",
        "stripped": ".,?;:\"'()[]{}<>“”…",  # about tied words: what every reading leaves off
        "hyphen": "-._~",  # between two letters: could stand for a third one
        "pause": ':,;"',  # never stands for a letter
    },
    {
        "exclaim": "!",
        "question": "?",
        "quote": '"“',
        "star": "*_",
        "point": ".",
        "s": "sS",
        "w": "wW",
        "x": "xX",
    },
    {
        # About a word with numbers, and between them: what stands for no letter beside a digit.
        "about numbered": '"()[]{}<>.,!?;:_~-/\\|^=`',
        "in numbered": '.,:;"]',
        "single in numbered": "-_~",
        "before bracket": '.,:"]',
        "bracket": "[",
        "colon": ":",
        "p or s": "pPsS",
        "bare": "\"'()[]{}<>.,!?;:_~-+/\\|^=`",  # says nothing of its own: not * # @ $ % &
    },
)
_PLACE = {kind: (number, 1 << bit) for number, kinds in enumerate(_KINDS)
          for bit, kind in enumerate(kinds)}  # fmt: skip


def _table(kinds: dict[str, str]) -> bytes:
    table = np.zeros(256, np.uint8)
    for bit, characters in enumerate(kinds.values()):
        table[[_SIGNS.get(character, ord(character)) for character in characters]] |= 1 << bit
    return table.tobytes()


_TABLES = tuple(map(_table, _KINDS))
_NARROW, _WIDE = 16, 64  # bytes of a row: most chunks fit a narrow one
ONE = np.uint64(1)


class Shapes:
    """The chunks `codes[start[i]:end[i]]` (UTF-8, none empty) of MAX_WORD bytes at most.

    Arrays by chunk, those that fit a narrow row first, else as they were given: `at`: which of
    those given; `start`, `length`: where they stand in `codes`. A mask is uint64: bit i says
    something of byte i. `full` has a bit for every byte.
    """

    def __init__(self, codes: U8, start: I64, end: I64) -> None:
        length = end - start
        short = length <= _NARROW
        narrow, wide = where(short), where(~short & (length <= MAX_WORD))
        self.at = np.concatenate([narrow, wide])
        self.start, self.length = start.take(self.at), length.take(self.at)
        self.full = (ONE << self.length.view(np.uint64)) - ONE
        self._narrow = len(narrow)
        rows = [
            _rows(codes, self.start[part], self.length[part], width)
            for part, width in (
                (slice(len(narrow)), _NARROW),
                (slice(len(narrow), None), _WIDE),
            )
        ]
        code = np.concatenate(rows)
        begins = where(code == 0xE2)
        if len(begins):
            sign = _SIGN_OF[code[begins + 2]]
            sign[code[begins + 1] != 0x80] = 0
            begins, sign = begins[sign > 0], sign[sign > 0]
            for place in range(3):
                code[begins + place] = sign
        self._codes = code.tobytes()
        self._kinds: dict[int, U8] = {}

    def __len__(self) -> int:
        return len(self.at)

    def mask(self, kind: str) -> U64:
        """Which bytes are of a kind."""
        number, bit = _PLACE[kind]
        kinds = self._kinds.get(number)
        if kinds is None:
            kinds = np.frombuffer(self._codes.translate(_TABLES[number]), np.uint8)
            self._kinds[number] = kinds
        packed = np.packbits(kinds & np.uint8(bit), bitorder="little")
        end = self._narrow * (_NARROW // 8)
        mask = np.empty(len(self.at), np.uint64)
        mask[: self._narrow] = packed[:end].view(np.uint16)
        mask[self._narrow :] = packed[end:].view(np.uint64)
        return mask


def _rows(codes: U8, start: I64, length: I64, width: int) -> U8:
    """The bytes of chunks in rows of `width`, zeros behind them, one row after the other."""
    eight = eights(codes)
    offset = np.arange(0, width, 8)
    place = start[:, None] + offset
    np.minimum(place, len(eight) - 1, out=place)  # what lies behind is not kept
    words = eight[place]
    words &= keep_bytes(length[:, None] - offset)
    rows: U8 = words.view(np.uint8).ravel()
    return rows


def lowest(mask: U64) -> U64:
    """The lowest bit of each mask, alone."""
    return mask & (~mask + ONE)


def place_of(bit: U64) -> I64:
    """The place of the highest bit of masks below 2^53, none of them 0."""
    place: I64 = (bit.astype(np.float64).view(np.int64) >> 52) - 1023
    return place


def below(place: I64) -> U64:
    """Masks of all bytes before each place."""
    return (ONE << place.view(np.uint64)) - ONE


def positions(mask: U64) -> tuple[I64, I64]:
    """The bits of all masks, in order: which mask, which place."""
    bits = np.unpackbits(mask.view(np.uint8), bitorder="little").nonzero()[0]
    return bits >> 6, bits & 63


def several(mask: U64) -> Bools:
    """Whether a mask has two bits or more."""
    more: Bools = (mask & (mask - ONE)) != 0
    return more
