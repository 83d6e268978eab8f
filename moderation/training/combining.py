"""Combinations of concepts as columns of the matrix, beside the n-grams.

masks of texts and segments ── those combinations that stand in many ──► columns
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from moderation.features.combinations import Combined, combine
from moderation.reading.chunks import I64, U64, Bools
from moderation.training.arrays import Float32
from moderation.training.concepts import combination_masks, exact_masks
from moderation.training.encoding import Encoded
from moderation.training.screening import inverse_frequency

STEP = 4_096  # masks whose combinations are looked for at once


@dataclass(frozen=True)
class Combining:
    """Combinations that heads are taught.

    `masks`: uint64 (K, 2), see `combinations.Combined`; `idf`: float32 (K,); `tells`: bool (K, L),
    the labels whose heads are taught each.
    """

    masks: U64
    idf: Float32
    tells: Bools

    def weighted(self, heads: Float32) -> Combined:
        """With the weights of the heads, (K, H), as a model has them."""
        return Combined(self.masks, (heads * self.idf[:, None]).astype(np.float16))


def choose_combinations(encoded: Encoded, least: Sequence[int]) -> Combining | None:
    """The combinations that stand in as many texts as a label asks for at least.

    `least`: by label; a label with 0 is taught none. None where no label is taught any.
    """
    asked = [number for number in least if number]
    if not asked:
        return None
    texts = text_masks(encoded)
    masks = np.concatenate([combination_masks(), exact_masks(texts, min(asked))])
    count = np.asarray(_find(texts, masks).sum(axis=0)).ravel()
    tells = (count[:, None] >= least) & (np.array(least) > 0)
    kept = np.flatnonzero(tells.any(axis=1))
    if not len(kept):
        return None
    idf = inverse_frequency(encoded.n_texts, count[kept])
    return Combining(masks[kept], idf, tells[kept])


def combination_matrix(masks: U64, chosen: Combining) -> sparse.csr_matrix:
    """Units, by their masks, x combinations: inverse document frequency where one is there."""
    matrix = _find(masks, chosen.masks)
    matrix.data *= chosen.idf[matrix.indices]
    return matrix


def text_masks(encoded: Encoded) -> U64:
    """The masks of texts: uint64, (N,)."""
    masks: U64 = np.bitwise_or.reduceat(encoded.masks, encoded.text_first)
    return masks


def segment_masks(encoded: Encoded, which: I64) -> U64:
    """The masks of some segments: uint64, shape of `which`."""
    masks: U64 = encoded.masks[which]
    return masks


def _find(masks: U64, combinations: U64) -> sparse.csr_matrix:
    """Which units have which combinations: float32 of ones, (N, K)."""
    if not len(masks):
        return sparse.csr_matrix((0, len(combinations)), dtype=np.float32)
    distinct, index = np.unique(masks, return_inverse=True)
    parts = [
        sparse.csr_matrix(combine(distinct[start : start + STEP], combinations), dtype=np.float32)
        for start in range(0, len(distinct), STEP)
    ]
    return sparse.csr_matrix(sparse.vstack(parts, format="csr")[index])
