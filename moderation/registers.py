"""A model that is told how comments are written, where one knows it.

Toxicity has a head for talk pages and one for social media, and a text's score lies between them by
how it seems to be written (see `pooling`). A short comment shows little of that. Who runs a place
knows where its comments come from, and a model that is told so ranks most of them better.

A register may also have a scale of its own for a label: what the shipped model says of identity
attacks is about a mixture of places, and on talk pages they are ten times as rare.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from moderation.errors import ModelError
from moderation.model import HEADS, POOL, REGISTER, Model
from moderation.pooling import OWN, WATCH, rescale
from moderation.settings import REGISTERS


def tell(model: Model, register: str) -> Model:
    """`model` for comments that are all written in one register, one of `settings.REGISTERS`.

    Scores, explanations and the file that it is saved to are for that register; thresholds move
    with the scales, so that telling changes no decision but by toxicity. Raises ValueError for an
    unknown register, ModelError where the model was told another one.
    """
    if register not in REGISTERS:
        raise ValueError(f"no register {register!r}; there are {', '.join(REGISTERS)}")
    settings = model.settings
    told = settings.get("register")
    if told == register:
        return model
    if told is not None:
        raise ModelError(str(model), f"was made for the register {told!r}, not {register!r}")
    pool = model.pool.astype(np.float64)
    row = pool[HEADS.index(REGISTER)]
    row[OWN] = row[WATCH] = 0.0
    row[[POOL.index("bias"), POOL.index("watch_bias")]] = REGISTERS[register]
    thresholds = dict(model.thresholds)
    for label, (slope, offset) in settings.get("registers", {}).get(register, {}).items():
        rescale(pool, model.labels.index(label), slope, offset)
        if 0 < thresholds[label] < 1:
            odds = math.log(thresholds[label] / (1 - thresholds[label]))
            thresholds[label] = 1 / (1 + math.exp(-(slope * odds + offset)))
    return replace(
        model,
        settings={**settings, "register": register, "thresholds": thresholds},
        pool=pool.astype(np.float32),
    )
