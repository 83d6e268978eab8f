"""What a model gains where it is told how comments are written (`moderation.registers`)."""

from __future__ import annotations

from dataclasses import replace

from moderation.evaluation.material import Material
from moderation.evaluation.measuring import Measuring, measure_set
from moderation.evaluation.report import Report
from moderation.evaluation.sets import build_sets

NAME = "told"
TALK = (
    "jigsaw2018_any",
    "jigsaw2018_sixlabel",
    "perspective_scores",
    "jigsaw2018_test_balanced",
    "jigsaw2018_test_sixlabel",
)
SOCIAL = (
    "cad",
    "davidson",
    "hatexplain",
    "measuring_hate_speech",
    "gab_hate_corpus",
    "trac1",
    "sbic",
)
"""Corpora of either register with labels of both kinds."""
SHOWN = {"toxicity": ("auc", "ap", "macro_f1", "ece"), "identity_attack": ("ece",)}
"""What telling may change: the ranking by toxicity, and scales."""


def measure_told(run: Measuring, material: Material) -> None:
    """Figures of each set where the model is told the register that the set is written in.

    A figure's group is "SET as REGISTER"; the same bootstrap as for the set itself.
    """
    report = run.report
    for register, names in (("talk", TALK), ("social", SOCIAL)):
        told = material.told.get(register)
        if told is None:
            continue
        side = Report(
            model=report.model,
            digest=report.digest,
            thresholds=dict(told.thresholds),
            corpora={},
            seed=report.seed,
            bootstrap=report.bootstrap,
        )
        measuring = Measuring(told.predict_proba, told.thresholds, side)
        corpora = [material.corpora[name] for name in names if name in material.corpora]
        for data in build_sets(corpora, material.splits):
            measure_set(measuring, replace(data, parts={}))
        for figure in side.figures:
            if not figure.group and figure.measure in SHOWN.get(figure.label, ()):
                group = f"{figure.set} as {register}"
                run.add(replace(figure, set=NAME, group=group))
        report.notes[NAME] = "the model told how the comments of each set are written"
