"""Training: texts with labels -> a Model, by scikit-learn's logistic regression.

    examples ──► lexicon and vocabulary ──► encode ──► screen features ──► one sparse matrix
             ──► a linear head a label ──► pooling of sentences, calibrated ──► thresholds ──► Model

The features are those of `moderation.features`, the very code that scores. A feature is kept when
its log-odds ratio between a label's positives and negatives is far from zero in standard
deviations (Monroe, Colaresi & Quinn 2008), the best ones first until the table's slots are full.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from moderation import __version__
from moderation.corpora.contrasts import read_contrasts
from moderation.corpora.registry import Corpus
from moderation.errors import InputError
from moderation.explanation import choose_ranges, weigh
from moderation.features import (
    I32,
    I64,
    U64,
    ChunkTable,
    Sink,
    class_keys,
    encode,
    slots,
)
from moderation.knowledge import Knowledge, build
from moderation.labelling.store import labelled_texts
from moderation.model import FORMAT, POOL, SUFFIX, Model, load_file, save
from moderation.records import LABELS
from moderation.scoring import Pooled, Scorer, pool_features
from moderation.text import Lexer

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

ENCODE_TEXTS = 1_000


class Recorder(Sink):
    """Keeps the features of items: a sparse matrix items x features in the making."""

    width = 0

    def __init__(self) -> None:
        self.keys: list[U64] = []
        self.owners: list[I32] = []
        self.count = 0

    def take(self, keys: U64, owner: I32, count: int) -> Float32:
        self.keys.append(keys)
        self.owners.append((owner + self.count).astype(np.int32))
        self.count += count
        return np.zeros((count, 0), np.float32)


@dataclass
class Encoded:
    """Texts as items (words and marks) and word n-grams, sentence by sentence.

    `text_first[i]` is the first sentence of text i, `length[s]` the words of sentence s; item
    `item_ids[j]` stands in sentence `item_sentence[j]`; word n-gram `gram_keys[k]` in sentence
    `gram_sentence[k]`. Item i owns the features `item_keys` where `item_owner` is i.
    """

    text_first: I64
    length: I64
    item_ids: I32
    item_sentence: I32
    gram_keys: U64
    gram_sentence: I32
    item_keys: U64
    item_owner: I32
    n_items: int

    @property
    def n_texts(self) -> int:
        return len(self.text_first)

    @property
    def n_sentences(self) -> int:
        return len(self.length)

    def text_of_sentence(self) -> I64:
        """The text of each sentence."""
        owner = np.zeros(self.n_sentences, np.int64)
        owner[self.text_first[1:]] = 1
        return np.cumsum(owner)


def encode_texts(
    texts: Sequence[str],
    lexer: Lexer,
    classes: dict[str, int],
    class_names: Sequence[str],
    telling: int,
    progress: Callable[[int], None] | None = None,
) -> Encoded:
    """Encode texts once for screening and for the matrices."""
    recorder = Recorder()
    table = ChunkTable(lexer, classes, class_keys(class_names), telling, recorder)
    text_first: list[I64] = []
    length: list[I64] = []
    ids: list[I32] = []
    item_sentence: list[I32] = []
    gram_keys: list[U64] = []
    gram_sentence: list[I32] = []
    sentences = 0
    for start in range(0, len(texts), ENCODE_TEXTS):
        part = texts[start : start + ENCODE_TEXTS]
        block = encode(part, table)
        text_first.append(block.text_first + sentences)
        length.append(block.length)
        items, owner = table.expand(
            block.ids, table.words.take(block.ids) + table.marks.take(block.ids)
        )
        ids.append(items)
        item_sentence.append((block.chunk_sentence[owner] + sentences).astype(np.int32))
        for keys, position in block.sequences.families():
            gram_keys.append(keys)
            gram_sentence.append((block.sequences.sentence[position] + sentences).astype(np.int32))
        sentences += len(block.length)
        if progress is not None:
            progress(len(part))
    return Encoded(
        np.concatenate(text_first),
        np.concatenate(length),
        np.concatenate(ids),
        np.concatenate(item_sentence),
        np.concatenate(gram_keys),
        np.concatenate(gram_sentence),
        np.concatenate(recorder.keys),
        np.concatenate(recorder.owners),
        recorder.count,
    )


def _item_matrix(encoded: Encoded) -> sparse.csr_matrix:
    """Sentences x items, counts."""
    return sparse.csr_matrix(
        (
            np.ones(len(encoded.item_ids), np.float32),
            (encoded.item_sentence, encoded.item_ids),
        ),
        shape=(encoded.n_sentences, encoded.n_items),
    )


@dataclass
class Screen:
    """Features chosen for the table: keys (mixed), slots and inverse document frequencies."""

    keys: U64
    slot: I64
    fingerprint: npt.NDArray[np.uint16]
    idf: Float32


def screen(
    encoded: Encoded,
    labels: Float32,
    weight: Float32,
    bits: int,
    *,
    min_count: float = 3.0,
    per_label: int = 150_000,
    prior: float = 0.5,
) -> Screen:
    """Choose features by how far their log-odds ratio is from zero, for each label.

    `labels`: float32 (N, L) in [0, 1] or NaN; `weight`: float32 (N, L). Of several features with
    one slot the best stays.
    """
    n_labels = labels.shape[1]
    known = ~np.isnan(labels)
    y = np.nan_to_num(labels)
    positive = np.where(known, weight * y, 0).astype(np.float32)
    negative = np.where(known, weight * (1 - y), 0).astype(np.float32)
    mass = np.concatenate([positive, negative, np.ones((len(y), 1), np.float32)], axis=1)
    by_sentence = mass[encoded.text_of_sentence()]

    # Features of items: sum over items first, then over the items that own the feature.
    item_mass = np.asarray(_item_matrix(encoded).T @ by_sentence, dtype=np.float32)
    item_keys, index = np.unique(encoded.item_keys, return_inverse=True)
    owner = sparse.csr_matrix(
        (np.ones(len(index), np.float32), (index, encoded.item_owner)),
        shape=(len(item_keys), encoded.n_items),
    )
    item_total = np.asarray(owner @ item_mass)
    keep = item_total[:, -1] >= min_count
    item_keys, item_total = item_keys[keep], item_total[keep]

    # Word n-grams: most are rare; a sketch of counts drops those before they are sorted.
    sketch_bits = 25
    sketch = np.bincount(
        (encoded.gram_keys >> np.uint64(64 - sketch_bits)).astype(np.int64),
        minlength=1 << sketch_bits,
    ).astype(np.int32)
    frequent = np.flatnonzero(
        sketch[(encoded.gram_keys >> np.uint64(64 - sketch_bits)).astype(np.int64)] >= min_count
    )
    gram_keys, index = np.unique(encoded.gram_keys[frequent], return_inverse=True)
    counts = np.bincount(index)
    keep = counts >= min_count
    number = np.cumsum(keep) - 1
    kept = keep[index]
    owner = sparse.csr_matrix(
        (
            np.ones(int(kept.sum()), np.float32),
            (number[index[kept]], encoded.gram_sentence[frequent[kept]]),
        ),
        shape=(int(keep.sum()), encoded.n_sentences),
    )
    gram_total = np.asarray(owner @ by_sentence)
    gram_keys = gram_keys[keep]

    keys = np.concatenate([item_keys, gram_keys])
    total = np.concatenate([item_total, gram_total]).astype(np.float64)
    merit = np.zeros(len(keys))
    for label in range(n_labels):
        a, b = total[:, label], total[:, n_labels + label]
        sum_a, sum_b = a.sum(), b.sum()
        if sum_a == 0 or sum_b == 0:
            continue
        ratio = np.log(a + prior) - np.log(b + prior * sum_b / sum_a)
        ratio -= np.log(sum_a) - np.log(sum_b)
        z = np.abs(ratio) / np.sqrt(1 / (a + prior) + 1 / (b + prior * sum_b / sum_a))
        # Rank within the label, so that a rare label gets its share of the slots.
        order = np.argsort(-z, kind="stable")
        rank = np.empty(len(z))
        rank[order] = np.arange(len(z))
        chosen = rank < per_label
        merit[chosen] = np.maximum(merit[chosen], 1.0 - rank[chosen] / per_label)
    order = np.argsort(-merit, kind="stable")
    order = order[merit[order] > 0]
    slot, _ = slots(keys[order], bits)
    _, first = np.unique(slot, return_index=True)
    order = np.sort(order[first])
    order = order[np.argsort(keys[order], kind="stable")]
    keys = keys[order]
    slot, fingerprint = slots(keys, bits)
    df = total[order, -1]
    idf = (np.log((1 + encoded.n_texts) / (1 + df)).clip(0) + 1).astype(np.float32)
    return Screen(keys, slot, fingerprint, idf)


def sentence_matrix(encoded: Encoded, chosen: Screen) -> sparse.csr_matrix:
    """Sentences x features: counts times inverse document frequency, float32."""
    n = len(chosen.keys)

    def where(keys: U64) -> tuple[I64, npt.NDArray[np.bool_]]:
        at = np.searchsorted(chosen.keys, keys)
        np.minimum(at, n - 1, out=at)
        return at, chosen.keys[at] == keys

    at, hit = where(encoded.item_keys)
    item_matrix_of = sparse.csr_matrix(
        (np.ones(int(hit.sum()), np.float32), (encoded.item_owner[hit], at[hit])),
        shape=(encoded.n_items, n),
    )
    from_items = _item_matrix(encoded) @ item_matrix_of
    rows: list[I32] = []
    columns: list[I64] = []
    step = 20_000_000
    for start in range(0, len(encoded.gram_keys), step):
        at, hit = where(encoded.gram_keys[start : start + step])
        rows.append(encoded.gram_sentence[start : start + step][hit])
        columns.append(at[hit].astype(np.int32))
    row, column = np.concatenate(rows), np.concatenate(columns)
    grams = sparse.csr_matrix(
        (np.ones(len(row), np.float32), (row, column)), shape=from_items.shape
    )
    matrix = (from_items + grams).tocsr()
    matrix.data *= chosen.idf[matrix.indices]
    return matrix


def text_matrix(encoded: Encoded, sentences: sparse.csr_matrix) -> sparse.csr_matrix:
    """Texts x features: the sum of each text's sentences."""
    owner = encoded.text_of_sentence()
    gather = sparse.csr_matrix(
        (np.ones(len(owner), np.float32), (owner, np.arange(len(owner)))),
        shape=(encoded.n_texts, len(owner)),
    )
    return (gather @ sentences).tocsr()


