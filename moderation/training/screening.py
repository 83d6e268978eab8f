"""Which features the heads are taught, and which of them get a slot of the table.

A feature is taught when its log-odds ratio between a label's positives and negatives is far from
zero in standard deviations (Monroe, Colaresi & Quinn 2008), the farthest first. That looks at each
feature alone; the heads weigh them all together and so know better which can be spared. Of those
that share a slot the one stays that the scores would miss most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from moderation.reading.chunks import I64, U64, Bools
from moderation.reading.hashing import slots
from moderation.records import LABELS
from moderation.training.arrays import Float32
from moderation.training.encoding import Encoded

ROUNDING = 1e-3  # of counts that are sums of parts


@dataclass
class Screen:
    """Features chosen, by ascending key.

    `keys`: mixed; `count`: occurrences; `idf`: inverse document frequencies; `tells`: bool (F, L),
    the labels that each was chosen for.
    """

    keys: U64
    count: Float32
    idf: Float32
    tells: Bools

    def take(self, which: I64) -> Screen:
        """Some of the features, ascending."""
        return Screen(self.keys[which], self.count[which], self.idf[which], self.tells[which])


def screen(
    encoded: Encoded,
    labels: Float32,
    weight: Float32,
    *,
    count: Float32 | None = None,
    min_count: float = 3.0,
    per_label: Sequence[int] = (150_000,) * len(LABELS),
    prior: float = 0.5,
) -> Screen:
    """Choose features by how far their log-odds ratio is from zero, `per_label` for each label.

    `labels`: float32 (N, L) in [0, 1] or NaN; `weight`: float32 (N, L); `count`: float32 (N,), as
    how many texts each counts in document frequencies (default: one).
    """
    if count is None:
        count = np.ones(len(labels), np.float32)
    n_labels = labels.shape[1]
    known = ~np.isnan(labels)
    y = np.nan_to_num(labels)
    positive = np.where(known, weight * y, 0).astype(np.float32)
    negative = np.where(known, weight * (1 - y), 0).astype(np.float32)
    mass = np.concatenate([positive, negative, count[:, None]], axis=1)
    by_segment = mass[encoded.text_of_segment()]

    # Features of items: sum over chunks, over items, then over the items that own the feature.
    chunks = sparse.csr_matrix(
        (np.ones(len(encoded.chunk_ids), np.float32), (encoded.chunk_segment, encoded.chunk_ids)),
        shape=(encoded.n_segments, encoded.chunk_items.shape[0]),
    )
    item_mass = np.asarray(encoded.chunk_items.T @ (chunks.T @ by_segment), dtype=np.float32)
    item_keys, index = np.unique(encoded.item_keys, return_inverse=True)
    owner = sparse.csr_matrix(
        (np.ones(len(index), np.float32), (index, encoded.item_owner)),
        shape=(len(item_keys), encoded.n_items),
    )
    item_total = np.asarray(owner @ item_mass)
    keep = item_total[:, -1] >= min_count - ROUNDING
    item_keys, item_total = item_keys[keep], item_total[keep]

    # Word n-grams: most are rare; a sketch of counts drops those before they are sorted.
    sketch_bits = 25
    sketch = np.bincount(
        (encoded.gram_keys >> np.uint64(64 - sketch_bits)).astype(np.int64),
        minlength=1 << sketch_bits,
    ).astype(np.int32)
    frequent = np.flatnonzero(
        sketch[(encoded.gram_keys >> np.uint64(64 - sketch_bits)).astype(np.int64)] >= min_count
    )
    gram_keys, index = np.unique(encoded.gram_keys[frequent], return_inverse=True)
    counts = np.bincount(index)
    keep = counts >= min_count
    number = np.cumsum(keep) - 1
    kept = keep[index]
    owner = sparse.csr_matrix(
        (
            np.ones(int(kept.sum()), np.float32),
            (number[index[kept]], encoded.gram_segment[frequent[kept]]),
        ),
        shape=(int(keep.sum()), encoded.n_segments),
    )
    gram_total = np.asarray(owner @ by_segment)
    gram_keys = gram_keys[keep]
    keep = gram_total[:, -1] >= min_count - ROUNDING
    gram_keys, gram_total = gram_keys[keep], gram_total[keep]

    keys = np.concatenate([item_keys, gram_keys])
    total = np.concatenate([item_total, gram_total]).astype(np.float64)
    tells = np.zeros((len(keys), n_labels), np.bool_)
    for label in range(n_labels):
        a, b = total[:, label], total[:, n_labels + label]
        sum_a, sum_b = a.sum(), b.sum()
        if sum_a == 0 or sum_b == 0:
            continue
        ratio = np.log(a + prior) - np.log(b + prior * sum_b / sum_a)
        ratio -= np.log(sum_a) - np.log(sum_b)
        z = np.abs(ratio) / np.sqrt(1 / (a + prior) + 1 / (b + prior * sum_b / sum_a))
        tells[np.argsort(-z, kind="stable")[: per_label[label]], label] = True
    chosen = np.flatnonzero(tells.any(axis=1))
    chosen = chosen[np.argsort(keys[chosen], kind="stable")]
    keys, df = keys[chosen], total[chosen, -1]
    n_texts = count.sum(dtype=np.float64)
    idf = inverse_frequency(n_texts, df)
    return Screen(keys, df.astype(np.float32), idf, tells[chosen])


def inverse_frequency(n_texts: float, count: npt.NDArray[np.number]) -> Float32:
    """Inverse document frequency of what stands in `count` of the texts, smoothed, at least 1."""
    idf: Float32 = (np.log((1 + n_texts) / (1 + count)).clip(0) + 1).astype(np.float32)
    return idf


def prune(chosen: Screen, heads: Float32, bits: int) -> I64:
    """The features that get a slot of a table of `2**bits`, ascending; `heads`: (F, H).

    What a score would miss without a feature is the square of its weight times how often it occurs,
    as a share of what that comes to over all features of the head. Without any weight it gets none.
    """
    missed = (heads.astype(np.float64) * chosen.idf[:, None]) ** 2 * chosen.count[:, None]
    missed = (missed / np.maximum(missed.sum(axis=0), np.finfo(np.float64).tiny)).sum(axis=1)
    order = np.argsort(-missed, kind="stable")
    order = order[missed[order] > 0]
    slot, _ = slots(chosen.keys[order], bits)
    _, first = np.unique(slot, return_index=True)
    kept: I64 = np.sort(order[first])
    return kept
