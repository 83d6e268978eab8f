"""Probes of evasion: misspellings of people's own, abuse between harmless sentences, tricks."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from moderation.evaluation.material import (
    TOXICITY,
    Material,
    Trick,
    add_ranking,
    by_hash,
    dev_parts,
    texts_labelled,
)
from moderation.evaluation.measuring import Measuring

_SENTENCE = re.compile(r"[A-Z][^.!?\n\"=|{}\[\]]{30,120}\.")
SHORT, LONG = 80, 1000  # characters: a short toxic comment; a long harmless one
MAX_COMMENTS = 600


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


def measure_dilution(run: Measuring, material: Material) -> None:
    """Short toxic comments alone and between four harmless sentences; long harmless texts.

    Harmless sentences are taken out of harmless dev comments, so that nothing is invented.
    """
    corpus = dev_parts(material, ("jigsaw2018_any",))
    name = "dilution"
    cut = run.thresholds["toxicity"]
    toxic = [t for t in texts_labelled(corpus, 1) if len(t) <= SHORT and len(t.split()) >= 2]
    harmless = texts_labelled(corpus, 0)
    sentences = by_hash({s for text in harmless for s in _SENTENCE.findall(text)})
    toxic = by_hash(toxic)[:MAX_COMMENTS]
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
    add_ranking(run, name, "diluted against harmless", diluted, without)
    long = [text for text in harmless if len(text) >= LONG]
    flagged = run.scores(long)[:, TOXICITY] >= cut
    run.add_mean(name, "toxicity", "false_positive_rate", flagged, group="long comments")
    every = run.scores(harmless)[:, TOXICITY] >= cut
    run.add_mean(name, "toxicity", "false_positive_rate", every, group="all harmless comments")


def measure_tricks(run: Measuring, material: Material) -> None:
    """Recall under each trick, the share of found comments that stay found, false alarms."""
    if not material.tricks:
        return
    corpus = dev_parts(material, ("jigsaw2018_any",))
    name = "tricks"
    cut = run.thresholds["toxicity"]
    toxic = by_hash(t for t in texts_labelled(corpus, 1) if len(t) <= 300)[:MAX_COMMENTS]
    harmless = by_hash(t for t in texts_labelled(corpus, 0) if len(t) <= 300)[:MAX_COMMENTS]
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
