"""Training: texts with labels -> a Model, by scikit-learn's logistic regression.

    examples ──► lexicon and vocabulary ──► encoding ──► screening ──► matrices ──► heads
             ──► pooling of segments ──► calibration, thresholds ──► assembly: a Model

`recipe` holds every choice, `pipeline` walks the whole way, `rationale` chooses which words are
shown as the reason. The features are those of `moderation.features`, the very code that scores.
"""

from __future__ import annotations

from moderation.training.assembly import assemble, write
from moderation.training.calibration import (
    calibrate,
    calibrate_in_turn,
    choose_thresholds,
    scale_registers,
)
from moderation.training.combining import (
    Combining,
    choose_combinations,
    combination_matrix,
    segment_masks,
    text_masks,
)
from moderation.training.encoding import Encoded, Recorder, encode_texts
from moderation.training.examples import (
    Examples,
    add_contrasts,
    add_corpora,
    add_everyday,
    add_harmless,
    add_labels,
    add_mentions,
    add_stances,
)
from moderation.training.heads import (
    Rows,
    fit_head,
    fit_heads,
    harmless_segments,
    taught_features,
)
from moderation.training.matrices import normalise_rows, segment_matrix, text_matrix
from moderation.training.misspelling import misspell, misspelt_copies
from moderation.training.phrases import Phrases, choose_phrases
from moderation.training.pipeline import train
from moderation.training.pooling import compose, fit_pooling, plain_pooling, pooled_scores
from moderation.training.rationale import choose_rationale
from moderation.training.recipe import Fit, Recipe, read_recipe
from moderation.training.reweighing import names_group, reweigh
from moderation.training.screening import Screen, prune, screen

__all__ = [
    "Combining",
    "Encoded",
    "Examples",
    "Fit",
    "Phrases",
    "Recipe",
    "Recorder",
    "Rows",
    "Screen",
    "add_contrasts",
    "add_corpora",
    "add_everyday",
    "add_harmless",
    "add_labels",
    "add_mentions",
    "add_stances",
    "assemble",
    "calibrate",
    "calibrate_in_turn",
    "choose_combinations",
    "choose_phrases",
    "choose_rationale",
    "choose_thresholds",
    "combination_matrix",
    "compose",
    "encode_texts",
    "fit_head",
    "fit_heads",
    "fit_pooling",
    "harmless_segments",
    "misspell",
    "misspelt_copies",
    "names_group",
    "normalise_rows",
    "plain_pooling",
    "pooled_scores",
    "prune",
    "read_recipe",
    "reweigh",
    "scale_registers",
    "screen",
    "segment_masks",
    "segment_matrix",
    "taught_features",
    "text_masks",
    "text_matrix",
    "train",
    "write",
]