def normalise_rows(matrix: sparse.csr_matrix, words: I64, kappa: float) -> sparse.csr_matrix:
    """Divide each row by sqrt(words + kappa): the pivoted length normalisation of scoring."""
    scale = (1 / np.sqrt(words + kappa)).astype(np.float32)
    return sparse.diags_array(scale).astype(np.float32) @ matrix


# ---------------------------------------------------------------------------- examples


@dataclass
class Examples:
    """Texts to train on.

    - `labels`: float32, shape (N, L) in [0, 1], NaN = missing; values between are shares of
      annotators; `weight`: float32, shape (N, L);
    - `part`: "train", "held" (kept from the heads, for calibration) or "dev";
    - `source`: the corpus or label file of each text; `sources`: its sha256 and number of rows.
    """

    texts: list[str] = field(default_factory=list)
    labels: list[Sequence[float]] = field(default_factory=list)
    weight: list[Sequence[float]] = field(default_factory=list)
    part: list[str] = field(default_factory=list)
    source: list[str] = field(default_factory=list)
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.texts)

    def arrays(self) -> tuple[Float32, Float32, npt.NDArray[np.str_]]:
        """Labels and weights, float32 (N, L), and parts, (N,)."""
        return (
            np.array(self.labels, np.float32).reshape(len(self), len(LABELS)),
            np.array(self.weight, np.float32).reshape(len(self), len(LABELS)),
            np.array(self.part),
        )


