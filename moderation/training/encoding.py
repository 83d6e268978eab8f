"""Texts -> their features, once, by the code that scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from moderation.features.blocks import encode
from moderation.features.combinations import concept_bits, unit_masks
from moderation.features.items import Sink
from moderation.features.memory import ChunkTable
from moderation.features.repetition import lessen, repeats_of
from moderation.pooling import extents
from moderation.reading.chunks import I32, I64, U64
from moderation.reading.hashing import class_keys
from moderation.reading.lexer import Lexer
from moderation.training.arrays import Float32, Float64
from moderation.training.concepts import CONCEPTS

ENCODE_TEXTS = 1_000


class Recorder(Sink):
    """Keeps the features of items: a sparse matrix items x features in the making."""

    width = 0

    def __init__(self) -> None:
        self.keys: list[U64] = []
        self.owners: list[I32] = []
        self.count = 0

    def take(self, keys: U64, owner: I32, count: int) -> Float32:
        self.keys.append(keys)
        self.owners.append((owner + self.count).astype(np.int32))
        self.count += count
        return np.zeros((count, 0), np.float32)


@dataclass
class Encoded:
    """Texts as chunks and word n-grams, segment by segment.

    `text_first[i]` is the first segment of text i, `length[s]` the words of segment s, `unknown[s]`
    those that the lexer does not know; chunk `chunk_ids[j]` stands in segment `chunk_segment[j]`;
    word n-gram `gram_keys[k]` begins in segment `gram_segment[k]`. `chunk_items`: the items (words
    and marks) of chunks, counts, shape (chunks, items). Item i owns the features `item_keys` where
    `item_owner` is i. `masks[s]`: the concepts of segment s. `share[i]`: how much of text i counts
    (`repetition.share_of`).
    """

    text_first: I64
    length: I64
    unknown: Float64
    chunk_ids: I32
    chunk_segment: I32
    gram_keys: U64
    gram_segment: I32
    chunk_items: sparse.csr_matrix
    item_keys: U64
    item_owner: I32
    masks: U64
    share: Float32

    @property
    def n_texts(self) -> int:
        return len(self.text_first)

    @property
    def n_segments(self) -> int:
        return len(self.length)

    @property
    def n_items(self) -> int:
        return int(self.chunk_items.shape[1])

    def extent(self, weight: float) -> Float64:
        """The length of each segment as it counts: shape (S,).

        `weight`: what an unknown word counts for, see `pooling.extents`.
        """
        return extents(self.length, self.unknown, weight)

    def extent_of_texts(self, weight: float) -> Float64:
        """The same of each text: shape (C,)."""
        return lessen(np.add.reduceat(self.extent(weight), self.text_first), self.share)

    def text_of_segment(self) -> I64:
        """The text of each segment."""
        owner = np.zeros(self.n_segments, np.int64)
        owner[self.text_first[1:]] = 1
        return np.cumsum(owner)


def encode_texts(
    texts: Sequence[str],
    lexer: Lexer,
    classes: dict[str, int],
    class_names: Sequence[str],
    telling: int,
    progress: Callable[[int], None] | None = None,
) -> Encoded:
    """Encode texts once for screening and for the matrices."""
    recorder = Recorder()
    table = ChunkTable(lexer, classes, class_keys(class_names), telling, recorder)
    text_first: list[I64] = []
    length: list[I64] = []
    unknown: list[Float64] = []
    ids: list[I32] = []
    chunk_segment: list[I32] = []
    gram_keys: list[U64] = []
    gram_segment: list[I32] = []
    bits = concept_bits([*CONCEPTS.values()] if class_names else [], class_names)
    masks: list[U64] = []
    share: list[Float32] = []
    segments = 0
    for start in range(0, len(texts), ENCODE_TEXTS):
        part = texts[start : start + ENCODE_TEXTS]
        block = encode(part, table)
        text_first.append(block.text_first + segments)
        length.append(block.length)
        none = np.zeros(len(block.length))
        unknown.append(none if block.unknown is None else block.unknown)
        ids.append(block.ids.astype(np.int32))
        chunk_segment.append((block.chunk_segment + segments).astype(np.int32))
        for keys, position in block.sequences.families():
            gram_keys.append(keys)
            segment = block.word_segment.take(position)
            gram_segment.append((segment + segments).astype(np.int32))
        of_segments, _ = unit_masks(bits, block.sequences.cls, block.length, block.text_first)
        masks.append(of_segments)
        repeats = repeats_of(block.ids, block.chunk_counts, table.size)
        lesser = None if repeats is None else repeats.share
        share.append(np.ones(len(part), np.float32) if lesser is None else lesser)
        segments += len(block.length)
        if progress is not None:
            progress(len(part))
    chunks = np.arange(table.size)
    items, owner = table.expand(chunks, table.words[chunks] + table.marks[chunks])
    return Encoded(
        np.concatenate(text_first),
        np.concatenate(length),
        np.concatenate(unknown),
        np.concatenate(ids),
        np.concatenate(chunk_segment),
        np.concatenate(gram_keys),
        np.concatenate(gram_segment),
        sparse.csr_matrix(
            (np.ones(len(items), np.float32), (owner, items)), shape=(table.size, recorder.count)
        ),
        np.concatenate(recorder.keys),
        np.concatenate(recorder.owners),
        np.concatenate(masks),
        np.concatenate(share),
    )
