"""The lexer: any text, places that point at what was written, tricks undone, no abuse invented."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import moderation
from moderation.features.blocks import encode_chunks
from moderation.features.memory import ChunkTable
from moderation.model import Model
from moderation.reading.disguises import Disguises
from moderation.reading.gluing import Splitter
from moderation.reading.lexer import Lexer
from moderation.reading.text import BREAK, MAX_CHUNK, locate, split
from moderation.reading.words import (
    MARK_CAPS,
    MARK_CENSORED,
    MARK_EXCLAIM,
    MARK_EXCLAIMS,
    MARK_MENTION,
    MARK_NUMBER,
    MARK_QUESTION,
    MARK_URL,
    MARKS,
    MAX_WORD,
    Reading,
)
from moderation.scoring import scorer_of
from moderation.training.knowledge import without_variants
from moderation.training.lexicons import load_classes, load_innocent, load_typos
from tests.case_files import read_cases
from tests.small_model import small_model
from tests.strategies import chunks, texts

LEXER = small_model().lexer
OTHER = Lexer(LEXER.tables)
shipped = pytest.mark.skipif(
    not (Path(__file__).parent.parent / "models" / "default.safetensors").is_file(),
    reason="models/default.safetensors is not there yet",
)
# What the lexer is known to read wrongly, by the chunk as written: each is a name or a foreign
# word one slip away from an insult. A case that is read rightly again must leave this list.
INVENTED = {case["chunk"] for case in read_cases("invented.jsonl")}
# Trick -> share of the hand-written cases whose offensive words must be read. The tricks that are
# not here are met by character n-grams or by the lexicon's own spellings, not by the lexer.
READ = {
    "combining": 1.0, "dotted": 0.85, "enclosed": 1.0, "fullwidth": 1.0, "homoglyph": 1.0,
    "leet": 0.75, "masked": 0.75, "math": 1.0, "mixed_case": 1.0, "small_caps": 1.0,
    "spaced": 0.85, "starred": 1.0, "stretched": 0.9, "trailing_symbols": 1.0, "zero_width": 1.0,
    "glued": 0.85, "swapped": 0.6, "doubled": 0.75, "emoji_word": 1.0, "dropped": 0.8,
    "neighbour_key": 0.8, "phonetic": 0.8,
}  # fmt: skip
HARMFUL = ("slur", "insult", "insult.strong", "profanity", "sexual", "dehumanise", "contempt")


def check(reading: Reading, written: str) -> None:
    for word in reading.words:
        assert 0 <= word.start < word.end <= len(written), (written, word)
        assert 1 <= len(word.text) <= MAX_WORD
        assert not any(c.isspace() or c < " " for c in word.text)
        word.text.encode("utf-8")  # no lone surrogate
    assert set(reading.marks) <= set(MARKS)
    assert len(set(reading.marks)) == len(reading.marks)


@settings(max_examples=150, deadline=None)
@given(texts)
def test_split_and_locate_agree(text: str) -> None:
    found, starts = locate(text)
    assert found == split(text)
    for chunk, start in zip(found, starts, strict=True):
        if chunk == BREAK:
            assert text[start] in ("\n", BREAK)
        else:
            assert text[start : start + len(chunk)] == chunk
    assert starts == sorted(set(starts))
    assert "".join(text.split()) == "".join(c for c in found if c != BREAK) or BREAK in text


@settings(max_examples=150, deadline=None)
@given(chunks)
def test_any_chunk_is_read(chunk: str) -> None:
    reading = LEXER.read(chunk)
    check(reading, chunk)
    OTHER.read(chunk[::-1])
    assert reading == OTHER.read(chunk)  # whatever else was read before


@settings(max_examples=200, deadline=None)
@given(st.lists(chunks.filter(lambda c: c and not c.isspace()), min_size=1, max_size=8))
def test_joined_chunks_are_read(pieces: list[str]) -> None:
    reading = LEXER.read_joined(pieces)
    if reading is not None:
        check(reading, " ".join(pieces))
        assert any(word.text in LEXER.tables.offensive for word in reading.words)


@settings(max_examples=150, deadline=None)
@given(chunks)
def test_plain_words_are_read_alike_by_both_ways(chunk: str) -> None:
    fast = LEXER.quick(chunk)
    if fast is not None:
        word, marks, flags = fast
        reading = LEXER.read(chunk)
        assert [w.text for w in reading.words] == [word]
        assert reading.marks == marks
        assert (reading.ends, reading.single) == (bool(flags & 1), bool(flags & 2))


def test_long_chunks_are_read_in_pieces() -> None:
    chunk = ("x" * 60 + ".idiot.") * 200
    reading = LEXER.read(chunk)
    check(reading, chunk)
    assert any(w.start > MAX_CHUNK and chunk[w.start : w.end] == "idiot" for w in reading.words)


@pytest.mark.parametrize(
    ("written", "words", "marks"),
    [
        ("Idiot!", ["idiot"], {MARK_EXCLAIM}),
        ("IDIOT!!", ["idiot"], {MARK_CAPS, MARK_EXCLAIMS}),
        ("(idiot)?", ["idiot"], {MARK_QUESTION}),
        ("1d10t", ["idiot"], set()),
        ("sh!t", ["shit"], set()),
        ("sh!t!", ["shit"], {MARK_EXCLAIM}),
        ("f*ck", ["fuck"], set()),
        ("s**t", ["shit"], set()),
        ("idiooooot", ["idiot"], set()),
        ("i.d.i.o.t", ["idiot"], set()),
        ("i.d.!.0.t", ["idiot"], set()),
        ("v.1.5.1", ["v"], {MARK_NUMBER}),
        ("@$$", ["ass"], set()),
        ("ʏᴏᴜ", ["you"], set()),
        ("ɪᴅɪᴏᴛ!!1", ["idiot"], set()),
        ("stup_id", ["stupid"], set()),
        ("youidiot", ["you", "idiot"], set()),
        ("ｉｄｉｏｔ", ["idiot"], set()),
        ("𝖎𝖉𝖎𝖔𝖙", ["idiot"], set()),
        ("іdіоt", ["idiot"], set()),
        ("i\u200bd\u200bi\u200bot", ["idiot"], set()),
        ("i\u0336d\u0336i\u0336o\u0336t\u0336", ["idiot"], set()),
        ("don't", ["dont"], set()),
        ("idiot's", ["idiot"], set()),
        ("http://a.example/idiot", [], {MARK_URL}),
        ("idiot@mail.example", [], {MARK_MENTION}),
        ("142,460", [], {MARK_NUMBER}),
        ("#@$%!", [], {MARK_CENSORED, MARK_EXCLAIM}),
        ("****", [], {MARK_CENSORED}),
    ],
)
def test_readings(written: str, words: list[str], marks: set[str]) -> None:
    reading = LEXER.read(written)
    assert [w.text for w in reading.words] == words
    assert set(reading.marks) == marks


@pytest.mark.parametrize(
    "word",
    ["assessment", "Scunthorpe", "cockpit", "Essex", "Nishit", "shitake", "Penistone", "Cockburn",
     "Woodcock", "Hearse", "SH17", "5H17", "v1.5.5", "B.A.", "спит", "привет", "Ελλάδα"],
)  # fmt: skip
def test_innocent_words_stay_what_they_are(word: str) -> None:
    assert not [w.text for w in LEXER.read(word).words if w.text in LEXER.tables.offensive]


def test_spaced_letters_are_read_together() -> None:
    joined = LEXER.read_joined(["i", "d", "i", "o", "t!"])
    assert joined is not None
    assert [(w.text, w.start, w.end) for w in joined.words] == [("idiot", 0, 9)]
    assert LEXER.read_joined(["a", "b", "c"]) is None
    assert LEXER.read_joined(["5", "4", "5", "6"]) is None
    for dropped in ("\x1b", "\u200b"):  # harmless words are read letter by letter alone
        assert LEXER.read_joined(["th", dropped, "a", "n", "k"]) is None


def test_sentences_end() -> None:
    for written, ends in (("idiot.", True), ('idiot!"', True), ("idiot", False), ("3.5", False)):
        assert LEXER.read(written).ends is ends
    assert LEXER.read(BREAK) == Reading(ends=True)


# ---------------------------------------------------------------- cases, with the shipped model


@cache
def model() -> Model:
    return moderation.load()


@cache
def lexer_of_today() -> Lexer:
    """The shipped model's lexer with the lists of words as they are today, trained or not."""
    tables, terms = model().tables, load_classes()
    innocent = [word for word in load_innocent() if word not in tables.vocabulary]
    offensive = [word for word in tables.offensive if word in terms]
    vocabulary = without_variants([*tables.vocabulary, *innocent], terms, offensive)
    known = {word: rank for rank, word in enumerate(vocabulary)}
    ranks = {word: rank for rank, word in enumerate(word for word in offensive if word in known)}
    return Lexer(replace(tables, vocabulary=known, offensive=ranks))


