"""The whole way from examples to a Model."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

from moderation import __version__
from moderation.model import Model
from moderation.pooling import Pooling
from moderation.reading.lexer import Lexer
from moderation.scoring import sigmoid
from moderation.training.assembly import assemble
from moderation.training.calibration import calibrate_in_turn, choose_thresholds, scale_registers
from moderation.training.combining import (
    choose_combinations,
    combination_matrix,
    segment_masks,
    text_masks,
)
from moderation.training.encoding import encode_texts
from moderation.training.examples import Examples
from moderation.training.heads import Rows, fit_heads, harmless_segments, taught_features
from moderation.training.knowledge import build
from moderation.training.matrices import normalise_rows, segment_matrix, text_matrix
from moderation.training.misspelling import misspelt_copies
from moderation.training.phrases import choose_phrases
from moderation.training.pooling import compose, fit_pooling, plain_pooling, pooled_scores
from moderation.training.recipe import Recipe
from moderation.training.reweighing import reweigh
from moderation.training.screening import prune, screen

# What an unknown word counts for in the rows that heads are taught by; in scores it counts for
# `recipe.unknown`. Taught so too, heads lean less on what is left of misspelt words, and more
# misspelt abuse slips by (dev rows).
WHOLE = 1.0


def train(
    examples: Examples,
    recipe: Recipe,
    name: str,
    log: Callable[[str], None] = lambda line: None,
) -> Model:
    """Train a model. The same examples and recipe give the same arrays."""
    labels, weight, part = examples.arrays()
    training = part == "train"
    log(f"{len(examples):,} texts, {int(training.sum()):,} to train on")
    knowledge = build(
        [text for text, mine in zip(examples.texts, training, strict=True) if mine],
        lexicons=recipe.lexicons,
    )
    log(
        f"{len(knowledge.tables.vocabulary):,} known words, {len(knowledge.classes):,} with a class"
    )
    rows = np.flatnonzero(training)
    texts = [examples.texts[i] for i in rows.tolist()]
    y, w = labels[rows], reweigh(texts, labels[rows], weight[rows], recipe)
    source = np.array(examples.source)[rows]
    copies, originals, draw = misspelt_copies(texts, y, recipe.misspelt, recipe.seed, recipe.draws)
    y = np.concatenate([y, y[originals]])
    w = np.concatenate([w, w[originals] * np.float32(recipe.misspelt_weight)])
    source = np.concatenate([source, source[originals]])
    draw = np.concatenate([np.full(len(rows), -1), draw])
    log(f"{len(copies):,} misspelt copies in {recipe.draws} draws")
    encoded = encode_texts(
        texts + copies,
        Lexer(knowledge.tables),
        knowledge.classes,
        knowledge.class_names,
        knowledge.telling,
    )
    log(f"{encoded.n_segments:,} segments, {encoded.n_items:,} distinct words and marks")
    share = np.where(draw < 0, 1, 1 / recipe.draws).astype(np.float32)
    chosen = screen(
        encoded,
        y,
        w * share[:, None],
        count=share,
        min_count=recipe.min_count,
        per_label=recipe.per_label,
    )
    chosen, phrases = choose_phrases(encoded, chosen, knowledge)
    log(f"{len(chosen.keys):,} features chosen")
    extent = encoded.extent_of_texts(WHOLE)
    matrix = normalise_rows(text_matrix(encoded, chosen), extent, recipe.kappa)
    picked, y_parts, w_parts = harmless_segments(encoded, y, w, recipe)
    if len(picked):
        texts_of = encoded.text_of_segment()[picked]
        source = np.concatenate([source, source[texts_of]])
        draw = np.concatenate([draw, draw[texts_of]])
        parts = segment_matrix(encoded, chosen, picked)
        of_parts = encoded.extent(WHOLE)[picked]
        parts = normalise_rows(parts, of_parts, recipe.kappa)
        matrix = sparse.vstack([matrix, parts], format="csr")
        y, w = np.concatenate([y, y_parts]), np.concatenate([w, w_parts])
        extent = np.concatenate([extent, of_parts])
    combining = choose_combinations(encoded, recipe.combinations)
    blocks = [matrix]
    others = [chosen.tells[:0]]
    if phrases is not None:
        blocks.append(phrases.columns(matrix))
        others.append(phrases.tells)
        log(f"{phrases.ties.nnz:,} phrases of {phrases.count} classes")
    if combining is not None:
        masks = np.concatenate([text_masks(encoded), segment_masks(encoded, picked)])
        blocks.append(normalise_rows(combination_matrix(masks, combining), extent, recipe.kappa))
        others.append(combining.tells)
        log(f"{len(combining.tells):,} combinations of concepts")
    if len(blocks) > 1:
        matrix = sparse.hstack(blocks, format="csr", dtype=np.float32)
    del encoded, blocks
    log(f"matrix of {matrix.nnz:,} values, {len(picked):,} rows of it segments")
    tells = taught_features(chosen.tells, np.concatenate(others))
    heads = fit_heads(Rows(matrix, y, w, source, draw, len(rows)), tells, recipe, log)
    del matrix
    heads, shared = np.split(heads, [len(chosen.keys)])
    if phrases is not None:
        of_classes, shared = np.split(shared, [phrases.count])
        heads = phrases.untie(heads, of_classes)
    combined = None if combining is None else combining.weighted(shared)
    kept = prune(chosen, heads, recipe.bits)
    chosen, heads = chosen.take(kept), heads[kept]
    log(f"{len(kept):,} of the features kept")

    # Calibration on held texts, scored by the code that scores.
    held = np.flatnonzero(part == "held")
    if len(held) < 200:  # too few to hold any: calibrated on the training texts, and said so
        held = rows
    held_texts = [examples.texts[i] for i in held.tolist()]
    made, made_labels = compose(held_texts, labels[held], recipe.seed, min(8_000, len(held)))
    calibration_texts = held_texts + made
    held_source = np.array([examples.source[i] for i in held.tolist()])
    pool_labels = np.concatenate([labels[held], made_labels])
    pool_weight = np.concatenate([weight[held], np.ones_like(made_labels)])
    pool_register = np.array([recipe.register_of(name) for name in held_source] + [""] * len(made))
    composed = np.arange(len(pool_register)) >= len(held)
    model = assemble(name, knowledge, chosen, heads, plain_pooling(), recipe, {}, combined)
    pooled = pooled_scores(model, calibration_texts)
    pooling = fit_pooling(pooled, pool_labels, pool_weight, pool_register, composed, recipe)
    log(f"pooled by {len(held):,} held texts and {len(made):,} composed ones")
    judged = pooled.take(np.arange(len(held)))
    pooling = calibrate_in_turn(
        pooling, judged, labels[held], weight[held], held_source, recipe, log
    )
    logits = Pooling(pooling).logits(judged)
    thresholds = choose_thresholds(
        sigmoid(logits), labels[held], weight[held], recipe.abusive_from, log
    )
    extra = {
        "thresholds": thresholds,
        "registers": scale_registers(
            logits, labels[held], weight[held], held_source, recipe.reference, log
        ),
        "trained": {
            "version": __version__,
            "texts": int(training.sum()),
            "held": len(held),
            "sources": examples.sources,
            "recipe": recipe.record(),
            "weights": {
                corpus: list(row)
                for corpus, row in recipe.weights.items()
                if corpus in examples.sources
            },
        },
    }
    return assemble(name, knowledge, chosen, heads, pooling, recipe, extra, combined)
