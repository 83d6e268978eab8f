"""Model files made to break the reader: each is refused by one line, before much is allocated."""

from __future__ import annotations

import copy
import io
import json
import pickle
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from moderation.errors import ModelError
from moderation.features.combinations import Combined
from moderation.model import HEADS, MAX_HEADER, load, load_file, read_header, save
from moderation.reading.context import Context
from moderation.records import LABELS
from moderation.scoring import Scorer
from tests.small_model import BITS, make_model, write_small_model

Header = dict[str, Any]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_small_model(tmp_path_factory.mktemp("model")).read_bytes()


def parts(data: bytes) -> tuple[Header, bytes]:
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def build(header: Header | str | bytes, body: bytes) -> bytes:
    if not isinstance(header, bytes):
        header = (header if isinstance(header, str) else json.dumps(header)).encode()
    return len(header).to_bytes(8, "little") + header + body


def refuse(tmp_path: Path, data: bytes, *words: str) -> str:
    path = tmp_path / "bad.safetensors"
    path.write_bytes(data)
    tracemalloc.start()
    try:
        with pytest.raises(ModelError) as caught:
            load(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 400
    assert message.startswith(str(path))
    for word in words:
        assert word in message
    # what JSON of the largest header allowed can come to, and no more
    assert peak < 64 << 20
    return message


def test_the_good_file_is_good(good: bytes, tmp_path: Path) -> None:
    path = tmp_path / "good.safetensors"
    header, body = parts(good)
    path.write_bytes(build(header, body))
    assert load_file(path).labels == LABELS


@pytest.mark.parametrize("place", [0, 1, 7, 8, 9, 100, 5_000, 0.5, 0.9, -1, -64, -4_096])
def test_truncated(good: bytes, tmp_path: Path, place: float) -> None:
    cut = int(len(good) * place) if isinstance(place, float) else place
    refuse(tmp_path, good[:cut])


@pytest.mark.parametrize("seed", range(12))
def test_truncated_anywhere(good: bytes, tmp_path: Path, seed: int) -> None:
    cut = int(np.random.default_rng(seed).integers(len(good)))
    refuse(tmp_path, good[:cut])


def test_padded(good: bytes, tmp_path: Path) -> None:
    refuse(tmp_path, good + b"\0", "truncated or padded")


@pytest.mark.parametrize("length", [0, 1, MAX_HEADER + 1, 1 << 31, 1 << 62, (1 << 64) - 1])
def test_header_length_lies(good: bytes, tmp_path: Path, length: int) -> None:
    refuse(tmp_path, length.to_bytes(8, "little") + good[8:])


def test_huge_header(tmp_path: Path) -> None:
    refuse(tmp_path, build(b" " * (MAX_HEADER + 100), b""), "header")
    refuse(tmp_path, build(b"[" + b"0," * (MAX_HEADER // 2 - 8) + b"0]", b""), "header")


@pytest.mark.parametrize(
    "header",
    [b"[" * 200_000, b'{"a":' * 100_000, b"\xff\xfe{}", b"nul", b"[]", b"{}", b'"x"', b"7",
     b'{"__metadata__": 3}', b'{"__metadata__": {"moderation": 3}}',
     b'{"__metadata__": {"moderation": "{"}}', b'{"__metadata__": {"moderation": "[]"}}',
     b'{"__metadata__": {"moderation": "' + b"[" * 100_000 + b'"}}',
     b'{"__metadata__": {"moderation": "' + b"9" * 100_000 + b'"}}'],
    ids=lambda h: h[:24].decode("latin-1"),
)  # fmt: skip
def test_header_is_no_header(tmp_path: Path, header: bytes) -> None:
    refuse(tmp_path, build(header, b""))


def test_other_kinds_of_file(good: bytes, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (pytest.fail, ("a pickle was loaded",))

    for protocol in (2, 3, 4, 5):
        refuse(tmp_path, pickle.dumps(Bomb(), protocol), "pickle")
    refuse(tmp_path, pickle.dumps(Bomb(), 0))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("weight.npy", b"\0" * 10_000_000)
    refuse(tmp_path, archive.getvalue())
    arrays = io.BytesIO()
    np.savez_compressed(arrays, weight=np.zeros(1_000_000))
    refuse(tmp_path, arrays.getvalue())
    for text in (b"", b"\x7fELF" + bytes(100), b"<html></html>", b"version https://git", good[8:]):
        refuse(tmp_path, text)


def test_places_that_are_no_files(tmp_path: Path) -> None:
    for missing in (tmp_path, tmp_path / "none.safetensors", tmp_path / "a" / "b"):
        with pytest.raises(ModelError):
            load(missing)
        with pytest.raises(ModelError):
            read_header(missing)


def damage_header(change: Callable[[Header], object]) -> Callable[[bytes], bytes]:
    def damaged(good: bytes) -> bytes:
        header, body = parts(good)
        change(header)
        return build(header, body)

    return damaged


def entry(name: str, **changes: Any) -> Callable[[bytes], bytes]:
    return damage_header(lambda header: header[name].update(changes))


SLOTS = 1 << BITS
DESCRIPTIONS = {
    "dtype": entry("weight", dtype="F32"),
    "dtype unknown": entry("weight", dtype="PICKLE"),
    "dtype list": entry("weight", dtype=["F16"]),
    "shape swapped": entry("weight", shape=[6, SLOTS]),
    "shape flat": entry("weight", shape=[6 * SLOTS]),
    "shape huge": entry("vocabulary", shape=[1 << 62]),
    "shape overflows": entry("weight", shape=[1 << 32, 1 << 32]),
    "shape negative": entry("vocabulary", shape=[-1]),
    "shape float": entry("fingerprint", shape=[float(SLOTS)]),
    "shape boolean": entry("word_class", shape=[True]),
    "shape deep": entry("pool", shape=[[6, 7]]),
    "shape empty": entry("pool", shape=[]),
    "shape none": entry("pool", shape=None),
    "offsets none": entry("pool", data_offsets=None),
    "offsets three": entry("pool", data_offsets=[0, 1, 2]),
    "offsets negative": entry("pool", data_offsets=[-168, 0]),
    "offsets backwards": entry("pool", data_offsets=[168, 0]),
    "offsets float": entry("pool", data_offsets=[0.0, 168.0]),
    "offsets far": entry("pool", data_offsets=[1 << 40, (1 << 40) + 168]),
    "offsets overlap": damage_header(
        lambda h: h["word_class"].update(data_offsets=[0, h["word_class"]["shape"][0]])
    ),
    "array missing": damage_header(lambda h: h.pop("pool")),
    "array added": damage_header(lambda h: h.update(extra=dict(h["pool"]))),
    "array no object": damage_header(lambda h: h.update(pool=[1])),
}  # fmt: skip


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_arrays_described_wrongly(good: bytes, tmp_path: Path, name: str) -> None:
    refuse(tmp_path, DESCRIPTIONS[name](good))


def setting(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda settings: settings.update(changes)


def without(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda settings: settings.pop(key) and None


def table(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda settings: settings["tables"].update(changes)


SETTINGS: dict[str, Callable[[dict[str, Any]], None]] = {
    "format later": setting(format=2),
    "format text": setting(format="1"),
    "format true": setting(format=True),
    "format none": without("format"),
    "labels unknown": setting(labels=[*LABELS[:5], "kindness"]),
    "labels fewer": setting(labels=list(LABELS[:5])),
    "labels order": setting(labels=list(reversed(LABELS))),
    "labels object": setting(labels=dict.fromkeys(LABELS, 1)),
    "thresholds unknown": setting(thresholds={"kindness": 0.5}),
    "thresholds NaN": setting(thresholds=dict.fromkeys(LABELS, float("nan"))),
    "thresholds above": setting(thresholds=dict.fromkeys(LABELS, 1.5)),
    "thresholds text": setting(thresholds=dict.fromkeys(LABELS, "0.5")),
    "thresholds list": setting(thresholds=[0.5] * 6),
    "bits many": setting(bits=40),
    "bits negative": setting(bits=-1),
    "bits true": setting(bits=True),
    "bits float": setting(bits=float(BITS)),
    "bits others": setting(bits=BITS - 1),
    "kappa zero": setting(kappa=0),
    "kappa NaN": setting(kappa=float("nan")),
    "kappa infinite": setting(kappa=float("inf")),
    "kappa none": without("kappa"),
    "unknown zero": setting(unknown=0),
    "unknown more than a word": setting(unknown=1.5),
    "unknown NaN": setting(unknown=float("nan")),
    "unknown text": setting(unknown="half"),
    "classes many": setting(classes=[str(i) for i in range(300)]),
    "classes numbers": setting(classes=[1, 2]),
    "classes too few": setting(classes=[]),
    "rationale none": without("rationale"),
    "rationale long": setting(rationale=[0.1, 0.2, 0.3]),
    "rationale NaN": setting(rationale=[float("nan"), 0.2]),
    "rationale text": setting(rationale="ab"),
    "name none": without("name"),
    "name steers a terminal": setting(name="\x1b[2Jdefault"),
    "name of two lines": setting(name="a\nb"),
    "name long": setting(name="a" * 1_000),
    "name of a surrogate": setting(name="\ud800"),
    "trained list": setting(trained=[1]),
    "tables none": without("tables"),
    "tables list": setting(tables=[]),
    "offensive object": table(offensive={"idiot": 1}),
    "offensive number": table(offensive=1),
    "offensive list": table(offensive=["idiot"]),
    "telling list": table(telling=["liar"]),
    "homoglyphs list": table(homoglyphs=["a"]),
    "homoglyphs number": table(homoglyphs={"а": 1}),
    "homoglyphs explode": table(homoglyphs={"а": "a" * 10_000}),
    "emoji explode": table(emoji={"🤡": "a " * 10_000}),
    "leet text": table(leet={"1": "il"}),
    "leet empty": table(leet={"1": []}),
    "leet long": table(leet={"1": ["abcde"]}),
    "meant object": table(meant={"fool": 1}),
    "meant list": table(meant=["fool"]),
    "meant none, with its arrays": table(meant=""),
    "register unknown": setting(register="chat"),
    "register list": setting(register=["talk"]),
    "registers list": setting(registers=[]),
    "registers unknown": setting(registers={"chat": {}}),
    "registers of no label": setting(registers={"talk": {"spam": [1.0, 0.0]}}),
    "registers one number": setting(registers={"talk": {"insult": [1.0]}}),
    "registers falling": setting(registers={"talk": {"insult": [-1.0, 0.0]}}),
    "registers NaN": setting(registers={"talk": {"insult": [1.0, float("nan")]}}),
    "registers true": setting(registers={"talk": {"insult": [True, 0.0]}}),
    "names list": table(names=["moran"]),
    "common list": table(common=["you"]),
    "common number": table(common=1),
    "slips list": table(slips=["foul"]),
    "slips for nothing": table(slips={"foul": {}}),
    "slips for an empty word": table(slips={"foul": {"": 1.0}}),
    "slips deep": table(slips={"foul": {"fool": [1.0]}}),
    "slips true": table(slips={"foul": {"fool": True}}),
    "slips NaN": table(slips={"foul": {"fool": float("nan")}}),
    "slips infinite": table(slips={"foul": {"fool": float("-inf")}}),
    "slips huge": table(slips={"foul": {"fool": 10**400}}),
    "concepts no list": setting(concepts={"insult": 1}),
    "concept no list": setting(concepts=["insult"]),
    "concept of nothing": setting(concepts=[[]]),
    "concept of no class": setting(concepts=[["no such class"]]),
    "concept a number": setting(concepts=[[1]]),
    "concepts too many": setting(concepts=[["insult"]] * 65),
    "concepts left out": setting(concepts=[]),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_out_of_range(good: bytes, tmp_path: Path, name: str) -> None:
    header, body = parts(good)
    settings = json.loads(header["__metadata__"]["moderation"])
    SETTINGS[name](settings)
    header["__metadata__"]["moderation"] = json.dumps(settings)
    refuse(tmp_path, build(header, body))


def test_duplicate_keys(good: bytes, tmp_path: Path) -> None:
    header, body = parts(good)
    text = json.dumps(header)
    twice = text[:-1] + ', "pool": ' + json.dumps(header["pool"]) + "}"
    refuse(tmp_path, build(twice, body), "twice")
    settings = header["__metadata__"]["moderation"]
    header["__metadata__"]["moderation"] = settings[:-1] + ', "kappa": 9}'
    refuse(tmp_path, build(header, body), "twice")


def put(good: bytes, name: str, values: Any) -> bytes:
    header, body = parts(good)
    start, end = header[name]["data_offsets"]
    raw = values.tobytes()
    assert len(raw) == end - start
    return build(header, body[:start] + raw + body[end:])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite(good: bytes, tmp_path: Path, bad: float) -> None:
    model = make_model()
    weight, pool, sums = model.weight.copy(), model.pool.copy(), model.word_sums.copy()
    weight[-1, -1] = bad
    pool[3, 2] = bad
    sums[1, 4] = bad
    refuse(tmp_path, put(good, "word_sums", sums), "not finite")
    refuse(tmp_path, put(good, "weight", weight), "not finite")
    refuse(tmp_path, put(good, "pool", pool), "not finite")


def test_vocabulary_is_checked(good: bytes, tmp_path: Path) -> None:
    model = make_model()
    words = model.vocabulary.copy()
    words[0] = 0xFF
    refuse(tmp_path, put(good, "vocabulary", words), "UTF-8")
    words = model.vocabulary.copy()
    words[1] = 10
    refuse(tmp_path, put(good, "vocabulary", words), "differ in length")
    fewer = replace(model, sums=model.word_sums[:-1])
    save(fewer, tmp_path / "fewer.safetensors")
    refuse(tmp_path, (tmp_path / "fewer.safetensors").read_bytes(), "differ in length")
    numbers = model.word_class.copy()
    numbers[0] = len(model.settings["classes"]) + 1
    refuse(tmp_path, put(good, "word_class", numbers), "class")


@pytest.mark.parametrize(("prints", "values"), [(3, 3), (4, 8), (8, 4), (1, 1), (0, 0), (0, 2)])
def test_context_is_a_table(tmp_path: Path, prints: int, values: int) -> None:
    odd = Context(np.zeros(prints, np.uint16), np.zeros(values, np.uint8))
    save(replace(make_model(), context=odd), tmp_path / "odd.safetensors")
    refuse(tmp_path, (tmp_path / "odd.safetensors").read_bytes(), "context")


def test_context_of_noise_is_harmless(tmp_path: Path) -> None:
    """Whatever the table says, a text has a score."""
    rng = np.random.default_rng(4)
    noise = Context(rng.integers(0, 1 << 16, 64, np.uint16), rng.integers(0, 256, 64, np.uint8))
    save(replace(make_model(), context=noise), tmp_path / "noise.safetensors")
    scorer = Scorer(load_file(tmp_path / "noise.safetensors"))
    assert np.isfinite(scorer.predict_proba(["A foul, the idit shut it.", "Foul.", "shut"])).all()


def test_combinations_are_checked(good: bytes, tmp_path: Path) -> None:
    model = make_model()
    assert model.combined is not None
    masks, value = (array.copy() for array in model.combined)
    value[1, 2] = np.nan
    refuse(tmp_path, put(good, "combination_value", value), "not finite")
    masks[2, 0] = 0
    refuse(tmp_path, put(good, "combination", masks), "no concept")
    odd = {
        "short": Combined(
            *(array[cut:] for array, cut in zip(model.combined, (1, 0), strict=True))
        ),
        "many": Combined(*(np.repeat(array, 1 << 14, axis=0) for array in model.combined)),
    }
    for name, combined in odd.items():
        path = tmp_path / f"{name}.safetensors"
        save(replace(model, combined=combined), path)
        refuse(tmp_path, path.read_bytes(), "combinations lack weights, or are too many")


def test_combinations_of_noise_are_harmless(tmp_path: Path) -> None:
    """Whatever concepts they ask for, those that no setting names too, a text has a score."""
    rng = np.random.default_rng(4)
    masks = rng.integers(1, 1 << 64, (300, 2), np.uint64)
    masks[::3] = 1 << 2
    noise = Combined(masks, rng.normal(size=(300, len(HEADS))).astype(np.float16))
    save(replace(make_model(), combined=noise), tmp_path / "noise.safetensors")
    scorer = Scorer(load_file(tmp_path / "noise.safetensors"))
    assert np.isfinite(scorer.predict_proba(["You idiot, they will kill us.", "Hi."])).all()


def test_nothing_big_is_allocated(good: bytes, tmp_path: Path) -> None:
    """A file that claims 4 million slots is refused in a process that could not hold them."""
    header, body = parts(good)
    settings = json.loads(header["__metadata__"]["moderation"])
    settings["bits"] = 22
    header["__metadata__"]["moderation"] = json.dumps(settings)
    header["weight"] |= {"shape": [1 << 22, 6], "data_offsets": [0, 12 << 22]}
    header["fingerprint"] |= {"shape": [1 << 22], "data_offsets": [12 << 22, 14 << 22]}
    path = tmp_path / "claims.safetensors"
    path.write_bytes(build(header, body))
    code = (
        "import sys, resource, moderation.model as m\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + (32 << 20),) * 2)\n"
        "try:\n    m.load(sys.argv[1])\nexcept m.ModelError as e:\n    print('refused', e)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("refused")
    assert done.stdout.count("\n") == 1


def test_settings_are_not_shared_between_loads(good: bytes, tmp_path: Path) -> None:
    path = tmp_path / "good.safetensors"
    path.write_bytes(good)
    first, second = load_file(path), load_file(path)
    before = copy.deepcopy(second.settings)
    first.thresholds["toxicity"] = 0.0
    assert second.settings == before == first.settings
