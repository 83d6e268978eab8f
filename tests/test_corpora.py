"""Corpora under one scheme: rules, mapping, splits, duplicates. All rows here are made up."""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import random
import string
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.corpora import duplicates, registry
from moderation.corpora.registry import Corpus, entries, fold, load, load_all, mapping_table
from moderation.corpora.rules import compile_rule
from moderation.errors import CorpusError
from moderation.records import LABELS

Row = dict[str, Any]


def write(directory: Path, name: str, rows: list[Row]) -> Path:
    path = directory / f"{name}.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as out:
        for number, row in enumerate(rows):
            filled = {"id": str(number), "split": "train"} | row
            out.write(json.dumps(filled) + "\n")
    return path


def labels_of(corpus: Corpus, row: int) -> dict[str, float | None]:
    return {
        label: None if math.isnan(value) else float(value)
        for label, value in zip(LABELS, corpus.labels[row].tolist(), strict=True)
    }


# --- rules ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "row", "expected"),
    [
        ("hate", {"hate": 1}, 1.0),
        ("1 - clean / all_votes", {"clean": 1, "all_votes": 4}, 0.75),
        ("1 if 'a' in kinds else 0", {"kinds": ["b", "a"]}, 1.0),
        ("0 if kinds == ['n'] else missing", {"kinds": ["n"]}, 0.0),
        ("0 if kinds == ['n'] else missing", {"kinds": ["n", "a"]}, None),
        ("share(votes, below=0)", {"votes": [1, 0, -1, -3]}, 0.5),
        ("share(votes, below=-2)", {"votes": [1, 0, -1, -3]}, 0.25),
        ("share(votes, below=0)", {"votes": []}, None),
        ("1 if a == 1 and not b == 1 else 0", {"a": 1, "b": 1}, 0.0),
        ("missing", {}, None),
    ],
)
def test_rule(rule: str, row: Row, expected: float | None) -> None:
    value = compile_rule(rule)(row)
    assert (None if math.isnan(value) else value) == expected


@pytest.mark.parametrize(
    "rule", ["__import__('os')", "a.b", "a[0]", "lambda: 1", "f(x)", "a < b < c", "[x for x in y]"]
)
def test_rule_outside_the_grammar_is_refused(rule: str) -> None:
    with pytest.raises(ValueError, match="not in the grammar"):
        compile_rule(rule)


def test_rule_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match=r"not a number in \[0, 1\]"):
        compile_rule("score")({"score": 5})


# --- mapping -------------------------------------------------------------------------------------


def test_every_mapping_row_is_sound() -> None:
    for entry in entries().values():
        assert entry.dev in ("own", "slice", "none"), entry.name
        assert entry.licence, entry.name
        assert entry.source, entry.name
        assert entry.rows, entry.name
        for row in entry.rows:
            assert row.label in LABELS, row
            assert len(row.reason) >= 8, row
            compile_rule(row.rule)


def test_table_has_a_row_for_each_corpus_and_label() -> None:
    lines = mapping_table().splitlines()[2:]
    assert len(lines) == len(entries()) * len(LABELS)
    assert all(line.count("|") >= 6 for line in lines)


ALL_ZERO = dict.fromkeys(LABELS, 0.0)
NONE: dict[str, float | None] = dict.fromkeys(LABELS)


def test_jigsaw_any_is_joined_with_the_list_of_not_toxic(tmp_path: Path) -> None:
    write(
        tmp_path,
        "jigsaw2018_any",
        [
            {"text": "Thanks for the edit.", "labels": {"any_of_six": 0}},
            {"text": "Utter rot, all of it.", "labels": {"any_of_six": 1}},
            {"text": "What the heck - a bust?", "labels": {"any_of_six": 1}},
        ],
    )
    write(
        tmp_path,
        "jigsaw2018_not_toxic_but",
        [{"text": "what the HECK, a bust", "labels": {"toxic": 0, "label": "insult"}}],
    )
    corpus = load(tmp_path, "jigsaw2018_any")
    assert labels_of(corpus, 0) == ALL_ZERO
    assert labels_of(corpus, 1) == NONE | {"toxicity": 1.0}
    assert labels_of(corpus, 2) == NONE | {
        "toxicity": 0.0,
        "severe_toxicity": 0.0,
        "insult": 1.0,
        "profanity": 0.0,
    }


