"""Probes: what plain splits do not show. Each takes rows of corpora and adds figures to the run.

    bias               AUC by identity on templates (Borkan et al. 2019)
    sentences          the same on sentences of the project's own, to choose by
    functional         decisions about hate on others of them, by what they ask
    perturbation       decisions kept under people's own misspellings
    beside_perspective ours beside the real Perspective's scores on the same comments
    explanation        character F1 of explained spans (SemEval-2021 task 5)
    dilution           short abuse between harmless sentences; long harmless texts
    tricks             decisions kept under spelling tricks
    counterfactual     identity terms swapped in real comments
    mentions           false alarms where an identity is named
    dialect            false alarms on African-American English, approximated by markers
    contrasts          the project's own contrast set, held-out families
    calibration        error as shipped and after fitting two numbers on 200 rows

All choices of rows are by hash of the text, so they are the same on every machine.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from moderation.corpora.registry import Corpus
from moderation.dialect import is_dialect
from moderation.errors import InputError
from moderation.evaluation.bias import MIN_ROWS, TOXICITY, measure_bias, measure_sentences
from moderation.evaluation.data import read_data
from moderation.evaluation.functional import measure_functional
from moderation.evaluation.measuring import Measuring
from moderation.evaluation.metrics import (
    Calibration,
    Ranking,
    character_f1,
    fit_platt,
    logit,
)
from moderation.evaluation.report import make_figure
from moderation.evaluation.told import NAME, SOCIAL, TALK, measure_told
from moderation.records import LABELS

IDENTITY = LABELS.index("identity_attack")

Trick = Callable[[str, random.Random], str]
Explain = Callable[[str], Sequence[tuple[int, int]]]


class Judge(Protocol):
    """What a model must offer to be measured; `moderation.model.Model` does."""

    @property
    def name(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def register(self) -> str | None: ...
    @property
    def thresholds(self) -> Mapping[str, float]: ...
    def predict_proba(self, texts: list[str], /) -> NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True)
class Material:
    """What probes may use: corpora by name, spelling tricks, an explainer, the contrast file, the
    model told a register, and the splits that are asked for (of use to probes of any split)."""

    corpora: Mapping[str, Corpus]
    tricks: Mapping[str, Trick] = field(default_factory=dict)
    explain: Explain | None = None
    contrasts: Path | None = None
    told: Mapping[str, Judge] = field(default_factory=dict)
    splits: Sequence[str] = ("dev", "test")


@dataclass(frozen=True, slots=True)
class Probe:
    """A named measure: it needs these corpora (all, or with `any_of` at least one).

    It looks at rows of `split`; where that is empty, at those of any split.
    """

    name: str
    split: str
    needs: tuple[str, ...]
    run: Callable[[Measuring, Material], None]
    any_of: bool = False


# --- people's own misspellings --------------------------------------------------------------


def measure_perturbation(run: Measuring, material: Material) -> None:
    """Of comments flagged in their clean twin, the share still flagged; and the reverse."""
    corpus = material.corpora["noisyhate"].part("test")
    name = "noisyhate/test:perturbation"
    cut = run.thresholds["toxicity"]
    noisy = run.scores(corpus.texts)[:, TOXICITY] >= cut
    clean = run.scores([raw["clean"] for raw in corpus.raw_labels])[:, TOXICITY] >= cut
    run.report.notes[name] = "every comment is toxic; the clean twin is the unperturbed comment"
    run.add_mean(name, "toxicity", "recall_clean", clean, positives=len(clean))
    run.add_mean(name, "toxicity", "recall_perturbed", noisy, positives=len(clean))
    run.add_mean(name, "toxicity", "kept", noisy[clean], positives=int(clean.sum()))
    run.add_mean(name, "toxicity", "found_anew", noisy[~clean], positives=int((~clean).sum()))


# --- the real Perspective ---------------------------------------------------------------------


def measure_beside_perspective(run: Measuring, material: Material) -> None:
    """AUC and AP of ours, of Perspective's TOXICITY, and of the paired difference."""
    corpus = material.corpora["perspective_scores"].part("test")
    name = "perspective_scores/test:beside_perspective"
    positive = corpus.labels[:, TOXICITY] == 1
    ours = run.scores(corpus.texts)[:, TOXICITY].astype(np.float64)
    theirs = np.array([raw["perspective"]["TOXICITY"] for raw in corpus.raw_labels], np.float64)
    run.report.notes[name] = "ours minus Perspective's TOXICITY of August 2018, paired bootstrap"
    rankings = Ranking(ours, positive), Ranking(theirs, positive)
    ones = np.ones((1, len(corpus)))
    blocks = run.weights(corpus.groups, name)
    point = [ranking.measure(ones) for ranking in rankings]
    drawn = [[ranking.measure(block) for block in blocks] for ranking in rankings]
    n, hits = len(corpus), int(positive.sum())
    for key in ("auc", "ap"):
        samples = [
            np.concatenate([block[key] for block in one]) if one else np.empty(0) for one in drawn
        ]
        values = [float(one[key][0]) for one in point]
        for title, value, sample in (
            ("ours", values[0], samples[0]),
            ("perspective", values[1], samples[1]),
            ("difference", values[0] - values[1], samples[0] - samples[1]),
        ):
            run.add(make_figure(name, "toxicity", f"{key}_{title}", value, sample, n, hits))


