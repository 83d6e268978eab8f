"""The model and its file: arrays and settings, looked at before they are believed.

A model file is a safetensors file (an 8-byte little-endian header length, a JSON header, then the
arrays), with the whole configuration as ONE sorted JSON string under the metadata key
"moderation". Nothing in it is executed. `load` checks the header's size, the format number,
names, shapes, dtypes and offsets before anything is mapped, then that every number is finite;
arrays are mapped from the file, not copied.

Raising `settings.FORMAT`: change it when a file written before can no longer be read with the same
scores (other arrays, another hash, another normaliser). Keep the old number's reader for one minor
release or refuse it with a line that names the release that still reads it; add the new number's
file to the tests; say so in the changelog; rebuild the shipped model with `moderation train`.
Before the first release the number stays 1, and not every file of an earlier commit is refused by
its shapes: with another hash it is read, and scores wrongly. Train it again.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import mmap
import os
import threading
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from moderation.errors import ModelError, unreadable
from moderation.features.combinations import MAX_COMBINATIONS, Combinations, Combined
from moderation.reading.context import Context
from moderation.reading.lazy import LazyTable, Table, lines_table
from moderation.reading.lexer import Lexer
from moderation.reading.words import Tables
from moderation.records import LABELS
from moderation.settings import check_settings, short
from moderation.weights import Rows

if TYPE_CHECKING:  # imported where a path is asked for: it brings half of urllib with it
    from pathlib import Path

MAX_HEADER = 1 << 20  # bytes; the shipped model's header has under 0.2 MB
MAX_FILE = 256 << 20  # bytes; the shipped model has under 12 MB
DEFAULT_NAME = "default"
SUFFIX = ".safetensors"

SOCIAL, REGISTER = "toxicity_social", "register"
HEADS = (*LABELS, SOCIAL, REGISTER)
"""Columns of the weights. Beside the labels' own: toxicity as social media are judged, and how far
a text is written as people write there (high) or on an encyclopaedia's talk pages (low). See
`pooling`, which makes one score of the two."""

BENDS = 3
"""Places where a label's scale may bend."""

LINE = (
    "bias",
    "whole",
    "worst",
    "few",
    "many",
    "whole_few",
    "whole_many",
    "worst_few",
    "worst_many",
    "excess",
)
POOL = (
    *LINE,
    *(f"watch_{name}" for name in LINE),
    "watch_from",
    "link",
    "link_from",
    *(f"{name}_{number}" for number in range(1, BENDS + 1) for name in ("knee", "above")),
)
"""Columns of the pooling array. A head's ordinary line and its watching one, each of LINE (see
`pooling.pool_features`): what the second has above the first and above `watch_from` is added. What
a label's logit has above `link_from` counts `link` times for toxicity in social media. `knee_1` and
`above_1` and so on bend the scale: what the logit has above a knee is added again times `above`
(the sum of those passed is over -1: no order is changed)."""

_CONTEXT: dict[str, tuple[str, tuple[int | None, ...]]] = {
    "context": ("U16", (None,)),
    "context_value": ("U8", (None,)),
}
"""Arrays of a model that names words whose neighbours may tell them; see `context.Context`."""

_COMBINED: dict[str, tuple[str, tuple[int | None, ...]]] = {
    "combination": ("U64", (None, 2)),
    "combination_value": ("F16", (None, len(HEADS))),
}
"""Arrays of a model whose settings name concepts; see `combinations.Combined`."""

