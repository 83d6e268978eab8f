"""Readings of chunks, remembered: most of a text's words were read before.

chunks ── met before? ── id ──► arrays by id
   └── new ── plain or tied words, numbers: many at once ──► words, marks ──► items
            └ the rest: lexer.Lexer, one by one ───────────┘
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from moderation.features.items import HIDDEN, MARK_AT, NEW, Items, Sink, fill
from moderation.reading.chunks import (
    I32,
    I64,
    U8,
    U16,
    U64,
    Bools,
    Chunks,
    KeyIndex,
    bring_near,
    distinct,
    fetch,
    gather,
    where,
)
from moderation.reading.context import UNASKED, Second, Seconds
from moderation.reading.hashing import word_keys
from moderation.reading.lexer import Lexer
from moderation.reading.plain import MARKS, Tied, read_plain, read_tied, spell
from moderation.reading.vocabulary import Known
from moderation.reading.words import MAX_WORD, Reading

MAX_FEW = 50_000  # chunks that the dict for such texts holds before it starts again
MAX_CACHED = 300_000  # chunks remembered before the table starts again: about 60 MB
MAX_CACHED_CHARS = 8_000_000  # … or code points of them: a few megabyte-long chunks fill it too
FEW_CHUNKS = 24  # new chunks that are read one by one: arrays take as long
REPEATED = 500  # chunks whose facts are repeated for their words: to place them takes more calls

# Flags of chunks: see `lexer.Lexer.quick`.
END, SINGLE, UNKNOWN, HEAD, TAIL = 1, 2, 4, 8, 16
CAPITAL, SMALL = 32, 64  # of the letters as written: what segments are cut by
DOUBT = 128
ALL_FLAGS = 31 | DOUBT
_N_MARKS = np.array([len(marks) for marks in MARKS], np.int32)


class _New:
    """New chunks while they are read; arrays by chunk.

    `read`: it is read already, with others at once; of those, `marks` is the index in MARKS, and
    `words` holds triples of arrays, by word: its chunk, which of its words it is, its item.
    """

    def __init__(self, count: int) -> None:
        self.n_words = np.zeros(count, np.int32)
        self.n_marks = np.zeros(count, np.int32)
        self.flags = np.zeros(count, np.uint8)
        self.read = np.zeros(count, np.bool_)
        self.marks = np.zeros(count, np.int64)
        self.words: list[tuple[I64, I64 | int, I32]] = []

    def take(self, at: I64, n_words: I64 | int, flags: U8 | Bools, marks: I64) -> None:
        """Note what the chunks `at` hold."""
        self.n_words[at] = n_words
        self.n_marks[at] = _N_MARKS[marks]
        self.flags[at] = flags
        self.marks[at] = marks
        self.read[at] = True


@dataclass(eq=False, repr=False)
class Facts:
    """Of chunks, by position: how many words they have, their flags, their first word.

    `key`, `cls`: as `Items` has them of the first word; without words they say nothing. `unknown`:
    how many of the words the lexer does not know, MOST_UNKNOWN at most.
    """

    key: U64
    cls: U8
    flags: U8
    words: I32
    unknown: U16

    @cached_property
    def place(self) -> I64:
        """Where the words of each chunk begin."""
        wide = self.words.astype(np.int64)
        place = wide.cumsum()
        place -= wide
        return place


_FACTS = np.dtype(
    [("key", "u8"), ("words", "i4"), ("cls", "u1"), ("flags", "u1"), ("unknown", "u2")]
)
MOST_UNKNOWN = 0xFFFF  # unknown words of a chunk that are counted


class ChunkTable:
    """Readings of chunks, remembered: chunk -> id, and arrays by id.

    A chunk is a few *items*: its words, then its marks. Those are remembered in `store`.

    By chunk id:
    - `value`: float32, shape (N, width): what the sink made of the chunk's own features;
    - `first`: where its items start in `items`; `words` of them are words, `marks` marks;
    - `flags`: see `lexer.Lexer.quick`.

    Reading is lock-free; only new chunks take the lock. A table never shrinks: its owner starts a
    new one when it is full.
    """

    def __init__(
        self,
        lexer: Lexer,
        classes: dict[str, int],
        class_keys: U64,
        telling: int,
        sink: Sink,
        known: Known | None = None,
    ) -> None:
        self.lexer = lexer
        self.telling = telling
        self.class_keys = class_keys
        self.width = sink.width
        self.store = Items(lexer, classes, class_keys, sink, known)
        self.index = KeyIndex()
        self.few: dict[str, int] = {}
        self.joined: dict[tuple[int, ...], int] = {}  # ids of the pieces -> id
        self.seconds = Seconds()  # what else chunks may be
        self._lock = threading.Lock()
        self.size = self.chars = self.n_places = 0
        self.value = np.zeros((256, sink.width), np.float32)
        self.first = np.zeros(256, np.int64)
        self.words = np.zeros(256, np.int32)
        self.marks = np.zeros(256, np.int32)
        self.flags = np.zeros(256, np.uint8)
        self._facts = np.zeros(256, _FACTS)
        self.items = np.zeros(256, np.int32)

    @property
    def full(self) -> bool:
        """Whether it is time to start a new table."""
        return self.size > MAX_CACHED or self.chars > MAX_CACHED_CHARS

    def ids(self, chunks: Chunks | Sequence[str]) -> I64:
        """The id of each chunk; new ones are read first."""
        if not isinstance(chunks, Chunks):
            chunks = gather(chunks, np.array([len(chunks)], np.int64))
        found = self.index.find(chunks.key)
        missing = where(found < 0)
        if len(missing):
            # Numbered as they come: keys differ from process to process, numbers must not.
            first, which = distinct(chunks.key[missing])
            first = missing[first]
            keys = chunks.key[first]
            with self._lock:
                numbers = self.index.find(keys)  # another thread may have been faster
                new = where(numbers < 0)
                if len(new):
                    base = self._add_chunks(chunks, first[new])
                    numbers[new] = np.arange(base, base + len(new))
                    self.index.add(keys[new], numbers[new])
            found[missing] = numbers.take(which)
        return found

    def facts_of(self, ids: I64) -> Facts:
        """What is asked of every chunk, in one look at far memory."""
        bring_near(self._facts[: self.size], len(ids))
        rows = fetch(self._facts, ids)
        columns = [rows[name] for name in ("key", "cls", "flags", "words", "unknown")]
        if len(ids) > REPEATED:
            # One after the other, not sixteen bytes apart: what comes next goes through them often.
            columns = [column.copy() for column in columns]
        return Facts(*columns)

    def words_of(self, ids: I64, facts: Facts) -> tuple[U64, U8]:
        """The keys and the classes of all words of chunks."""
        many = where(facts.words > 1)
        if not len(many) and len(ids) <= REPEATED:
            return facts.key.repeat(facts.words), facts.cls.repeat(facts.words)
        place = facts.place
        total = int(place[-1] + facts.words[-1]) if len(place) else 0
        # What chunks without words put there, the next one with words writes over.
        key, cls = np.empty(total + 1, np.uint64), np.empty(total + 1, np.uint8)
        key[place], cls[place] = facts.key, facts.cls
        if len(many):
            more = facts.words[many] - 1
            which = many.repeat(more)
            nth = np.arange(1, len(which) + 1) - (np.cumsum(more) - more).repeat(more)
            items = fetch(self.items, fetch(self.first, fetch(ids, which)) + nth)
            at = fetch(place, which) + nth
            key[at], cls[at] = fetch(self.store.key, items), fetch(self.store.cls, items)
        return key[:-1], cls[:-1]

    def ids_of_few(self, chunks: list[str]) -> I64:
        """The same for a few chunks: for them a dict is faster than arrays."""
        few = self.few
        found = [few.get(chunk, -1) for chunk in chunks]
        if -1 in found:
            ids = self.ids(chunks)
            if len(few) > MAX_FEW:
                few.clear()
            for chunk, number in zip(chunks, ids.tolist(), strict=True):
                if len(chunk) <= MAX_WORD:
                    few[chunk] = number
            return ids
        return np.array(found, np.int64)

    def join(self, pieces: tuple[int, ...], chunks: Chunks | Sequence[str], start: int) -> int:
        """The id of chunks read as one word written apart; -1 where they are not.

        `pieces`: their ids; the first is `chunks[start]`.
        """
        known = self.joined.get(pieces)
        if known is None:
            with self._lock:
                reading = self.lexer.read_joined(tuple(chunks[start : start + len(pieces)]))
                known = -1 if reading is None else self._add_reading(reading)
                if len(self.joined) < MAX_CACHED:
                    self.joined[pieces] = known
        return known

    def doubts(self, ids: I64, chunks: Chunks | Sequence[str], starts: I64) -> I64:
        """The rows of chunks (their ids, where they stand in `chunks`) in `seconds`, or -1."""
        rows = self.seconds.find(ids)
        new = where(rows == UNASKED)
        if len(new):
            with self._lock:
                asked: dict[int, int] = {}
                for number, start in zip(ids[new].tolist(), starts[new].tolist(), strict=True):
                    asked.setdefault(number, start)
                numbers = np.array(list(asked), np.int64)
                numbers = numbers[self.seconds.find(numbers) == UNASKED]
                shown = {number: chunks[asked[number]] for number in numbers.tolist()}
                for number, second in self._make_seconds(shown).items():
                    self.seconds.add(number, second)
            rows = self.seconds.find(ids)
        return rows

    def _make_seconds(self, chunks: dict[int, str]) -> dict[int, Second | None]:
        """What chunks (id -> chunk) may be besides what they say."""
        found = {number: self.lexer.second(chunk) for number, chunk in chunks.items()}
        seconds = [
            (number, *second)
            for number, second in found.items()
            if second is not None and self.words[number] == 1
        ]
        made: dict[int, Second | None] = dict.fromkeys(chunks)
        if not seconds:
            return made
        known = self.lexer.knows([word for _, word, _, _ in seconds])
        keys = iter(word_keys([w for _, word, others, _ in seconds for w in (word, *others)]))
        # Each of the others is a chunk of its own, with the marks of the chunk that it is read for.
        owner = np.repeat(
            [number for number, _, _, _ in seconds], [len(others) for _, _, others, _ in seconds]
        )
        marks = self.marks[owner]
        length = marks + 1
        first = np.cumsum(length, dtype=np.int64) - length
        places = np.empty(int(length.sum()), np.int32)
        places[first] = self.store.ids([other for _, _, others, _ in seconds for other in others])
        nth = np.arange(int(marks.sum())) - np.repeat(np.cumsum(marks) - marks, marks) + 1
        places[first.repeat(marks) + nth] = self.items[self.first[owner].repeat(marks) + nth]
        flags = self.flags[owner] & np.uint8(0xFF ^ DOUBT)
        base = self._remember(places, np.ones(len(owner), np.int32), marks, flags)
        for (number, _, others, named), knows in zip(seconds, known, strict=True):
            own = int(next(keys))
            ids = list(range(base, base + len(others)))
            theirs = [int(key) for key in itertools.islice(keys, len(others))]
            bits = list(others.values())
            made[number] = Second(ids, theirs, bits, own if knows else None, named)
            base += len(others)
        return made

    def _add_chunks(self, chunks: Chunks, at: I64) -> int:
        """Read new chunks, `chunks[at]`, and remember them; returns the first's id."""
        new = _New(len(at))
        self.chars += int((chunks.end[at] - chunks.start[at]).sum())
        if len(at) > FEW_CHUNKS:
            self._read_many(chunks.codes, chunks.start[at], chunks.end[at], new)
        rest = where(~new.read)
        others = chunks.texts(at[rest])
        if len(others) > FEW_CHUNKS:
            from moderation.reading.sieve import sieve_of  # a short text does without

            sieve_of(self.lexer).prepare(others, self.store.vocabulary())
        readings = [self._read(chunk) for chunk in others]
        if readings:
            new.n_words[rest] = [len(words) for words, _, _ in readings]
            new.n_marks[rest] = [len(marks) for _, marks, _ in readings]
            new.flags[rest] = [flags for _, _, flags in readings]
        length = new.n_words + new.n_marks
        first = np.cumsum(length, dtype=np.int64) - length
        places = np.empty(int(length.sum()), np.int32)
        for owner, nth, items in new.words:
            places[first[owner] + nth] = items
        marked = where(new.marks)
        if len(marked):
            place, numbers = first[marked] + new.n_words[marked], new.marks[marked]
            for nth in range(MARK_AT.shape[1]):
                mark = MARK_AT[numbers, nth]
                some = where(mark >= 0)
                places[place[some] + nth] = self.store.marks_at(mark[some])
        if readings:
            slow = self.store.ids([text for words, marks, _ in readings for text in words + marks])
            size = length[rest]
            nth = np.arange(len(slow)) - np.repeat(np.cumsum(size) - size, size)
            places[np.repeat(first[rest], size) + nth] = slow
        new.flags |= _letter_case(chunks, at)
        return self._remember(places, new.n_words, new.n_marks, new.flags)

    def _read_many(self, codes: U8, start: I64, end: I64, new: _New) -> None:
        """Read those of the chunks `codes[start[i]:end[i]]` that are plain or tied words."""
        plain = read_plain(codes, start, end)
        other = np.ones(len(start), np.bool_)
        other[plain.at] = False
        others = where(other)
        tied = read_tied(codes, start[others], end[others])
        items, facts = self.store.of_words(
            codes,
            np.concatenate([plain.key, tied.key]),
            np.concatenate([plain.first, tied.first]),
            np.concatenate([plain.stop, tied.stop]),
        )
        n_plain = len(plain.at)
        unknown, hidden = facts & NEW != 0, facts & HIDDEN != 0

        flags = facts[:n_plain] & np.uint8(ALL_FLAGS)
        flags[unknown[:n_plain] & plain.owned] &= np.uint8(SINGLE)
        flags[plain.tail] &= np.uint8(ALL_FLAGS ^ HEAD)
        flags[plain.lead] &= np.uint8(ALL_FLAGS ^ TAIL)
        flags |= plain.ends
        good = where(~hidden[:n_plain] & ~(unknown[:n_plain] & plain.starred))
        at = plain.at[good]
        new.take(at, 1, flags[good], plain.marks[good])
        new.words.append((at, 0, items[good]))

        # Unknown words may be among tied ones if nothing is hidden in each, nor in all together.
        owner = np.repeat(np.arange(len(tied.at)), tied.counts)
        clear, all_known = np.ones((2, len(tied.at)), np.bool_)
        clear[owner[hidden[n_plain:]]] = False
        all_known[owner[unknown[n_plain:]]] = False
        all_known &= tied.sure
        loose = where(tied.loose & clear)
        all_known[loose] = ~self._hides(codes, tied, loose)
        unsure = where(tied.unsure & clear & ~all_known)
        asked = others[tied.at[unsure]]
        all_known[unsure] = self._is_open(codes, start[asked], end[asked])
        kept = all_known[owner]
        at = others[tied.at]
        flags = tied.ends | tied.single.astype(np.uint8) * np.uint8(SINGLE)
        new.take(at[all_known], tied.counts[all_known], flags[all_known], tied.marks[all_known])
        nth = np.arange(len(owner)) - np.repeat(np.cumsum(tied.counts) - tied.counts, tied.counts)
        new.words.append((at[owner[kept]], nth[kept], items[n_plain:][kept]))

    def _add_reading(self, reading: Reading) -> int:
        """Remember a reading of several chunks; returns its id."""
        words = [word.text for word in reading.words]
        return self._remember(
            self.store.ids([*words, *reading.marks]),
            np.array([len(words)], np.int32),
            np.array([len(reading.marks)], np.int32),
            np.array([reading.ends | reading.single << 1], np.uint8),
        )

    def _read(self, chunk: str) -> tuple[tuple[str, ...], tuple[str, ...], int]:
        """A chunk's words, marks and flags."""
        fast = self.lexer.quick(chunk)
        if fast is not None:
            word, marks, flags = fast
            return (word,), marks, flags
        reading = self.lexer.read_other(chunk)
        words = tuple([word.text for word in reading.words])
        return words, reading.marks, reading.ends | reading.single << 1

    def _is_open(self, codes: U8, start: I64, end: I64) -> list[bool]:
        """Whether the words of each of some chunks, tied together, are what they say."""
        if not len(start):
            return []
        from moderation.reading.sieve import sieve_of

        text = codes.tobytes()
        spans = zip(start.tolist(), end.tolist(), strict=True)
        chunks = [text[begin:stop].decode().lower() for begin, stop in spans]
        return sieve_of(self.lexer).signs.are_open(chunks)

    def _hides(self, codes: U8, tied: Tied, which: I64) -> Bools:
        """Whether an offensive word may hide in the letters of each of some tied chunks."""
        if not len(which):
            return np.empty(0, np.bool_)
        from moderation.reading.sieve import sieve_of

        words = spell(codes, tied.first, tied.stop)
        stop = np.cumsum(tied.counts)
        spans = zip((stop - tied.counts)[which].tolist(), stop[which].tolist(), strict=True)
        return sieve_of(self.lexer).lacks_a_letter(["".join(words[a:b]) for a, b in spans])

    def _remember(
        self, places: I32, n_words: I32, n_marks: I32, flags: npt.NDArray[np.uint8]
    ) -> int:
        """Remember chunks that were read: items one after the other, how many of each chunk."""
        base, count = self.size, len(flags)
        length = (n_words + n_marks).astype(np.int64)
        first = np.cumsum(length) - length
        value = np.zeros((count, self.width), np.float32)
        some = where(length)
        if len(some) and self.width:
            value[some] = np.add.reduceat(self.store.value[places], first[some], axis=0)
        facts = np.zeros(count, _FACTS)
        lead = fetch(places, first[some])
        facts["key"][some] = fetch(self.store.key, lead)
        facts["cls"][some] = fetch(self.store.cls, lead)
        facts["flags"], facts["words"] = flags, n_words
        if len(some):  # marks are no words, known or not
            unknown = np.add.reduceat(
                fetch(self.store.unknown, places), first[some], dtype=np.int64
            )
            facts["unknown"][some] = np.minimum(unknown, MOST_UNKNOWN)
        self.items = fill(self.items, self.n_places, places)
        self.first = fill(self.first, base, first + self.n_places)
        self.words = fill(self.words, base, n_words)
        self.marks = fill(self.marks, base, n_marks)
        self.flags = fill(self.flags, base, flags)
        self._facts = fill(self._facts, base, facts)
        self.value = fill(self.value, base, value)
        self.n_places += len(places)
        self.size = base + count
        return base

    def expand(self, ids: I64, count: I32) -> tuple[I32, I64]:
        """The first `count` items of each chunk: item ids, and the position in `ids` of each."""
        owner = np.arange(len(ids)).repeat(count)
        nth = np.arange(len(owner)) - (np.cumsum(count) - count).repeat(count)
        return fetch(self.items, fetch(self.first, ids)[owner] + nth), owner


def _letter_case(chunks: Chunks, at: I64) -> U8:
    """Flags of `chunks[at]`: CAPITAL before a small letter, SMALL letters at both ends (ASCII)."""
    codes = chunks.codes
    start, last = chunks.start[at], chunks.end[at] - 1
    first, second, final = codes[start], codes[np.minimum(start + 1, last)], codes[last]
    small = (first - codes.dtype.type(97)) < 26
    capital = (first - codes.dtype.type(65)) < 26
    flags = np.where(small & ((final - codes.dtype.type(97)) < 26), SMALL, 0)
    flags[capital & ((second - codes.dtype.type(97)) < 26)] = CAPITAL
    return flags.astype(np.uint8)
