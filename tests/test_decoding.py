"""Bytes to text: the right encoding, or a warning; nothing lost without a word."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.threads.decoding import DAMAGED, GUESSED, UNKNOWN, decode

SENTENCE = "Žofie said “naïve”, Ольга nodded 🙂 – done."


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_a_byte_order_mark_tells_the_encoding_and_is_no_text(mark: bytes, encoding: str) -> None:
    decoded = decode(mark + SENTENCE.encode(encoding), declared="latin-1")
    assert (decoded.text, decoded.encoding, decoded.warnings) == (SENTENCE, encoding, ())


def test_utf8_needs_no_declaration_and_beats_a_wrong_one() -> None:
    assert decode(SENTENCE.encode()).text == SENTENCE
    assert decode(SENTENCE.encode(), declared="iso-8859-1").text == SENTENCE


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_is_seen_by_its_nuls(encoding: str) -> None:
    decoded = decode("A plain sentence.\nAnother one.\n".encode(encoding))
    assert decoded.text == "A plain sentence.\nAnother one.\n"
    assert decoded.encoding == encoding


def test_some_nuls_in_ascii_are_not_utf16() -> None:
    assert decode(b"one\0two\0three, and more").encoding == "utf-8"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", "Это правда."),
        ("shift_jis", "これは本当です。"),
        ("iso-2022-jp", "これは本当です。"),
        ("gb18030", "这是真的。"),
        ("iso-8859-2", "Žluťoučký kůň"),
    ],
)
def test_a_declared_encoding_is_believed_where_the_bytes_fit(encoding: str, text: str) -> None:
    decoded = decode(text.encode(encoding), declared=encoding)
    assert decoded.text == text
    assert decoded.warnings == ()


def test_an_undeclared_eight_bit_text_is_a_guess_and_says_so() -> None:
    decoded = decode("“Déjà vu” – naïve".encode("cp1252"))
    assert decoded.text == "“Déjà vu” – naïve"
    assert (decoded.encoding, decoded.warnings) == ("cp1252", (GUESSED,))


def test_bytes_that_windows_1252_lacks_fall_back_to_latin_1() -> None:
    decoded = decode(b"caf\xe9 \x81\x9d")
    assert (decoded.text, decoded.encoding) == ("café \x81\x9d", "latin-1")
    assert decoded.warnings == (GUESSED,)


def test_one_damaged_byte_does_not_spoil_a_utf8_text() -> None:
    decoded = decode(SENTENCE.encode() + b" caf\xe9!")
    assert decoded.text == SENTENCE + " café!"
    assert (decoded.encoding, decoded.warnings) == ("utf-8", (DAMAGED,))


def test_a_cut_utf16_text_keeps_what_is_whole_and_says_so() -> None:
    decoded = decode(codecs.BOM_UTF16_LE + "Zwölf".encode("utf-16-le") + b"\x41")
    assert decoded.text.startswith("Zwölf")
    assert decoded.warnings == (DAMAGED,)


@pytest.mark.parametrize("declared", ["klingon", "rot13", "hex", "\0", "idna", ""])
def test_a_declaration_that_is_no_encoding_is_reported(declared: str) -> None:
    decoded = decode(b"plain", declared=declared)
    assert decoded.text == "plain"
    assert decoded.warnings == (UNKNOWN,)


def test_a_declaration_that_does_not_fit_is_reported() -> None:
    decoded = decode(b"caf\xe9 \xff\xff", declared="shift_jis")
    assert UNKNOWN in decoded.warnings
    assert GUESSED in decoded.warnings


@settings(max_examples=200)
@given(st.binary(max_size=200), st.sampled_from([None, "utf-8", "cp1251", "euc-jp", "utf-7", "?"]))
def test_any_bytes_give_text_that_can_be_written(data: bytes, declared: str | None) -> None:
    decoded = decode(data, declared)
    decoded.text.encode("utf-8")
    if decoded.encoding in ("utf-8", "cp1252", "latin-1", "cp1251") and not decoded.warnings:
        stripped = data.removeprefix(codecs.BOM_UTF8)
        assert decoded.text.encode(decoded.encoding) == stripped


@settings(max_examples=100)
@given(st.text(max_size=100))
def test_utf8_comes_back_as_it_was(text: str) -> None:
    if "\0" not in text and not text.startswith("\ufeff"):
        assert decode(text.encode()).text == text