_DTYPES = {"U8": np.uint8, "U16": np.uint16, "U64": np.uint64, "F16": np.float16, "F32": np.float32}

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Model:
    """Arrays and settings of a trained model.

    - `fingerprint`: uint16, shape (2**bits,): 0 = empty slot;
    - `weight`: float16, shape (2**bits, H): weight times inverse document frequency, by HEADS
      (trained ones are multiples of `weights.GRID`; others are summed as exactly, but slower);
    - `vocabulary`: uint8, shape (bytes,): known words joined by line ends, most frequent first;
    - `word_class`: uint8, shape (V,): class of each known word, 0 = none;
    - `pool`: float32, shape (H, P): from whole text and worst segment to calibrated logits;
    - `sums`: float32, shape (V, H): what the weights of each known word's own features add up to,
      as the file has them; None where they are still to be made of the weights (`word_sums`);
    - `context`: how far neighbours speak for words; None where all is read by its letters alone;
    - `combined`: combinations of concepts and their weights; None where n-grams alone count.

    `name` and `digest` (sha256 of the file, hex) say which model this is: `str(model)` is
    "NAME@first 12 digits", with "/REGISTER" behind it where it was told one (see `registers.tell`).
    Instances are immutable and may be used from any number of threads.
    """

    name: str
    settings: dict[str, Any]
    fingerprint: npt.NDArray[np.uint16]
    weight: npt.NDArray[np.float16]
    vocabulary: npt.NDArray[np.uint8]
    word_class: npt.NDArray[np.uint8]
    pool: Float32
    sums: Float32 | None = None
    context: Context | None = None
    combined: Combined | None = None
    digest: str = ""
    file: str | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def __str__(self) -> str:
        told = f"/{self.register}" if self.register else ""
        return f"{self.name}@{self.digest[:12]}{told}"

    @property
    def register(self) -> str | None:
        """The register that all comments are taken to be written in; None: each is judged."""
        told: str | None = self.settings.get("register")
        return told

    @property
    def path(self) -> Path | None:
        """The file that it was loaded from."""
        from pathlib import Path

        return None if self.file is None else Path(self.file)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the order of the scores; heads beyond them are not scored."""
        return tuple(self.settings["labels"])

    @property
    def thresholds(self) -> dict[str, float]:
        """Label -> probability from which the model says yes (chosen on dev data)."""
        return dict(self.settings["thresholds"])

    @cached_property
    def bits(self) -> int:
        """Binary logarithm of the number of slots."""
        return int(self.settings["bits"])

    @cached_property
    def words(self) -> list[str]:
        """The vocabulary, most frequent first."""
        blob = self.vocabulary.tobytes().decode("utf-8")
        return blob.split("\n") if blob else []

    @cached_property
    def ranks(self) -> Table:
        """Known word -> its place in `words`; built when more than a few words are asked for."""
        return lines_table(self.vocabulary.tobytes())

    @cached_property
    def tables(self) -> Tables:
        """What the lexer needs to read text as this model was trained to."""
        tables = self.settings["tables"]
        return Tables(
            vocabulary=self.ranks,
            offensive={word: rank for rank, word in enumerate(tables["offensive"].split())},
            homoglyphs=tables["homoglyphs"],
            leet={symbol: tuple(letters) for symbol, letters in tables["leet"].items()},
            emoji=tables["emoji"],
            telling={word: rank for rank, word in enumerate(tables.get("telling", "").split())},
            meant=tables.get("meant", "").split(),
            slips=tables.get("slips", {}),
            context=self.context,
            names=tables.get("names", ""),
            common=tables.get("common", "").split(),
        )

    @cached_property
    def classes(self) -> Table:
        """Word -> class number, for the words that have one."""
        ranks, classes = self.ranks, self.word_class

        def search(word: str) -> int | None:
            rank = ranks.get(word)
            return None if rank is None else int(classes[rank]) or None

        def build() -> dict[str, int]:
            numbers = classes.tolist()
            return {word: n for word, rank in ranks.items() if (n := numbers[rank])}

        return LazyTable.over(search, build)

    @cached_property
    def word_sums(self) -> Float32:
        """What each known word contributes, all its letters: float32, shape (V, H), by rank."""
        if self.sums is not None:
            return self.sums
        from moderation.scoring import sum_words

        return sum_words(self)

    @property
    def row_width(self) -> int:
        """Columns of a row of weights that is gathered fast: four or eight float32."""
        return -(-int(self.weight.shape[1]) // 4) * 4

    @cached_property
    def rows(self) -> Rows:
        """`weight`, to be summed."""
        return Rows(self.weight)

    @cached_property
    def combinations(self) -> Combinations | None:
        """What `combined` comes to, with its memory."""
        if self.combined is None:
            return None
        return Combinations(self.settings["concepts"], self.settings["classes"], self.combined)

    @cached_property
    def lexer(self) -> Lexer:
        """The lexer over `tables`."""
        return Lexer(self.tables)

    def predict_proba(self, texts: list[str] | tuple[str, ...]) -> Float32:
        """Calibrated probabilities: float32, shape (C, L), C texts, L labels, each in [0, 1]."""
        from moderation.scoring import scorer_of

        return scorer_of(self).predict_proba(texts)


def save(model: Model, path: str | Path) -> str:
    """Write the model file (beside, then renamed) and return its sha256.

    The same arrays and settings always give the same bytes.
    """
    from pathlib import Path

    path = Path(path)
    arrays: dict[str, npt.NDArray[Any]] = {
        "fingerprint": model.fingerprint,
        "weight": model.weight,
        "vocabulary": model.vocabulary,
        "word_class": model.word_class,
        "word_sums": model.word_sums,
        "pool": model.pool,
    }
    if model.context is not None:
        arrays["context"], arrays["context_value"] = model.context
    if model.combined is not None:
        arrays["combination"], arrays["combination_value"] = model.combined
    names = {np.dtype(v).name: k for k, v in _DTYPES.items()}
    settings = json.dumps(
        model.settings, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    )
    header: dict[str, Any] = {"__metadata__": {"moderation": settings}}
    at = 0
    # largest alignment first, so that every array starts at a multiple of its item size
    order = sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, name))
    for name in order:
        array = arrays[name]
        header[name] = {
            "dtype": names[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [at, at + array.nbytes],
        }
        at += array.nbytes
    written = json.dumps(header, separators=(",", ":"), sort_keys=False, ensure_ascii=False)
    encoded = written.encode("utf-8", "backslashreplace")  # half of a pair as JSON escapes it
    encoded += b" " * (-len(encoded) % 64 - 8 % 64 + 64)
    encoded += b" " * (-(8 + len(encoded)) % 64)
    partial = path.with_name(path.name + ".partial")
    digest = hashlib.sha256()
    path.parent.mkdir(parents=True, exist_ok=True)
    with partial.open("wb") as stream:
        for block in (
            len(encoded).to_bytes(8, "little"),
            encoded,
            *(np.ascontiguousarray(arrays[name]).tobytes() for name in order),
        ):
            stream.write(block)
            digest.update(block)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(partial, path)
    return digest.hexdigest()


def _expected(settings: dict[str, Any]) -> dict[str, tuple[str, tuple[int | None, ...]]]:
    """Array name -> dtype and shape (None: any length) that the settings call for."""
    slots = 1 << int(settings["bits"])
    return {
        "fingerprint": ("U16", (slots,)),
        "weight": ("F16", (slots, len(HEADS))),
        "vocabulary": ("U8", (None,)),
        "word_class": ("U8", (None,)),
        "word_sums": ("F32", (None, len(HEADS))),
        "pool": ("F32", (len(HEADS), len(POOL))),
        **(_CONTEXT if settings["tables"].get("meant") else {}),
        **(_COMBINED if settings.get("concepts") else {}),
    }


class _TwiceError(Exception):
    """A JSON object with the same key twice, which readers understand differently."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _TwiceError
    return made


