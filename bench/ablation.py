"""What each part of the recipe gains and costs: one part taken away at a time.

    python bench/ablation.py --corpora DIR [--labels FILE --contrasts FILE --harmless FILE
        --mentions FILE --everyday FILE]
                             [--share 0.3] [--output bench/ablation.md]

Texts are encoded once with the recipe; then the heads are fitted again without a family of
features, a group of corpora, a setting. Each variant is pooled and calibrated on the same
held texts as the full recipe and judged on the same dev rows: AUC and average precision by corpus,
as differences to the full recipe with paired 95 % bootstrap intervals (clusters of rows are drawn,
the same ones for both). Only dev rows are looked at; a negative difference says that the part
helps.
"""

from __future__ import annotations

import dataclasses
import hashlib
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt
from scipy import sparse

from moderation.corpora import load_all
from moderation.corpora.contrasts import read_contrasts
from moderation.errors import ModerationError
from moderation.evaluation.metrics import Calibration, Ranking, draw_weights, interval
from moderation.features.blocks import encode
from moderation.features.items import Sink
from moderation.features.memory import ChunkTable
from moderation.model import HEADS, REGISTER, SOCIAL
from moderation.pooling import Pooled, Pooling, Sums, pool
from moderation.reading.hashing import class_keys, item_features
from moderation.reading.lexer import Lexer
from moderation.reading.words import MARKS
from moderation.records import LABELS
from moderation.scoring import Scorer, sigmoid
from moderation.training import (
    Encoded,
    Examples,
    Fit,
    Recipe,
    Rows,
    Screen,
    add_contrasts,
    add_corpora,
    add_everyday,
    add_harmless,
    add_labels,
    add_mentions,
    add_stances,
    assemble,
    calibrate_in_turn,
    choose_combinations,
    choose_phrases,
    combination_matrix,
    compose,
    encode_texts,
    fit_heads,
    fit_pooling,
    harmless_segments,
    misspelt_copies,
    normalise_rows,
    prune,
    read_recipe,
    reweigh,
    screen,
    segment_masks,
    segment_matrix,
    taught_features,
    text_masks,
    text_matrix,
    write,
)
from moderation.training.knowledge import Knowledge, build
from moderation.training.pipeline import WHOLE
from moderation.training.recipe import HEADS_OF_TOXICITY

Float32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.intp]  # of rows

WANTED = ("toxicity", "identity_attack")
LEAST = 25  # dev rows of each outcome, below which a corpus's AUC says nothing
FEWEST = 10  # clusters; below, rows are drawn one by one: of one thread every draw is the same
SPEED_CHARS = 1_000_000
COMPOSED = "composed of dev texts"
COPIES, SEGMENTS = "misspelt copies", "segments of harmless texts"

# Families of features in the order of `features.Sequences.families`, behind those of items.
ITEM_FAMILIES = ("words", "class tokens", "character n-grams", "marks")
SEQUENCE_FAMILIES = (
    "word bigrams", "word trigrams", "ends of sentences", "ends of sentences", "ends of sentences",
    "class-replaced n-grams", "class-replaced n-grams",
    "class sequences", "class sequences", "class sequences",
)  # fmt: skip
TIED, COMBINED = "weights shared by phrases", "combinations of concepts"
FAMILIES = (*dict.fromkeys((*ITEM_FAMILIES, *SEQUENCE_FAMILIES)), TIED, COMBINED)

GROUPS = (
    ("dynahate", "hatemoji_build"),
    ("hatexplain", "davidson", "measuring_hate_speech", "mlma"),
    ("cad", "gab_hate_corpus", "edos", "guest_misogyny"),
    ("trac1", "convabuse", "fox_news"),
    ("implicit_hate", "toxigen_human", "sbic"),
    ("paradetox", "identity_debias"),
    ("civil_comments",),
    ("contrasts",),
    ("harmless",),
    ("mentions",),
    ("stances",),
    ("everyday",),
)


@dataclass(frozen=True)
class Variant:
    """The recipe without one part; `title` says which."""

    title: str
    recipe: Recipe
    without: str = ""  # family of features
    sources: tuple[str, ...] = ()  # left out of the heads
    rows: str = ""  # kind of train rows left out: COPIES or SEGMENTS
    pooled: bool = True
    composed: bool = True
    damped: bool = True
    calibrated: bool = True


