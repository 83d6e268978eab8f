"""Scores: `score(text)`, `score_many(texts)`, with numpy alone.

For a segment s (n words of a sentence, ten at most), head h has the linear score

    z(s, h) = sum of the weights of the n-grams and combinations of s / sqrt(n + kappa)

(TF-IDF with the weights times their inverse document frequency, and a pivoted length
normalisation; Singhal, Buckley & Mitra 1996; a word that the model does not know counts for less
than one in n, see `pooling.extents`). The same sum over the whole text gives z(text, h):
there, what is repeated counts for less (see `repetition`), and combinations of concepts are those
of the whole text (see `combinations`). The logit is a calibrated function of it, of the worst
segment and of how many segments there were: one abusive sentence shows inside a long polite
comment, and many harmless sentences do not add up to an abusive one. The scale may bend (see
`pooling`).
"""

from __future__ import annotations

import functools
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from moderation.features.blocks import Block, encode
from moderation.features.items import Sink
from moderation.features.memory import ChunkTable
from moderation.features.repetition import Repeats, repeats_of
from moderation.features.sequences import FAMILIES
from moderation.model import HEADS
from moderation.pooling import Pooled, Pooling, Sums, extents, pool
from moderation.reading.chunks import I32, I64, U64, Bools, bring_near, constant, fetch
from moderation.reading.hashing import CACHED, MOST_FEATURES, class_keys, item_features, slots
from moderation.reading.vocabulary import Known
from moderation.records import Score
from moderation.weights import RowAdder

if TYPE_CHECKING:
    from moderation.model import Model

Float32 = npt.NDArray[np.float32]

BLOCK_TEXTS = 4_096
BLOCK_CHARS = 1_200_000  # code points encoded at once: more make fewer calls, and larger arrays

SUMMED_WORDS = 4_096  # known words whose features are looked up at once
ADDED = 4_096  # rows added at once: with their float64 they stay in the processor's cache
SEGMENTS = 2_048  # summed at once, of six chunks each or so: for the same reason
KEPT = 31 << 20  # bytes of a block: glibc heeds none of 32 MiB or more
_HEADS = np.arange(len(HEADS))
FEW = 200  # rows up to which calls take longer than work
_HALF, _ONE = constant(0.5, np.float32), constant(1, np.float32)