def test_jigsaw_any_needs_the_list(tmp_path: Path) -> None:
    write(tmp_path, "jigsaw2018_any", [{"text": "Hello.", "labels": {"any_of_six": 0}}])
    with pytest.raises(CorpusError, match="is needed to read jigsaw2018_any"):
        load(tmp_path, "jigsaw2018_any")


@pytest.mark.parametrize(
    ("corpus", "raw", "expected"),
    [
        ("dynahate", {"hate": 0}, {"identity_attack": 0.0}),
        ("dynahate", {"hate": 1}, {"identity_attack": 1.0, "toxicity": 1.0}),
        (
            "civil_comments",
            {"annotators": 4, "not_toxic": 1, "insult": 2, "obscene": 1, "identity_attack": 0,
             "threat": 3, "other": 0},
            {"toxicity": 0.75, "insult": 0.5, "profanity": 0.25, "identity_attack": 0.0,
             "threat": 0.75},
        ),
        ("trac1", {"aggression": "CAG"}, {}),
        ("trac1", {"aggression": "OAG"}, {"toxicity": 1.0}),
        ("edos", {"sexist": 0, "category": "none"}, {"identity_attack": 0.0}),
        ("cad", {"labels": ["CounterSpeech"]}, {"identity_attack": 0.0}),
        ("cad", {"labels": ["Neutral"]}, {"identity_attack": 0.0, "toxicity": 0.0, "insult": 0.0}),
        (
            "cad",
            {"labels": ["AffiliationDirectedAbuse", "PersonDirectedAbuse"]},
            {"identity_attack": 0.0, "toxicity": 1.0, "insult": 1.0},
        ),
        (
            "gab_hate_corpus",
            {"hd": 0, "cv": 0, "vo": 1},
            {"profanity": 1.0, "threat": 0.0, "identity_attack": 0.0},
        ),
        (
            "davidson",
            {"label": "offensive", "hate_votes": 0, "offensive_votes": 3, "votes": 3},
            {"profanity": 1.0},
        ),
        (
            "davidson",
            {"label": "neither", "hate_votes": 0, "offensive_votes": 1, "votes": 3},
            {"toxicity": 0.0, "profanity": 0.0, "threat": 0.0, "identity_attack": 0.0},
        ),
        ("toxigen_human", {"toxicity_score": 3.0}, {"toxicity": 0.5, "identity_attack": 0.5}),
        (
            "sbic",
            {"offensive": 0.5, "target_category": '["race"]', "target_minority": "[]"},
            {"toxicity": 0.5, "identity_attack": 0.5},
        ),
        (
            "convabuse",
            {"severity_votes": [1, -1, -3, -3]},
            {"toxicity": 0.75, "severe_toxicity": 0.5},
        ),
        ("mlma", {"sentiment": ["normal", "hateful"], "target": "origin"}, {}),
    ],
)  # fmt: skip
def test_mapping(tmp_path: Path, corpus: str, raw: Row, expected: dict[str, float]) -> None:
    write(tmp_path, corpus, [{"text": "A sentence.", "labels": raw}])
    assert labels_of(load(tmp_path, corpus), 0) == NONE | expected


def test_rewrites_become_rows_of_the_same_group(tmp_path: Path) -> None:
    row = {
        "id": "12",
        "text": "this damn bus is late",
        "labels": {"neutral": ["This bus is late", "this bus is late.", "The bus is late"]},
    }
    write(tmp_path, "paradetox", [row, {"id": "13", "text": "x y", "labels": {"neutral": []}}])
    corpus = load(tmp_path, "paradetox")
    assert corpus.ids == ["12", "12/n0", "12/n2", "13"]
    assert corpus.labels[:, 0].tolist() == [1.0, 0.0, 0.0, 1.0]
    assert len({corpus.groups[i] for i in range(3)}) == 1
    assert corpus.groups[3] != corpus.groups[0]
    assert len(set(corpus.split[:3])) == 1


