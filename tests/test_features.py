"""Features: hashes that stay put, n-grams inside words and sentences, tables that grow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.features import blocks as features
from moderation.features import sequences
from moderation.features.blocks import encode, encode_chunks
from moderation.features.items import Sink
from moderation.features.memory import CAPITAL, END, SMALL, ChunkTable, Facts
from moderation.reading.hashing import class_keys, item_features, mix, slots, word_grams
from moderation.reading.text import BREAK, split
from moderation.reading.words import MARKS
from tests.small_model import small_model
from tests.strategies import texts

MODEL = small_model()
KNOWN_KEYS = [10328288167549644338, 4013904456244837706]
KNOWN_GRAMS = 10168976670761961755
KNOWN_SEQUENCES = 17080286622666072098
KEYS = class_keys(MODEL.settings["classes"])
words = st.lists(st.text("abcdeé", min_size=1, max_size=8), min_size=1, max_size=6)


class Count(Sink):
    """Counts the features of each item."""

    width = 1

    def take(self, keys: Any, owner: Any, count: int) -> Any:
        return np.bincount(owner, minlength=count).astype(np.float32)[:, None]


def new_table() -> ChunkTable:
    return ChunkTable(MODEL.lexer, MODEL.classes, KEYS, MODEL.settings["telling"], Count())


def test_hashes_are_part_of_the_file_format() -> None:
    """If this changes, FORMAT must be raised: no file written before scores as it did."""
    keys, grams, owner = word_grams(["idiot", "you"])
    assert [int(k) for k in keys] == KNOWN_KEYS
    assert int(np.bitwise_xor.reduce(grams)) == KNOWN_GRAMS
    assert len(owner) == 28
    families = encode(
        ["you idiot, they kill you and you. they stay home"], new_table()
    ).sequences.families()
    found = np.concatenate([keys for keys, _ in families])
    assert int(np.bitwise_xor.reduce(found)) == KNOWN_SEQUENCES
    assert int(mix(np.array([1], np.uint64))[0]) == 0xBF584768E626DED1


@given(words)
def test_every_word_has_its_own_grams(some: list[str]) -> None:
    keys, grams, owner = word_grams(some)
    assert len(keys) == len(some)
    for number, word in enumerate(some):
        alone_key, alone, _ = word_grams([word])
        assert keys[number] == alone_key[0]
        assert sorted(grams[owner == number].tolist()) == sorted(alone.tolist())
        padded = len(word) + 2
        assert len(alone) == sum(max(padded - n + 1, 0) for n in range(2, 6))


def test_marks_have_no_grams() -> None:
    _, grams, _ = word_grams(list(MARKS))
    assert len(grams) == 0
    features = item_features(list(MARKS), MODEL.classes, KEYS)[3]
    assert len(features) == len(set(features.tolist())) == len(MARKS)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1), st.integers(8, 22))
def test_slots_are_in_range(keys: list[int], bits: int) -> None:
    at, fingerprint = slots(np.array(keys, np.uint64), bits)
    assert ((at >= 0) & (at < 1 << bits)).all()
    assert (fingerprint != 0).all()


@settings(max_examples=80, deadline=None)
@given(st.lists(texts, min_size=1, max_size=6))
def test_a_block_is_its_texts_one_after_the_other(batch: list[str]) -> None:
    table = new_table()
    block = encode(batch, table)
    assert len(block.text_first) == len(batch)
    assert (np.diff(block.text_first) > 0).all()
    assert (np.diff(block.chunk_segment) >= 0).all()
    assert len(block.sequences.key) == block.length.sum() == len(block.word_chunk)
    bounds = [*block.text_first.tolist(), len(block.length)]
    for text, start, end in zip(batch, bounds, bounds[1:], strict=False):
        alone = encode([text], new_table())
        assert block.length[start:end].tolist() == alone.length.tolist()
        segment = block.chunk_segment[block.word_chunk]
        inside = (segment >= start) & (segment < end)
        assert (block.sequences.key[inside] == alone.sequences.key).all()
        theirs = sorted(k for keys, _ in alone.sequences.families() for k in keys.tolist())
        ours = sorted(
            key
            for keys, first in block.sequences.families()
            for key, at in zip(keys.tolist(), first.tolist(), strict=True)
            if inside[at]
        )
        assert ours == theirs


def test_segments_do_not_depend_on_the_next_text() -> None:
    parts = ["we all met Ann", "and then left", "so", "Bob ran", "he saw Eve", "", "and that"]
    for number in range(len(parts)):
        batch = parts[number:] + parts[:number]
        block = encode(batch * 2, new_table())
        bounds = [*block.text_first.tolist(), len(block.length)]
        for text, start, end in zip(batch, bounds, bounds[1:], strict=False):
            alone = encode([text], new_table())
            assert block.length[start:end].tolist() == alone.length.tolist()


@settings(max_examples=60, deadline=None)
@given(texts)
def test_no_gram_crosses_a_sentence(text: str) -> None:
    found = encode([text], new_table()).sequences
    for members in found.members():
        for group in members:
            assert len({int(found.sentence[at]) for at in group}) == 1
            assert list(group) == sorted(set(group))


def test_the_ends_of_sentences_have_grams_of_their_own() -> None:
    def ends(text: str) -> list[list[int]]:
        return [keys.tolist() for keys, _ in encode([text], new_table()).sequences.families()[2:5]]

    found = encode(["you go home. stay"], new_table()).sequences
    assert found.members()[2:5] == [[(0,), (3,)], [(2,), (3,)], [(0, 1)]]
    opens, closes, opens_two = ends("you go home. stay")
    assert opens[0] == ends("you stay")[0][0] != ends("home you")[0][0]
    assert closes[0] == ends("stay home")[1][0]
    assert opens_two == ends("you go")[2] != ends("we you go")[2]
    assert opens[1] not in (opens[0], closes[1])
    assert encode([" ", "..."], new_table()).sequences.families() == []
    # A telling word stands there as its class.
    assert ends("you idiot")[1:] == ends("you moron")[1:]
    assert ends("you home")[1] != ends("you go")[1]


@settings(max_examples=60, deadline=None)
@given(st.lists(texts, min_size=1, max_size=6))
def test_parts_are_the_families(batch: list[str]) -> None:
    sequences_of = encode(batch, new_table()).sequences
    families = [
        pair
        for keys, first in sequences_of.families()
        for pair in zip(keys.tolist(), first.tolist(), strict=True)
    ]
    # Words up to which another way is taken, words whose n-grams are hashed at once.
    for few, at_once in ((0, 10**9), (0, 1), (0, 5), (10**9, 1)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sequences, "FEW_WORDS", few)
            patch.setattr(sequences, "AT_ONCE", at_once)
            parts = list(sequences_of.parts())
        found = []
        for grams in parts:
            there = grams.counts
            found += zip(grams.keys[there].tolist(), grams.first[there].tolist(), strict=True)
        assert sorted(found) == sorted(families)


@settings(max_examples=60, deadline=None)
@given(st.lists(texts, min_size=1, max_size=6))
def test_expand_gives_the_items_of_each_chunk(batch: list[str]) -> None:
    table = new_table()
    ids = encode(batch, table).ids
    count = table.words[ids] + table.marks[ids]
    items, owner = table.expand(ids, count)
    assert owner.tolist() == np.repeat(np.arange(len(ids)), count).tolist()
    want = [
        table.items[int(table.first[i]) + k]
        for i, n in zip(ids.tolist(), count.tolist(), strict=True)
        for k in range(n)
    ]
    assert items.tolist() == want


@settings(max_examples=60, deadline=None)
@given(st.lists(texts, min_size=1, max_size=6))
def test_words_of_chunks_are_their_first_items(batch: list[str]) -> None:
    table = new_table()
    ids = encode([*batch, "you . You're, -"], table).ids
    facts = table.facts_of(ids)
    key, cls = table.words_of(ids, facts)
    assert facts.flags.tolist() == table.flags[ids].tolist()
    assert facts.words.tolist() == table.words[ids].tolist()
    items, _ = table.expand(ids, table.words[ids])
    assert key.tolist() == table.store.key[items].tolist()
    assert cls.tolist() == table.store.cls[items].tolist()
    assert facts.place.tolist() == (np.cumsum(facts.words) - facts.words).tolist()
    with pytest.MonkeyPatch.context() as patch:  # where arrays take less time, the same comes out
        patch.setattr("moderation.features.memory.REPEATED", 0)
        again = table.words_of(ids, facts)
    assert [part.tolist() for part in again] == [key.tolist(), cls.tolist()]
    assert [part.tolist() for part in table.words_of(ids[:0], table.facts_of(ids[:0]))] == [[], []]


def test_sentences_end_at_stops_and_line_ends() -> None:
    block = encode(["You go. I stay!\nHe waits", "", "Alone"], new_table())
    assert block.length[block.length > 0].tolist() == [2, 2, 2, 1]
    assert len(block.text_first) == 3


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("you are an idiot. they are idiots", [0, 0]),
        ("you are a wugglish frobnitz! they are idiots", [2, 0]),
        ("frobnitz/wugglish/you! frobnitz-you, 12 wugglish.", [2, 2]),
        ("YOU wugglish?!!", [1]),
        ("you i d i o t and i w u g", [2]),  # "i" and "u" are words
        ("you idiiioooot, 1d10t, wugglish", [1]),  # what is meant is known
        ("\N{SNAKE} you http://a.example/frobnitz @wugglish 142,460 \N{PILE OF POO}", [0]),
    ],
)
def test_words_that_the_lexer_does_not_know_are_counted(text: str, unknown: list[int]) -> None:
    table = new_table()
    for count in (1, 40):  # few texts and many take different ways
        block = encode([text] * count, table)
        counted = np.zeros_like(block.length) if block.unknown is None else block.unknown
        assert counted.tolist() == unknown * count


@given(st.lists(st.text(st.sampled_from("ab cdiot.!?-'*1ß\U0001f40d"), max_size=40), min_size=5))
def test_unknown_words_do_not_depend_on_how_texts_are_read(texts: list[str]) -> None:
    together = encode(texts, new_table())
    assert together.unknown is None or (together.unknown <= together.length).all()
    counted = np.zeros_like(together.length) if together.unknown is None else together.unknown
    bounds = [*together.text_first.tolist(), len(counted)]
    for text, start, end in zip(texts, bounds, bounds[1:], strict=False):
        alone = encode([text], new_table())
        none = np.zeros_like(alone.length)
        assert (
            counted[start:end].tolist()
            == (none if alone.unknown is None else alone.unknown).tolist()
        )


def test_segments_end_at_sentences_at_capitals_and_after_ten_words() -> None:
    def lengths(text: str) -> list[int]:
        length = encode([text], new_table()).length
        return length[length > 0].tolist()

    assert lengths("you go home The garden was dry. it rained") == [3, 4, 2]
    assert lengths("you met Ada Berg and I left") == [7]  # no small letters after the capital
    assert lengths(" ".join(["you"] * 23)) == [10, 10, 3]
    assert lengths("") == []
    sequences = encode(["you go home The garden"], new_table()).sequences
    assert len(set(sequences.sentence.tolist())) == 1  # n-grams go on


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, END, CAPITAL, SMALL, SMALL | END, CAPITAL | END]),
            st.integers(0, 4),
        ),
        min_size=1,
        max_size=80,
    )
)
def test_a_short_text_is_cut_up_like_any(chunks: list[tuple[int, int]]) -> None:
    flags = np.array([flag for flag, _ in chunks], np.uint8)
    words = np.array([count for _, count in chunks], np.int32)
    counts = np.array([len(chunks)], np.int64)
    none = np.zeros(len(chunks), np.uint16)
    facts = Facts(none.astype(np.uint64), np.zeros_like(flags), flags, words, none)
    for few, many in zip(
        features._segment_few(facts, counts),
        features._segment(facts, counts),
        strict=True,
    ):
        assert few.dtype == many.dtype
        assert few.tolist() == many.tolist()


def test_letters_written_apart_become_one_word() -> None:
    chunks = split("you i d i o t here")
    block = encode_chunks(chunks, np.array([len(chunks)], np.int64), new_table())
    assert block.origin is not None
    assert block.origin.tolist() == [0, 1, 6]
    assert block.length.tolist() == [3]
    apart = encode(["you i d i", "o t here"], new_table())
    assert apart.origin is None


def test_the_table_remembers_and_grows() -> None:
    table = new_table()
    names = [f"w{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}x" for i in range(600)]
    first = table.ids(names)
    before = table.value[first].copy()
    assert table.ids([*names, BREAK, "idiot"])[:600].tolist() == first.tolist()
    assert (table.value[first] == before).all()
    assert (before > 0).all()
    assert len(set(first.tolist())) == len(set(names))