def read_header(path: str | Path) -> tuple[dict[str, Any], dict[str, Any], int]:
    """Check a file's header without touching its arrays: (settings, arrays, start of data).

    Raises ModelError, one line, for anything that is not a model file of this format.
    """
    try:
        size = os.stat(path).st_size
        with open(path, "rb") as stream:
            prefix = stream.read(8)
            length = int.from_bytes(prefix, "little")
            if prefix[:2] in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
                raise ModelError(str(path), "is a pickle, which is never loaded; give a model file")
            if len(prefix) < 8 or length < 2 or size > MAX_FILE:
                raise ModelError(str(path), "is not a model file (no safetensors header)")
            if length > MAX_HEADER or 8 + length > size:
                raise ModelError(
                    str(path),
                    f"is damaged or not a model file: its header claims {length} bytes, "
                    f"the file has {size}",
                )
            raw = stream.read(length)
    except OSError as error:
        raise ModelError(str(path), unreadable(error)) from error
    try:
        header = json.loads(raw.decode("utf-8"), object_pairs_hook=_object)
        settings = json.loads(header["__metadata__"]["moderation"], object_pairs_hook=_object)
    except _TwiceError as error:
        raise ModelError(str(path), "a key stands twice in its header") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError(
            str(path), f"its header is not that of a model file ({type(error).__name__})"
        ) from error
    del header["__metadata__"]
    check_settings(str(path), settings)
    expected = _expected(settings)
    if set(header) != set(expected):
        odd = ", ".join(short(name) for name in sorted(set(header) ^ set(expected))[:3])
        raise ModelError(str(path), f"arrays missing or unknown: {odd}")
    spans: list[tuple[int, int]] = []
    for name, (dtype, shape) in expected.items():
        entry = header[name]
        try:
            found_dtype, found_shape = entry["dtype"], list(entry["shape"])
            start, end = entry["data_offsets"]
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(str(path), f"array {name!r} is described badly") from error
        numbers = [*found_shape, start, end]
        if not all(type(n) is int and 0 <= n <= MAX_FILE for n in numbers):
            raise ModelError(str(path), f"array {name!r} has impossible sizes")
        fits = len(found_shape) == len(shape) and all(
            want is None or got == want for got, want in zip(found_shape, shape, strict=True)
        )
        if found_dtype != dtype or not fits:
            raise ModelError(
                str(path),
                f"array {name!r} is {short(found_dtype)}{found_shape[:4]}, "
                f"not {dtype}{list(shape)}",
            )
        items = 1
        for extent in found_shape:
            items *= extent
        if end - start != items * np.dtype(_DTYPES[dtype]).itemsize:
            raise ModelError(str(path), f"array {name!r} does not fill its place in the file")
        spans.append((start, end))
    data = size - 8 - length
    spans.sort()
    if spans[0][0] != 0 or spans[-1][1] != data:
        raise ModelError(
            str(path), f"is truncated or padded: {spans[-1][1]} bytes of arrays, {data}"
        )
    if any(a[1] != b[0] for a, b in itertools.pairwise(spans)):
        raise ModelError(str(path), "its arrays overlap or leave gaps")
    return settings, header, 8 + length