def test_export_damage_is_undone(tmp_path: Path) -> None:
    row = {"text": r"a \u2019 b \ud83d\ude02 c\nd", "labels": {"sentiment": ["fearful"],
                                                               "target": "other"}}  # fmt: skip
    write(tmp_path, "mlma", [row])
    assert load(tmp_path, "mlma").texts == ["a ’ b 😂 c\nd"]
    tweet = {"label": "neither", "hate_votes": 0, "offensive_votes": 0, "votes": 3}
    write(tmp_path, "davidson", [{"text": "this &amp; that &#128514;", "labels": tweet}])
    assert load(tmp_path, "davidson").texts == ["this & that 😂"]


# --- reading -------------------------------------------------------------------------------------


def test_digest_is_checked(tmp_path: Path) -> None:
    path = write(tmp_path, "dynahate", [{"text": "Hello.", "labels": {"hate": 0}}])
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    sums = tmp_path / "SHA256SUMS"
    sums.write_text(f"{digest}  dynahate.jsonl.gz\n", "utf-8")
    assert load(tmp_path, "dynahate").sha256 == digest
    sums.write_text(f"{'0' * 64}  dynahate.jsonl.gz\n", "utf-8")
    with pytest.raises(CorpusError, match=r"SHA256SUMS:1: .*another sha256"):
        load(tmp_path, "dynahate")


_WHOLE = gzip.compress(random.Random(0).randbytes(4000).hex().encode())
DAMAGED = _WHOLE[:600] + bytes(255 - b for b in _WHOLE[600:700]) + _WHOLE[700:]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a corpus row|not a gzip|Not a gzipped"),
        (b"no gzip at all", "Not a gzipped file"),
        (gzip.compress(b'{"id": "1", "text": "a", "split": "train"}\n'), ":1: .*'labels'"),
        (
            gzip.compress(b'{"id": "1", "text": "a", "split": "x", "labels": {"hate": 1}}\n'),
            ":1: .*'x' is not train, dev or test",
        ),
        (
            gzip.compress(b'{"id": "1", "text": "a", "split": "dev", "labels": {}}\n'),
            "id 1.*lacks the label 'hate'",
        ),
        (
            gzip.compress(b'{"id": "1", "text": "a", "split": "dev", "labels": {"hate": 7}}\n'),
            "id 1.*not a number in",
        ),
        (gzip.compress(b"[1, 2]\n"), ":1: not a corpus row"),
        (gzip.compress(b'{"id": "1"\n'), ":1: not a corpus row"),
        (gzip.compress(b'{"id": "1", "text": "a"}\n' * 99)[:-30], "not a corpus row"),
        (gzip.compress(b'{"id": "1", "text": ' + b"[" * 200_000), "not a corpus row"),
        (DAMAGED, "not a corpus row"),
    ],
    ids=[
        "empty",
        "plain",
        "no labels",
        "split",
        "no label",
        "range",
        "list",
        "json",
        "truncated",
        "deep",
        "damaged",
    ],
)
def test_bad_files_get_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "dynahate.jsonl.gz").write_bytes(content)
    if content == b"":
        assert len(load(tmp_path, "dynahate")) == 0  # gzip reads an empty file as no rows
        return
    with pytest.raises(CorpusError, match=message) as caught:
        load(tmp_path, "dynahate")
    assert "\n" not in str(caught.value)