class WeightSink(Sink):
    """Sums the model's weights of each chunk's own features."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.width = model.row_width

    def take(self, keys: U64, owner: I32, count: int) -> Float32:
        at, hit = find_slots(self.model, keys)
        sums = np.zeros((count, self.width), np.float32)
        summed = sum_slots(self.model, at, owner[hit], count, MOST_FEATURES)
        sums[:, : summed.shape[1]] = summed
        return sums


def lookup(model: Model, keys: U64) -> tuple[Float32, I64]:
    """Weights of the features that the model knows, and which keys they are.

    Returns float32 (K', H) and int64 (K',).
    """
    at, hit = find_slots(model, keys)
    return fetch(model.weight, at).astype(np.float32), hit


def find_slots(model: Model, keys: U64, counts: Bools | None = None) -> tuple[I64, I64]:
    """Slots of the features that the model knows, and which keys they are: int64 (K',) each.

    As many keys at once as stay near the processor with all that is made of them.
    """
    if len(keys) <= CACHED:
        at, fingerprint = slots(keys, model.bits)
        known = fetch(model.fingerprint, at) == fingerprint
        if counts is not None:
            known &= counts
        hit = known.nonzero()[0]
        return fetch(at, hit), hit
    found: list[I64] = []
    which: list[I64] = []
    for start in range(0, len(keys), CACHED):
        part = slice(start, start + CACHED)
        at, hit = find_slots(model, keys[part], None if counts is None else counts[part])
        hit += start
        found.append(at)
        which.append(hit)
    return np.concatenate(found), np.concatenate(which)


def sum_slots(
    model: Model, at: I64, owner: npt.NDArray[np.integer], count: int, most: int
) -> Float32:
    """Sum the weights in slots by owner: (K,), (K,) -> float32, shape (count, H).

    No owner has more than `most` of them.
    """
    if len(at) < FEW:
        return _sum_few(fetch(model.weight, at), owner, count)
    adder = model.rows.adder(count, most)
    for start in range(0, len(at), ADDED):
        part = slice(start, start + ADDED)
        adder.take(at[part], owner[part])
    return adder.sums()


def _sum_by(rows: Float32, owner: npt.NDArray[np.integer], count: int, heads: int) -> Float32:
    """Sum rows by owner: (K, row_width), (K,) -> float32, shape (count, H)."""
    rows = rows[:, :heads]
    if len(rows) < FEW:
        return _sum_few(rows, owner, count)
    adder = RowAdder(count, heads)
    for start in range(0, len(rows), ADDED):
        adder.add(rows[start : start + ADDED], owner[start : start + ADDED])
    return adder.sums()


def _sum_few(rows: npt.NDArray[np.floating], owner: npt.NDArray[np.integer], count: int) -> Float32:
    """Sum a few rows (K, H) by owner in one call instead of one for each pair of heads."""
    heads = rows.shape[1]
    cells = owner[:, None] * heads + _HEADS
    flat = np.bincount(cells.ravel(), rows.ravel(), count * heads)
    return flat.reshape(count, heads).astype(np.float32)


def sum_words(model: Model) -> Float32:
    """What each known word's own features contribute: float32, shape (V, H), by rank."""
    sink, keys = WeightSink(model), class_keys(model.settings["classes"])
    words, heads = model.words, model.weight.shape[1]
    sums = np.empty((len(words), heads), np.float32)
    for start in range(0, len(words), SUMMED_WORDS):
        part = words[start : start + SUMMED_WORDS]
        *_, features, owner = item_features(part, model.classes, keys)
        sums[start : start + len(part)] = sink.take(features, owner, len(part))[:, :heads]
    return sums


def sum_weights(model: Model, block: Block, table: ChunkTable) -> Sums:
    """The weights of a block's n-grams and combinations, summed by segment and by text."""
    n_segments, heads = len(block.length), model.weight.shape[1]
    if not len(block.ids):
        none = np.zeros((n_segments, heads), np.float32)
        return Sums(none, none[block.text_first])
    segments = _sum_chunks(block, table, heads)
    if len(segments) < n_segments:
        own, segments = segments, np.zeros((n_segments, heads), np.float32)
        segments[block.filled] = own
    repeats = repeats_of(block.ids, block.chunk_counts, table.size)
    surpluses = share = flood = None
    if repeats is not None:  # at once: the chunks' values are still near
        surpluses = _sum_repeats(repeats, table, len(block.chunk_counts), heads)
        share = repeats.share
    if share is not None:
        flood = _Flood.of(share, block.text_first, segments)
    _add_grams(segments, model, block)
    texts = np.add.reduceat(segments, block.text_first, axis=0)
    if surpluses is not None:
        texts += surpluses
    if flood is not None:
        texts[flood.texts] -= flood.excess(segments)
    combinations = model.combinations
    if combinations is not None:
        masks = combinations.masks_of(block.sequences.cls, block.length, block.text_first)
        rows = combinations.sums(np.concatenate(masks))
        segments += rows[:n_segments]
        texts += rows[n_segments:]
    return Sums(segments, texts, share)


class _Flood(NamedTuple):
    """Texts that flood (T,), how much less than all of each counts, and of their segments which
    they are, where those of each text begin, and the sums of their words."""

    texts: I64
    less: Float32
    segments: I64
    first: I64
    words: Float32

    @classmethod
    def of(cls, share: Float32, text_first: I64, words: Float32) -> _Flood:
        """`share`: as `Repeats` has it; `words`: (S, H), the sums of all segments' words."""
        floods = share < 1
        counts = np.diff(text_first, append=len(words))
        segments = floods.repeat(counts).nonzero()[0]
        texts = floods.nonzero()[0]
        own = counts.take(texts)
        return cls(texts, 1 - share.take(texts), segments, own.cumsum() - own, words[segments])

    def excess(self, sums: Float32) -> Float32:
        """What n-grams of several words bring too much, where `sums` has them too: (T, H)."""
        sequences = np.add.reduceat(sums[self.segments] - self.words, self.first, axis=0)
        excess: Float32 = self.less[:, None] * sequences
        return excess


def _add_grams(segments: Float32, model: Model, block: Block) -> None:
    """Add to the sums of segments (S, H) what n-grams of words in a row contribute."""
    n_segments = len(segments)
    found: list[tuple[I64, I64]] = []  # weights after all keys: each has its own table to be near
    for grams in block.sequences.parts():
        at, hit = find_slots(model, grams.keys, grams.counts)
        if len(hit):
            found.append((at, fetch(block.word_segment, fetch(grams.first, hit))))
    if len(found) == 1 and len(found[0][0]) < FEW:
        at, owner = found[0]
        segments += _sum_few(fetch(model.weight, at), owner, n_segments)
    elif found:
        adder = model.rows.adder(n_segments, FAMILIES * int(block.length.max()))
        for at, owner in found:
            adder.take(at, owner)
        segments += adder.sums()


def _sum_chunks(block: Block, table: ChunkTable, heads: int) -> Float32:
    """What the chunks of each filled segment contribute: float32, shape (F, heads)."""
    first, ids = block.segment_first, block.ids
    sums = np.empty((len(first), -(-heads // 2)), np.complex64)  # two heads at a time
    bring_near(table.value[: table.size], len(ids))
    for start in range(0, len(first), SEGMENTS):
        part = first[start : start + SEGMENTS]
        low, rest = part[0], first[start + SEGMENTS : start + SEGMENTS + 1]
        here = ids[low : rest[0]] if len(rest) else ids[low:]
        pairs = fetch(table.value, here).view(np.complex64)[:, : sums.shape[1]]
        np.add.reduceat(pairs, part - low, axis=0, out=sums[start : start + SEGMENTS])
    return sums.view(np.float32)[:, :heads]


def _sum_repeats(repeats: Repeats, table: ChunkTable, n_texts: int, heads: int) -> Float32:
    """What to add to the sums of texts for what repeated chunks brought too much: (C, H)."""
    rows = fetch(table.value, repeats.chunk)
    rows *= repeats.surplus[:, None]
    if n_texts == 1:
        sums = np.add.reduce(rows[:, :heads], axis=0, dtype=np.float64, keepdims=True)
        return sums.astype(np.float32)
    return _sum_by(rows, repeats.text, n_texts, heads)


def sigmoid(logits: Float32) -> Float32:
    """Logistic function without overflow."""
    probability: Float32 = np.tanh(_HALF * logits)
    probability += _ONE
    probability *= _HALF
    return probability


def _keep_freed_memory() -> None:
    """Let the allocator keep what a block's arrays leave for those of the next.

    glibc gives large blocks back to the system when they are freed, and a twentieth of scoring may
    go into getting them anew; from the first such block on it keeps those of up to that size
    (mallopt(3), M_MMAP_THRESHOLD). This one is never written to, so it costs no memory.
    """
    np.empty(KEPT, np.uint8)


class Scorer:
    """A model with its memory of chunks. Thread-safe; the numbers do not depend on the memory."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.pooling = Pooling(model.pool)
        self._table = self.new_table()
        _keep_freed_memory()

    def new_table(self) -> ChunkTable:
        """An empty memory for this model."""
        model = self.model
        return ChunkTable(
            model.lexer,
            model.classes,
            class_keys(model.settings["classes"]),
            model.settings["telling"],
            WeightSink(model),
            Known(model.word_sums, model.word_class),
        )

    def table(self) -> ChunkTable:
        """The memory in use; a full one is replaced by an empty one."""
        table = self._table
        if table.full:
            table = self._table = self.new_table()
        return table

    def extent_of(self, block: Block) -> npt.NDArray[np.float64]:
        """The lengths of a block's segments as they count; see `pooling.extents`."""
        return extents(block.length, block.unknown, self.model.settings.get("unknown", 1.0))

    def pooled(self, texts: Sequence[str]) -> Pooled:
        """What each text's segments come to, before calibration."""
        parts: list[Pooled] = []
        kappa = self.model.settings["kappa"]
        for start, end in _blocks(texts):
            table = self.table()
            block = encode(texts[start:end], table)
            sums = sum_weights(self.model, block, table)
            parts.append(pool(sums, self.extent_of(block), block.text_first, kappa))
        if len(parts) == 1:
            return parts[0]
        if not parts:
            empty = np.empty((0, self.model.weight.shape[1]), np.float32)
            return Pooled(empty, empty, np.empty(0, np.int64))
        return Pooled(
            np.concatenate([part.whole for part in parts]),
            np.concatenate([part.worst for part in parts]),
            np.concatenate([part.count for part in parts]),
        )

    def logits(self, texts: Sequence[str]) -> Float32:
        """Calibrated logits: float32, shape (C, L)."""
        return self.pooling.logits(self.pooled(texts))

    def predict_proba(self, texts: Sequence[str]) -> Float32:
        """Calibrated probabilities: float32, shape (C, L), each in [0, 1]."""
        if isinstance(texts, str):
            raise TypeError("predict_proba takes a list of texts, not one text")
        return sigmoid(self.logits(texts))


def _blocks(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Half-open ranges of texts that are encoded at once."""
    if len(texts) == 1:
        yield 0, 1
        return
    until = np.fromiter(map(len, texts), np.int64, len(texts)).cumsum()
    start = chars = 0
    while start < len(texts):
        end = int(until.searchsorted(chars + BLOCK_CHARS)) + 1
        end = min(end, start + BLOCK_TEXTS, len(texts))
        yield start, end
        start, chars = end, int(until[end - 1])


_scorers: weakref.WeakKeyDictionary[Model, Scorer] = weakref.WeakKeyDictionary()
_making = threading.Lock()


def scorer_of(model: Model) -> Scorer:
    """The scorer that all callers of this model share."""
    with _making:
        scorer = _scorers.get(model)
        if scorer is None:
            scorer = _scorers[model] = Scorer(model)
    return scorer


def score_many(texts: Iterable[str], model: Model | None = None) -> Iterator[Score]:
    """Score texts as they come, in blocks: memory stays flat however many there are.

    `model` defaults to the shipped one. Any Unicode is accepted, lone surrogates included.
    """
    if model is None:
        model = _shipped()
    waiting: list[str] = []
    chars = 0
    for text in texts:
        waiting.append(text)
        chars += len(text)
        if len(waiting) >= BLOCK_TEXTS or chars >= BLOCK_CHARS:
            yield from _records(waiting, model)
            waiting, chars = [], 0
    if waiting:
        yield from _records(waiting, model)


def _records(texts: list[str], model: Model) -> list[Score]:
    """The scores of texts that are encoded at once."""
    labels, name, thresholds = model.labels, str(model), model.thresholds
    toxic, hateful = thresholds["toxicity"], thresholds["identity_attack"]
    records = []
    for row in scorer_of(model).predict_proba(texts).tolist():
        scores = dict(zip(labels, row, strict=True))
        records.append(
            Score(
                scores=scores,
                abusive=scores["toxicity"] >= toxic,
                hateful=scores["identity_attack"] >= hateful,
                model=name,
            )
        )
    return records


@functools.cache
def _shipped() -> Model:
    """The shipped model as it was first: to look at its file each time takes a fifth of a score."""
    from moderation.model import load

    return load()


def score(text: str, model: Model | None = None) -> Score:
    """Score one text with the shipped model (or `model`).

    >>> score("Thank you, that was kind.").abusive
    False
    """
    return _records([text], _shipped() if model is None else model)[0]
