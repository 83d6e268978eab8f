"""The linear heads, by scikit-learn's logistic regression."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from moderation.model import HEADS, REGISTER, SOCIAL
from moderation.reading.chunks import I64, Bools
from moderation.records import LABELS
from moderation.training.arrays import Float32
from moderation.training.encoding import Encoded
from moderation.training.recipe import REGISTERS, Fit, Recipe

SMOOTHED = 5.0  # of each outcome's weighted counts: few occurrences are no evidence


@dataclass(frozen=True, eq=False, repr=False)
class Rows:
    """Texts to teach the heads, and what is known of each.

    - `matrix`: R rows x F features;
    - `labels`, `weight`: float32, shape (R, L);
    - `source`: shape (R,), the corpus or file of each;
    - `draw`: int64, shape (R,), the draw of misspelt copies that a row is of, -1 for rows of all;
    - `written`: so many, the first, are whole texts as people wrote them; the others (misspelt
      copies, segments) do not teach how people write.
    """

    matrix: sparse.csr_matrix
    labels: Float32
    weight: Float32
    source: npt.NDArray[np.str_]
    draw: I64
    written: int


def fit_head(
    matrix: sparse.csr_matrix,
    labels: Float32,
    weight: Float32,
    *,
    cost: float,
    cap: float,
    tolerance: float,
    epochs: int,
    seed: int,
    trust: float = 0.0,
    taught: I64 | None = None,
) -> tuple[Float32, float]:
    """One label's weights by L2-regularised logistic regression (liblinear, dual).

    `taught`: the columns of `matrix` that it is fitted on (default: all), whose weights come back.
    A label in (0, 1) counts as that much of a positive and the rest of a negative. Rows much
    longer than the median (floods of one word) are cut to `cap` times its norm, which keeps the
    dual well conditioned. Features are scaled by `log_count_scale` to the power `trust`, so that
    what tells the outcomes apart by itself is held back less. Returns float32 (F,) weights and the
    intercept.
    """
    rows = np.flatnonzero(~np.isnan(labels) & (weight > 0))
    y, w = labels[rows], weight[rows]
    chosen = matrix[rows]  # a copy; from here on changed in place, for it is most of the memory
    if taught is not None and len(taught) < matrix.shape[1]:
        chosen = chosen[:, taught]
    factor = log_count_scale(chosen, y, w) ** np.float32(trust)
    chosen.data *= factor[chosen.indices]
    counts = np.diff(chosen.indptr)
    squares = sparse.csr_matrix((chosen.data**2, chosen.indices, chosen.indptr), chosen.shape)
    norm = np.sqrt(squares @ np.ones(chosen.shape[1], np.float32))
    del squares
    median = float(np.median(norm[norm > 0])) if (norm > 0).any() else 1.0
    scale = np.ones(len(norm))
    long = norm > cap * median
    scale[long] = cap * median / norm[long]
    chosen.data *= np.repeat((scale / median).astype(np.float32), counts)
    positive, negative = np.flatnonzero(y > 0), np.flatnonzero(y < 1)
    order = np.random.default_rng(seed).permutation(len(positive) + len(negative))
    index = np.concatenate([positive, negative])[order]
    target = np.concatenate([np.ones(len(positive)), np.zeros(len(negative))])[order]
    mass = np.concatenate([w[positive] * y[positive], w[negative] * (1 - y[negative])])[order]
    chosen = chosen[index]
    head = LogisticRegression(
        C=cost, solver="liblinear", dual=True, tol=tolerance, max_iter=epochs, random_state=seed
    )
    with warnings.catch_warnings():
        # The recipe stops where dev figures no longer move; what is left is not a fault.
        warnings.simplefilter("ignore", ConvergenceWarning)
        head.fit(chosen, target, sample_weight=mass)
    return (head.coef_[0] * factor / median).astype(np.float32), float(head.intercept_[0])


def log_count_scale(matrix: sparse.csr_matrix, labels: Float32, weight: Float32) -> Float32:
    """How far each feature tells the outcomes apart by itself: float32 (F,), 1.1 for the median.

    The absolute log-count ratio (Wang & Manning 2012: naive Bayes features) over its median, plus
    0.1. There it stands alone; here, to a power below one, it only tilts the penalty.
    """
    positive = matrix.T @ (weight * labels).astype(np.float64)
    negative = matrix.T @ (weight * (1 - labels)).astype(np.float64)
    share = positive.sum() / negative.sum()
    ratio = np.abs(np.log(positive + SMOOTHED) - np.log(negative * share + SMOOTHED))
    median = float(np.median(ratio))
    scale: Float32 = (ratio / (median if median > 0 else 1.0) + 0.1).astype(np.float32)
    return scale


def fit_heads(
    rows: Rows,
    tells: Bools,
    recipe: Recipe,
    log: Callable[[str], None] = lambda line: None,
) -> Float32:
    """The weights of every head by the recipe: float32 (F, H), in the order of `model.HEADS`.

    `tells`: (F, H), the features that each head is taught, see `taught_features`. A head is fitted
    once a draw of misspelt copies, and the mean of its weights kept: what one draw says moves
    single corpora's figures by a hundredth (bagging; Breiman 1996). Each fit may weigh rows in a
    way of its own (see `recipe.Fit`): opinions that were taught by different texts agree less, so
    that their mean errs less (Krogh & Vedelsby 1995). A fit without rows of both outcomes is left
    out, a head without any such fit left at zero. Last, toxicity's is lent what the recipe says of
    others, which were taught by other texts too: of several opinions the sum is better (stacked
    generalisation; Wolpert 1992).
    """
    heads = np.zeros((rows.matrix.shape[1], len(HEADS)), np.float32)
    register = registers_of(rows.source, recipe)
    for number, head in enumerate(HEADS):
        trust, cost, fits = recipe.trust, recipe.cost[0], recipe.fits_of(head)
        if head == REGISTER:
            outcome = (register != "talk").astype(np.float32)
            mass, whole = np.zeros(len(register), np.float32), slice(rows.written)
            mass[whole] = register_weights(register[whole], rows.labels[whole], recipe)
            trust, cost = recipe.register_trust, recipe.register_cost
        else:
            label = 0 if head == SOCIAL else number
            outcome, mass = rows.labels[:, label], rows.weight[:, label]
            cost = recipe.cost[label]
        known = ~np.isnan(outcome) & (mass > 0)
        own = [(rows.draw < 0) | (rows.draw == turn) for turn in range(len(fits))]
        masses = [
            np.where(mine, mass * factors_of(fit, rows.source, register, rows.draw), 0)
            for fit, mine in zip(fits, own, strict=True)
        ]
        turns = [
            turn for turn, weighed in enumerate(masses) if _has_both(outcome[known & (weighed > 0)])
        ]
        if not turns:
            log(f"{head}: no texts with both outcomes; left at zero")
            continue
        taught = np.flatnonzero(tells[:, number])
        for turn in turns:
            weights, _ = fit_head(
                rows.matrix,
                outcome,
                masses[turn],
                cost=cost,
                cap=recipe.cap,
                tolerance=recipe.tolerance,
                epochs=recipe.epochs,
                seed=recipe.seed + turn,
                trust=trust,
                taught=taught,
            )
            heads[taught, number] += weights / np.float32(len(turns))
        share = outcome[known].mean()
        log(f"{head}: {int(known.sum()):,} texts, {share:.3f} positive, {len(turns)} fits")
    for label_of, factor in recipe.lent.items():
        heads[:, 0] += np.float32(factor) * heads[:, LABELS.index(label_of)]
    return heads


def taught_features(ngrams: Bools, combinations: Bools | None = None) -> Bools:
    """The features that each head is taught: (F, L), (K, L) -> (F + K, H).

    `ngrams`, `combinations`: those chosen for a label. The heads of social media and of the
    register get toxicity's, but the register's no combinations: what is said of whom does not tell
    how people write, and with them it took abuse for a sign of social media.
    """
    of_heads = [LABELS.index(head) if head in LABELS else 0 for head in HEADS]
    taught = ngrams[:, of_heads]
    if combinations is None:
        return taught
    crossed = combinations[:, of_heads]
    crossed[:, HEADS.index(REGISTER)] = False
    return np.concatenate([taught, crossed])


def register_weights(register: npt.NDArray[np.str_], labels: Float32, recipe: Recipe) -> Float32:
    """What each row counts for in telling the registers apart: float32 (R,).

    Either register weighs the same, and `recipe.register_toxic` of it is toxic (a text without
    that label: if it attacks an identity). Otherwise abuse itself would tell them apart.
    """
    mass = np.where(register == "both", recipe.register_both, 1).astype(np.float64)
    toxic = np.where(
        np.isnan(labels[:, 0]), labels[:, LABELS.index("identity_attack")], labels[:, 0]
    )
    whole = mass.sum()
    for of_talk in (True, False):
        for is_toxic, share in ((True, recipe.register_toxic), (False, 1 - recipe.register_toxic)):
            rows = ((register == "talk") == of_talk) & ((toxic > 0.5) == is_toxic)
            if mass[rows].any():
                mass[rows] *= whole / 2 * share / mass[rows].sum()
    return mass.astype(np.float32)


def _has_both(outcome: Float32) -> bool:
    """Whether there are texts of either outcome."""
    return bool((outcome > 0).any() and (outcome < 1).any())


def registers_of(source: npt.NDArray[np.str_], recipe: Recipe) -> npt.NDArray[np.str_]:
    """The register of each row, by its source: (R,), each of REGISTERS."""
    names, number = np.unique(source, return_inverse=True)
    return np.array([recipe.register_of(name) for name in names.tolist()])[number]


def factors_of(
    fit: Fit, source: npt.NDArray[np.str_], register: npt.NDArray[np.str_], draw: I64
) -> Float32:
    """What a fit multiplies the weight of each row by: float32 (R,)."""
    out = np.zeros(len(register), np.float32)
    for name in REGISTERS:
        out[register == name] = getattr(fit, name)
    out[draw >= 0] *= np.float32(fit.misspelt)
    out[np.isin(source, fit.without)] = 0
    return out


def harmless_segments(
    encoded: Encoded, labels: Float32, weight: Float32, recipe: Recipe
) -> tuple[I64, Float32, Float32]:
    """Segments of harmless texts, as rows to train on beside the texts.

    A harmless text has no harmful segment, and the worst of many is what false alarms in long
    texts come from. At most `recipe.segments` of those with three words or more, drawn by
    `recipe.seed`. Returns their numbers (K,), labels and weights (K, L): 0 where the text has the
    label 0, else missing; the text's weight times `recipe.segments_weight`.
    """
    factor = np.array(recipe.segments_weight, np.float32)
    owner = encoded.text_of_segment()
    several = np.bincount(owner, minlength=encoded.n_texts) > 1
    useful = ((labels == 0) & (weight > 0) & (factor > 0)).any(axis=1) & several
    found = np.flatnonzero(useful[owner] & (encoded.length >= 3))
    if len(found) > recipe.segments:
        rng = np.random.default_rng(recipe.seed)
        lots = rng.random(encoded.n_segments)  # of those before, whatever comes after them
        found = np.sort(found[np.argsort(lots[found])[: recipe.segments]])
    texts = owner[found]
    rows = np.where(labels[texts] == 0, 0, np.nan).astype(np.float32)
    return found, rows, weight[texts] * factor