@cache
def table_of_today() -> ChunkTable:
    table = scorer_of(model()).new_table()
    table.lexer = lexer_of_today()
    return table


def read(text: str) -> list[tuple[str, list[str]]]:
    """Chunks (joined where the model joins them) and the words of each."""
    table = table_of_today()
    found, _ = locate(text)
    block = encode_chunks(found, np.array([len(found)], np.int64), table)
    first = block.origin.tolist() if block.origin is not None else list(range(len(found)))
    out = []
    for start, end in zip(first, [*first[1:], len(found)], strict=True):
        pieces = found[start:end]
        lexer = lexer_of_today()
        reading = lexer.read(pieces[0]) if end - start == 1 else lexer.read_joined(pieces)
        assert reading is not None
        out.append((" ".join(pieces), [w.text for w in reading.words]))
    return out


def harmful(words: list[str]) -> list[str]:
    names = ["", *model().settings["classes"]]
    return [
        w
        for w in words
        if w in model().lexer.tables.offensive
        or names[model().classes.get(w, 0)].partition(":")[0] in HARMFUL
    ]


@shipped
@pytest.mark.parametrize("trick", sorted(READ))
def test_tricks_are_undone(trick: str) -> None:
    missed, total = [], 0
    for case in read_cases("evasions.jsonl"):
        if case["trick"] != trick:
            continue
        want = Counter(harmful([w for _, words in read(case["clean"]) for w in words]))
        if not want:
            continue
        total += 1
        found = Counter(harmful([w for _, words in read(case["written"]) for w in words]))
        # a disguise that the lexicon lists itself ("idoit") is as good as the word
        if (want - found).total() > (found - want).total():
            missed.append((case["written"], sorted(want - found)))
    assert total >= 4
    assert 1 - len(missed) / total >= READ[trick], missed


