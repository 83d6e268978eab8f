"""The model file: the same bytes each time, read by the library too, mapped, loaded once."""

from __future__ import annotations

import hashlib
import json
import mmap
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

import moderation
from moderation import model as model_module
from moderation.errors import ModelError
from moderation.model import (
    HEADS,
    MAX_HEADER,
    POOL,
    find,
    load,
    load_file,
    read_header,
    save,
)
from moderation.records import LABELS
from moderation.scoring import find_slots, score
from moderation.settings import FORMAT
from tests.small_model import BITS, make_model, small_model, write_small_model

ARRAYS = ("fingerprint", "weight", "vocabulary", "word_class", "word_sums", "pool")
SHIPPED = Path(__file__).parent.parent / "models" / "default.safetensors"
shipped = pytest.mark.skipif(
    not SHIPPED.is_file(), reason="models/default.safetensors is not there yet"
)


def test_saving_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    one, two = tmp_path / "a.safetensors", tmp_path / "deep" / "b.safetensors"
    digest = save(make_model(), one)
    assert save(make_model(), two) == digest
    data = one.read_bytes()
    assert two.read_bytes() == data
    assert hashlib.sha256(data).hexdigest() == digest == load_file(one).digest
    assert not list(tmp_path.glob("*.partial"))
    again = tmp_path / "again.safetensors"
    assert save(load_file(one), again) == digest


def test_the_order_of_settings_does_not_matter(tmp_path: Path) -> None:
    model = make_model()
    turned = dict(reversed(model.settings.items()))
    model.settings.clear()
    model.settings.update(turned)
    assert save(model, tmp_path / "a.safetensors") == save(make_model(), tmp_path / "b.safetensors")


@pytest.mark.parametrize("name", ['"quoted\\"', "é🤡", "half \udc80", "\x00\x1b\n", "\u2028"])
def test_settings_hold_any_text(tmp_path: Path, name: str) -> None:
    model = make_model()
    model.settings["trained"] = {"sources": {name: {"rows": 1}}}
    save(model, tmp_path / "a.safetensors")
    assert load_file(tmp_path / "a.safetensors").settings == model.settings


def test_the_library_sees_the_same_arrays(tmp_path: Path) -> None:
    path = write_small_model(tmp_path)
    theirs = safetensors.numpy.load_file(path)
    ours = load_file(path)
    made = small_model()
    combined = {"combination", "combination_value"}
    assert set(theirs) == {*ARRAYS, *combined, "context", "context_value"}
    assert made.context is not None
    assert made.combined is not None
    assert np.array_equal(theirs["combination"], made.combined.masks)
    assert np.array_equal(theirs["combination_value"], made.combined.value)
    assert np.array_equal(theirs["context"], made.context.fingerprint)
    assert np.array_equal(theirs["context_value"], made.context.value)
    for name in ARRAYS:
        for other in (getattr(ours, name), getattr(made, name)):
            assert theirs[name].dtype == other.dtype
            assert np.array_equal(theirs[name], other)
    with safetensors.safe_open(path, "numpy") as opened:  # type: ignore[no-untyped-call]
        assert list(opened.metadata()) == ["moderation"]
        assert json.loads(opened.metadata()["moderation"]) == made.settings


def test_arrays_are_mapped_and_cannot_be_written(tmp_path: Path) -> None:
    model = load_file(write_small_model(tmp_path))
    for name in ARRAYS:
        array = getattr(model, name)
        base = array
        while isinstance(base, np.ndarray):
            base = base.base
        if isinstance(base, memoryview):
            base = base.obj
        assert isinstance(base, mmap.mmap), name
        assert array.flags.aligned
        assert not array.flags.writeable
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_loaded_scores_are_the_made_ones(tmp_path: Path) -> None:
    loaded = load_file(write_small_model(tmp_path))
    for text in ("You are an idiot!", "i will k1ll you", "", "🤡 Thank you."):
        assert score(text, loaded).scores == score(text, small_model()).scores
    assert loaded.labels == LABELS
    assert loaded.bits == BITS
    assert loaded.settings["format"] == FORMAT
    assert loaded.pool.shape == (len(HEADS), len(POOL))
    assert loaded.words == small_model().words
    assert loaded.classes == small_model().classes


def test_loading_is_done_once_from_any_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_small_model(tmp_path)
    calls: list[Path] = []
    really = model_module.load_file

    def counted(which: str | Path) -> moderation.Model:
        calls.append(Path(which))
        return really(which)

    monkeypatch.setattr(model_module, "load_file", counted)
    with ThreadPoolExecutor(8) as pool:
        models = list(pool.map(load, [path] * 40))
    assert len({id(model) for model in models}) == 1
    assert len(calls) == 1
    assert load(str(path)) is models[0]
    assert load(path.with_suffix("")) is models[0]


def test_a_replaced_file_is_loaded_anew(tmp_path: Path) -> None:
    path = write_small_model(tmp_path)
    first = load(path)
    other = make_model()
    other.pool[0, 0] = -2.0
    save(other, path)
    os.utime(path, ns=(1, 1))
    second = load(path)
    assert second is not first
    assert second.digest != first.digest
    assert first.pool[0, 0] == -3.0  # the old mapping still stands


def test_other_formats_are_refused(tmp_path: Path) -> None:
    """Raising FORMAT: files of another number are refused by a line that says what to do."""
    for number in (0, FORMAT + 1):
        model = make_model()
        model.settings["format"] = number
        path = tmp_path / f"{number}.safetensors"
        save(model, path)
        with pytest.raises(ModelError, match=f"has format {number}, this version reads {FORMAT};"):
            load(path)


def test_models_are_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_small_model(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert find("small") == Path("small.safetensors")
    assert find(path) == path
    for name in ("other", "../other", "a/b", "\x00"):
        with pytest.raises(ModelError, match="no such model"):
            find(name)


@shipped
def test_the_shipped_model_keeps_its_bounds() -> None:
    model = load()
    assert SHIPPED.stat().st_size <= 12_000_000
    settings, _, start = read_header(SHIPPED)
    assert start < MAX_HEADER / 2
    assert settings["name"] == "default"
    assert model.digest == hashlib.sha256(SHIPPED.read_bytes()).hexdigest()
    assert np.count_nonzero(model.fingerprint) > len(model.fingerprint) / 2  # a slot is 18 bytes
    assert model is moderation.load()


@shipped
def test_a_full_table_knows_no_strangers() -> None:
    """Of n-grams that nobody taught, at most one in 50,000 finds a weight by chance."""
    model = load()
    keys = np.random.default_rng(5).integers(0, 1 << 64, 2_000_000, np.uint64)
    _, hit = find_slots(model, keys)
    assert len(hit) < len(keys) / 50_000
