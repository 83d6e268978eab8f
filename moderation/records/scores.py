"""Scores: what a model says of one text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Score:
    """Calibrated probabilities of one text.

    - `scores`: label -> probability in [0, 1]: of a hundred comments that score 0.8, about eighty
      were given the label by annotators of the kind that the model was trained on;
    - `abusive`: toxicity reaches the model's threshold; `hateful`: identity_attack does;
    - `model`: name and digest of the model, "NAME@12 hex digits", and "/REGISTER" where
      it was told one.
    """

    scores: dict[str, float]
    abusive: bool
    hateful: bool
    model: str

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape: `{"scores": {label: p}, "abusive", "hateful", "model"}`."""
        return {
            "scores": {label: round(p, 4) for label, p in self.scores.items()},
            "abusive": self.abusive,
            "hateful": self.hateful,
            "model": self.model,
        }