# --- explanations -------------------------------------------------------------------------------


def measure_explanation(run: Measuring, material: Material) -> None:
    """Mean character F1 of the explained spans against what annotators marked."""
    if material.explain is None:
        return
    corpus = material.corpora["toxic_spans"].part("dev")
    name = "toxic_spans/dev:explanation"
    run.report.notes[name] = (
        "mean character F1 a post; a post with nothing marked counts 1 if nothing is explained, "
        "else 0 (SemEval-2021 task 5)"
    )
    results, marked = [], []
    for text, raw in zip(corpus.texts, corpus.raw_labels, strict=True):
        predicted = {i for start, end in material.explain(text) for i in range(start, end)}
        gold = set(raw["toxic_characters"])
        results.append(character_f1(predicted, gold))
        marked.append(bool(gold))
    values, some = np.array(results), np.array(marked, dtype=bool)
    run.add_mean(name, "toxicity", "character_f1", values, positives=int(some.sum()))
    run.add_mean(
        name, "toxicity", "character_f1", values[some], group="marked", positives=int(some.sum())
    )


# --- dilution -----------------------------------------------------------------------------------

_SENTENCE = re.compile(r"[A-Z][^.!?\n\"=|{}\[\]]{30,120}\.")
SHORT, LONG = 80, 1000  # characters: a short toxic comment; a long harmless one
MAX_COMMENTS = 600


def measure_dilution(run: Measuring, material: Material) -> None:
    """Short toxic comments alone and between four harmless sentences; long harmless texts.

    Harmless sentences are taken out of harmless dev comments, so that nothing is invented.
    """
    corpus = _pool(material, ("jigsaw2018_any",))
    name = "dilution"
    cut = run.thresholds["toxicity"]
    toxic = [t for t in _labelled(corpus, 1) if len(t) <= SHORT and len(t.split()) >= 2]
    harmless = _labelled(corpus, 0)
    sentences = _by_hash({s for text in harmless for s in _SENTENCE.findall(text)})
    toxic = _by_hash(toxic)[:MAX_COMMENTS]
    if not toxic or len(sentences) < 8:
        return
    mixed, plain = [], []
    for i, text in enumerate(toxic):
        a, b, c, d, e = (sentences[(5 * i + k) % len(sentences)] for k in range(5))
        mixed.append(f"{a} {b} {text} {c} {d}")
        plain.append(f"{a} {b} {e} {c} {d}")
    alone = run.scores(toxic)[:, TOXICITY]
    diluted = run.scores(mixed)[:, TOXICITY]
    without = run.scores(plain)[:, TOXICITY]
    run.report.notes[name] = (
        f"toxic jigsaw2018_any dev comments of at most {SHORT} characters, alone and between four "
        f"harmless sentences; harmless ones of at least {LONG} characters"
    )
    n = len(toxic)
    run.add_mean(name, "toxicity", "recall_alone", alone >= cut, positives=n)
    run.add_mean(name, "toxicity", "recall_diluted", diluted >= cut, positives=n)
    found = alone >= cut
    run.add_mean(name, "toxicity", "kept", (diluted >= cut)[found], positives=int(found.sum()))
    run.add_mean(name, "toxicity", "false_positive_rate", without >= cut, group="five sentences")
    _add_ranking(run, name, "diluted against harmless", diluted, without)
    long = [text for text in harmless if len(text) >= LONG]
    flagged = run.scores(long)[:, TOXICITY] >= cut
    run.add_mean(name, "toxicity", "false_positive_rate", flagged, group="long comments")
    every = run.scores(harmless)[:, TOXICITY] >= cut
    run.add_mean(name, "toxicity", "false_positive_rate", every, group="all harmless comments")