@dataclass
class Outcome:
    """What a variant gives on the dev rows (calibrated logits, float32, (R, L)), and its cost."""

    logits: Float32
    seconds: float
    features: int
    values: int
    heads: Float32 = field(repr=False)
    pooling: Float32 = field(repr=False)


@dataclass(frozen=True)
class DevSet:
    """The dev rows of a corpus: places in the evaluated texts, and the clusters that are drawn."""

    name: str
    rows: Numbers
    clusters: list[str]


def list_variants(recipe: Recipe, sources: Iterable[str], hand: Sequence[str]) -> list[Variant]:
    """The full recipe first, then every part taken away."""
    change = dataclasses.replace
    there = set(sources)
    named = {name for group in GROUPS for name in group}
    others = tuple(sorted(there - named - set(hand) - {n for n in there if "jigsaw" in n}))
    groups = [tuple(n for n in group if n in there) for group in (*GROUPS, others)]
    costs = {factor: tuple(round(c * factor, 4) for c in recipe.cost) for factor in (0.25, 4.0)}
    return [
        Variant("full recipe", recipe),
        *(Variant(f"no {family}", recipe, without=family) for family in FAMILIES),
        *(Variant(f"no {', '.join(group)}", recipe, sources=group) for group in groups if group),
        *([Variant("no hand labels", recipe, sources=tuple(hand))] if hand else []),
        Variant("every fit taught by the same texts", change(recipe, fits=taught_alike(recipe))),
        Variant("no cap on a row's norm", change(recipe, cap=float("inf"))),
        Variant("a quarter of the slots", change(recipe, bits=recipe.bits - 2)),
        Variant("repeated words count in full", recipe, damped=False),
        Variant("length divided by its root alone", change(recipe, kappa=1e-3)),
        Variant("ten words added to the length", change(recipe, kappa=10.0)),
        Variant("unknown words count whole", change(recipe, unknown=1.0)),
        Variant("all features held back alike", change(recipe, trust=0.0)),
        Variant(
            "one head of toxicity for every register",
            change(recipe, talk=(), fits=without_registers(recipe)),
        ),
        Variant("C / 4", change(recipe, cost=costs[0.25])),
        Variant("C × 4", change(recipe, cost=costs[4.0])),
        Variant(f"no {COPIES}", recipe, rows=COPIES),
        Variant(f"no {SEGMENTS}", recipe, rows=SEGMENTS),
        Variant("whole text only, no worst segment", recipe, pooled=False),
        Variant("one line for ordinary and for long texts", change(recipe, composed={})),
        Variant("no composed texts", recipe, composed=False),
        Variant("no recalibration", recipe, calibrated=False),
    ]


def taught_alike(recipe: Recipe) -> dict[str, tuple[Fit, ...]]:
    """The fits with all of a head's like its first."""
    return {head: (fits[0],) * len(fits) for head, fits in recipe.fits.items()}


def without_registers(recipe: Recipe) -> dict[str, tuple[Fit, ...]]:
    """The fits with toxicity's, of both registers, taught by every text alike."""
    fits = {head: of for head, of in recipe.fits.items() if head not in HEADS_OF_TOXICITY}
    every = tuple(Fit(misspelt=fit.misspelt) for fit in recipe.fits_of(LABELS[0]))
    return fits | dict.fromkeys(HEADS_OF_TOXICITY, every)


def is_chosen(text: str, share: float) -> bool:
    """Whether a text is in the share of train texts: it depends on the text alone."""
    digest = hashlib.sha256(b"ablation:" + text.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:6]) / 2**48 < share


class _Ignored(Sink):
    def take(self, keys: Any, owner: Any, count: int) -> Float32:
        return np.zeros((count, 0), np.float32)