def _share(key: str) -> float:
    """A number in [0, 1) that depends on the key alone."""
    return int.from_bytes(hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()[:6]) / 2**48


def add_corpora(examples: Examples, corpora: Iterable[Corpus], recipe: Recipe) -> None:
    """Add the train and dev rows of corpora with the recipe's weights.

    A share of the train rows, whole groups by the hash of their name, is held for calibration.
    """
    for corpus in corpora:
        weights = recipe.weights_of(corpus.name)
        count = 0
        for text, split, group, row in zip(
            corpus.texts, corpus.split, corpus.groups, corpus.labels, strict=True
        ):
            if split == "test" or (split == "train" and not any(weights)):
                continue
            held = split == "train" and _share("held:" + group) < recipe.held
            examples.texts.append(text)
            examples.labels.append(row)
            examples.weight.append(weights)
            examples.part.append("held" if held else split)
            examples.source.append(corpus.name)
            count += split == "train"
        examples.sources[corpus.name] = {"sha256": corpus.sha256, "rows": count}


def add_labels(examples: Examples, path: str | Path, weight: float = 1.0) -> None:
    """Add the decisions of a hand-label file (see `moderation.labelling`)."""
    path = Path(path)
    count = 0
    for record, text in labelled_texts(path):
        row = [
            float("nan") if record.labels.get(name) is None else float(record.labels[name] or 0)
            for name in LABELS
        ]
        examples.texts.append(text)
        examples.labels.append(row)
        examples.weight.append([weight] * len(LABELS))
        examples.part.append("train")
        examples.source.append(path.name)
        count += 1
    examples.sources[path.name] = {"sha256": _digest(path), "rows": count}


