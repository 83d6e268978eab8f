"""Chunks read many at a time are read as they are one by one; the sieve lets nothing through."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.features import memory
from moderation.features.memory import ChunkTable, Sink
from moderation.reading.chunks import gather
from moderation.reading.hashing import class_keys
from moderation.reading.lexer import Lexer
from moderation.reading.plain import MARKS, read_plain, read_tied, spell, word_keys
from moderation.reading.sieve import Sieve, sieve_of
from moderation.reading.text import PLAIN, bare, split
from moderation.reading.vocabulary import Vocabulary
from moderation.reading.words import MARK_EXCLAIMS, MARK_NUMBER, MAX_WORD
from tests.small_model import small_model
from tests.strategies import chunks, texts

MODEL = small_model()
LEXER = MODEL.lexer
UNLEARNT = Lexer(LEXER.tables)  # no sieve tells it anything
KEYS = class_keys(MODEL.settings["classes"])
OFFENSIVE = [word for word in LEXER.tables.offensive if word.isalpha() and word.isascii()]
KNOWN = [word for word in LEXER.tables.vocabulary if word.isalpha() and word.isascii()]

# Chunks that are nearly or wholly plain: words in any case between any punctuation.
plain_words = st.one_of(
    st.sampled_from("you it's dog's o'clock don't I i'm a'b'c dogs' 's IT'S that's".split()),
    st.sampled_from("it’s dog’s o’clock don’t a’b’c qzx’s IT’S that’s qz'x’s a”b xq’ll".split()),
    st.sampled_from(OFFENSIVE),
    st.sampled_from(KNOWN),
    st.text("abeikotsxyzABIST", min_size=1, max_size=9),
    st.text("abc", min_size=MAX_WORD - 3, max_size=MAX_WORD + 3),
)  # fmt: skip
edges = st.text("\"'([*_-.,!?;:)]“”‘’…—–", max_size=3)
casings = st.sampled_from([str, str.upper, str.title, str.capitalize])
nearly_plain = st.builds(
    lambda lead, casing, word, tail: lead + casing(word) + tail, edges, casings, plain_words, edges
)
ties = st.text("\"'()[]{}<>.,!?;:*_~-/|=+$%@#&“”‘’…—–", min_size=1, max_size=2)
tied = st.lists(
    st.one_of(plain_words, ties, st.sampled_from("12 x com www th".split())), max_size=9
).map("".join)
numbers = st.text("0123456789.,:/%'x-$_(!\"“”‘’…—–", max_size=8)
some_chunks = st.lists(st.one_of(nearly_plain, tied, numbers, chunks), max_size=40).map(
    lambda found: split(" ".join(found))
)


class Nothing(Sink):
    width = 1

    def take(self, keys: object, owner: object, count: int) -> np.ndarray:  # type: ignore[type-arg]
        return np.arange(count, dtype=np.float32)[:, None]


def new_table() -> ChunkTable:
    return ChunkTable(LEXER, MODEL.classes, KEYS, MODEL.settings["telling"], Nothing())


def said_by(table: ChunkTable, some: list[str]) -> list[tuple[list[int], list[int], int]]:
    """Keys of each chunk's words and of its marks, its flags."""
    ids = table.ids(some)
    said = []
    for number in ids.tolist():
        first, words = int(table.first[number]), int(table.words[number])
        items = table.items[first : first + words + int(table.marks[number])]
        keys = table.store.key[items].tolist()
        said.append((keys[:words], keys[words:], int(table.flags[number])))
    return said


@settings(max_examples=150, deadline=None)
@given(some_chunks)
def test_many_chunks_are_read_as_one_by_one(some: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "FEW_CHUNKS", 10**9)
        alone = said_by(new_table(), some)
        patch.setattr(memory, "FEW_CHUNKS", -1)
        table = new_table()
        assert said_by(table, some) == alone
        assert said_by(table, [*some, "anew", "IDIOT!!"])[: len(some)] == alone