def _is_finite(weight: npt.NDArray[np.float16]) -> bool:
    """Whether no weight is infinite or NaN: all exponent bits set, seen without conversion.

    A block at a time, so that a large file makes no large temporary array.
    """
    raw = weight.reshape(-1).view(np.uint16)
    return all(
        (raw[start : start + 65_536] & 0x7C00).max(initial=0) != 0x7C00
        for start in range(0, len(raw), 65_536)
    )


def load_file(path: str | Path) -> Model:
    """Load a model file. Raises ModelError, one line, for a file that is not one."""
    settings, header, offset = read_header(path)
    with open(path, "rb") as stream:
        mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        dtype = np.dtype(_DTYPES[entry["dtype"]])
        arrays[name] = np.frombuffer(
            mapped, dtype, (end - start) // dtype.itemsize, offset + start
        ).reshape(entry["shape"])
    pool, sums, weight = arrays["pool"], arrays["word_sums"], arrays["weight"]
    if not (np.isfinite(pool).all() and np.isfinite(sums).all() and _is_finite(weight)):
        raise ModelError(str(path), "holds numbers that are not finite")
    words = arrays["vocabulary"]
    count = int((words == 10).sum()) + 1 if len(words) else 0
    if not count == len(arrays["word_class"]) == len(sums):
        raise ModelError(str(path), "its vocabulary, its classes and its sums differ in length")
    if len(words) and int(arrays["word_class"].max()) > len(settings["classes"]):
        raise ModelError(str(path), "a word has a class that the settings do not name")
    combined = None
    if "combination" in arrays:
        combined = Combined(arrays["combination"], arrays["combination_value"])
        count = len(combined.masks)
        if count != len(combined.value) or count > MAX_COMBINATIONS:
            raise ModelError(str(path), "its combinations lack weights, or are too many")
        if not (combined.masks[:, 0] != 0).all():
            raise ModelError(str(path), "a combination asks for no concept")
        if not _is_finite(combined.value):
            raise ModelError(str(path), "holds numbers that are not finite")
    context = None
    if "context" in arrays:
        context = Context(arrays["context"], arrays["context_value"])
        size = len(context.value)
        if size != len(context.fingerprint) or size < 2 or size & (size - 1):
            raise ModelError(str(path), "its context is no table of a power of two of rows")
    try:
        words.tobytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ModelError(str(path), "its vocabulary is not UTF-8") from error
    digest = hashlib.sha256(mapped).hexdigest()
    return Model(
        name=settings["name"],
        settings=settings,
        fingerprint=arrays["fingerprint"],
        weight=weight,
        vocabulary=words,
        word_class=arrays["word_class"],
        pool=pool,
        sums=sums,
        context=context,
        combined=combined,
        digest=digest,
        file=os.fspath(path),
    )


