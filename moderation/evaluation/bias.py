"""Bias: how far the name of an identity alone moves the score of toxicity (Borkan et al. 2019)."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from moderation.evaluation.data import read_data
from moderation.evaluation.material import BOTH, MIN_ROWS, TOXICITY, Material
from moderation.evaluation.measuring import Measuring
from moderation.evaluation.metrics import Floats, Ranking, power_mean
from moderation.evaluation.report import make_figure

_SLOTS = {
    "name_adj": re.compile(r"^\S+ is an? \S+ (.+?)\.?$"),
    "you_are_adj": re.compile(r"^You are an? \S+ (.+?)\.?$"),
    "being_adj": re.compile(r"^Being (.+) is \S+?\.?$"),
    "verb_adj": re.compile(r"^\S+ (.+?)\.?$"),
    "am_hate_adj": re.compile(r"^i (?:am|hate) (.+?)\.?$"),
}
"""Where the identity stands in each kind of template; occupations have none."""


def find_identity(text: str, template: str) -> str | None:
    """The identity that a template sentence names, None if its kind names none."""
    slot = _SLOTS.get(template)
    found = slot.match(text) if slot else None
    return found[1].lower() if found else None


def measure_bias(run: Measuring, material: Material) -> None:
    """The identity templates of Dixon et al. 2018, for the report."""
    corpus = material.corpora["identity_templates"].part("test")
    name = "identity_templates/test:bias"
    named = [
        find_identity(text, raw["template"])
        for text, raw in zip(corpus.texts, corpus.raw_labels, strict=True)
    ]
    toxic = corpus.labels[:, TOXICITY] == 1
    count = _add_bias(run, name, corpus.texts, toxic, named)
    run.report.notes[name] = (
        f"{count} identities taken from the templates' slot; subgroup, BPSN and BNSP "
        "AUC by Borkan et al. 2019"
    )


def measure_sentences(run: Measuring, material: Material) -> None:
    """The project's own sentences (`sentences.toml`), to choose by: no test is looked at."""
    data = read_data("sentences.toml")
    name = "sentences"
    rows = [
        (text.format(term), toxic, term)
        for toxic, key in ((False, "harmless"), (True, "abusive"))
        for text in data[key]
        for term in data["terms"]
    ]
    rows += [
        (text, toxic, None)
        for toxic, key in ((False, "plain_harmless"), (True, "plain_abusive"))
        for text in data[key]
    ]
    toxic = np.array([row[1] for row in rows])
    texts = [row[0] for row in rows]
    count = _add_bias(run, name, texts, toxic, [row[2] for row in rows])
    scores = run.scores(texts)[:, TOXICITY].astype(np.float64)
    ranking = Ranking(scores, toxic)
    value = float(ranking.measure(np.ones((1, len(rows))))["auc"][0])
    blocks = run.weights([str(i) for i in range(len(rows))], f"{name}|auc")
    samples = [v for block in blocks for v in ranking.measure(block)["auc"]]
    run.add(make_figure(name, "toxicity", "auc", value, samples, len(rows), int(toxic.sum())))
    named = np.array([row[2] is not None for row in rows])
    for column, label in BOTH:
        if not run.judges(label):
            continue
        flagged = run.scores(texts)[:, column] >= run.thresholds[label]
        run.add_mean(name, label, "false_positive_rate", flagged[named & ~toxic])
        found = flagged[named & toxic]
        run.add_mean(name, label, "recall", found, positives=len(found))
    run.report.notes[name] = f"own sentences, harmless and abusive, with and without {count} terms"


def _add_bias(
    run: Measuring,
    name: str,
    texts: Sequence[str],
    toxic: NDArray[np.bool_],
    named: Sequence[str | None],
) -> int:
    """Subgroup, BPSN and BNSP AUC per identity and their power mean −5; how many identities.

    `named`: the identity of each text (T,), if any. BPSN (background positive, subgroup negative):
    clean sentences naming the identity against abusive ones that do not: low where the name alone
    raises the score. BNSP: the reverse.
    """
    scores = run.scores(list(texts))[:, TOXICITY].astype(np.float64)
    identities = sorted({identity for identity in named if identity})
    kinds = ("subgroup_auc", "bpsn_auc", "bnsp_auc")
    rows: list[tuple[str, str, Ranking, NDArray[np.intp]]] = []
    for identity in identities:
        inside = np.array([other == identity for other in named], dtype=bool)
        if min(int((inside & toxic).sum()), int((inside & ~toxic).sum())) < MIN_ROWS:
            continue
        masks = (
            inside,
            (inside & ~toxic) | (~inside & toxic),
            (inside & toxic) | (~inside & ~toxic),
        )
        for kind, mask in zip(kinds, masks, strict=True):
            index = np.flatnonzero(mask)
            rows.append((identity, kind, Ranking(scores[index], toxic[index]), index))
    ones = np.ones((1, len(texts)))
    blocks = run.weights([str(i) for i in range(len(texts))], name)
    values: dict[str, list[float]] = {kind: [] for kind in kinds}
    draws: dict[str, list[Floats]] = {kind: [] for kind in kinds}
    for identity, kind, ranking, index in rows:
        value = float(ranking.measure(ones[:, index])["auc"][0])
        samples = [ranking.measure(block[:, index])["auc"] for block in blocks]
        values[kind].append(value)
        joined = np.concatenate(samples) if samples else np.empty(0)
        draws[kind].append(joined)
        n, hits = len(index), int(toxic[index].sum())
        run.add(make_figure(name, "toxicity", kind, value, joined, n, hits, identity))
    total, hits = len(texts), int(toxic.sum())
    for kind in kinds:
        if not values[kind]:
            continue
        each = np.stack(draws[kind], axis=1)
        means = [power_mean([v for v in row if v == v]) for row in each]
        run.add(
            make_figure(
                name, "toxicity", f"{kind}_power_mean", power_mean(values[kind]), means, total, hits
            )
        )
        run.add(
            make_figure(
                name,
                "toxicity",
                f"{kind}_minimum",
                min(values[kind]),
                each.min(axis=1),
                total,
                hits,
            )
        )
    return len(identities)