@settings(max_examples=150, deadline=None)
@given(some_chunks)
def test_plain_chunks_are_those_of_the_expression(some: list[str]) -> None:
    given_chunks = gather(some, np.array([len(some)], np.int64))
    plain = read_plain(given_chunks.codes, given_chunks.start, given_chunks.end)
    want = [
        number
        for number, chunk in enumerate(some)
        if len(chunk.encode("utf-8", "surrogatepass")) <= MAX_WORD and PLAIN.fullmatch(chunk)
    ]
    assert sorted(plain.at.tolist()) == want
    words = spell(given_chunks.codes, plain.first, plain.stop)
    for place, number in enumerate(plain.at.tolist()):
        match = PLAIN.fullmatch(some[number])
        assert match is not None
        assert words[place] == bare(match["core"].lower())
        assert plain.key[place] == word_keys([words[place]])[0]
        assert plain.lead[place] == (match.start("core") > 0)
        assert plain.tail[place] == bool(match["tail"])
        fast = LEXER.quick(some[number])
        if fast is not None:
            assert MARKS[plain.marks[place]] == fast[1]
            assert plain.ends[place] == bool(fast[2] & 1)


def test_tied_words_and_numbers_are_found() -> None:
    some = ["either/and-not", "kill!!", "(you.And", "==the==", "1,234.5%", '(12)"', "3x4"]
    loose = ["it-xyz.", "i.e.", "so...ab"]
    some += loose
    some += (short := ["it/a", "i.d.i", "it-xyz!", "it-.a", "a.b...c"])  # if nothing is hidden
    some += ["kill@you", "kill's/you", "www.you.com", "_12_", "12&13", "thé/you", "k*ll", "1" * 50]
    some += ["a1"]
    found = gather(some, np.array([len(some)], np.int64))
    tied = read_tied(found.codes, found.start, found.end)
    assert [some[at] for at in tied.at] == some[:15]
    assert tied.counts.tolist() == [3, 1, 2, 1, 0, 0, 0, 2, 2, 2, 2, 3, 2, 2, 3]
    assert [some[at] for at in tied.at[tied.loose]] == ["(you.And", *loose]
    assert [some[at] for at in tied.at[tied.unsure]] == ["either/and-not", *short]
    assert [some[at] for at in tied.at[~tied.sure]] == short
    words = spell(found.codes, tied.first, tied.stop)
    assert words[:13] == "either and not kill you and the it xyz i e so ab".split()
    assert [MARKS[m] for m in tied.marks[[1, 4, 5]]] == [
        (MARK_EXCLAIMS,), (MARK_NUMBER,), (MARK_NUMBER,)
    ]  # fmt: skip


def test_a_link_behind_a_word_is_no_word() -> None:
    some = [f"{number}" for number in range(30)]
    some += ["qzhttp:you", "youftp:qzx.", "qzhttps:idiot", "cups:qzx", "qzp:you"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "FEW_CHUNKS", 10**9)
        alone = said_by(new_table(), some)
    assert said_by(new_table(), some) == alone
    assert [len(words) for words, _, _ in alone[30:]] == [0, 0, 0, 2, 2]


def test_words_beside_numbers_and_bare_symbols_are_found() -> None:
    some = ["2.The", "(roster.[28],", "F-16", "12:Will!", "post-1960", "...", '"::', "F[1"]
    some += [
        "3.x4a",
        "3.st",
        "2-min",
        "www.12",
        "http:80",
        "4.com",
        "a1.2",
        "it's-5",
        "3-a",
        "$$",
        "*",
    ]
    found = gather(some, np.array([len(some)], np.int64))
    tied = read_tied(found.codes, found.start, found.end)
    assert [some[at] for at in tied.at] == some[:7]
    assert tied.counts.tolist() == [1, 1, 1, 1, 1, 0, 0]
    assert tied.single.tolist() == [False, False, True, False, False, False, False]
    assert spell(found.codes, tied.first, tied.stop) == "the roster f will post".split()


