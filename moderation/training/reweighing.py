"""Harmless texts weigh more where a head would else hold against them who is named or who writes.

In most corpora a group's name stands in abuse more often than elsewhere, and what is written in a
dialect is called abuse more often; a linear head learns that the name, or the dialect, is a bad
sign. Weights that even this out are the mildest cure (reweighing; Kamiran & Calders 2012, for
identity terms Dixon et al. 2018). The names are those of the lexicon, not the few terms and
sentences that fairness is measured with; the markers of dialect are the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import numpy as np

from moderation.dialect import is_dialect
from moderation.reading.chunks import Bools
from moderation.records import LABELS
from moderation.training.arrays import Float32
from moderation.training.lexicons import load_classes
from moderation.training.recipe import Recipe

# Groups that are named with contempt most often; that somebody is a girl or old is said of anybody.
KINDS = ("ethnicity_race", "religion", "nationality", "orientation", "gender_identity",
         "disability", "migration")  # fmt: skip
_WORD = re.compile(r"[a-z]+")


@cache
def _names() -> frozenset[str]:
    kinds = {f"group.{kind}" for kind in KINDS}
    terms = load_classes().items()
    return frozenset(term for term, classes in terms if term.isalpha() and kinds & set(classes))


def names_group(texts: Sequence[str]) -> Bools:
    """Which texts hold a word of the lexicon for one of KINDS of groups: bool (N,)."""
    names = _names()
    found = (not names.isdisjoint(_WORD.findall(text.lower())) for text in texts)
    return np.fromiter(found, np.bool_, len(texts))


def reweigh(texts: Sequence[str], labels: Float32, weight: Float32, recipe: Recipe) -> Float32:
    """Weights with those of harmless texts multiplied: (N, L).

    For toxicity by `recipe.named_weight` where a text names a group, for each label by
    `recipe.dialect_weight` where it bears markers of dialect. Harmless: the label is at most one
    half.
    """
    out = weight.copy()
    for column, factor in enumerate(recipe.dialect_weight):
        named = recipe.named_weight if column == LABELS.index("toxicity") else 1.0
        rows = np.flatnonzero(labels[:, column] <= 0.5)
        for more, finds in ((named, names_group), (factor, _marks_dialect)):
            if more != 1:
                found = finds([texts[i] for i in rows.tolist()])
                out[rows[found], column] *= np.float32(more)
    return out


def _marks_dialect(texts: Sequence[str]) -> Bools:
    """Which texts bear markers of African-American English: bool (N,)."""
    return np.fromiter(map(is_dialect, texts), np.bool_, len(texts))
