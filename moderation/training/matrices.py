"""Encoded texts -> sparse matrices of the features chosen, scaled as scoring scales them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from moderation.features.repetition import damp
from moderation.reading.chunks import I64, U64
from moderation.training.arrays import Float64
from moderation.training.encoding import Encoded
from moderation.training.screening import Screen

STEP = 20_000_000  # word n-grams looked up at once


def segment_matrix(encoded: Encoded, chosen: Screen, which: I64) -> sparse.csr_matrix:
    """The segments `which` x features: counts times inverse document frequency."""
    row = np.full(encoded.n_segments, -1, np.int64)
    row[which] = np.arange(len(which))
    return _count_features(encoded, chosen, row, len(which), damped=False)


def text_matrix(encoded: Encoded, chosen: Screen, *, damped: bool = True) -> sparse.csr_matrix:
    """Texts x features: counts times inverse document frequency, repeats `damped` as in scoring."""
    row = encoded.text_of_segment()
    return _count_features(encoded, chosen, row, encoded.n_texts, damped=damped)


def _count_features(
    encoded: Encoded, chosen: Screen, row: I64, n_rows: int, *, damped: bool
) -> sparse.csr_matrix:
    """Rows x features; `row`: the row of each segment, -1 for none."""
    n = len(chosen.keys)

    def where(keys: U64) -> tuple[I64, npt.NDArray[np.bool_]]:
        at = np.searchsorted(chosen.keys, keys)
        np.minimum(at, n - 1, out=at)
        return at, chosen.keys[at] == keys

    def count(
        rows: I64, columns: npt.NDArray[np.integer], width: int, *, damped: bool
    ) -> sparse.csr_matrix:
        inside = rows >= 0
        rows, columns = rows[inside], columns[inside]
        counts = sparse.csr_matrix(
            (np.ones(len(rows), np.float32), (rows, columns)), shape=(n_rows, width)
        )
        counts.sum_duplicates()
        if damped:
            counts.data = damp(counts.data).astype(np.float32)
        return counts

    at, hit = where(encoded.item_keys)
    of_items = sparse.csr_matrix(
        (np.ones(int(hit.sum()), np.float32), (encoded.item_owner[hit], at[hit])),
        shape=(encoded.n_items, n),
    )
    of_chunks = encoded.chunk_items @ of_items
    matrix = count(row[encoded.chunk_segment], encoded.chunk_ids, of_chunks.shape[0], damped=damped)
    matrix = matrix @ of_chunks
    rows: list[I64] = []
    columns: list[I64] = []
    for start in range(0, len(encoded.gram_keys), STEP):
        at, hit = where(encoded.gram_keys[start : start + STEP])
        rows.append(row[encoded.gram_segment[start : start + STEP][hit]])
        columns.append(at[hit])
    sequences = count(np.concatenate(rows), np.concatenate(columns), n, damped=False)
    if damped:
        sequences = sparse.diags_array(encoded.share) @ sequences
    matrix = (matrix + sequences).tocsr()
    matrix.data *= chosen.idf[matrix.indices]
    return matrix


def normalise_rows(matrix: sparse.csr_matrix, extent: Float64, kappa: float) -> sparse.csr_matrix:
    """Divide each row by sqrt(extent + kappa): the pivoted length normalisation of scoring.

    `extent`: the rows' lengths as they count, see `Encoded.extent`.
    """
    scale = (1 / np.sqrt(extent + kappa)).astype(np.float32)
    return sparse.diags_array(scale).astype(np.float32) @ matrix
