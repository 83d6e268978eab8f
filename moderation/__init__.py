"""moderation: comment threads in, calibrated and explained scores out.

    page, dump or export ── threads.read_threads ──► Thread of Comments
        Comments + hand labels (labelling) + public corpora (corpora)
            ── training ──► Model (model: one safetensors file)
    text ── reading, features ──► n-grams ── scoring ──► Score
                                         └── explanation ──► Explanation
    Model + corpora ── evaluation ──► figures

Data flows one way, and scoring never reaches training: a process that scores has neither
scikit-learn nor scipy loaded. Names below are imported when they are first used (PEP 562).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_PUBLIC = {
    "LABELS": "moderation.records",
    "Comment": "moderation.records",
    "Explanation": "moderation.records",
    "Model": "moderation.model",
    "ModerationError": "moderation.errors",
    "Range": "moderation.records",
    "Score": "moderation.records",
    "Span": "moderation.records",
    "Thread": "moderation.records",
    "explain": "moderation.explanation",
    "load": "moderation.model",
    "read_threads": "moderation.threads",
    "score": "moderation.scoring",
    "score_many": "moderation.scoring",
}

__all__ = [
    "LABELS",
    "Comment",
    "Explanation",
    "Model",
    "ModerationError",
    "Range",
    "Score",
    "Span",
    "Thread",
    "explain",
    "load",
    "read_threads",
    "score",
    "score_many",
]

if TYPE_CHECKING:
    from moderation.errors import ModerationError
    from moderation.explanation import explain
    from moderation.model import Model, load
    from moderation.records import (
        LABELS,
        Comment,
        Explanation,
        Range,
        Score,
        Span,
        Thread,
    )
    from moderation.scoring import score, score_many
    from moderation.threads import read_threads


def __getattr__(name: str) -> Any:
    module = _PUBLIC.get(name)
    if module is None:
        raise AttributeError(f"module 'moderation' has no attribute {name!r}")
    value = getattr(importlib.import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