def families_of(texts: Sequence[str], knowledge: Knowledge, chosen: Screen) -> npt.NDArray[np.int8]:
    """The index in `FAMILIES` of each chosen feature, by reading the texts once more."""
    keys_of_classes = class_keys(knowledge.class_names)
    lexer = Lexer(knowledge.tables)
    table = ChunkTable(lexer, knowledge.classes, keys_of_classes, knowledge.telling, _Ignored())
    family = np.full(len(chosen.keys), -1, np.int8)

    def mark(keys: Any, name: str) -> None:
        at = np.minimum(np.searchsorted(chosen.keys, keys), len(chosen.keys) - 1)
        family[at[chosen.keys[at] == keys]] = FAMILIES.index(name)

    for start in range(0, len(texts), 1_000):
        sequences = encode(texts[start : start + 1_000], table).sequences
        for name, (keys, _) in zip(SEQUENCE_FAMILIES, sequences.families(), strict=False):
            mark(keys, name)
    items = list(table.store.index)
    plain: dict[str, int] = {}
    for start in range(0, len(items), 10_000):
        part = items[start : start + 10_000]
        keys = item_features(part, plain, keys_of_classes)[3]
        words, rest = keys[: len(part)], keys[len(part) :]
        is_mark = np.array([item in MARKS for item in part])
        mark(words[~is_mark], "words")
        mark(words[is_mark], "marks")
        mark(rest, "character n-grams")
        keys = item_features(part, knowledge.classes, keys_of_classes)[3]
        classed = len(keys) - len(words) - len(rest)
        mark(keys[len(part) : len(part) + classed], "class tokens")
    return family


