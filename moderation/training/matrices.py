"""Encoded texts -> sparse matrices of the features chosen, scaled as scoring scales them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from moderation.chunks import I32, I64, U64
from moderation.training.encoding import Encoded, item_matrix
from moderation.training.screening import Screen


def segment_matrix(encoded: Encoded, chosen: Screen) -> sparse.csr_matrix:
    """Segments x features: counts times inverse document frequency, float32."""
    n = len(chosen.keys)

    def where(keys: U64) -> tuple[I64, npt.NDArray[np.bool_]]:
        at = np.searchsorted(chosen.keys, keys)
        np.minimum(at, n - 1, out=at)
        return at, chosen.keys[at] == keys

    at, hit = where(encoded.item_keys)
    item_matrix_of = sparse.csr_matrix(
        (np.ones(int(hit.sum()), np.float32), (encoded.item_owner[hit], at[hit])),
        shape=(encoded.n_items, n),
    )
    from_items = item_matrix(encoded) @ item_matrix_of
    rows: list[I32] = []
    columns: list[I64] = []
    step = 20_000_000
    for start in range(0, len(encoded.gram_keys), step):
        at, hit = where(encoded.gram_keys[start : start + step])
        rows.append(encoded.gram_segment[start : start + step][hit])
        columns.append(at[hit].astype(np.int32))
    row, column = np.concatenate(rows), np.concatenate(columns)
    grams = sparse.csr_matrix(
        (np.ones(len(row), np.float32), (row, column)), shape=from_items.shape
    )
    matrix = (from_items + grams).tocsr()
    matrix.data *= chosen.idf[matrix.indices]
    return matrix


def text_matrix(encoded: Encoded, segments: sparse.csr_matrix) -> sparse.csr_matrix:
    """Texts x features: the sum of each text's segments."""
    owner = encoded.text_of_segment()
    gather = sparse.csr_matrix(
        (np.ones(len(owner), np.float32), (owner, np.arange(len(owner)))),
        shape=(encoded.n_texts, len(owner)),
    )
    return (gather @ segments).tocsr()


def normalise_rows(matrix: sparse.csr_matrix, words: I64, kappa: float) -> sparse.csr_matrix:
    """Divide each row by sqrt(words + kappa): the pivoted length normalisation of scoring."""
    scale = (1 / np.sqrt(words + kappa)).astype(np.float32)
    return sparse.diags_array(scale).astype(np.float32) @ matrix
