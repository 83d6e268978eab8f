"""The parts of a model card about the seed threads and the training data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moderation.corpora.registry import entries
from moderation.evaluation.aims import ABSENT
from moderation.evaluation.sheet import DIGITS, Sheet, markdown
from moderation.model import DEFAULT_NAME
from moderation.records import LABELS

OWN = {
    "labels.jsonl": ("hand labels of the five seed documents' comments", "seeds/README.md"),
    "contrasts": ("the project's own contrast set, train families", "CC BY 4.0"),
    "mentions": ("the project's own harmless sentences that name a group", "CC BY 4.0"),
    "stances": ("the project's own stances on what is said against groups", "CC BY 4.0"),
    "everyday": ("the project's own short everyday comments", "CC BY 4.0"),
    "harmless": ("the project's own harmless sentences around words that look bad", "CC BY 4.0"),
}
"""Training data of the project itself: what it is, licence."""


class TrainingParts(Sheet):
    """The marks of the template about seeds, training and data."""

    # --- seeds, training, data ---

    def seeds(self) -> str:
        seeds = self.sources.seeds
        trained = self.sources.settings.get("trained", {}).get("sources", {})
        if seeds is None:
            return (
                "Leave one thread out (trained on the others, measured on the one): "
                f"{ABSENT}. With so few comments it could be no more than an impression."
            )
        rows = [[name, _plain_value(value)] for name, value in _flatten(seeds["figures"])]
        digest = trained.get("labels.jsonl", {}).get("sha256", "")[:DIGITS]
        data = f" · labels.jsonl {digest}" if digest else ""
        return (
            f"Leave one thread out: each thread of the seeds is scored by a model that never saw "
            f"it. {seeds['n']} comments: an impression, no more.\n\n"
            f"{markdown(['measure', 'value'], rows)}\n\n"
            f"`{self.name}`'s recipe{data} · `{seeds['command']}`"
        )

    def seed_limit(self) -> str:
        sources = self.sources.settings.get("trained", {}).get("sources", {})
        rows = sources.get("labels.jsonl", {}).get("rows")
        if not rows:
            return "The model has seen no hand labels of the seed threads."
        return (
            f"The hand labels of the seeds are {rows} comments: they teach the register of one "
            "kind of place and measure next to nothing."
        )

    def training(self) -> str:
        trained = self.sources.settings.get("trained", {})
        recipe = trained.get("recipe", {})
        if not trained:
            return "The model file does not say how it was trained."
        lines = [
            f"{trained.get('texts', 0):,} texts; {trained.get('held', 0):,} more, whole groups by "
            "hash, were kept from the heads and calibrate them. Train rows that repeat or nearly "
            "repeat a dev or test row were removed first; contrast pairs, threads and duplicates "
            "stay on one side of every cut. Features that tell a label's positives from its "
            "negatives are taught, and those that scores would miss most fill a table of hashed "
            "n-grams, beside combinations of concepts (a group is named, somebody is insulted, "
            "something is denied) that hold for the whole text; one logistic regression a label, "
            "but two for toxicity, which annotators of talk pages and of social media judge by "
            "different measures, and one that says in which of these ways a text is written; the "
            "whole text and its worst segment of ten words are pooled by a calibrated function.",
            "",
            "Numbers of the recipe (`moderation/data/recipe.toml`, where the reasons stand): "
            + ", ".join(f"{key} {value}" for key, value in sorted(_flatten(recipe)))
            + ".",
        ]
        note = self.sources.settings.get("recalibrated")
        if note:
            lines += [
                "",
                f"Recalibrated on {note['rows']} comments (sha256 {note['source'][:DIGITS]}) from "
                f"model {note['from'][:DIGITS]}.",
            ]
        return "\n".join(lines)

    def data(self) -> str:
        trained = self.sources.settings.get("trained", {}).get("sources", {})
        rows = []
        for name, source in trained.items():
            if not source.get("rows"):
                continue
            entry = entries().get(name)
            rows.append(
                [
                    name,
                    entry.source if entry else OWN.get(name, ("", ""))[0],
                    entry.licence if entry else OWN.get(name, ("", ""))[1],
                    f"{source['rows']:,}",
                    self._weight(name),
                    f"`{source['sha256'][:DIGITS]}`",
                ]
            )
        if not rows:
            return "The model file does not name its data."
        head = ["data", "what", "licence", "rows", "weight", "sha256"]
        command = "moderation model show"
        if self.report.model != DEFAULT_NAME:
            command += f" {self.report.model}"
        return f"{markdown(head, rows)}\n\n`{self.name}` · `{command}`"

    def _weight(self, name: str) -> str:
        recipe = self.sources.settings.get("trained", {}).get("recipe", {})
        own = ("labels", "contrasts", "harmless", "mentions", "stances", "everyday")
        key = f"{name.removesuffix('.jsonl')}_weight" if name.removesuffix(".jsonl") in own else ""
        row = self.sources.weights.get(name, recipe.get(key))
        if row is None:
            return "unknown"
        if isinstance(row, float):  # the same for every label
            row = [row] * len(LABELS)
        return f"{row[LABELS.index('toxicity')]:g} / {row[LABELS.index('identity_attack')]:g}"

    def data_tests(self) -> str:
        trained = self.sources.settings.get("trained", {}).get("sources", {})
        rows = [
            [name, entries()[name].source, entries()[name].licence, f"`{digest[:DIGITS]}`"]
            for name, digest in self.report.corpora.items()
            if name in entries() and not trained.get(name, {}).get("rows")
        ]
        if not rows:
            return ""
        table = markdown(["data", "what", "licence", "sha256"], rows)
        return f"Never trained on, only measured:\n\n{table}"


def _flatten(value: Any, name: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [
            row
            for key, inner in value.items()
            for row in _flatten(inner, f"{name} {key}".strip().replace("_", " "))
        ]
    return [(name, value)]


def _plain_value(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