def add_contrasts(examples: Examples, path: str | Path, weight: float) -> None:
    """Add the train part of the contrast set; its held-out families become dev rows."""
    path = Path(path)
    count = 0
    for row in read_contrasts(path):
        train = row["part"] == "train"
        examples.texts.append(row["text"])
        examples.labels.append([float(row["labels"][name]) for name in LABELS])
        examples.weight.append([weight] * len(LABELS))
        examples.part.append("train" if train else "dev")
        examples.source.append("contrasts")
        count += train
    examples.sources["contrasts"] = {"sha256": _digest(path), "rows": count}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


# ---------------------------------------------------------------------------- recipe


@dataclass(frozen=True)
class Recipe:
    """How a model is trained; every choice was made on dev rows.

    - `bits`: binary logarithm of the table's slots;
    - `per_label`: features a label may bring into the table;
    - `kappa`: words added to the length before its square root divides (see `scoring`);
    - `cost`: inverse strength of the L2 penalty (liblinear's C) by label;
    - `weights`: corpus -> weight of its rows by label, in the order of `records.LABELS`;
    - `epochs`: passes of the solver over the texts;
    - `held`: share of the train groups kept for calibration;
    - `reference`: what the probabilities are about, see `calibrate`;
    - `lexicons`: whether words carry classes.
    """

    bits: int = 19
    per_label: int = 150_000
    min_count: float = 3.0
    kappa: float = 1.0
    cost: tuple[float, ...] = (8.0, 4.0, 8.0, 8.0, 8.0, 8.0)
    epochs: int = 15
    cap: float = 3.0
    tolerance: float = 0.05
    held: float = 0.06
    lexicons: bool = True
    labels_weight: float = 1.0
    contrasts_weight: float = 0.5
    composed_weight: float = 0.3
    seed: int = 0
    weights: dict[str, tuple[float, ...]] = field(default_factory=dict)
    reference: dict[str, float] = field(default_factory=dict)

    def weights_of(self, corpus: str) -> tuple[float, ...]:
        """The weights of a corpus's rows by label; a corpus without an entry is left out."""
        return self.weights.get(corpus, (0.0,) * len(LABELS))


def read_recipe(path: str | Path | None = None) -> Recipe:
    """A recipe file (default: the one that the shipped model is trained with).

    Raises InputError naming the file and the key that is wrong.
    """
    if path is None:
        place = "moderation/data/recipe.toml"
        text = resources.files("moderation").joinpath("data/recipe.toml").read_text("utf-8")
    else:
        place = str(path)
        try:
            text = Path(path).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(place, f"cannot be read: {error}") from error
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(place, f"is not TOML: {error}") from error
    settings = dict(table.get("settings", {}))
    names = {item.name for item in fields(Recipe)} - {"weights", "reference"}
    for key in settings:
        if key not in names:
            raise InputError(
                place, f"[settings] has an unknown key {key!r}; known: {sorted(names)}"
            )
    cost = settings.get("cost")
    if cost is not None:
        if not isinstance(cost, list) or len(cost) != len(LABELS):
            raise InputError(place, f"[settings] cost must list {len(LABELS)} numbers")
        settings["cost"] = tuple(float(value) for value in cost)
    weights: dict[str, tuple[float, ...]] = {}
    for corpus, row in table.get("weights", {}).items():
        for key in row:
            if key not in (*LABELS, "all", "reason"):
                raise InputError(place, f"[weights.{corpus}] names no label of ours: {key!r}")
        weights[corpus] = tuple(float(row.get(name, row.get("all", 0.0))) for name in LABELS)
    reference = {
        key: float(value) for key, value in table.get("reference", {}).items() if key != "reason"
    }
    return Recipe(**settings, weights=weights, reference=reference)


