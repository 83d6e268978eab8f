"""Text -> hashed n-gram features, with numpy alone: the same code trains and scores.

    texts ── split ──► chunks ── ChunkTable (remembers readings) ──► words
          words ──► n-grams inside a word (a property of the chunk, remembered with it)
                └─► n-grams of words (hashed for all positions of a block at once)

Features of a chunk: each word, its character n-grams of 2 to 5 with word boundaries, its class,
and the marks of the writing (capitals, "!", …). Features of a sequence: word 2- and 3-grams; the
same with words replaced by their class ("all <group> are"); and n-grams of the classes alone,
with the words between them left out. N-grams never cross the end of a sentence, so a document's
counts are the sum of its sentences' counts.

A feature is a 64-bit hash: n-grams hash as a sum of code points (or word keys) times fixed odd
constants modulo 2^64, then a multiply-xorshift mix (Steele, Lea & Flood 2014). The high bits
choose a slot of the model's table, 16 other bits are the fingerprint that the slot must bear, so
that an n-gram which the model does not know adds nothing (up to one in 65,536 of the filled slots).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from moderation.text import MARKS, MAX_WORD, Lexer, Reading, locate, split

U64 = npt.NDArray[np.uint64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

N_MIN, N_MAX = 2, 5  # character n-grams
MAX_CACHED = 300_000  # chunks remembered before the table starts again: about 40 MB

_rng = np.random.default_rng(20260701)  # fixed constants of the hash: part of the file format
_ODD = (_rng.integers(0, 2**63, size=256, dtype=np.uint64) << np.uint64(1)) | np.uint64(1)
_CHAR = _ODD[0:8]  # place of a code point in an n-gram
_WORD = _ODD[8 : 8 + MAX_WORD + 2]  # place of a code point in a word
_SEQ = _ODD[64:72]  # place of a word in a word n-gram
_SALT = _ODD[80:120]
_M1 = np.uint64(0xBF58476D1CE4E5B9)
_M2 = np.uint64(0x94D049BB133111EB)

# families of features, each with a salt of its own
F_CHAR = 0  # + n
F_WORD, F_CLASS, F_BI, F_TRI, F_CBI, F_CTRI = 10, 11, 12, 13, 14, 15
F_SEQ2, F_SEQ3, F_SEQ4, F_WC, F_CW = 16, 17, 18, 19, 20


def mix(keys: U64) -> U64:
    """Spread keys over all 64 bits (splitmix64's finaliser)."""
    keys = keys ^ (keys >> np.uint64(30))
    keys *= _M1
    keys ^= keys >> np.uint64(27)
    keys *= _M2
    keys ^= keys >> np.uint64(31)
    return keys


def slots(keys: U64, bits: int) -> tuple[I64, npt.NDArray[np.uint16]]:
    """Slot in `[0, 2**bits)` and fingerprint (never 0) of mixed keys."""
    fingerprint = keys.astype(np.uint16)
    fingerprint |= np.uint16(fingerprint == 0)
    return (keys >> np.uint64(64 - bits)).view(np.int64), fingerprint


def word_grams(words: Sequence[str]) -> tuple[U64, U64, I32]:
    """Hash words and their character n-grams.

    Returns the word keys (uint64, one a word), the mixed keys of all character n-grams and, for
    each of them, the index of its word. A mark (see `text.MARKS`) has no n-grams.
    """
    joined = "".join([f"\x02{word}\x03" for word in words])
    code = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(
        np.uint64
    )
    lengths = np.fromiter((len(word) + 2 for word in words), np.int64, len(words))
    starts = np.cumsum(lengths) - lengths
    index = np.repeat(np.arange(len(words), dtype=np.int32), lengths)
    place = np.arange(len(code), dtype=np.int64) - starts[index]
    np.minimum(place, len(_WORD) - 1, out=place)
    keys: U64 = np.add.reduceat(code * _WORD[place], starts) if len(words) else code
    grams: list[U64] = []
    owners: list[I32] = []
    is_mark = np.fromiter((word[:1] == "\x01" for word in words), np.bool_, len(words))
    rolling = code * _CHAR[0]
    for n in range(2, N_MAX + 1):
        rolling = rolling[:-1] + code[n - 1 :] * _CHAR[n - 1]
        if n < N_MIN:
            continue
        if not len(rolling):
            break
        owner = index[: len(rolling)]
        inside = owner == index[n - 1 :]
        inside &= ~is_mark[owner]
        grams.append(mix(rolling[inside] + _SALT[F_CHAR + n]))
        owners.append(owner[inside])
    if not grams:
        return keys, np.empty(0, np.uint64), np.empty(0, np.int32)
    return keys, np.concatenate(grams), np.concatenate(owners)


@dataclass
class Sequences:
    """The words of a block of texts, one after the other.

    `key`, `view` (the class's key where a word has a class) and `cls` (0 = none) are indexed by
    word position; `sentence` numbers the sentences of the block; `seen` are the chunk ids.
    """

    key: U64
    view: U64
    cls: npt.NDArray[np.uint8]
    sentence: I64

    def families(self) -> list[tuple[U64, I64]]:
        """Mixed keys of all word n-grams, and the position of the first word of each."""
        return [(keys, words[0]) for keys, words in self._families()]

    def members(self) -> list[list[tuple[int, ...]]]:
        """For each of `families()`, the positions of each n-gram's words."""
        return [
            list(zip(*(position.tolist() for position in words), strict=True))
            for _, words in self._families()
        ]

    def _families(self) -> list[tuple[U64, tuple[I64, ...]]]:
        out: list[tuple[U64, tuple[I64, ...]]] = []
        key, view, sentence = self.key, self.view, self.sentence
        n = len(key)
        if n < 2:
            return out
        same2 = sentence[1:] == sentence[:-1]
        at = np.flatnonzero(same2)
        two = key[:-1] * _SEQ[0]
        two += key[1:] * _SEQ[1]
        out.append((mix(two[at] + _SALT[F_BI]), (at, at + 1)))
        if n > 2:
            at = np.flatnonzero(same2[1:] & same2[:-1])
            three = two[at] + key[at + 2] * _SEQ[2]
            out.append((mix(three + _SALT[F_TRI]), (at, at + 1, at + 2)))
        has = self.cls != 0
        # The same with classes in the place of words, where there is a class.
        at = np.flatnonzero(same2 & (has[1:] | has[:-1]))
        if not len(at):
            return out
        two = view[at] * _SEQ[0] + view[at + 1] * _SEQ[1]
        out.append((mix(two + _SALT[F_CBI]), (at, at + 1)))
        inside = np.flatnonzero(at + 2 < n)
        inside = inside[sentence[at[inside]] == sentence[at[inside] + 2]]
        at = at[inside]
        three = two[inside] + view[at + 2] * _SEQ[2]
        out.append((mix(three + _SALT[F_CTRI]), (at, at + 1, at + 2)))
        # The words that have a class, with those between them left out.
        bearing = np.flatnonzero(has)
        if len(bearing) < 2:
            return out
        s, v, w = sentence[bearing], view[bearing], key[bearing]
        same = s[1:] == s[:-1]
        at = np.flatnonzero(same)
        pair = v[:-1] * _SEQ[0] + v[1:] * _SEQ[1]
        where = (bearing[at], bearing[at + 1])
        out.append((mix(pair[at] + _SALT[F_SEQ2]), where))
        out.append((mix(w[at] * _SEQ[0] + v[at + 1] * _SEQ[1] + _SALT[F_WC]), where))
        out.append((mix(v[at] * _SEQ[0] + w[at + 1] * _SEQ[1] + _SALT[F_CW]), where))
        if len(bearing) > 2:
            at = np.flatnonzero(same[1:] & same[:-1])
            three = pair[at] + v[at + 2] * _SEQ[2]
            where3 = (bearing[at], bearing[at + 1], bearing[at + 2])
            out.append((mix(three + _SALT[F_SEQ3]), where3))
        if len(bearing) > 3:
            at = np.flatnonzero(same[2:] & same[1:-1] & same[:-2])
            four = pair[at] + v[at + 2] * _SEQ[2] + v[at + 3] * _SEQ[3]
            where4 = (bearing[at], bearing[at + 1], bearing[at + 2], bearing[at + 3])
            out.append((mix(four + _SALT[F_SEQ4]), where4))
        return out


def class_keys(classes: Sequence[str]) -> U64:
    """The key of each class by number: uint64, shape (K + 1,); 0 stands for no class."""
    names = ["", *(f"<{name}>" for name in classes)]
    keys: U64 = word_grams(names)[0] * _ODD[3]
    return keys


class Sink:
    """What a ChunkTable does with the features of new chunks: a model sums their weights."""

    width = 0

    def take(self, keys: U64, owner: I32, count: int) -> npt.NDArray[np.float32]:
        """Mixed feature keys and the new chunk that owns each -> float32, shape (count, width)."""
        raise NotImplementedError


class _Index(dict[str, int]):
    def __missing__(self, chunk: str) -> int:
        return -1


class ChunkTable:
    """Readings of chunks, remembered: chunk -> id, and arrays by id.

    - `value`: float32, shape (N, width): what the sink made of the chunk's own features;
    - `first`, `words`: where the chunk's words stand in the word arrays, and how many;
    - `ends`, `single`, `unknown`: see `text.Reading`.

    Reading is lock-free; only new chunks take the lock. A table never shrinks: its owner starts a
    new one when it is full (`full`).
    """

    def __init__(self, lexer: Lexer, classes: dict[str, int], class_keys: U64, sink: Sink) -> None:
        self.lexer = lexer
        self.classes = classes
        self.class_keys = class_keys
        self.sink = sink
        self.index = _Index()
        self.joined: dict[str, int] = {}
        self._lock = threading.Lock()
        self.size = 0
        self.value = np.zeros((256, sink.width), np.float32)
        self.first = np.zeros(256, np.int64)
        self.words = np.zeros(256, np.int32)
        self.flags = np.zeros(256, np.uint8)  # 1 ends, 2 single, 4 unknown
        self.n_words = 0
        self.key = np.zeros(256, np.uint64)
        self.view = np.zeros(256, np.uint64)
        self.cls = np.zeros(256, np.uint8)
        self.readings: list[Reading] | None = None  # kept where explanations need them

    @property
    def full(self) -> bool:
        """Whether it is time to start a new table."""
        return self.size > MAX_CACHED

    def ids(self, chunks: list[str]) -> I32:
        """The id of each chunk; new ones are read first."""
        index = self.index
        found = np.fromiter(map(index.__getitem__, chunks), np.int32, len(chunks))
        missing = np.flatnonzero(found < 0)
        if len(missing):
            with self._lock:
                fresh = [
                    c for c in dict.fromkeys(chunks[i] for i in missing.tolist()) if c not in index
                ]
                if fresh:
                    base = self._add([self.lexer.read(chunk) for chunk in fresh])
                    for offset, chunk in enumerate(fresh):
                        index[chunk] = base + offset
            for i in missing.tolist():
                found[i] = index[chunks[i]]
        return found

    def join(self, pieces: tuple[str, ...]) -> int:
        """The id of chunks read as one word written apart; -1 where they are not."""
        name = " ".join(pieces)
        known = self.joined.get(name)
        if known is None:
            with self._lock:
                reading = self.lexer.read_joined(pieces)
                known = -1 if reading is None else self._add([reading])
                if len(self.joined) < MAX_CACHED:
                    self.joined[name] = known
        return known

    def _add(self, readings: list[Reading]) -> int:
        base, count = self.size, len(readings)
        n_words = np.empty(count, np.int32)
        flags = np.empty(count, np.uint8)
        for i, reading in enumerate(readings):
            n_words[i] = len(reading.words)
            flags[i] = reading.ends | reading.single << 1 | reading.unknown << 2
        words = [word.text for reading in readings for word in reading.words]
        spelt = _spell(readings, words, n_words, self.classes, self.class_keys)
        keys, view, cls = spelt.key, spelt.view, spelt.cls
        value = self.sink.take(spelt.features, spelt.chunk, count)

        size, total = base + count, self.n_words + len(words)
        self.key = _fill(self.key, self.n_words, keys)
        self.view = _fill(self.view, self.n_words, view)
        self.cls = _fill(self.cls, self.n_words, cls)
        ends = np.cumsum(n_words, dtype=np.int64)
        self.first = _fill(self.first, base, ends - n_words + self.n_words)
        self.words = _fill(self.words, base, n_words)
        self.flags = _fill(self.flags, base, flags)
        self.value = _fill(self.value, base, value)
        if self.readings is not None:
            self.readings.extend(readings)
        self.size, self.n_words = size, total
        return base


@dataclass
class _Spelt:
    """Words of chunks and the chunks' own features: mixed keys, their chunk, word (-1: none)."""

    key: U64
    view: U64
    cls: npt.NDArray[np.uint8]
    features: U64
    chunk: I32
    word: I32


def _spell(
    readings: Sequence[Reading],
    words: Sequence[str],
    n_words: I32,
    classes: dict[str, int],
    class_keys: U64,
) -> _Spelt:
    keys, grams, gram_word = word_grams(words)
    cls = np.fromiter((classes.get(word, 0) for word in words), np.uint8, len(words))
    view = np.where(cls > 0, class_keys[cls], keys) if len(words) else keys
    number = np.arange(len(words), dtype=np.int32)
    chunk_of_word = np.repeat(np.arange(len(readings), dtype=np.int32), n_words)
    marks = [_MARK_NUMBER[mark] for reading in readings for mark in reading.marks]
    mark_chunk = np.array(
        [i for i, reading in enumerate(readings) for _ in reading.marks], np.int32
    )
    classed = number[cls > 0]
    word = np.concatenate([number, classed, gram_word])
    return _Spelt(
        key=keys,
        view=view,
        cls=cls,
        features=np.concatenate(
            [
                mix(keys + _SALT[F_WORD]),
                mix(view[cls > 0] + _SALT[F_CLASS]),
                grams,
                _MARK_KEYS[np.array(marks, np.int64)],
            ]
        ),
        chunk=np.concatenate([chunk_of_word[word], mark_chunk]),
        word=np.concatenate([word, np.full(len(marks), -1, np.int32)]),
    )


def chunk_features(
    readings: Sequence[Reading], classes: dict[str, int], class_keys: U64
) -> tuple[U64, I32, I32]:
    """The chunks' own features: mixed keys, and the chunk and word (-1: none) of each."""
    words = [word.text for reading in readings for word in reading.words]
    n_words = np.fromiter((len(r.words) for r in readings), np.int32, len(readings))
    spelt = _spell(readings, words, n_words, classes, class_keys)
    return spelt.features, spelt.chunk, spelt.word


def _fill(array: npt.NDArray, at: int, new: npt.NDArray) -> npt.NDArray:  # type: ignore[type-arg]
    """Write `new` at `at`, into a larger copy where there is no room (readers keep the old one)."""
    end = at + len(new)
    if end > len(array):
        larger = np.zeros((max(end, 2 * len(array)), *array.shape[1:]), array.dtype)
        larger[:at] = array[:at]
        array = larger
    array[at:end] = new
    return array


_MARK_NUMBER = {mark: number for number, mark in enumerate(MARKS)}
_MARK_KEYS = mix(word_grams(list(MARKS))[0] + _SALT[F_WORD])


@dataclass
class Block:
    """A block of texts, encoded.

    - `ids`: chunk ids, int32, one a chunk (chunks read as one word written apart are merged);
    - `chunk_sentence`: the sentence of each chunk, non-decreasing;
    - `sequences`: the words; `length`: words in each sentence;
    - `text_first`: index of each text's first sentence (every text has at least one sentence);
    - `origin`: for each chunk, the index of its first chunk as split, where anything was merged.
    """

    ids: I32
    chunk_sentence: I64
    sequences: Sequences
    word_chunk: I64
    length: I64
    text_first: I64
    origin: I64 | None


def encode(texts: Sequence[str], table: ChunkTable) -> Block:
    """Encode a block of texts with what `table` knows, teaching it what it does not."""
    chunks: list[str] = []
    counts = np.empty(len(texts), np.int64)
    before = 0
    for number, text in enumerate(texts):
        chunks += split(text)
        counts[number] = len(chunks) - before
        before = len(chunks)
    return encode_chunks(chunks, counts, table)


def encode_chunks(chunks: list[str], counts: I64, table: ChunkTable) -> Block:
    """Encode chunks of texts (`counts` chunks each)."""
    ids = table.ids(chunks)
    flags = table.flags.take(ids)
    origin: I64 | None = None
    merges = _find_merges(chunks, counts, ids, flags, table)
    if merges:
        ids, counts, origin = _merge(merges, ids, counts)
        flags = table.flags.take(ids)
    n_texts = len(counts)
    # A sentence begins at each text's first chunk and after each chunk that ends one.
    text_start = np.cumsum(counts) - counts
    begins = np.zeros(len(ids) + 1, np.bool_)
    np.not_equal(flags & 1, 0, out=begins[1:])
    begins[text_start] = True
    begins = begins[: len(ids)]
    chunk_sentence: I64 = np.cumsum(begins, dtype=np.int64)
    chunk_sentence -= 1
    empty = counts == 0
    if empty.any():
        # An empty text has one sentence without chunks: shift what follows.
        shift = np.cumsum(empty)
        owner = np.repeat(np.arange(n_texts), counts)
        chunk_sentence += shift[owner]
        n_sentences = (int(chunk_sentence[-1]) + 1 if len(ids) else 0) + int(
            empty[owner[-1] + 1 :].sum() if len(ids) else n_texts
        )
        text_first = np.empty(n_texts, np.int64)
        full = np.flatnonzero(~empty)
        text_first[full] = chunk_sentence[text_start[full]]
        # the empty texts take the numbers that are left between
        taken = np.zeros(n_sentences, np.bool_)
        taken[chunk_sentence] = True
        text_first[empty] = np.flatnonzero(~taken)[: int(empty.sum())]
    else:
        n_sentences = int(chunk_sentence[-1]) + 1 if len(ids) else 0
        text_first = chunk_sentence[text_start] if len(ids) else np.empty(0, np.int64)
    n_words = table.words.take(ids)
    total = int(n_words.sum())
    ends = np.cumsum(n_words, dtype=np.int64)
    word_chunk = np.repeat(np.arange(len(ids)), n_words)
    place = (table.first.take(ids) - ends + n_words).take(word_chunk)
    place += np.arange(total)
    sentence = chunk_sentence.take(word_chunk)
    sequences = Sequences(
        table.key.take(place), table.view.take(place), table.cls.take(place), sentence
    )
    length = np.bincount(sentence, minlength=n_sentences)
    return Block(ids, chunk_sentence, sequences, word_chunk, length, text_first, origin)


def _find_merges(
    chunks: list[str],
    counts: I64,
    ids: I32,
    flags: npt.NDArray[np.uint8],
    table: ChunkTable,
) -> list[tuple[int, int, int]]:
    """Runs of chunks that are one word written apart: (start, end, id of the joined chunk)."""
    merges: list[tuple[int, int, int]] = []
    single = flags & 2
    triple = np.flatnonzero(single[2:] & single[1:-1] & single[:-2]) if len(ids) > 2 else ids[:0]
    unknown = np.flatnonzero(flags & 4)
    if not len(triple) and not len(unknown):
        return merges
    text_end = np.cumsum(counts)
    taken = -1
    for start in triple.tolist():
        if start < taken:
            continue
        end = start + 3
        limit = int(text_end[np.searchsorted(text_end, start, side="right")])
        while end < limit and single[end] and end - start < 40:
            end += 1
        if end > limit:
            continue
        joined = table.join(tuple(chunks[start:end]))
        if joined >= 0:
            merges.append((start, end, joined))
            taken = end
    if len(unknown):
        # Two chunks, one of them unknown, that make an offensive word together.
        left = np.unique(np.concatenate([unknown - 1, unknown]))
        left = left[(left >= 0) & (left + 1 < len(chunks))]
        last_of_text = np.zeros(len(chunks), np.bool_)
        last_of_text[text_end[counts > 0] - 1] = True
        offensive = table.lexer.tables.offensive
        for start in left[~last_of_text[left]].tolist():
            word = chunks[start] + chunks[start + 1].rstrip(".,!?;:")
            if len(word) <= 14 and word.lower() in offensive and chunks[start].isalpha():
                joined = table.join((chunks[start], chunks[start + 1]))
                if joined >= 0 and int(table.words[joined]) == 1:
                    merges.append((start, start + 2, joined))
    merges.sort()
    kept: list[tuple[int, int, int]] = []
    for merge in merges:
        if not kept or merge[0] >= kept[-1][1]:
            kept.append(merge)
    return kept


def _merge(merges: list[tuple[int, int, int]], ids: I32, counts: I64) -> tuple[I32, I64, I64]:
    keep = np.ones(len(ids), np.bool_)
    ids = ids.copy()
    owner = np.repeat(np.arange(len(counts)), counts)
    counts = counts.copy()
    for start, end, joined in merges:
        keep[start + 1 : end] = False
        ids[start] = joined
        counts[owner[start]] -= end - start - 1
    return ids[keep], counts, np.flatnonzero(keep)


__all__ = [
    "MAX_CACHED",
    "Block",
    "ChunkTable",
    "Sequences",
    "Sink",
    "chunk_features",
    "class_keys",
    "encode",
    "encode_chunks",
    "locate",
    "mix",
    "slots",
    "word_grams",
]
