"""Text -> hashed n-gram features, with numpy alone: the same code trains and scores.

    texts ── split ──► chunks ── ChunkTable (remembers readings) ──► words
          words ──► n-grams inside a word (a property of the chunk, remembered with it)
                └─► n-grams of words (hashed for all positions of a block at once)

Features of a chunk: each word, its character n-grams of 2 to 5 with word boundaries, its class,
and the marks of the writing (capitals, "!", …). Features of a sequence: word 2- and 3-grams; the
same with words of a telling class replaced by it ("all <group> are"); the one and two words that
open and close a sentence; and two words that have a class, those between them left out, as two
classes and as a word beside a class, where one of them is telling. N-grams never cross the end of a
sentence, so a document's counts are the sum of its sentences' counts. (What stands in one text
however far apart is not counted here; see `combinations`.) `hashing` names them, `sequences` those
of several words, and `memory` remembers what chunks hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from moderation.features.memory import (
    CAPITAL,
    DOUBT,
    END,
    HEAD,
    SINGLE,
    SMALL,
    TAIL,
    UNKNOWN,
    ChunkTable,
    Facts,
)
from moderation.features.sequences import Sequences
from moderation.reading.chunks import I32, I64, U64, Bools, Chunks, cut, fetch, gather, where
from moderation.reading.context import choose, look_around
from moderation.reading.text import split

SEGMENT_WORDS = 10  # words of a sentence that are judged together, besides the whole text
SMALL_TEXTS, SMALL_CHARS = 4, 2_000  # below, Python's own split and dict are faster than arrays
SHORT_TEXT = 200  # chunks of a text up to which it is cut up one by one
MAX_APART = 40  # letters written apart that are read as one word or a few
MAX_TRIES = 6  # places among so many letters where a word is looked for: the work stays linear


@dataclass(eq=False, repr=False)
class Block:
    """A block of texts, encoded.

    - `ids`: chunk ids, int64, one a chunk (chunks read as one word written apart are merged);
      `chunk_counts`: chunks of each text;
    - `sequences`: the words; `word_segment`: the segment of each; `words`: how many each chunk has;
    - `length`: words in each segment; a segment is up to SEGMENT_WORDS words of a sentence;
      `unknown`: those that the lexer does not know, as float64; None: there are none;
    - `text_first`: index of each text's first segment (every text has at least one segment);
    - `filled`: the segments that have chunks, in order; `segment_first`: the first chunk of each,
      `segment_sentence`: the sentence of each;
    - `kept`: the chunks as split that are left, where anything was merged.
    """

    ids: I64
    chunk_counts: I64
    sequences: Sequences
    words: I32
    word_segment: I64
    length: I64
    unknown: npt.NDArray[np.float64] | None
    text_first: I64
    filled: I64
    segment_first: I64
    segment_sentence: I64
    kept: _Kept | None

    @cached_property
    def origin(self) -> I64 | None:
        """For each chunk, the index of its first chunk as split, where anything was merged."""
        return None if self.kept is None else self.kept.origins(np.arange(len(self.ids)))

    @cached_property
    def word_chunk(self) -> I64:
        """The chunk of each word, non-decreasing."""
        return np.arange(len(self.ids)).repeat(self.words)

    @cached_property
    def chunk_segment(self) -> I64:
        """The segment of each chunk, non-decreasing."""
        return self.filled.repeat(_gaps(self.segment_first, len(self.ids)))

    @cached_property
    def chunk_sentence(self) -> I64:
        """The sentence of each chunk, non-decreasing."""
        return self.segment_sentence.repeat(_gaps(self.segment_first, len(self.ids)))


def encode(texts: Sequence[str], table: ChunkTable) -> Block:
    """Encode a block of texts with what `table` knows, teaching it what it does not."""
    if len(texts) <= SMALL_TEXTS and sum(map(len, texts)) <= SMALL_CHARS:
        parts = [split(text) for text in texts]
        chunks = [chunk for part in parts for chunk in part]
        counts = np.array([len(part) for part in parts], np.int64)
        return _encode(chunks, counts, table.ids_of_few(chunks), table)
    block = cut(texts)
    return _encode(block, block.counts, table.ids(block), table)


def encode_chunks(chunks: Sequence[str], counts: I64, table: ChunkTable) -> Block:
    """Encode chunks of texts that were cut already (`counts` chunks each)."""
    return _encode(chunks, counts, table.ids(gather(chunks, counts)), table)


def _encode(chunks: Chunks | Sequence[str], counts: I64, ids: I64, table: ChunkTable) -> Block:
    """Encode chunks whose `ids` are known, and needed no more: they are written to."""
    kept: _Kept | None = None
    merges = _find_merges(chunks, counts, ids, fetch(table.flags, ids), table)
    if merges:
        ids, counts, kept = _merge(merges, ids, counts)
    facts = table.facts_of(ids)
    flags, words = facts.flags, facts.words
    cut_up = _segment_few if len(counts) == 1 and 0 < len(ids) <= SHORT_TEXT else _segment
    segments = cut_up(facts, counts)
    key, cls = table.words_of(ids, facts)
    # Repeated once, not for each of what is asked of words: to fetch takes less time.
    word_segment = np.arange(len(segments.length)).repeat(segments.length)
    of_segment = segments.sentence
    if len(of_segment) < len(segments.length):
        of_segment = np.zeros_like(segments.length)
        of_segment[segments.filled] = segments.sentence
    sentence = fetch(of_segment, word_segment)
    if np.bitwise_or.reduce(flags) & DOUBT:
        doubtful = where(flags >= DOUBT)
        starts = doubtful if kept is None else kept.origins(doubtful)
        at = fetch(facts.place, doubtful)
        meant = _read_in_context(chunks, starts, ids.take(doubtful), key, sentence, at, table)
        other = where(meant >= 0)
        if len(other):
            ids[doubtful[other]] = meant[other]
            read = table.facts_of(meant[other])
            key[at[other]], cls[at[other]] = read.key, read.cls
            facts.unknown[doubtful[other]] = read.unknown
    unknown: npt.NDArray[np.float64] | None = None
    strange = where(facts.unknown != 0)
    if len(strange):
        first = fetch(word_segment, fetch(facts.place, strange))
        several = fetch(facts.unknown, strange).astype(np.float64)
        unknown = np.bincount(first, several, len(segments.length)).astype(np.float64, copy=False)
    sequences = Sequences(
        key,
        cls,
        sentence,
        table.telling,
        table.class_keys,
    )
    return Block(
        ids,
        counts,
        sequences,
        words,
        word_segment,
        segments.length,
        unknown,
        segments.text_first,
        segments.filled,
        segments.first,
        segments.sentence,
        kept,
    )


def _read_in_context(
    chunks: Chunks | Sequence[str],
    starts: I64,
    ids: I64,
    key: U64,
    sentence: I64,
    at: I64,
    table: ChunkTable,
) -> I64:
    """The ids of what chunks mean by their neighbours, -1 for those that say what they mean.

    `starts`: where the chunks stand in `chunks`; `ids`: of each; `at`: the word of each, whose keys
    and sentences are given.
    """
    meant = np.full(len(ids), -1)
    context = table.lexer.tables.context
    rows = table.doubts(ids, chunks, starts)
    some = where(rows >= 0)
    if context is not None and len(some):
        around = look_around(key, sentence, at.take(some))
        other, chosen = choose(context, table.seconds.flat(), rows.take(some), around)
        meant[some[other]] = chosen[other]
    return meant


class _Segments(NamedTuple):
    """How a block is cut up: see Block, where `first` is `segment_first`.

    `sentence`: the sentence of each filled segment.
    """

    filled: I64
    first: I64
    sentence: I64
    length: I64
    text_first: I64


def _segment(facts: Facts, counts: I64) -> _Segments:
    """Cut a block up; `facts` are those of its chunks."""
    flags, words = facts.flags, facts.words
    # A sentence begins at each text's first chunk and after each chunk that ends one.
    text_start = counts.cumsum() - counts
    begins = np.zeros(len(flags) + 1, np.bool_)
    np.not_equal(flags & END, 0, out=begins[1:])
    begins[text_start] = True
    begins = begins[: len(flags)]
    before = facts.place
    n_words = int(before[-1] + words[-1]) if len(before) else 0
    first = where(_begin_segments(begins, flags, before.astype(np.int32), text_start))
    filled, text_first, n_segments = _number_segments(first, text_start, counts)
    length = np.zeros(n_segments, np.int64)
    length[filled] = _gaps(before.take(first), n_words)
    sentence: I64 = begins.take(first).cumsum(dtype=np.int64)
    return _Segments(filled, first, sentence, length, text_first)


def _segment_few(facts: Facts, counts: I64) -> _Segments:
    """`_segment` of one short text, chunk by chunk: with so few a loop takes less time."""
    firsts: list[int] = []
    sentences: list[int] = []
    begins: list[int] = []  # words before each segment
    before = sentence = 0
    start = 0  # words before the sentence, or the capitalised chunk, that began last
    until = SEGMENT_WORDS  # words before a part of it that is no longer this one
    last, kinds = END, facts.flags.tolist()
    for at, (kind, count) in enumerate(zip(kinds, facts.words.tolist(), strict=True)):
        capital = kind & CAPITAL and last & SMALL and at + 1 < len(kinds) and kinds[at + 1] & SMALL
        if last & END or capital:
            sentence += last & END
            start, until = before, before + SEGMENT_WORDS
        elif before >= until:
            until = before + SEGMENT_WORDS - (before - start) % SEGMENT_WORDS
        else:
            before += count
            last = kind
            continue
        firsts.append(at)
        sentences.append(sentence)
        begins.append(before)
        before += count
        last = kind
    lengths = [end - begin for begin, end in zip(begins, [*begins[1:], before], strict=True)]
    first, number, length = np.array([firsts, sentences, lengths], np.int64)
    return _Segments(np.arange(len(first)), first, number, length, counts - counts)


def _gaps(starts: I64, end: I64 | int) -> I64:
    """From each of `starts` to the next, and from the last to `end`."""
    gaps = np.empty_like(starts)
    np.subtract(starts[1:], starts[:-1], out=gaps[:-1])
    gaps[-1:] = end - starts[-1:]
    return gaps


def _begin_segments(
    begins: Bools, flags: npt.NDArray[np.uint8], before: I32, text_start: I64
) -> Bools:
    """Marks the first chunks of segments; `begins` marks those of sentences.

    `before`: words before each chunk. People forget the full stop: a capitalised chunk between two
    in small letters begins a segment as well (it may be a name; n-grams cross the ends of segments
    all the same). A segment ends after SEGMENT_WORDS words at the latest.
    """
    begins = begins.copy()
    small = np.zeros(len(flags) + 1, np.bool_)
    np.not_equal(flags & SMALL, 0, out=small[:-1])
    follows = small.copy()
    follows[text_start] = False  # what comes after a text's last chunk is not of it
    begins[1:-1] |= (flags[1:-1] & CAPITAL != 0) & small[:-3] & follows[2:-1]
    starts = where(begins)
    # Words before the segment's first chunk: `repeat` takes twice as long as to add up steps.
    part = np.zeros_like(before)
    part[starts] = fetch(before, starts)
    part[starts[1:]] -= fetch(before, starts[:-1])
    np.subtract(before, part.cumsum(dtype=np.int32), out=part)
    part //= np.int32(SEGMENT_WORDS)
    begins[1:] |= part[1:] > part[:-1]
    return begins


def _number_segments(first: I64, text_start: I64, counts: I64) -> tuple[I64, I64, int]:
    """Numbers of the segments that begin at `first`, of each text's first one; how many there are.

    A text without chunks has a segment too: the numbers that follow are shifted.
    """
    filled = np.arange(len(first))
    text_first = first.searchsorted(text_start)
    n_empty = len(counts) - int(np.count_nonzero(counts))
    if n_empty:
        empty = counts == 0
        shift = empty.cumsum() - empty
        filled += shift.repeat(_gaps(text_first, len(first)))
        text_first += shift
    return filled, text_first, len(first) + n_empty


def _find_merges(
    chunks: Chunks | Sequence[str],
    counts: I64,
    ids: I64,
    flags: npt.NDArray[np.uint8],
    table: ChunkTable,
) -> list[tuple[int, int, int]]:
    """Runs of chunks that are one word written apart: (start, end, id of the joined chunk)."""
    merges: list[tuple[int, int, int]] = []
    single = flags & SINGLE
    triple = halves = ids[:0]
    if np.count_nonzero(single) > 2:
        triple = where(single[2:] & single[1:-1] & single[:-2] != 0)
    if np.bitwise_or.reduce(flags) & UNKNOWN:
        one_unknown = (flags[:-1] | flags[1:]) & UNKNOWN != 0
        halves = where((flags[:-1] & HEAD != 0) & (flags[1:] & TAIL != 0) & one_unknown)
    if not len(triple) and not len(halves):
        return merges
    text_end = np.cumsum(counts)
    taken = -1
    limits = text_end[np.searchsorted(text_end, triple, side="right")]
    run = tries = before = limit_before = -1  # where this run of letters began, tries since then
    for start, limit in zip(triple.tolist(), limits.tolist(), strict=True):
        if start != before + 1 or limit != limit_before or start - run >= MAX_APART:
            run, tries = start, 0
        before, limit_before = start, limit
        if start < taken or tries >= MAX_TRIES:
            continue
        tries += 1
        end = start + 3
        while end < limit and single[end] and end - start < MAX_APART:
            end += 1
        if end > limit:
            continue
        joined = table.join(tuple(ids[start:end].tolist()), chunks, start)
        if joined >= 0:
            merges.append((start, end, joined))
            taken = end
    if len(halves):
        # Two chunks, one of them unknown, that make an offensive word together.
        last_of_text = np.zeros(len(chunks), np.bool_)
        last_of_text[text_end[counts > 0] - 1] = True
        halves = halves[~last_of_text[halves]]
        pairs = zip(fetch(ids, halves).tolist(), fetch(ids, halves + 1).tolist(), strict=True)
        for start, pair in zip(halves.tolist(), pairs, strict=True):
            joined = table.join(pair, chunks, start)
            if joined >= 0 and int(table.words[joined]) == 1:
                merges.append((start, start + 2, joined))
    merges.sort()
    kept: list[tuple[int, int, int]] = []
    for merge in merges:
        if not kept or merge[0] >= kept[-1][1]:
            kept.append(merge)
    return kept


class _Kept(NamedTuple):
    """The chunks as split that are left after merging: slices, for merges are few."""

    parts: list[slice]

    def of(self, values: I64) -> I64:
        """What is left of `values` of all chunks as split."""
        return np.concatenate([values[part] for part in self.parts])

    def origins(self, at: I64) -> I64:
        """The indices as split of the chunks `at`."""
        starts = np.array([part.start for part in self.parts])
        size = np.array([part.stop for part in self.parts]) - starts
        begins = size.cumsum() - size
        origin: I64 = at + (starts - begins)[begins.searchsorted(at, side="right") - 1]
        return origin


def _merge(merges: list[tuple[int, int, int]], ids: I64, counts: I64) -> tuple[I64, I64, _Kept]:
    """Ids and counts with one chunk for each of `merges`, and what that leaves.

    `ids` are written to.
    """
    parts = []
    after = 0
    text_end, counts = counts.cumsum(), counts.copy()
    owners = text_end.searchsorted([start for start, _, _ in merges], side="right").tolist()
    for owner, (start, end, joined) in zip(owners, merges, strict=True):
        parts.append(slice(after, start + 1))
        after = end
        ids[start] = joined
        counts[owner] -= end - start - 1
    parts.append(slice(after, len(ids)))
    kept = _Kept(parts)
    return kept.of(ids), counts, kept