# ---------------------------------------------------------------------------- heads


def fit_head(
    matrix: sparse.csr_matrix,
    labels: Float32,
    weight: Float32,
    *,
    cost: float,
    cap: float,
    tolerance: float,
    epochs: int,
    seed: int,
) -> tuple[Float32, float]:
    """One label's weights by L2-regularised logistic regression (liblinear, dual).

    A label in (0, 1) counts as that much of a positive and the rest of a negative. Rows much
    longer than the median (floods of one word) are cut to `cap` times its norm, which keeps the
    dual well conditioned. Returns float32 (F,) weights and the intercept.
    """
    rows = np.flatnonzero(~np.isnan(labels) & (weight > 0))
    y, w = labels[rows], weight[rows]
    chosen = matrix[rows]
    norm = np.sqrt(np.asarray(chosen.multiply(chosen).sum(axis=1)).ravel())
    median = float(np.median(norm[norm > 0])) if (norm > 0).any() else 1.0
    scale = np.ones(len(norm))
    long = norm > cap * median
    scale[long] = cap * median / norm[long]
    chosen = sparse.diags_array((scale / median).astype(np.float32)) @ chosen
    positive, negative = np.flatnonzero(y > 0), np.flatnonzero(y < 1)
    order = np.random.default_rng(seed).permutation(len(positive) + len(negative))
    index = np.concatenate([positive, negative])[order]
    target = np.concatenate([np.ones(len(positive)), np.zeros(len(negative))])[order]
    mass = np.concatenate([w[positive] * y[positive], w[negative] * (1 - y[negative])])[order]
    head = LogisticRegression(
        C=cost, solver="liblinear", dual=True, tol=tolerance, max_iter=epochs, random_state=seed
    )
    with warnings.catch_warnings():
        # The recipe stops where dev figures no longer move; what is left is not a fault.
        warnings.simplefilter("ignore", ConvergenceWarning)
        head.fit(chosen[index], target, sample_weight=mass)
    return (head.coef_[0] / median).astype(np.float32), float(head.intercept_[0])


# ---------------------------------------------------------------------------- the model


def assemble(
    name: str,
    knowledge: Knowledge,
    chosen: Screen,
    heads: Float32,
    pooling: Float32,
    recipe: Recipe,
    extra: dict[str, Any],
) -> Model:
    """Put the parts together: `heads` float32 (F, L), `pooling` float32 (L, P)."""
    slots_total = 1 << recipe.bits
    fingerprint = np.zeros(slots_total, np.uint16)
    weight = np.zeros((slots_total, len(LABELS)), np.float16)
    fingerprint[chosen.slot] = chosen.fingerprint
    weight[chosen.slot] = (heads * chosen.idf[:, None]).astype(np.float16)
    unused = ~weight.any(axis=1)
    fingerprint[unused] = 0
    words = list(knowledge.tables.vocabulary)
    settings: dict[str, Any] = {
        "format": FORMAT,
        "name": name,
        "labels": list(LABELS),
        "bits": recipe.bits,
        "kappa": recipe.kappa,
        "classes": list(knowledge.class_names),
        "telling": knowledge.telling,
        "tables": knowledge.tables.to_json(),
        "thresholds": dict.fromkeys(LABELS, 0.5),
        "rationale": [0.4, 0.3],
        **extra,
    }
    return Model(
        name=name,
        settings=settings,
        fingerprint=fingerprint,
        weight=weight,
        vocabulary=np.frombuffer("\n".join(words).encode("utf-8"), np.uint8),
        word_class=np.array([knowledge.classes.get(word, 0) for word in words], np.uint8),
        pool=pooling,
    )


