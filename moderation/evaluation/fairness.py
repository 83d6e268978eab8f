"""Probes of fairness: identity terms swapped, identities named, African-American English."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
from numpy.typing import NDArray

from moderation.dialect import is_dialect
from moderation.evaluation.data import read_data
from moderation.evaluation.material import (
    BOTH,
    MIN_ROWS,
    Material,
    by_hash,
    dev_texts,
    texts_without,
)
from moderation.evaluation.measuring import Measuring
from moderation.evaluation.report import make_figure

COMMENTS = ("jigsaw2018_any", "civil_comments", "fox_news", "measuring_hate_speech", "cad")
"""Corpora whose dev comments are swapped and searched for mentions."""
SHORT = "own short sentences"
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
    texts = [t for name in COMMENTS for t in dev_texts(material, name) if len(t) <= 1000]
    for text in by_hash(texts):
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
    for column, label in BOTH:
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
    """False alarms where an identity is named and nothing is said against it.

    On harmless dev comments, against all harmless ones; on encyclopaedia sentences; and on
    `short_mentions`.
    """
    name = "mentions"
    run.report.notes[name] = (
        "harmless dev comments that name an identity (identities.toml) against all harmless ones "
        "of jigsaw2018_any and of cad; encyclopaedia sentences about identities; and own short "
        "sentences in which a group is named and little else (short.toml)"
    )
    for column, label in BOTH:
        for corpus_name in ("jigsaw2018_any", "cad"):
            corpus = material.corpora.get(corpus_name)
            if corpus is None:
                continue
            texts = texts_without(corpus.part("dev"), label)
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
        texts, named_groups = short_mentions()
        scores = run.scores(texts)[:, column]
        if not np.isnan(scores).any():
            flagged = scores >= run.thresholds[label]
            run.add_mean(
                name, label, "false_positive_rate", flagged, group=SHORT, clusters=named_groups
            )


def short_mentions() -> tuple[list[str], list[str]]:
    """Short harmless sentences that name a group (`short.toml`), and the group of each."""
    data = read_data("short.toml")
    made = [
        (frame.replace("{}", group[form]), group["plural"])
        for form in ("adjective", "singular", "plural")
        for frame in data[form]
        for group in data["groups"]
    ]
    return [text for text, _ in made], [group for _, group in made]


DIALECT = ("davidson", "measuring_hate_speech", "hatexplain", "cad", "gab_hate_corpus", "sbic")


def measure_dialect(run: Measuring, material: Material) -> None:
    """False alarms on harmless comments with markers of African-American English.

    The rate that it is held against is that of all harmless comments of the same corpora, each
    corpus weighted as among the marked ones, so that the mix of sources does not decide. Such
    comments are few, so every split at hand is used.
    """
    name = "dialect"
    for column, label in BOTH:
        marked: list[NDArray[np.bool_]] = []
        every: list[tuple[int, float]] = []
        for corpus_name in DIALECT:
            corpus = material.corpora.get(corpus_name)
            texts = texts_without(corpus, label) if corpus is not None else []
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


@cache
def _term_pattern() -> re.Pattern[str]:
    terms = sorted((t for family in identity_families().values() for t in family), key=len)
    return re.compile(r"\b(?:" + "|".join(map(re.escape, reversed(terms))) + r")\b", re.IGNORECASE)
