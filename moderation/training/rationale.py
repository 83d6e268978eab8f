"""Which words are shown as the reason: chosen by what people marked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from moderation.explanation import choose_ranges, weigh
from moderation.model import Model

FLOORS = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0)
SHARES = (0.0, 0.2, 0.3, 0.4, 0.5, 0.6)


def choose_rationale(
    model: Model, texts: Sequence[str], marked: Sequence[Iterable[int]]
) -> tuple[float, float, float]:
    """Floor and share (see `explanation.choose_ranges`) that best find what people marked.

    `marked`: the code points that annotators found toxic in each text. Returns the two and the
    mean character F1 on these texts (SemEval-2021 task 5).
    """
    weighed = [weigh(text, model) for text in texts]
    gold = [set(characters) for characters in marked]
    best = (0.0, 0.0, -1.0)
    for floor in FLOORS:
        for share in SHARES:
            values = []
            for text, (units, weight), truth in zip(texts, weighed, gold, strict=True):
                ranges = choose_ranges(text, units, weight[:, 0], floor, share)
                found = {i for span in ranges for i in range(span.start, span.end)}
                values.append(
                    2 * len(found & truth) / (len(found) + len(truth))
                    if truth
                    else float(not found)
                )
            mean = float(np.mean(values))
            if mean > best[2]:
                best = (floor, share, mean)
    return best