def compose(
    texts: Sequence[str], labels: Float32, seed: int, count: int
) -> tuple[list[str], Float32]:
    """Long texts with one abusive sentence in them, and long harmless ones.

    Short texts with a label stand at a random place between four harmless sentences and keep
    their labels; as many texts of five to nine harmless sentences have all labels 0.
    """
    rng = np.random.default_rng(seed)
    toxic = labels[:, 0]
    harmless: list[str] = []
    for text, value in zip(texts, toxic, strict=True):
        if value == 0 and len(harmless) < 40_000:
            harmless += [s.strip() for s in _SENTENCE.findall(text) if 20 <= len(s.strip()) <= 200]
    short = [
        i
        for i, text in enumerate(texts)
        if 8 <= len(text) <= 160 and toxic[i] >= 0.5 and "\n" not in text
    ]
    if len(harmless) < 20 or not short:
        return [], np.empty((0, labels.shape[1]), np.float32)
    made: list[str] = []
    rows: list[npt.NDArray[np.float32]] = []
    for number in range(count):
        if number % 2:
            picks = rng.integers(0, len(harmless), int(rng.integers(5, 10)))
            made.append(" ".join(harmless[i] for i in picks.tolist()))
            rows.append(np.zeros(labels.shape[1], np.float32))
        else:
            picks = rng.integers(0, len(harmless), 4)
            which = short[int(rng.integers(0, len(short)))]
            parts = [harmless[i] for i in picks.tolist()]
            sentence = texts[which].strip()
            if sentence[-1:] not in ".!?":
                sentence += "."
            parts.insert(int(rng.integers(0, 5)), sentence)
            made.append(" ".join(parts))
            rows.append(labels[which])
    return made, np.array(rows, np.float32)


_SENTENCE = re.compile(r"[^.!?\n]+[.!?]")


def pooled_scores(model: Model, texts: Sequence[str]) -> Pooled:
    """What the sentences of each text come to, by the very code that scores."""
    return Scorer(model).pooled(texts)


def fit_pooling(
    pooled: Pooled, labels: Float32, weight: Float32, *, cost: float = 100.0
) -> Float32:
    """Calibrated pooling by label: logistic regression on `pool_features`, float32 (L, P).

    A label without both outcomes gets its share of positives, whatever the text.
    """
    out = np.zeros((labels.shape[1], len(POOL)), np.float32)
    out[:, 1] = 1.0
    for label in range(labels.shape[1]):
        rows = np.flatnonzero(~np.isnan(labels[:, label]) & (weight[:, label] > 0))
        y, w = labels[rows, label], weight[rows, label]
        if not len(rows) or not (y > 0).any() or not (y < 1).any():
            # Nothing to tell apart: the share of positives, whatever the text.
            out[label, 1] = 0.0
            out[label, 0] = np.log((y.sum() + 0.5) / (len(y) - y.sum() + 0.5))
            continue
        columns = pool_features(
            pooled.whole[rows, label], pooled.worst[rows, label], pooled.count[rows]
        ).astype(np.float64)
        scale = np.maximum(np.abs(columns).mean(axis=0), 1e-6)
        design = np.concatenate([columns, columns])[:, 1:] / scale[1:]
        target = np.concatenate([np.ones(len(y)), np.zeros(len(y))])
        mass = np.concatenate([w * y, w * (1 - y)])
        keep = mass > 0
        head = LogisticRegression(C=cost, max_iter=1000)
        head.fit(design[keep], target[keep], sample_weight=mass[keep])
        out[label, 0] = head.intercept_[0]
        out[label, 1:] = head.coef_[0] / scale[1:]
    return out


def calibrate(
    pooling: Float32,
    logits: Float32,
    labels: Float32,
    weight: Float32,
    source: npt.NDArray[np.str_],
    reference: dict[str, float],
    log: Callable[[str], None] = lambda line: None,
) -> Float32:
    """Platt scaling to the places and the prevalences that the recipe names (Platt 1999).

    A mixture of corpora that were chosen for their abuse has no prevalence that means anything.
    So `LABEL` in `reference` scales on held texts of the corpora named by `from CORPUS`, positives
    and negatives weighted so that the label is as frequent as given; `mixed LABEL` does so on the
    held texts of all corpora by their weights. A label with too few positives keeps its pooling.
    """
    corpora = [key.removeprefix("from ") for key in reference if key.startswith("from ")]
    inside = np.isin(source, corpora)
    out = pooling.copy()
    for number, label in enumerate(LABELS):
        known = ~np.isnan(labels[:, number]) & (weight[:, number] > 0)
        if label in reference:
            share, rows = reference[label], np.flatnonzero(inside & known)
            mass = np.ones(len(rows))
        elif f"mixed {label}" in reference:
            share, rows = reference[f"mixed {label}"], np.flatnonzero(known)
            mass = weight[rows, number].astype(np.float64)
        else:
            continue
        y = labels[rows, number] > 0.5
        if y.sum() < 10 or (~y).sum() < 10:
            continue
        found = float(np.average(y, weights=mass))
        mass = mass * np.where(y, share / found, (1 - share) / (1 - found))
        design = logits[rows, number : number + 1].astype(np.float64)
        head = LogisticRegression(C=1e4, max_iter=1000)
        head.fit(design, y, sample_weight=mass)
        slope, shift = float(head.coef_[0, 0]), float(head.intercept_[0])
        out[number] *= np.float32(slope)
        out[number, 0] += np.float32(shift)
        log(f"{label}: calibrated by {slope:.2f} z {shift:+.2f} on {len(rows):,} texts")
    return out