@shipped
def test_no_abuse_is_invented() -> None:
    """An offensive word may be read only where its letters stand in the chunk as written."""
    invented: dict[str, list[str]] = {}
    for case in read_cases("innocent.jsonl"):
        for written, words in read(case["text"]):
            plain = unicodedata.normalize("NFKC", written).lower()
            literal = set(re.findall(r"[a-z]+", plain)) | {re.sub(r"[^a-z]", "", plain)}
            new = [w for w in words if w in model().lexer.tables.offensive and w not in literal]
            if new:
                invented[written.strip(".,!?:;")] = new
    assert {k: v for k, v in invented.items() if k not in INVENTED} == {}
    assert set(invented) >= INVENTED, "read rightly now: take it from invented.jsonl"


@shipped
@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("st00pid", "stupid"), ("m0rrons", "morons"), ("stoooopid", "stupid"),
        ("tool2", "tool2"), ("stage2stupids", "stage2stupids"), ("moron12345", "moron12345"),
    ],
)  # fmt: skip
def test_digits_and_misspellings_come_together(written: str, meant: str) -> None:
    assert [word.text for word in model().lexer.read(written).words] == [meant.lower()]


@shipped
@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("y0u", "you"), ("n0t", "not"), ("m3n", "men"), ("h0w", "how"), ("w3c", "w3c"),
        ("you2", "you2"), ("2you", "2you"), ("b2b", "b2b"), ("k9s", "k9s"), ("p2p", "p2p"),
        ("a1c", "a1c"), ("s3d", "s3d"),
    ],
)  # fmt: skip
def test_short_words_with_a_digit_are_read_where_everybody_uses_them(
    written: str, meant: str
) -> None:
    assert [word.text for word in model().lexer.read(written).words] == [meant]


@shipped
@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("hateyou", "hate you"), ("dickbutcooltoo", "dick but cool too"),
        ("vandalisation", "vandalisation"), ("fetishisation", "fetishisation"),
        ("illegalisation", "illegalisation"),
    ],
)  # fmt: skip
def test_rows_of_words_are_taken_apart_and_syllables_are_not(written: str, meant: str) -> None:
    assert [word.text for word in model().lexer.read(written).words] == meant.split()


@shipped
def test_typos_of_small_words_are_read_as_them() -> None:
    read = {typo: [word.text for word in model().lexer.read(typo).words] for typo in load_typos()}
    assert {typo: words for typo, words in read.items() if words == [typo]} == {}
    assert read["ypu"] == read["yuo"] == ["you"]
    assert read["nto"] == ["not"]


def test_of_masked_words_as_likely_the_shorter_is_meant() -> None:
    """A star for two letters costs one bit: as much as twice the use of a word wins."""
    known = {"slat": 8, "sat": 24}
    for words in (known, dict(reversed(known.items()))):
        disguises = Disguises(words, words, {}, Splitter(words, words, {}), longest=20)
        assert disguises.unmask("s*t") == "sat"
