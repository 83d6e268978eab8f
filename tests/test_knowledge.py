"""What a model knows of words before it is trained."""

from __future__ import annotations

import itertools
import string

from moderation.reading.spelling import LIKELY
from moderation.training.knowledge import FAMILIAR, without_variants
from moderation.training.lexicons import load_innocent


def test_rare_spellings_of_common_words_are_left_out() -> None:
    usual = ["idiot", "butthead", "dimwits", *_words(FAMILIAR)]
    rare = ["idyot", "bimbos", "bimbo", "dimwit", "doofus", "innocuous"]
    insults = ["idiot", "butthead", "dimwits", "dimwit", "bimbos", "bimbo", "doofus"]
    kept = without_variants([*usual, *rare], dict.fromkeys(insults, ()), insults)
    assert kept[: len(usual)] == usual
    # A word is no variant of itself ("doofus" has its own sound), nor of its plural or singular.
    assert kept[len(usual) :] == ["bimbos", "bimbo", "dimwit", "doofus", "innocuous"]


def test_two_spellings_do_not_leave_each_other_out() -> None:
    usual = ["idiot", *_words(LIKELY)]
    rare = ["idiotball", "idiotbal"]
    kept = without_variants([*usual, *rare], dict.fromkeys(rare, ()), ["idiot", *rare])
    assert kept[len(usual) :] == rare[:1]


def test_words_of_dictionaries_are_no_variants() -> None:
    word = load_innocent()[0]
    usual = [word[:-1] + "z", *_words(FAMILIAR)]
    assert without_variants([*usual, word], {}, usual[:1])[-1] == word


def _words(count: int) -> list[str]:
    """Words that are like no others."""
    letters = itertools.product(string.ascii_lowercase, repeat=4)
    return ["qj" + "".join(some) for some in itertools.islice(letters, count)]