def train(
    examples: Examples,
    recipe: Recipe,
    name: str,
    log: Callable[[str], None] = lambda line: None,
) -> Model:
    """Train a model. The same examples and recipe give the same arrays."""
    labels, weight, part = examples.arrays()
    training = part == "train"
    known = ~np.isnan(labels)
    log(f"{len(examples):,} texts, {int(training.sum()):,} to train on")
    knowledge = build(
        (text for text, mine in zip(examples.texts, training, strict=True) if mine),
        lexicons=recipe.lexicons,
    )
    log(
        f"{len(knowledge.tables.vocabulary):,} known words, {len(knowledge.classes):,} with a class"
    )
    rows = np.flatnonzero(training)
    encoded = encode_texts(
        [examples.texts[i] for i in rows.tolist()],
        Lexer(knowledge.tables),
        knowledge.classes,
        knowledge.class_names,
        knowledge.telling,
    )
    log(f"{encoded.n_sentences:,} sentences, {encoded.n_items:,} distinct words and marks")
    y, w = labels[rows], weight[rows]
    chosen = screen(
        encoded, y, w, recipe.bits, min_count=recipe.min_count, per_label=recipe.per_label
    )
    log(f"{len(chosen.keys):,} features chosen")
    matrix = text_matrix(encoded, sentence_matrix(encoded, chosen))
    words = np.add.reduceat(encoded.length, encoded.text_first)
    del encoded
    matrix = normalise_rows(matrix, words, recipe.kappa)
    log(f"matrix of {matrix.nnz:,} values")
    heads = np.zeros((matrix.shape[1], len(LABELS)), np.float32)
    for number, label in enumerate(LABELS):
        mine = known[rows, number] & (w[:, number] > 0)
        outcomes = y[mine, number]
        if not len(outcomes) or not (outcomes > 0).any() or not (outcomes < 1).any():
            log(f"{label}: no texts with both outcomes; left at zero")
            continue
        heads[:, number], _ = fit_head(
            matrix,
            y[:, number],
            w[:, number],
            cost=recipe.cost[number],
            cap=recipe.cap,
            tolerance=recipe.tolerance,
            epochs=recipe.epochs,
            seed=recipe.seed,
        )
        log(f"{label}: {int(mine.sum()):,} texts, {outcomes.mean():.3f} positive")
    del matrix

    # Calibration on held texts, scored by the code that scores.
    plain = np.zeros((len(LABELS), len(POOL)), np.float32)
    plain[:, 1] = 1.0
    held = np.flatnonzero(part == "held")
    if len(held) < 200:  # too few to hold any: calibrated on the training texts, and said so
        held = rows
    held_texts = [examples.texts[i] for i in held.tolist()]
    made, made_labels = compose(held_texts, labels[held], recipe.seed, min(8_000, len(held)))
    calibration_texts = held_texts + made
    calibration_labels = np.concatenate([labels[held], made_labels])
    made_weight = np.full(made_labels.shape, recipe.composed_weight, np.float32)
    calibration_weight = np.concatenate([weight[held], made_weight])
    model = assemble(name, knowledge, chosen, heads, plain, recipe, {})
    heads = share_toxicity(heads, pooled_scores(model, held_texts), labels[held], weight[held], log)
    model = assemble(name, knowledge, chosen, heads, plain, recipe, {})
    pooled = pooled_scores(model, calibration_texts)
    pooling = fit_pooling(pooled, calibration_labels, calibration_weight)
    log(f"pooled by {len(held):,} held texts and {len(made):,} composed ones")
    source = np.array([examples.source[i] for i in held.tolist()])
    model = assemble(name, knowledge, chosen, heads, pooling, recipe, {})
    pooling = calibrate(
        pooling,
        Scorer(model).logits(held_texts),
        labels[held],
        weight[held],
        source,
        recipe.reference,
        log,
    )
    model = assemble(name, knowledge, chosen, heads, pooling, recipe, {})
    thresholds = choose_thresholds(
        Scorer(model).predict_proba(held_texts), labels[held], weight[held], log
    )
    extra = {
        "thresholds": thresholds,
        "trained": {
            "version": __version__,
            "texts": int(training.sum()),
            "held": len(held),
            "sources": examples.sources,
            "recipe": {
                key: value
                for key, value in vars(recipe).items()
                if isinstance(value, int | float | bool)
            },
            "weights": {
                corpus: list(row)
                for corpus, row in recipe.weights.items()
                if corpus in examples.sources
            },
        },
    }
    return assemble(name, knowledge, chosen, heads, pooling, recipe, extra)