def test_unknown_and_absent_corpora(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no corpus 'nope' is known"):
        load(tmp_path, "nope")
    with pytest.raises(CorpusError, match="is not there"):
        load(tmp_path, "cad")
    with pytest.raises(CorpusError, match="holds no known corpus"):
        load_all(tmp_path)


# --- splits --------------------------------------------------------------------------------------


def test_dev_slice_is_small_stable_and_whole_groups(tmp_path: Path) -> None:
    rows = [{"id": f"a_{i // 3}_{i % 3}", "text": f"Sentence {i}.", "labels": {"is_toxic": 0}}
            for i in range(3000)]  # fmt: skip
    write(tmp_path, "identity_debias", rows)
    corpus = load(tmp_path, "identity_debias")
    share = corpus.split.count("dev") / len(corpus)
    assert 0.03 < share < 0.07
    by_group: dict[str, set[str]] = {}
    for group, split in zip(corpus.groups, corpus.split, strict=True):
        by_group.setdefault(group, set()).add(split)
    assert len(by_group) == 1000
    assert all(len(splits) == 1 for splits in by_group.values())
    # the cut does not depend on which other rows there are
    write(tmp_path, "identity_debias", rows[:900])
    assert load(tmp_path, "identity_debias").split == corpus.split[:900]


def test_own_dev_split_is_kept(tmp_path: Path) -> None:
    rows = [{"text": f"S {i}", "split": "train", "labels": {"hate": 0}} for i in range(300)]
    write(tmp_path, "dynahate", [*rows, {"text": "T", "split": "dev", "labels": {"hate": 1}}])
    corpus = load(tmp_path, "dynahate")
    assert [i for i, s in enumerate(corpus.split) if s == "dev"] == [300]


def test_few_threads_give_one_for_dev(tmp_path: Path) -> None:
    rows = [
        {"text": f"S {i}", "labels": {"hateful": 0, "thread_title": f"Thread {i % 5}"}}
        for i in range(50)
    ]
    write(tmp_path, "fox_news", rows)
    corpus = load(tmp_path, "fox_news")
    dev = {g for g, s in zip(corpus.groups, corpus.split, strict=True) if s == "dev"}
    assert len(dev) == 1
    assert corpus.split.count("dev") == 10


def test_one_text_is_on_the_same_side_in_every_corpus(tmp_path: Path) -> None:
    texts = [f"Remark number {i}" for i in range(500)]
    votes = {"hd": 0, "cv": 0, "vo": 0}
    write(tmp_path, "gab_hate_corpus", [{"text": t, "labels": votes} for t in texts])
    shouted = [{"text": t.upper() + "!", "labels": {"label": "neutral"}} for t in texts]
    write(tmp_path, "implicit_hate", shouted)
    assert load(tmp_path, "gab_hate_corpus").split == load(tmp_path, "implicit_hate").split


# --- duplicates ----------------------------------------------------------------------------------


@given(
    st.text(alphabet="abcXYZ019éжß🐍", max_size=30),
    st.text(alphabet=" .,!?\u200b\n-_«»", max_size=5),
)
def test_fold_ignores_case_space_and_punctuation(text: str, noise: str) -> None:
    noisy = noise.join(text)
    assert fold(noisy.upper()) == fold(text.upper())
    assert fold(noisy.lower()) == fold(text.upper())
    assert fold(noise) == ""


@given(st.text(alphabet=string.printable, max_size=60))
def test_fold_treats_ascii_like_the_rest(text: str) -> None:
    # an appended non-ASCII letter sends the text down the other path
    assert fold(text + "ж") == fold(text) + "ж"


SENTENCES = st.lists(
    st.lists(
        st.sampled_from(["red", "green", "cat", "🐍", "runs", "sits", "far", "near"]), max_size=8
    ).map(" ".join),
    max_size=40,
)


@settings(max_examples=40, deadline=None)
@given(SENTENCES)
def test_near_pairs_match_the_plain_computation(texts: list[str]) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    pairs = {(int(a), int(b)) for a, b in duplicates.find_near_pairs(texts)}
    vectorizer = TfidfVectorizer(token_pattern=r"\S+", dtype=np.float64)
    if not any(texts):
        assert pairs == set()
        return
    dense = vectorizer.fit_transform(texts).toarray()
    cosine = dense @ dense.T
    for i in range(len(texts)):
        for j in range(i + 1, len(texts)):
            if abs(cosine[i, j] - duplicates.NEAR) > 1e-4:
                assert ((i, j) in pairs) == (cosine[i, j] > duplicates.NEAR)


def make(name: str, rows: list[tuple[str, str, int]]) -> Corpus:
    labels = np.full((len(rows), len(LABELS)), np.nan, dtype=np.float32)
    labels[:, -1] = [value for _, _, value in rows]
    texts = [text for _, text, _ in rows]
    return Corpus(
        name=name,
        sha256="0" * 64,
        licence="none",
        ids=[str(i) for i in range(len(rows))],
        texts=texts,
        split=[split for split, _, _ in rows],
        labels=labels,
        groups=[f"text:{fold(text)}" for text in texts],
        raw_labels=[{} for _ in rows],
    )


def test_train_rows_near_dev_or_test_are_dropped() -> None:
    hate = make(
        "dynahate",
        [
            ("train", "the green parrots of the old harbour sing loudly", 1),
            ("train", "completely different words about an engine", 0),
            ("train", "an engine, completely different words about", 1),
            ("dev", "the green parrots of the old harbour sing badly", 0),
        ],
    )
    emoji = make("hatemoji_build", [("train", "the green parrots of the old harbour 🎵 loudly", 1)])
    other = make("cad", [("train", "COMPLETELY different words... about an engine", 0)])
    kept = duplicates.remove_duplicates([hate, emoji, other])
    assert [corpus.ids for corpus in kept] == [["1", "2", "3"], [], ["0"]]
    # what stays and is near, or the same text elsewhere, shares a group
    assert len({kept[0].groups[0], kept[0].groups[1], kept[2].groups[0]}) == 1
    assert kept[0].groups[2] != kept[0].groups[0]


def test_train_rows_that_stand_in_another_corpus_s_dev_are_dropped() -> None:
    a = make("cad", [("dev", "Well, well, well!", 0), ("train", "Nothing else", 0)])
    b = make("edos", [("train", "well well WELL", 1), ("train", "Something else", 0)])
    kept = duplicates.remove_duplicates([a, b])
    assert [corpus.ids for corpus in kept] == [["0", "1"], ["1"]]


def test_families_keep_the_richest_labels() -> None:
    spans = make("toxic_spans", [("train", "Same remark", 1), ("dev", "Own remark", 1)])
    votes = make("civil_comments", [("train", "same remark.", 0), ("train", "Another", 0)])
    kept = duplicates.remove_duplicates([spans, votes])
    assert [corpus.ids for corpus in kept] == [["1"], ["0", "1"]]


def test_repeats_with_other_labels_stay() -> None:
    corpus = make("edos", [("train", "Again", 0), ("train", "again!", 0), ("train", "AGAIN", 1)])
    (kept,) = duplicates.remove_duplicates([corpus])
    assert kept.ids == ["0", "2"]
    assert len(set(kept.groups)) == 1


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["train", "dev", "test"]), st.sampled_from("abcdef"),
                  st.integers(0, 1)),
        max_size=25,
    )
)  # fmt: skip
def test_removal_leaves_no_leak_and_loses_no_dev(rows: list[tuple[str, str, int]]) -> None:
    corpora = [make("dynahate", rows[::2]), make("cad", rows[1::2])]
    kept = duplicates.remove_duplicates(corpora)
    again = duplicates.remove_duplicates(kept)
    held: set[str] = set()
    for before, after in zip(corpora, kept, strict=True):
        assert [s for s in after.split if s != "train"] == [s for s in before.split if s != "train"]
        held |= {fold(t) for t, s in zip(after.texts, after.split, strict=True) if s != "train"}
    for after in kept:
        assert not held & {
            fold(t) for t, s in zip(after.texts, after.split, strict=True) if s == "train"
        }
    assert [corpus.ids for corpus in again] == [corpus.ids for corpus in kept]


def test_select_and_part_keep_rows_together() -> None:
    corpus = make("cad", [("train", "one", 0), ("dev", "two", 1), ("test", "three", 0)])
    part = corpus.part("dev", "test")
    assert (part.ids, part.texts, part.split) == (["1", "2"], ["two", "three"], ["dev", "test"])
    assert part.labels[:, -1].tolist() == [1.0, 0.0]
    assert corpus.select([2, 0]).texts == ["three", "one"]
    assert len(corpus.select([])) == 0


def test_precedence_names_known_corpora() -> None:
    names = {name for family in registry.PRECEDENCE for name in family} | set(duplicates.PAIRED)
    assert names <= set(entries())