def find(name: str | Path | None = None) -> Path:
    """Where a model lies: a path as given, else a shipped model's name (None: the default).

    Raises ModelError where there is none.
    """
    from pathlib import Path

    return Path(_find(name))


def _find(name: str | Path | None) -> str:
    if name is not None:
        given = os.fspath(name)
        for candidate in (given, f"{given}{SUFFIX}"):
            if os.path.isfile(candidate):
                return candidate
        if os.path.dirname(given):
            raise ModelError(given, "no such model file")
    wanted = f"{name or DEFAULT_NAME}{SUFFIX}"
    here = os.path.dirname(os.path.abspath(__file__))
    # an installed package carries models/ inside itself, a checkout beside itself
    for folder in (here, os.path.dirname(here)):
        candidate = os.path.join(folder, "models", wanted)
        if os.path.isfile(candidate):
            return candidate
    raise ModelError(str(name or DEFAULT_NAME), "no such model; give a path to a model file")


_loaded: dict[tuple[str, int, int, str | None], Model] = {}
_loading = threading.Lock()


def load(name: str | Path | None = None, register: str | None = None) -> Model:
    """The shipped model, or the one at a path ("models/NAME" or "models/NAME.safetensors").

    `register`: how all comments are written where that is known, one of `settings.REGISTERS`; left
    out, the model judges each by itself, which costs short ones some accuracy (see
    `registers.tell`).
    The same unchanged file gives the same object, from any thread. Raises ModelError, and
    ValueError for an unknown register.
    """
    path = _find(name)
    stat = os.stat(path)
    key = (os.path.realpath(path), stat.st_mtime_ns, stat.st_size)
    with _loading:
        model = _loaded.get((*key, None))
        if model is None:
            model = _loaded[(*key, None)] = load_file(path)
        if register is None:
            return model
        told = _loaded.get((*key, register))
        if told is None:
            from moderation.registers import tell

            told = _loaded[(*key, register)] = tell(model, register)
    return told