def choose_thresholds(
    probability: Float32,
    labels: Float32,
    weight: Float32,
    log: Callable[[str], None] = lambda line: None,
) -> dict[str, float]:
    """The probability from which a label is said to be there.

    Toxicity at one half, which is what a calibrated probability invites. The others, which are
    rarer, where macro-F1 on the held texts of all corpora is best: a place that asks about them
    has more of them than the reference.
    """
    out = {"toxicity": 0.5}
    for number, label in enumerate(LABELS):
        if label in out:
            continue
        rows = np.flatnonzero(~np.isnan(labels[:, number]) & (weight[:, number] > 0))
        y, w = labels[rows, number] > 0.5, weight[rows, number].astype(np.float64)
        out[label] = 0.5
        if y.sum() < 20 or (~y).sum() < 20:
            continue
        order = np.argsort(-probability[rows, number], kind="stable")
        p, y, w = probability[rows, number][order], y[order], w[order]
        hit, miss = np.cumsum(w * y), np.cumsum(w * ~y)
        f_yes = 2 * hit / (hit + miss + hit[-1])
        clean = miss[-1] - miss  # harmless texts below the threshold
        f_no = 2 * clean / (clean + (hit[-1] - hit) + miss[-1])
        best = int(np.argmax(f_yes + f_no))
        out[label] = round(float(np.clip(p[best], 0.02, 0.9)), 3)
        macro = (f_yes + f_no)[best] / 2
        log(f"{label}: yes from {out[label]:.3f}, macro-F1 {macro:.3f} on held texts")
    return out


def share_toxicity(
    heads: Float32,
    pooled: Pooled,
    labels: Float32,
    weight: Float32,
    log: Callable[[str], None] = lambda line: None,
) -> Float32:
    """Add to each other label's weights as much of toxicity's as held texts ask for.

    The labels besides toxicity have fewer texts; what is rude at all is a part of each. The share
    is the ratio of the two coefficients of a logistic regression on both scores, within [0, 1].
    """
    out = heads.copy()
    for label in range(1, heads.shape[1]):
        rows = np.flatnonzero(~np.isnan(labels[:, label]) & (weight[:, label] > 0))
        y, w = labels[rows, label], weight[rows, label]
        if (y > 0.5).sum() < 20 or (y <= 0.5).sum() < 20:
            continue
        design = np.stack([pooled.whole[rows, label], pooled.whole[rows, 0]], axis=1)
        head = LogisticRegression(C=100.0, max_iter=1000)
        head.fit(design, y > 0.5, sample_weight=w)
        own, shared = head.coef_[0]
        ratio = float(np.clip(shared / own, 0, 1)) if own > 0 else 0.0
        out[:, label] += np.float32(ratio) * heads[:, 0]
        log(f"{LABELS[label]}: {ratio:.2f} of toxicity's weights added")
    return out


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


def write(model: Model, output: str | Path) -> Model:
    """Save a model as OUTPUT.safetensors and read it back."""
    path = Path(output)
    if path.suffix != SUFFIX:
        path = path.with_name(path.name + SUFFIX)
    save(model, path)
    return load_file(path)