# --- spelling tricks ------------------------------------------------------------------------------


def measure_tricks(run: Measuring, material: Material) -> None:
    """Recall under each trick, the share of found comments that stay found, false alarms."""
    if not material.tricks:
        return
    corpus = _pool(material, ("jigsaw2018_any",))
    name = "tricks"
    cut = run.thresholds["toxicity"]
    toxic = _by_hash(t for t in _labelled(corpus, 1) if len(t) <= 300)[:MAX_COMMENTS]
    harmless = _by_hash(t for t in _labelled(corpus, 0) if len(t) <= 300)[:MAX_COMMENTS]
    found = run.scores(toxic)[:, TOXICITY] >= cut
    alarm = run.scores(harmless)[:, TOXICITY] >= cut
    run.report.notes[name] = (
        f"{len(toxic)} toxic and {len(harmless)} harmless dev comments of at most 300 characters; "
        "kept = of those found as written; copies that equal their original are left out"
    )
    run.add_mean(name, "toxicity", "recall", found, group="as written", positives=len(toxic))
    run.add_mean(name, "toxicity", "false_positive_rate", alarm, group="as written")
    for trick, change in sorted(material.tricks.items()):
        changed, rows = _attack(run, trick, change, toxic)
        still = run.scores(changed)[:, TOXICITY] >= cut
        before = found[rows]
        run.add_mean(name, "toxicity", "recall", still, group=trick, positives=len(rows))
        hits = int(before.sum())
        run.add_mean(name, "toxicity", "kept", still[before], group=trick, positives=hits)
        changed, _ = _attack(run, trick, change, harmless)
        flagged = run.scores(changed)[:, TOXICITY] >= cut
        run.add_mean(name, "toxicity", "false_positive_rate", flagged, group=trick)


def _attack(
    run: Measuring, trick: str, change: Trick, texts: Sequence[str]
) -> tuple[list[str], NDArray[np.intp]]:
    """The attacked copies that differ from their originals, and the originals' row numbers."""
    copies = [
        change(text, random.Random(f"{run.report.seed}|{trick}|{i}"))
        for i, text in enumerate(texts)
    ]
    rows = [i for i, (copy, text) in enumerate(zip(copies, texts, strict=True)) if copy != text]
    return [copies[i] for i in rows], np.array(rows, dtype=np.intp)


# --- fairness -------------------------------------------------------------------------------------

COMMENTS = ("jigsaw2018_any", "civil_comments", "fox_news", "measuring_hate_speech", "cad")
"""Corpora whose dev comments are swapped and searched for mentions."""
PER_TERM = 40  # comments swapped for each term that they hold


@cache
def identity_families() -> dict[str, tuple[str, ...]]:
    """Terms that can stand for each other, by family (`identities.toml`)."""
    return {name: tuple(terms) for name, terms in read_data("identities.toml").items()}


def find_term(text: str) -> tuple[str, str, int, int] | None:
    """The first identity term in `text`: family, term, start, end."""
    for match in _term_pattern().finditer(text):
        term = match[0].lower()
        for family, terms in identity_families().items():
            if term in terms:
                return family, term, match.start(), match.end()
        # Another letter that matches whatever its case, such as a long s: not the term.
    return None


def swap_term(text: str, start: int, end: int, term: str) -> str:
    """`text` with `term` for the range, written with the capitals of what stood there."""
    old = text[start:end]
    if old.isupper():
        term = term.upper()
    elif old[0].isupper():
        term = term[0].upper() + term[1:]
    return text[:start] + term + text[end:]