class Ablation:
    """Texts encoded once, and variants fitted on them."""

    def __init__(
        self,
        examples: Examples,
        recipe: Recipe,
        clusters: dict[tuple[str, str], str],
        share: float,
        heads: Sequence[str] = WANTED,
        log: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.recipe, self.log = recipe, log
        labels, weight, part = examples.arrays()
        # Heads that are not asked for are left without labels: no part of the way looks at them.
        others = [i for i, name in enumerate(LABELS) if name not in heads]
        labels[:, others] = np.nan
        self.heads = [LABELS.index(name) for name in heads]
        self.columns = [*self.heads, HEADS.index(SOCIAL), HEADS.index(REGISTER)]
        chosen = np.array([is_chosen(text, share) for text in examples.texts])
        train = np.flatnonzero((part == "train") & chosen)
        held = np.flatnonzero((part == "held") & chosen)
        dev = np.flatnonzero(part == "dev")
        texts = np.array(examples.texts, dtype=object)
        source = np.array(examples.source)
        train_texts = texts[train].tolist()
        copies, originals, draw = misspelt_copies(
            train_texts, labels[train], int(recipe.misspelt * share), recipe.seed, recipe.draws
        )
        self.draw = np.concatenate([np.full(len(train_texts), -1), draw])
        train = np.concatenate([train, train[originals]])
        self.train_labels = labels[train]
        self.train_weight = reweigh(texts[train].tolist(), labels[train], weight[train], recipe)
        self.train_weight[len(train_texts) :] *= recipe.misspelt_weight
        self.train_source = source[train]
        self.train_kind = np.array([""] * len(train_texts) + [COPIES] * len(copies), object)
        log(f"{len(train):,} train texts, {len(held):,} held, {len(dev):,} dev")

        made, made_labels = compose(
            texts[held].tolist(), labels[held], recipe.seed, min(8_000, len(held))
        )
        dev_made, dev_made_labels = compose(
            texts[dev].tolist(), labels[dev], recipe.seed + 1, min(2_000, len(dev))
        )
        dev_made_labels[:, others] = np.nan
        if len(made_labels):
            made_labels[:, others] = np.nan
        self.held = np.arange(len(held))
        self.made = np.arange(len(held), len(held) + len(made))
        first_dev = len(held) + len(made)
        judged = [*texts[held], *made, *texts[dev], *dev_made]
        self.labels = np.concatenate([labels[held], made_labels, labels[dev], dev_made_labels])
        self.weight = np.concatenate(
            [weight[held], np.ones_like(made_labels), weight[dev], np.ones_like(dev_made_labels)]
        )
        sources = [*source[held], *[""] * len(made), *source[dev], *[COMPOSED] * len(dev_made)]
        self.source = np.array(sources)
        self.dev_sets = []
        dev_source = self.source[first_dev:]
        for name in dict.fromkeys(dev_source.tolist()):
            rows = np.flatnonzero(dev_source == name) + first_dev
            groups = [clusters.get((name, judged[i]), judged[i]) for i in rows.tolist()]
            self.dev_sets.append(DevSet(name, rows, groups))

        self.knowledge = build(train_texts, lexicons=recipe.lexicons)
        self.speed_texts = _first_chars(texts[dev].tolist(), SPEED_CHARS)
        self.encoded = self._encode(train_texts + copies)
        fewer = dataclasses.replace(recipe, segments=int(recipe.segments * share))
        self.picked, more_labels, more_weight = harmless_segments(
            self.encoded, self.train_labels, self.train_weight, fewer
        )
        self.judged = self._encode(judged)
        self.chosen: Screen | None = None
        self._screened: tuple[float, ...] | None = None
        self._choose(recipe, damped=True)
        # The rows of the matrix: texts, their copies, segments.
        of_segment = self.encoded.text_of_segment()[self.picked]
        self.train_labels = np.concatenate([self.train_labels, more_labels])
        self.train_weight = np.concatenate([self.train_weight, more_weight])
        self.train_source = np.concatenate([self.train_source, self.train_source[of_segment]])
        self.train_kind = np.concatenate(
            [self.train_kind, np.array([SEGMENTS] * len(self.picked), object)]
        )
        self.draw = np.concatenate([self.draw, self.draw[of_segment]])
        of_parts = self.encoded.extent(WHOLE)[self.picked]
        self.extent = np.concatenate([self.encoded.extent_of_texts(WHOLE), of_parts])
        assert self.chosen is not None
        family = families_of(train_texts + copies, self.knowledge, self.chosen)
        shared = 0
        if self.phrases is not None:  # those that no text has are there for what they share
            shared = self.phrases.count
            tied = self.phrases.ties.getnnz(axis=1) > 0
            family[(family < 0) & tied] = FAMILIES.index(TIED)
        unknown = int((family < 0).sum())
        if unknown:
            raise AssertionError(f"{unknown} features belong to no family")
        crossed = self.matrix.shape[1] - len(family) - shared
        columns = np.repeat([FAMILIES.index(TIED), FAMILIES.index(COMBINED)], [shared, crossed])
        self.family: npt.NDArray[np.int8] = np.concatenate([family, columns.astype(np.int8)])
        log(f"{len(family):,} features, {crossed:,} combinations of concepts")

    def _encode(self, texts: list[str]) -> Encoded:
        known = self.knowledge
        return encode_texts(
            texts, Lexer(known.tables), known.classes, known.class_names, known.telling
        )

    def _choose(self, recipe: Recipe, *, damped: bool) -> None:
        """Screen features and make the matrices, unless those at hand are the recipe's."""
        found = (recipe.per_label, recipe.min_count, damped)
        if self._screened == found:
            return
        self._screened = found
        texts = slice(self.encoded.n_texts)
        drawn = np.where(self.draw[texts] < 0, 1, 1 / recipe.draws).astype(np.float32)
        chosen = screen(
            self.encoded,
            self.train_labels[texts],
            self.train_weight[texts] * drawn[:, None],
            count=drawn,
            min_count=recipe.min_count,
            per_label=recipe.per_label,
        )
        self.chosen, self.phrases = choose_phrases(self.encoded, chosen, self.knowledge)
        self.combining = choose_combinations(self.encoded, recipe.combinations)
        whole = self._texts(self.encoded, damped=damped)
        self.matrix = sparse.vstack([whole, self._segments(self.encoded, self.picked)], "csr")
        self.segments = self._segments(self.judged, np.arange(self.judged.n_segments))
        self.texts = self._texts(self.judged, damped=damped)

    def _texts(self, encoded: Encoded, *, damped: bool) -> sparse.csr_matrix:
        """Texts x features, what phrases share and combinations last."""
        assert self.chosen is not None
        matrix = text_matrix(encoded, self.chosen, damped=damped)
        return self._beside(matrix, text_masks(encoded))

    def _segments(self, encoded: Encoded, which: Numbers) -> sparse.csr_matrix:
        """Segments x features, what phrases share and combinations last."""
        assert self.chosen is not None
        matrix = segment_matrix(encoded, self.chosen, which)
        return self._beside(matrix, segment_masks(encoded, which))

    def _beside(
        self, matrix: sparse.csr_matrix, masks: npt.NDArray[np.uint64]
    ) -> sparse.csr_matrix:
        blocks = [matrix]
        if self.phrases is not None:
            blocks.append(self.phrases.columns(matrix))
        if self.combining is not None:
            blocks.append(combination_matrix(masks, self.combining))
        return sparse.hstack(blocks, "csr")

    def run(self, variant: Variant) -> Outcome:
        """Fit a variant's heads and judge the dev rows."""
        recipe = variant.recipe
        self._choose(recipe, damped=variant.damped)
        started = time.process_time()
        n_features = self.matrix.shape[1]
        columns = np.arange(n_features)
        matrix = self.matrix
        if variant.without:
            columns = np.flatnonzero(self.family != FAMILIES.index(variant.without))
            matrix = matrix[:, columns]
        matrix = normalise_rows(matrix, self.extent, recipe.kappa)
        weight = self.train_weight.copy()
        weight[np.isin(self.train_source, variant.sources)] = 0
        if variant.rows:
            weight[self.train_kind == variant.rows] = 0
        heads = np.zeros((n_features, len(HEADS)), np.float32)
        written = int((self.train_kind == "").sum())
        assert self.chosen is not None
        own = len(self.chosen.keys)
        others = [self.chosen.tells[:0]]
        if self.phrases is not None:
            others.append(self.phrases.tells)
        if self.combining is not None:
            others.append(self.combining.tells)
        tells = taught_features(self.chosen.tells, np.concatenate(others))[columns]
        rows = Rows(matrix, self.train_labels, weight, self.train_source, self.draw, written)
        heads[columns] = fit_heads(rows, tells, recipe)
        if self.phrases is not None:  # what is shared goes to the phrases, as in a model
            shared = slice(own, own + self.phrases.count)
            heads[:own] = self.phrases.untie(heads[:own], heads[shared])
            heads[shared] = 0
        pruned = np.ones(own, np.bool_)
        pruned[prune(self.chosen, heads[:own], recipe.bits)] = False
        heads[:own][pruned] = 0
        seconds = time.process_time() - started

        held, labels, mass = self.held, self.labels, self.weight
        pooled = self._pooled(heads, variant)
        fitted = np.concatenate([held, self.made]) if variant.composed else held
        register = np.array([recipe.register_of(source) for source in self.source.tolist()])
        pooling = fit_pooling(
            pooled.take(fitted),
            labels[fitted],
            mass[fitted],
            register[fitted],
            np.isin(fitted, self.made),
            recipe,
        )
        if variant.calibrated:
            pooling = calibrate_in_turn(
                pooling, pooled.take(held), labels[held], mass[held], self.source[held], recipe
            )
        features = int(heads[:, self.columns].any(axis=1).sum())
        logits = Pooling(pooling).logits(pooled)
        return Outcome(logits, seconds, features, int(matrix.nnz), heads, pooling)

    def _pooled(self, heads: Float32, variant: Variant) -> Pooled:
        judged = self.judged
        texts = self._sum(self.texts, heads)
        sums = Sums(self._sum(self.segments, heads), texts, judged.share)
        recipe = variant.recipe
        pooled = pool(sums, judged.extent(recipe.unknown), judged.text_first, recipe.kappa)
        if variant.pooled:
            return pooled
        alone = np.ones_like(pooled.count)
        return dataclasses.replace(pooled, worst=pooled.whole, count=alone)

    def _sum(self, matrix: sparse.csr_matrix, heads: Float32) -> Float32:
        sums = np.zeros((matrix.shape[0], len(HEADS)), np.float32)
        sums[:, self.columns] = matrix @ heads[:, self.columns]
        return sums

    def compare(
        self, full: Outcome, other: Outcome, label: int, draws: int
    ) -> dict[str, dict[str, tuple[float, Floats]]]:
        """Dev set -> measure -> difference to the full recipe, and its bootstrap draws."""
        found: dict[str, dict[str, tuple[float, Floats]]] = {}
        for dev in self.dev_sets:
            values = self.measure([full, other], dev, label, draws)
            if values is not None:
                found[dev.name] = {
                    name: (float(b[0] - a[0]), b[1:] - a[1:]) for name, (a, b) in values.items()
                }
        return found

    def measure(
        self, outcomes: Sequence[Outcome], dev: DevSet, label: int, draws: int
    ) -> dict[str, list[Floats]] | None:
        """Measure -> for each outcome the value on all rows, then on each draw; None: too few."""
        y = self.labels[dev.rows, label]
        known = np.flatnonzero(~np.isnan(y))
        positive = y[known] > 0.5
        if min(positive.sum(), (~positive).sum()) < LEAST:
            return None
        groups = [dev.clusters[i] for i in known.tolist()]
        if len(set(groups)) < FEWEST:
            groups = [str(i) for i in known.tolist()]
        rankings = [Ranking(o.logits[dev.rows[known], label], positive) for o in outcomes]
        out: dict[str, list[list[Floats]]] = {
            name: [[] for _ in outcomes] for name in ("auc", "ap")
        }
        for weights in (np.ones((1, len(known))), *draw_weights(groups, draws, key=dev.name)):
            for number, ranking in enumerate(rankings):
                for name, values in ranking.measure(weights).items():
                    out[name][number].append(values)
        return {name: [np.concatenate(v) for v in rows] for name, rows in out.items()}

    def calibration_error(self, outcome: Outcome, label: int, draws: int) -> Floats | None:
        """Calibration error on dev rows at the recipe's prevalence: all rows, then each draw."""
        reference, name = self.recipe.reference, LABELS[label]
        corpora = [key.removeprefix("from ") for key in reference if key.startswith("from ")]
        dev = np.concatenate([s.rows for s in self.dev_sets if s.name != COMPOSED])
        y = self.labels[dev, label]
        known = ~np.isnan(y) & (self.weight[dev, label] > 0)
        mass = self.weight[dev, label].astype(np.float64)
        if name in reference:
            known &= np.isin(self.source[dev], corpora)
            share, mass = reference[name], np.ones_like(mass)
        elif f"mixed {name}" in reference:
            share = reference[f"mixed {name}"]
        else:
            return None
        y, mass, rows = y[known] > 0.5, mass[known], dev[known]
        if min(y.sum(), (~y).sum()) < LEAST:
            return None
        found = float(np.average(y, weights=mass))
        mass *= np.where(y, share / found, (1 - share) / (1 - found))
        measured = Calibration(sigmoid(outcome.logits[rows, label]), y.astype(np.float64))
        groups = [str(i) for i in range(len(rows))]
        parts = (np.ones((1, len(rows))), *draw_weights(groups, draws, key=f"ece {name}"))
        return np.concatenate([measured.measure(part * mass)["ece"] for part in parts])

    def speed(self, outcome: Outcome, classes: bool) -> tuple[float, float]:
        """MB/s of scoring texts never seen before (median of 3), and the file's MB."""
        assert self.chosen is not None
        knowledge = self.knowledge
        if not classes:
            knowledge = dataclasses.replace(knowledge, classes={})
        own = len(self.chosen.keys)
        kept = np.flatnonzero(outcome.heads[:own].any(axis=1))  # the others were pruned
        arrays = (self.chosen.take(kept), outcome.heads[kept], outcome.pooling)
        crossed = None
        if self.combining is not None and outcome.heads[own:].any():
            crossed = self.combining.weighted(outcome.heads[-len(self.combining.masks) :])
        with tempfile.TemporaryDirectory() as folder:
            made = assemble("ablation", knowledge, *arrays, self.recipe, {}, crossed)
            model = write(made, Path(folder) / "ablation")
            assert model.path is not None
            size = model.path.stat().st_size / 1e6
            taken = []
            for _ in range(3):
                scorer = Scorer(model)
                started = time.process_time()
                scorer.predict_proba(self.speed_texts)
                taken.append(time.process_time() - started)
            volume = sum(len(t.encode("utf-8", "surrogatepass")) for t in self.speed_texts) / 1e6
        return volume / sorted(taken)[1], size


def _first_chars(texts: list[str], limit: int) -> list[str]:
    ends = np.cumsum([len(text) for text in texts])
    return texts[: int(np.searchsorted(ends, limit)) + 1]


def shown(value: float, draws: Floats, sign: bool = True) -> str:
    """A figure with its interval; bold where the interval leaves zero out."""
    bounds = interval(draws)
    plus = "+" if sign else ""
    if bounds is None:
        return f"{value:{plus}.4f}"
    text = f"{value:{plus}.4f} [{bounds[0]:{plus}.4f}, {bounds[1]:{plus}.4f}]"
    return f"**{text}**" if sign and (bounds[0] > 0 or bounds[1] < 0) else text


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def write_page(ablation: Ablation, variants: Sequence[Variant], head: str, draws: int) -> str:
    """Run all variants and write the page."""
    full: Outcome | None = None
    summary: dict[int, list[list[str]]] = {i: [] for i in ablation.heads}
    detail: dict[tuple[int, str], list[list[str]]] = {}
    costs: list[list[str]] = []
    absolute: dict[int, list[list[str]]] = {i: [] for i in ablation.heads}
    errors: list[list[str]] = []
    names: dict[int, list[str]] = {}
    speeds: list[list[str]] = []
    for variant in variants:
        outcome = ablation.run(variant)
        ablation.log(f"{variant.title}: {outcome.seconds:.0f} s")
        values = f"{outcome.values / 1e6:.2f}"
        costs.append([variant.title, f"{outcome.seconds:.1f}", f"{outcome.features:,}", values])
        cells = [variant.title]
        for label in ablation.heads:
            error = ablation.calibration_error(outcome, label, draws)
            cells.append("–" if error is None else shown(float(error[0]), error[1:], sign=False))
        if full is None:
            full = outcome
            for classes, title in ((True, "full recipe"), (False, "no classes of words at all")):
                rate, size = ablation.speed(outcome, classes)
                speeds.append([title, f"{rate:.2f}", f"{size:.2f}"])
            for label in ablation.heads:
                names[label] = []
                for dev in ablation.dev_sets:
                    measured = ablation.measure([outcome], dev, label, draws)
                    if measured is None:
                        continue
                    names[label].append(dev.name)
                    y = ablation.labels[dev.rows, label]
                    absolute[label].append(
                        [dev.name, f"{int((~np.isnan(y)).sum()):,}", f"{int((y > 0.5).sum()):,}"]
                        + [shown(float(v[0][0]), v[0][1:], sign=False) for v in measured.values()]
                    )
            errors.append(cells)
            continue
        if not (variant.calibrated and variant.composed and variant.pooled):
            errors.append(cells)
        for label in ablation.heads:
            found = ablation.compare(full, outcome, label, draws)
            line = [variant.title]
            for measure in ("auc", "ap"):
                moved = [found[name][measure] for name in names[label]]
                mean = float(np.mean([value for value, _ in moved])) if moved else float("nan")
                drawn = np.mean([d for _, d in moved], axis=0) if moved else np.empty(0)
                line.append(shown(mean, drawn))
                detail.setdefault((label, measure), []).append(
                    [variant.title, *(shown(*one) for one in moved)]
                )
            summary[label].append(line)
    out = [head, "\n## Dev rows and the full recipe\n"]
    for label in ablation.heads:
        out.append(f"\n{LABELS[label]}:\n\n")
        out.append(_table(["corpus", "rows", "positive", "AUC", "AP"], absolute[label]))
    out.append(
        "\n## Mean over corpora\n\nDifference to the full recipe; below zero: the part helps. Bold "
        "where the interval leaves zero out.\n"
    )
    for label in ablation.heads:
        out.append(f"\n{LABELS[label]}:\n\n")
        out.append(_table(["taken away or changed", "AUC", "AP"], summary[label]))
    out.append("\n## Cost\n\nSeconds of CPU to fit these heads, features in the table, values in ")
    out.append("the training matrix (millions).\n\n")
    out.append(_table(["variant", "fit, s", "features", "values, M"], costs))
    out.append(
        "\nScoring texts never seen before, six labels. What is computed of a text hangs on its "
        "words and their classes alone, so taking features out of the table changes no speed; "
        "without classes their n-grams are not computed.\n\n"
    )
    out.append(_table(["variant", "MB/s", "file, MB"], speeds))
    out.append(
        "\n## Calibration error\n\nOn dev rows weighted to the prevalence that the recipe names.\n"
        "\n"
    )
    heads = [LABELS[label] for label in ablation.heads]
    out.append(_table(["variant", *heads], errors))
    for (label, measure), rows in detail.items():
        out.append(f"\n## By corpus: {LABELS[label]}, {'AUC' if measure == 'auc' else 'AP'}\n\n")
        out.append(_table(["taken away or changed", *names[label]], rows))
    return "".join(out)


def digest_of(recipe_file: Path | None) -> str:
    """The first digits of the sha256 of the recipe's file."""
    shipped = resources.files("moderation").joinpath("data/recipe.toml")
    data = shipped.read_bytes() if recipe_file is None else recipe_file.read_bytes()
    return hashlib.sha256(data).hexdigest()[:12]


@click.command(help=__doc__)
@click.option("--corpora", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--labels", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--contrasts", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--harmless", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--mentions", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--everyday", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--recipe", "recipe_file", type=click.Path(exists=True, path_type=Path))
@click.option("--share", type=click.FloatRange(0, 1), default=0.3, show_default=True)
@click.option("--heads", default=",".join(WANTED), show_default=True)
@click.option("--draws", default=400, show_default=True, help="Bootstrap draws.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path))
def main(
    corpora: Path | None,
    labels: Path | None,
    contrasts: Path | None,
    harmless: Path | None,
    mentions: Path | None,
    everyday: Path | None,
    recipe_file: Path | None,
    share: float,
    heads: str,
    draws: int,
    output: Path | None,
) -> None:
    """Run the ablation and write its page."""
    wanted = heads.split(",")
    for name in wanted:
        if name not in LABELS:
            raise click.UsageError(f"--heads: {name!r} is not a label; labels: {', '.join(LABELS)}")
    started = time.monotonic()

    def log(line: str) -> None:
        click.echo(f"[{time.monotonic() - started:6.0f} s] {line}", err=True)

    recipe = read_recipe(recipe_file)
    examples = Examples()
    clusters: dict[tuple[str, str], str] = {}
    hand: list[str] = []
    try:
        if labels is not None:
            add_labels(examples, labels, recipe.labels_weight)
            hand.append(labels.name)
        if contrasts is not None:
            add_contrasts(examples, contrasts, recipe.contrasts_weight)
            for row in read_contrasts(contrasts):
                clusters["contrasts", row["text"]] = f"contrasts {row['family']}"
        if harmless is not None:
            add_harmless(examples, harmless, recipe.harmless_weight)
        if corpora is not None:
            for corpus in load_all(corpora):
                add_corpora(examples, [corpus], recipe)
                for text, split, group in zip(
                    corpus.texts, corpus.split, corpus.groups, strict=True
                ):
                    if split == "dev":
                        clusters[corpus.name, text] = group
        if mentions is not None:
            add_mentions(examples, mentions, recipe.mentions_weight)
            add_stances(examples, mentions, recipe.stances_weight)
        if everyday is not None:
            add_everyday(examples, everyday, recipe.everyday_weight)
    except ModerationError as error:
        raise click.ClickException(str(error)) from error
    if not len(examples):
        raise click.UsageError("give --corpora, --contrasts or --labels: there is nothing to learn")
    digests = "; ".join(
        f"{name} {entry['sha256'][:12]}" for name, entry in sorted(examples.sources.items())
    )
    options = " ".join(
        f"--{name} {value}"
        for name, value in (
            ("corpora", "DIR" if corpora else None),
            ("labels", labels.name if labels else None),
            ("contrasts", contrasts.name if contrasts else None),
            ("harmless", harmless.name if harmless else None),
            ("mentions", mentions.name if mentions else None),
            ("everyday", everyday.name if everyday else None),
            ("recipe", recipe_file.name if recipe_file else None),
            ("share", share),
            ("heads", heads),
            ("draws", draws),
        )
        if value is not None
    )
    ablation = Ablation(examples, recipe, clusters, share, wanted, log)
    head = (
        f"<!-- Printed by: python bench/ablation.py {options} -->\n"
        "# What each part of the recipe gains and costs\n\n"
        f"Recipe {digest_of(recipe_file)} (sha256); {len(ablation.train_source):,} train texts "
        f"({share:.0%} of them, by a hash of the text), {len(ablation.held):,} held texts, "
        f"{sum(len(dev.rows) for dev in ablation.dev_sets):,} dev rows with those composed of "
        "several. The heads "
        f"{' and '.join(wanted)} are fitted anew for every line; the features taught are chosen "
        "once with the full recipe, those that get a slot anew, so a corpus taken away still took "
        "part in the choice. Intervals: 95 %, paired bootstrap of clusters of dev rows, "
        f"{draws} draws (rows where a corpus has fewer than {FEWEST} clusters); every head is the "
        f"mean of {recipe.draws} fits, and what is left of the draw of misspelt copies and of the "
        "solver's order of rows is not in them.\n\n"
        f"Data: {digests}.\n"
    )
    page = write_page(
        ablation, list_variants(recipe, ablation.train_source.tolist(), hand), head, draws
    )
    if output is None:
        click.echo(page, nl=False)
    else:
        partial = output.with_name(output.name + ".partial")
        partial.write_text(page, encoding="utf-8")
        partial.replace(output)
        click.echo(f"wrote {output}", err=True)


if __name__ == "__main__":
    main()