def test_words_and_numbers_are_read_alike_in_bulk() -> None:
    """Words, whole and disguised, units, links and numbers with signs between and about them."""
    random = Random(11)
    odd = "st th s k m x min lbs ghz xs www http ftp com html a i f".split()
    signs = list(".,:;-_~\"[]()'!?*/=+$%@#&|^`{}<>")

    def piece() -> str:
        if random.random() < 0.5:
            return random.choice("0 1 12 19 100 1337".split())
        word = random.choice([*random.choices(KNOWN, k=9), *random.choices(OFFENSIVE, k=9), *odd])
        return random.choice([str, str.upper, str.title])(_disguise(word, random))

    some = []
    for _ in range(4_000):
        edges = ["", random.choice(signs), random.choice(signs) + random.choice(signs)]
        ties = [random.choice(signs[:9]), random.choice(signs[:9]), *edges[1:]]
        pieces = [piece() for _ in range(random.choice([0, 2, 2, 3]))]
        middle = "".join(random.choice(ties) + part for part in pieces)[1:]
        some.append((random.choice(edges) + middle + random.choice(edges)) or "...")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "FEW_CHUNKS", 10**9)
        alone = said_by(new_table(), some)
    assert said_by(new_table(), some) == alone


def test_texts_are_read_alike_in_bulk() -> None:
    """A block of words in every case and edge, some of them disguised."""
    random, both = Random(3), KNOWN + OFFENSIVE
    some = [
        random.choice(["", "", '"', "(", "*", "'"])
        + random.choice([str, str.upper, str.title])(_disguise(random.choice(both), random))
        + random.choice(["", "", ".", ",", "!!", '?"', "*", "'s", "'"])
        for _ in range(3_000)
    ]  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "FEW_CHUNKS", 10**9)
        alone = said_by(new_table(), some)
    assert said_by(new_table(), some) == alone


def test_words_cut_by_signs_are_read_alike_in_bulk() -> None:
    """Offensive words with a sign in them or in the place of a letter, alone and among others."""
    random = Random(9)
    signs = ["-", ".", "_", "~", ":", ",", ";", '"', "..", "--", "/", "...", "!", "?"]
    edge = ["", "", "", ".", "-", "!", '"', "(", "_"]
    some = []
    for _ in range(3_000):
        word = random.choice(OFFENSIVE)
        if random.random() < 0.3:
            word = _disguise(word, random)
        for _ in range(random.randint(1, 2)):
            at = random.randrange(len(word) + 1)
            word = word[:at] + random.choice(signs) + word[at + random.randrange(2) :]
        if random.random() < 0.4:
            known = random.choice(KNOWN)
            word = (
                random.choice([word, known]) + random.choice(signs) + random.choice([word, known])
            )
        some.append(random.choice(edge) + word + random.choice(edge))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "FEW_CHUNKS", 10**9)
        alone = said_by(new_table(), some)
    assert said_by(new_table(), some) == alone


SOUNDS = [(key, sound) for key, sounds in LEXER.tables.leet.items() for sound in sounds
          if key.isascii() and key.isalpha()]  # fmt: skip
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _disguise(word: str, random: Random) -> str:
    """A word with up to two slips, stretches, spellings by sound or words stuck to it."""
    for _ in range(random.randint(0, 2)):
        at = random.randrange(len(word))
        trick = random.randrange(8)
        if trick == 0:
            word = word[:at] + random.choice(LETTERS) + word[at:]
        elif trick == 1:
            word = (word[:at] + word[at + 1 :]) or word
        elif trick == 2:
            word = word[:at] + random.choice(LETTERS) + word[at + 1 :]
        elif trick == 3:
            word = word[:at] + word[at : at + 2][::-1] + word[at + 2 :]
        elif trick == 4:
            word = word[:at] + word[at] * random.randint(2, 4) + word[at + 1 :]
        elif trick == 5:
            key, sound = random.choice(SOUNDS)
            word = word.replace(sound, key, 1)
        elif trick == 6:
            word = random.choice(KNOWN) + word
        else:
            word += random.choice(KNOWN)
    return word[:MAX_WORD]