def measure_counterfactual(run: Measuring, material: Material) -> None:
    """Change of the score when the identity in a dev comment is replaced by others of its family.

    Per identity put in: mean change and the largest change either way; over all: mean absolute
    change, its 95 % point, the share of swaps that change the decision.
    """
    chosen: dict[str, int] = {}
    swaps: list[tuple[str, str, str]] = []  # (identity put in, original, swapped)
    texts = [t for name in COMMENTS for t in _texts(material, name) if len(t) <= 1000]
    for text in _by_hash(texts):
        found = find_term(text)
        if found is None:
            continue
        family, term, start, end = found
        if chosen.get(term, 0) >= PER_TERM:
            continue
        chosen[term] = chosen.get(term, 0) + 1
        for other in identity_families()[family]:
            if other != term:
                swaps.append((other, text, swap_term(text, start, end, other)))
    if not swaps:
        return
    name = "counterfactual"
    before, after = run.scores([s[1] for s in swaps]), run.scores([s[2] for s in swaps])
    clusters = [s[1] for s in swaps]
    run.report.notes[name] = (
        f"{sum(chosen.values())} dev comments, {len(swaps)} swaps of an identity term for another "
        "of its family (identities.toml)"
    )
    for column, label in ((TOXICITY, "toxicity"), (IDENTITY, "identity_attack")):
        change = (after - before)[:, column].astype(np.float64)
        if np.isnan(change).any():
            continue
        cut = run.thresholds[label]
        flips = (after[:, column] >= cut) != (before[:, column] >= cut)
        size = np.abs(change)
        run.add_mean(name, label, "mean_absolute_change", size, clusters=clusters)
        run.add_mean(name, label, "decisions_changed", flips, clusters=clusters)
        n = len(change)
        spread = float(np.quantile(size, 0.95))
        run.add(make_figure(name, label, "absolute_change_95_percent_point", spread, None, n, 0))
        for term in sorted({s[0] for s in swaps}):
            rows = np.array([s[0] == term for s in swaps], dtype=bool)
            if rows.sum() >= MIN_ROWS:
                part = [c for c, r in zip(clusters, rows, strict=True) if r]
                run.add_mean(name, label, "mean_change", change[rows], group=term, clusters=part)
                worst = float(change[rows][np.argmax(size[rows])])
                run.add(make_figure(name, label, "worst_change", worst, None, len(part), 0, term))


def measure_mentions(run: Measuring, material: Material) -> None:
    """False alarms on harmless dev comments that name an identity, against all harmless ones."""
    name = "mentions"
    run.report.notes[name] = (
        "harmless dev comments that name an identity (identities.toml) against all harmless ones "
        "of jigsaw2018_any and of cad; and encyclopaedia sentences about identities"
    )
    for column, label in ((TOXICITY, "toxicity"), (IDENTITY, "identity_attack")):
        for corpus_name in ("jigsaw2018_any", "cad"):
            corpus = material.corpora.get(corpus_name)
            if corpus is None:
                continue
            texts = _harmless(corpus.part("dev"), label)
            named = np.array([find_term(text) is not None for text in texts], dtype=bool)
            _compare_alarms(run, name, label, column, texts, named, corpus_name)
        corpus = material.corpora.get("identity_debias")
        if corpus is not None:
            scores = run.scores(corpus.part("dev").texts)[:, column]
            if not np.isnan(scores).any():
                run.add_mean(
                    name,
                    label,
                    "false_positive_rate",
                    scores >= run.thresholds[label],
                    group="identity_debias sentences",
                )


DIALECT = ("davidson", "measuring_hate_speech", "hatexplain", "cad", "gab_hate_corpus", "sbic")


def measure_dialect(run: Measuring, material: Material) -> None:
    """False alarms on harmless comments with markers of African-American English.

    The rate that it is held against is that of all harmless comments of the same corpora, each
    corpus weighted as among the marked ones, so that the mix of sources does not decide. Such
    comments are few, so every split at hand is used.
    """
    name = "dialect"
    for column, label in ((TOXICITY, "toxicity"), (IDENTITY, "identity_attack")):
        marked: list[NDArray[np.bool_]] = []
        every: list[tuple[int, float]] = []
        for corpus_name in DIALECT:
            corpus = material.corpora.get(corpus_name)
            texts = _harmless(corpus, label) if corpus is not None else []
            mask = np.array([is_dialect(text) for text in texts], dtype=bool)
            if not mask.any():
                continue
            scores = run.scores(texts)[:, column]
            if np.isnan(scores).any():
                continue
            flagged = scores >= run.thresholds[label]
            marked.append(flagged[mask])
            every.append((int(mask.sum()), float(flagged.mean())))
        if not marked:
            continue
        joined = np.concatenate(marked)
        n = len(joined)
        expected = sum(count * rate for count, rate in every) / n
        run.add_mean(name, label, "false_positive_rate", joined, group="marked")
        group = "all, same mix"
        run.add(make_figure(name, label, "false_positive_rate", expected, None, n, 0, group))
        if expected > 0:
            weights = run.weights([str(i) for i in range(n)], f"{name}|{label}")
            samples = [value for b in weights for value in b @ joined / n / expected]
            ratio = float(joined.mean() / expected)
            run.add(make_figure(name, label, "false_alarm_ratio", ratio, samples, n, 0))
        run.report.notes[name] = (
            "harmless comments with markers of African-American English (dialect.toml: an "
            "approximation) against all harmless ones of the same mix of corpora"
        )


