"""The lexicons and character tables: shape, rules, coverage."""

from __future__ import annotations

import unicodedata

import pytest

from moderation.reading.spelling import Speller
from moderation.training import lexicons
from moderation.training.lexicons import load_innocent, load_meant, load_names, load_typos
from moderation.training.names import find_names, near_offence


@pytest.mark.parametrize(
    ("term", "forms"),
    [
        ("go away", ["go away"]),
        ("army~n", ["army", "armies"]),
        ("bitch~n", ["bitch", "bitches"]),
        ("day~n", ["day", "days"]),
        ("wheelchair user~n", ["wheelchair user", "wheelchair users"]),
        ("kill~v", ["kill", "kills", "killed", "killing", "killin"]),
        ("hate~v", ["hate", "hates", "hated", "hating", "hatin"]),
        ("bury~v", ["bury", "buries", "buried", "burying", "buryin"]),
        ("die~v", ["die", "dies", "died", "dying", "dyin"]),
        ("agree~v", ["agree", "agrees", "agreed", "agreeing", "agreein"]),
        ("ban~vv", ["ban", "bans", "banned", "banning", "bannin"]),
        ("wipe out~v", ["wipe out", "wipes out", "wiped out", "wiping out", "wipin out"]),
        ("ugly~a", ["ugly", "uglier", "ugliest"]),
        ("fat~aa", ["fat", "fatter", "fattest"]),
        ("nice~a", ["nice", "nicer", "nicest"]),
    ],
)
def test_inflect(term: str, forms: list[str]) -> None:
    assert lexicons.inflect(term) == forms


def test_inflect_names_an_unknown_rule() -> None:
    with pytest.raises(ValueError, match='"kill~q" has an unknown rule'):
        lexicons.inflect("kill~q")


@pytest.fixture(scope="module")
def classes() -> dict[str, list[str]]:
    return lexicons.load_classes()


def test_classes_are_well_formed(classes: dict[str, list[str]]) -> None:
    assert set(lexicons.lexicon_names()) == set(lexicons.COARSE)
    assert {lexicons.coarse(name) for names in classes.values() for name in names} == set(
        lexicons.COARSE
    )
    for term, names in classes.items():
        assert term == term.lower() == " ".join(term.split()), term
        assert "~" not in term
        assert names == sorted(set(names))


@pytest.mark.parametrize(
    ("term", "name"),
    [
        ("muslims", "group.religion"),
        ("women", "group.gender"),
        ("blacks", "group.ethnicity_race"),
        ("wheelchair users", "group.disability"),
        ("immigrants", "group.migration"),
        ("trans people", "group.gender_identity"),
        ("zimbabweans", "group.nationality"),
        ("lesbians", "group.orientation"),
        ("pensioners", "group.age"),
        ("morons", "insult.mild"),
        ("deported", "exclusion.expel"),
        ("should", "modal.obligation"),
        ("don't", "negation.contraction"),
        ("please", "politeness.word"),
        ("rapists", "crime.person"),
        ("shooting", "violence.harm"),
        ("wonderful", "praise.adjective"),
        ("subhumans", "dehumanise.animal"),
    ],
)
def test_classes_cover(classes: dict[str, list[str]], term: str, name: str) -> None:
    assert name in classes[term]


def test_ambiguous_terms_are_the_homonyms(classes: dict[str, list[str]]) -> None:
    ambiguous = lexicons.load_ambiguous()
    assert {"dick", "cock", "tits", "booby", "queer", "dyke", "cracker", "pussy"} <= ambiguous
    assert not {"idiot", "asshole", "wanker", "scumbag", "morons"} & ambiguous
    assert ambiguous <= classes.keys()


def test_homoglyphs_are_what_unicode_does_not_fold() -> None:
    table = lexicons.load_homoglyphs()
    assert len(table) > 1000
    for character, letters in table.items():
        assert len(character) == 1
        assert not character.isascii()
        assert letters.isascii()
        assert letters.isalpha()
        assert letters == letters.lower()
        plain = "".join(
            c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c)
        )
        assert not (plain.isascii() and plain.isalpha()), character


@pytest.mark.parametrize(
    ("written", "meant"),
    [("іԁіоt", "idiot"), ("ѕtυрid", "stupid"), ("ᴍᴏʀᴏɴ", "moron"), ("ꓡꓳꓢꓰꓣ", "loser"),
     ("🅛🅞🅢🅔🅡", "loser"), ("🅸🅳🅸🅾🆃", "idiot"), ("🇫🇺🇨🇰", "fuck"), ("ʇıpıoʇ", "tipiot"),
     ("ᎳᎪᎾᏦᎬᎡ", "waoker"), ("ɭ๏รєr", "loser"), ("ſcum", "scum"), ("fυ¢k", "fuck")],
)  # fmt: skip
def test_homoglyphs_read_as_letters(written: str, meant: str) -> None:
    table = lexicons.load_homoglyphs()
    folded = "".join(table.get(c, table.get(c.lower(), c)) for c in written)
    assert unicodedata.normalize("NFKD", folded).casefold() == meant


def test_leet_readings_have_priorities() -> None:
    leet = lexicons.load_leet()
    expected = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g",
                "@": "a", "$": "s", "!": "i", "|": "i", "+": "t", "(": "c", "€": "e", "£": "l",
                "¥": "y", "ph": "f", "vv": "w"}  # fmt: skip
    assert {symbol: leet[symbol][0] for symbol in expected} == expected
    assert leet["1"] == ("i", "l")
    assert "*" not in leet
    assert lexicons.load_leet("mask")["*"][0] == "u"
    assert lexicons.load_leet("word")["gr8"] == ("great",)
    assert lexicons.load_leet("symbol", "word")["4"] == ("a", "for")
    kinds = ("symbol", "glyph", "mask", "phonetic", "word")
    for symbol, readings in lexicons.load_leet(*kinds).items():
        assert symbol
        assert symbol == symbol.strip()
        assert all(reading.isalpha() and reading.isascii() for reading in readings)


def test_emoji_read_as_words() -> None:
    table = lexicons.load_emoji()
    assert len(table) >= 500
    for emoji, words in table.items():
        assert "\ufe0f" not in emoji
        assert not emoji.isascii()
        assert words == " ".join(words.split()).lower()
        assert words.replace(" ", "").isalpha()
    expected = {"🐷": "pig", "🔫": "gun", "💩": "shit", "🤡": "clown", "🖕": "fuck you",
                "🏳\u200d🌈": "gay", "🇵🇱": "polish poland", "🧕": "muslim woman"}  # fmt: skip
    assert {emoji: table[emoji] for emoji in expected} == expected


def test_names_are_sorted_and_plain() -> None:
    names = load_names()
    assert names == sorted(set(names))
    assert all(name.isascii() and name.isalpha() and name.islower() for name in names)
    assert {"moran", "kimes", "slutsk"} <= set(names)


def test_names_are_those_near_an_offence() -> None:
    found = find_names(["Móran and MORAN, Zoë", "moroni Moroni 12 Mörön"])
    assert list(found) == ["moran", "moran", "zoe", "moroni", "moron"]
    speller = Speller({"moron": 900, "and": 3}, ["moron"])
    assert near_offence(["moran", "zoe", "moroni", "moron", "moran"], speller) == [
        "moran",
        "moroni",
    ]


def test_typos_are_no_words_of_a_lexicon(classes: dict[str, list[str]]) -> None:
    typos = load_typos()
    assert len(typos) > 50
    assert all(typo.isalpha() and typo.isascii() and typo.islower() for typo in typos)
    assert not typos & {*classes, *load_innocent(), *load_meant()}