@settings(max_examples=300, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(OFFENSIVE))
def test_what_the_sieve_clears_is_left_as_it_is(random: Random, word: str) -> None:
    """If this fails after a change of `Repairer.resolve`, the sieve must learn the new trace."""
    written = [_disguise(word, random) for _ in range(6)]
    unknown = [word for word in written if word not in LEXER.tables.vocabulary]
    for word, suspect in zip(unknown, sieve_of(LEXER).suspects(unknown), strict=True):
        assert suspect or UNLEARNT.repairer.resolve(word) == [word]


@settings(max_examples=100, deadline=None)
@given(texts)
def test_the_sieve_takes_any_letters(text: str) -> None:
    words = [w for w in "".join(c if c in LETTERS else " " for c in text).split() if len(w) <= 40]
    for word, suspect in zip(words, sieve_of(LEXER).suspects(words), strict=True):
        known = word in LEXER.tables.vocabulary
        assert suspect or known or UNLEARNT.repairer.resolve(word) == [word]


@settings(max_examples=200, deadline=None)
@given(st.randoms(use_true_random=False), st.lists(st.sampled_from(OFFENSIVE), min_size=1))
def test_what_is_learnt_of_chunks_changes_no_reading(random: Random, words: list[str]) -> None:
    """Chunks that a sieve has looked at are read as by a lexer that has learnt nothing."""
    signs = [*"'.,:;-_~!*/#@$&013457|[](", "’", "•", "é", "а", "\u200e", "...", "'s"]
    some = []
    for word in words:
        written = _disguise(word, random)
        for _ in range(random.randint(0, 3)):
            at = random.randrange(len(written) + 1)
            written = written[:at] + random.choice(signs) + written[at + random.randrange(2) :]
        if random.random() < 0.3:
            written += random.choice(signs) + random.choice(KNOWN)
        some += [random.choice([str, str.upper, str.title])(written), random.choice(KNOWN) + "/no"]
    want = [UNLEARNT.read(chunk) for chunk in some]
    sieve_of(LEXER).prepare(some)
    assert [LEXER.read(chunk) for chunk in some] == want
    assert [LEXER.second(chunk) for chunk in some] == [UNLEARNT.second(chunk) for chunk in some]


def test_glued_words_are_found_among_many() -> None:
    """With the vocabulary the sieve takes words apart at once: what it clears is not split."""
    random = Random(8)
    parts = [word for word in KNOWN + OFFENSIVE if 2 <= len(word) <= 8]
    words = [
        "".join(random.choices(parts, k=random.randint(1, 4)))[:MAX_WORD] for _ in range(3_000)
    ]
    words += [word[:-1] + "q" for word in words]
    words = [word for word in dict.fromkeys(words) if word not in LEXER.tables.vocabulary]
    alone, together = Sieve(LEXER).sift(words), Sieve(LEXER).sift(words, Vocabulary(LEXER))
    assert alone[0].tolist() == together[0].tolist()
    assert alone[1].tolist() == together[1].tolist()
    assert any(LEXER.splitter.split(word) for word in words)


def test_flags_of_many_words_are_those_of_each() -> None:
    words = [*KNOWN, *OFFENSIVE, *LETTERS, "qz", "xqzzq", "q" * 9, "idi", "iot"]
    assert LEXER.flags_of_many(words) == [LEXER.flags_of(word) for word in words]


def test_the_sieve_clears_most_words_that_hide_nothing() -> None:
    random = Random(5)
    words = [
        "".join(random.choices("aeioubdglmnrstvw", k=random.randint(4, 11))) for _ in range(2_000)
    ]
    suspects = Sieve(LEXER).suspects(words)
    assert 0 < suspects.mean() < 0.25
    assert Sieve(LEXER).suspects([]).shape == (0,)


def test_words_have_keys_of_their_own() -> None:
    words = sorted({*KNOWN, *OFFENSIVE, *LETTERS, "a" * MAX_WORD, "b" * MAX_WORD})
    words = [word for word in words if len(word) <= MAX_WORD]
    assert len(set(word_keys(words).tolist())) == len(words)