# --- own contrast set -----------------------------------------------------------------------------


def measure_contrasts(run: Measuring, material: Material) -> None:
    """Right decisions on held-out families: by label, by capability, and pairs wholly right."""
    if material.contrasts is None:
        return
    rows = [row for row in read_contrasts(material.contrasts) if row["part"] != "train"]
    if not rows:
        return
    name = "contrasts/held-out"
    scores = run.scores([row["text"] for row in rows])
    families = {row["family"] for row in rows}
    run.report.notes[name] = (
        f"own contrast set, {len(families)} families of templates that training never sees; "
        "intervals draw whole families (within one capability: pairs)"
    )
    clusters = [row["family"] for row in rows]
    right = np.ones(len(rows), dtype=bool)
    for column, label in enumerate(LABELS):
        if np.isnan(scores[:, column]).any():
            continue
        gold = np.array([row["labels"][label] == 1 for row in rows], dtype=bool)
        good = (scores[:, column] >= run.thresholds[label]) == gold
        hits = int(gold.sum())
        run.add_mean(name, label, "accuracy", good, clusters=clusters, positives=hits)
        if label in ("toxicity", "identity_attack"):
            right &= good
            _add_ranking(run, name, "", scores[gold, column], scores[~gold, column], label)
            for capability in sorted({row["capability"] for row in rows}):
                part = np.array([row["capability"] == capability for row in rows], dtype=bool)
                own = [row["pair"] for row in rows if row["capability"] == capability]
                run.add_mean(
                    name,
                    label,
                    "accuracy",
                    good[part],
                    group=capability,
                    clusters=own,
                    positives=int(gold[part].sum()),
                )
    label = "toxicity and identity_attack"
    run.add_mean(name, label, "accuracy", right, clusters=clusters)
    pairs: dict[str, list[int]] = {}
    for i, row in enumerate(rows):
        pairs.setdefault(row["pair"], []).append(i)
    whole = np.array([right[members].all() for members in pairs.values()], dtype=bool)
    own = [clusters[members[0]] for members in pairs.values()]
    run.add_mean(name, label, "pair_accuracy", whole, clusters=own)


def read_contrasts(path: Path) -> list[dict[str, Any]]:
    """The rows of a contrast file; raises InputError with file:line for one that lacks a field."""
    rows = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
                needed = ("pair", "family", "capability", "part", "text", "labels")
                absent = [key for key in needed if key not in row]
                if absent or set(row["labels"]) < set(LABELS):
                    raise ValueError(f"lacks {', '.join(absent) or 'some of the six labels'}")
            except (ValueError, TypeError) as error:
                raise InputError(f"{path}:{number}", f"not a contrast row: {error}") from None
            rows.append(row)
    return rows


# --- calibration elsewhere ------------------------------------------------------------------------

OWN_ROWS = 200  # comments that a site would label to recalibrate
REPEATS = 20
CALIBRATED = (
    "jigsaw2018_any",
    "civil_comments",
    "cad",
    "hatexplain",
    "measuring_hate_speech",
    "trac1",
    "dynahate",
    "gab_hate_corpus",
)


def measure_calibration(run: Measuring, material: Material) -> None:
    """Calibration error on each dev set as shipped and after Platt scaling on 200 of its rows.

    Mean over 20 random choices of the 200; the error is measured on the other rows.
    """
    for corpus_name in CALIBRATED:
        if corpus_name not in material.corpora:
            continue
        dev = material.corpora[corpus_name].part("dev")
        if len(dev) < 2 * OWN_ROWS:
            continue
        scores = run.scores(dev.texts)
        name = f"{corpus_name}/dev:recalibration"
        for column, label in ((TOXICITY, "toxicity"), (IDENTITY, "identity_attack")):
            rows = np.flatnonzero(~np.isnan(dev.labels[:, column]) & ~np.isnan(scores[:, column]))
            p, y = scores[rows, column].astype(np.float64), dev.labels[rows, column]
            hits = int((y >= 0.5).sum())
            if len(rows) < 2 * OWN_ROWS or min(hits, len(rows) - hits) < MIN_ROWS:
                continue
            before, after = [], []
            for repeat in range(REPEATS):
                order = np.random.default_rng([run.report.seed, repeat]).permutation(len(rows))
                own, rest = order[:OWN_ROWS], order[OWN_ROWS:]
                slope, offset = fit_platt(p[own], y[own])
                fitted = 1 / (1 + np.exp(-(slope * logit(p[rest]) + offset)))
                ones = np.ones((1, len(rest)))
                before.append(float(Calibration(p[rest], y[rest]).measure(ones)["ece"][0]))
                after.append(float(Calibration(fitted, y[rest]).measure(ones)["ece"][0]))
            n = len(rows)
            for measure, values in (("ece_as_shipped", before), ("ece_recalibrated", after)):
                mean = float(np.mean(values))
                run.add(make_figure(name, label, measure, mean, values, n, hits))
        run.report.notes[name] = (
            f"Platt scaling on {OWN_ROWS} rows, error on the rest, {REPEATS} random choices "
            "(the interval is over the choices)"
        )


REFERENCE = (
    "jigsaw2018_any",
    "jigsaw2018_sixlabel",
    "jigsaw2018_not_toxic_but",
    "davidson",
    "civil_comments",
    "cad",
    "hatexplain",
    "measuring_hate_speech",
    "toxigen_human",
    "mlma",
    "convabuse",
    "sbic",
    "identity_debias",
    "dynahate",
    "hatemoji_build",
    "gab_hate_corpus",
    "implicit_hate",
    "edos",
    "guest_misogyny",
    "fox_news",
)
"""Corpora that teach the label whose scale is their mixture."""


def measure_reference(run: Measuring, material: Material) -> None:
    """Calibration error on the mixture of corpora that a label's probabilities are about.

    Dev rows of all corpora with the weights of the recipe, positives and negatives weighted so
    that the label is as frequent as the recipe's `[reference]` says ("mixed LABEL").
    """
    from moderation.training import read_recipe

    recipe = read_recipe()
    name = "reference"
    for column, label in enumerate(LABELS):
        share = recipe.reference.get(f"mixed {label}")
        if share is None or not run.judges(label):
            continue
        texts: list[str] = []
        targets: list[NDArray[np.bool_]] = []
        weights: list[NDArray[np.float64]] = []
        clusters: list[str] = []
        for corpus_name in REFERENCE:
            dev = material.corpora[corpus_name].part("dev")
            weight = recipe.weights[corpus_name][column]
            rows = np.flatnonzero(~np.isnan(dev.labels[:, column]))
            texts += [dev.texts[i] for i in rows]
            clusters += [f"{corpus_name}|{dev.groups[i]}" for i in rows]
            targets.append(dev.labels[rows, column] > 0.5)
            weights.append(np.full(len(rows), weight))
        y, mass = np.concatenate(targets), np.concatenate(weights)
        if min(int(y.sum()), int((~y).sum())) < MIN_ROWS:
            continue
        found = float(np.average(y, weights=mass))
        mass = mass * np.where(y, share / found, (1 - share) / (1 - found))
        p = run.scores(texts)[:, column].astype(np.float64)
        calibration = Calibration(p, y.astype(np.float64), mass=mass)
        value = float(calibration.measure(np.ones((1, len(p))))["ece"][0])
        blocks = run.weights(clusters, f"{name}|{label}")
        samples = [draw for block in blocks for draw in calibration.measure(block)["ece"]]
        run.add(make_figure(name, label, "ece", value, samples, len(p), int(y.sum())))
        run.report.notes[name] = (
            "dev rows of the corpora that teach the label, weighted as in training and to the "
            "prevalence that its probabilities are scaled to"
        )


PROBES: tuple[Probe, ...] = (
    Probe("bias", "test", ("identity_templates",), measure_bias),
    Probe("sentences", "dev", (), measure_sentences),
    Probe("functional", "dev", (), measure_functional),
    Probe("perturbation", "test", ("noisyhate",), measure_perturbation),
    Probe("beside_perspective", "test", ("perspective_scores",), measure_beside_perspective),
    Probe("explanation", "dev", ("toxic_spans",), measure_explanation),
    Probe("dilution", "dev", ("jigsaw2018_any",), measure_dilution),
    Probe("tricks", "dev", ("jigsaw2018_any",), measure_tricks),
    Probe("counterfactual", "dev", COMMENTS, measure_counterfactual, any_of=True),
    Probe("mentions", "dev", ("jigsaw2018_any", "cad", "identity_debias"), measure_mentions, True),
    Probe("dialect", "dev", DIALECT, measure_dialect, any_of=True),
    Probe("contrasts", "dev", (), measure_contrasts),
    Probe(NAME, "", (*TALK, *SOCIAL), measure_told, any_of=True),
    Probe(
        "calibration",
        "dev",
        CALIBRATED,
        measure_calibration,
        any_of=True,
    ),
    Probe("reference", "dev", REFERENCE, measure_reference),
)


# --- shared ---------------------------------------------------------------------------------------


def _add_ranking(
    run: Measuring,
    name: str,
    group: str,
    high: NDArray[np.floating],
    low: NDArray[np.floating],
    label: str = "toxicity",
) -> None:
    """AUC of positives' scores against negatives', rows drawn one by one."""
    scores = np.concatenate([high, low]).astype(np.float64)
    positive = np.arange(len(scores)) < len(high)
    if not len(high) or not len(low):
        return
    ranking = Ranking(scores, positive)
    value = float(ranking.measure(np.ones((1, len(scores))))["auc"][0])
    blocks = run.weights([str(i) for i in range(len(scores))], f"{name}|{label}|{group}|auc")
    samples = [v for block in blocks for v in ranking.measure(block)["auc"]]
    run.add(make_figure(name, label, "auc", value, samples, len(scores), len(high), group))


def _compare_alarms(
    run: Measuring,
    name: str,
    label: str,
    column: int,
    texts: list[str],
    named: NDArray[np.bool_],
    source: str,
) -> None:
    if named.sum() < MIN_ROWS:
        return
    scores = run.scores(texts)[:, column]
    if np.isnan(scores).any():
        return
    flagged = (scores >= run.thresholds[label]).astype(np.float64)
    run.add_mean(
        name, label, "false_positive_rate", flagged[named], group=f"{source}, identity named"
    )
    run.add_mean(name, label, "false_positive_rate", flagged, group=f"{source}, all")
    overall = flagged.mean()
    if overall > 0:
        inside = named.astype(np.float64)
        samples: list[float] = []
        for block in run.weights([str(i) for i in range(len(texts))], f"{name}|{label}|{source}"):
            rate = (block @ flagged) / block.sum(axis=1)
            part = (block @ (flagged * inside)) / np.maximum(block @ inside, 1)
            samples.extend(np.divide(part, rate, out=np.full_like(rate, np.nan), where=rate > 0))
        ratio = float(flagged[named].mean() / overall)
        n = int(named.sum())
        run.add(make_figure(name, label, "false_alarm_ratio", ratio, samples, n, 0, source))


def _pool(material: Material, names: Iterable[str]) -> list[Corpus]:
    return [material.corpora[name].part("dev") for name in names if name in material.corpora]


def _texts(material: Material, name: str) -> list[str]:
    return material.corpora[name].part("dev").texts if name in material.corpora else []


def _labelled(corpora: Sequence[Corpus], value: float) -> list[str]:
    return [
        text
        for corpus in corpora
        for text, label in zip(corpus.texts, corpus.labels[:, TOXICITY], strict=True)
        if label == value
    ]


def _harmless(corpus: Corpus, label: str) -> list[str]:
    """Texts whose `label` is surely 0."""
    column = corpus.labels[:, LABELS.index(label)]
    return [text for text, value in zip(corpus.texts, column, strict=True) if value == 0]


def _by_hash(texts: Iterable[str]) -> list[str]:
    """Distinct texts in an order that depends on nothing but themselves."""
    return sorted(
        set(texts), key=lambda text: hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    )


@cache
def _term_pattern() -> re.Pattern[str]:
    terms = sorted((t for family in identity_families().values() for t in family), key=len)
    return re.compile(r"\b(?:" + "|".join(map(re.escape, reversed(terms))) + r")\b", re.IGNORECASE)
