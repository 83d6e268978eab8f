"""Copies of comments, spelt to slip past a filter: the attacks that retention is measured with.

    from bench.tricks import SCATTER, TRICKS
    attacked = TRICKS["leet"](text, random.Random(7))

`TRICKS` attack what a person would hide: the words that the lexicons know as insults, slurs or
profanity, or else the two longest words. `SCATTER` has the same rows; they spell any word of at
least three letters so, each with probability `SCATTERED`. All are deterministic given the random
generator. The letters of URLs stay as they are. A copy may equal its original (no word long
enough, no emoji for it): leave such copies out of a measured share.

The substitutes are those that people use; they are written here and not read from the tables of
`moderation/data`, so that a gap in those shows.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable
from random import Random

from moderation.training.lexicons import coarse, load_classes, load_emoji

Trick = Callable[[str, Random], str]

SCATTERED = 0.5  # share of words that SCATTER spells otherwise: every second, as eager users do
SHORTEST = 3  # letters: below that nothing can be hidden and still be read

_WORD = re.compile(r"https?://\S+|www\.\S+|([^\W\d_]+(?:['’][^\W\d_]+)*)")
_VOWELS = "aeiouy"

_LEET = {"a": "4@", "b": "8", "e": "3", "g": "9", "i": "1!", "l": "1|", "o": "0", "s": "5$",
         "t": "7+", "z": "2"}  # fmt: skip
_CYRILLIC = dict(zip("aceopxyisjhdqwlkmtg", "асеорхуіѕјһԁԛԝӏкмтɡ", strict=True))
_GREEK = dict(zip("aboeiknpuvxyw", "αβοειкηρυνχγω", strict=True))
_SMALL_CAPS = dict(zip("abcdefghijklmnoprstuvwyz", "ᴀʙᴄᴅᴇғɢʜɪᴊᴋʟᴍɴᴏᴘʀsᴛᴜᴠᴡʏᴢ", strict=True))
_MATH = (0x1D41A, 0x1D44E, 0x1D482, 0x1D4EA, 0x1D51E, 0x1D552, 0x1D586, 0x1D5BA, 0x1D5EE, 0x1D68A)
_ENCLOSED = (0x24D0, 0x1F150, 0x1F170, 0x1F130)  # circled, black circled, squared
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_MARKS = "\u0300\u0301\u0302\u0303\u0308\u030a\u0323\u0331\u0332\u0335\u0336"
_ACCENTS = "\u0300\u0301\u0302\u0303\u0308\u030a\u030c"
_MASKS = "***#@-_"  # the star is by far the commonest
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_KEYS = {
    key: (row[i - 1] if i else "") + row[i + 1 : i + 2]
    for row in _ROWS
    for i, key in enumerate(row)
}
_SOUNDS = (
    (r"^f(?=[aeiou])", "ph"), (r"ck", "k"), (r"ss", "zz"), (r"x", "ks"), (r"er$", "a"),
    (r"ing$", "in"), (r"c(?=[aourlt])", "k"), (r"oo", "u"), (r"ee", "i"), (r"ea", "ee"),
    (r"s$", "z"), (r"qu", "kw"), (r"u", "oo"), (r"i(?=[^aeiou])", "ee"), (r"a", "ah"),
)  # fmt: skip


@functools.cache
def _emoji_of() -> dict[str, str]:
    """Word -> the emoji that stands for it, the first in code point order."""
    found: dict[str, str] = {}
    for emoji, words in load_emoji().items():
        if " " not in words and len(words) >= SHORTEST:
            found.setdefault(words, emoji)
    return found


@functools.cache
def _offensive() -> frozenset[str]:
    """The single words of insult, profanity and slur, homonyms too: one hides rather too much."""
    return frozenset(
        term
        for term, classes in load_classes().items()
        if term.isalpha() and any(coarse(c) in {"insult", "profanity", "slur"} for c in classes)
    )


def words_of(text: str) -> list[tuple[int, int]]:
    """Half-open ranges of the words of at least `SHORTEST` letters, URLs left out."""
    found = [match.span(1) for match in _WORD.finditer(text) if match[1]]
    return [(start, end) for start, end in found if end - start >= SHORTEST]


def targets_of(text: str) -> list[tuple[int, int]]:
    """Half-open ranges of the words that an attacker would hide.

    The words that the lexicons know as offensive; if there are none, the two longest words.
    """
    words = words_of(text)
    known = [(start, end) for start, end in words if text[start:end].lower() in _offensive()]
    return known or sorted(sorted(words, key=lambda word: word[0] - word[1])[:2])


def _some(letters: list[int], rng: Random, share: float) -> list[int]:
    """At least one of `letters`, each with probability `share`."""
    chosen = [position for position in letters if rng.random() < share]
    return chosen or ([rng.choice(letters)] if letters else [])


def _substitute(word: str, table: dict[str, str], rng: Random, share: float) -> str:
    held = [i for i, letter in enumerate(word) if letter.lower() in table]
    spelt = list(word)
    for i in _some(held, rng, share):
        spelt[i] = rng.choice(table[word[i].lower()])
    return "".join(spelt)


def leet(word: str, rng: Random) -> str:
    """id1ot, m0r0n: digits and symbols for letters."""
    return _substitute(word, _LEET, rng, 0.7)


def homoglyph(word: str, rng: Random) -> str:
    """Cyrillic or Greek letters that look the same."""
    return _substitute(word, rng.choice((_CYRILLIC, _CYRILLIC, _GREEK)), rng, 0.7)


def small_caps(word: str, rng: Random) -> str:
    """Small capitals of the phonetic alphabet."""
    return _substitute(word, _SMALL_CAPS, rng, 1.0)


def _shift(word: str, base: int) -> str:
    return "".join(
        chr(base + ord(letter) - 97) if letter.isascii() and letter.isalpha() else letter
        for letter in word.lower()
    )


def fullwidth(word: str, rng: Random) -> str:
    """Full-width Latin letters, U+FF41 and on."""
    return _shift(word, 0xFF41)


def math(word: str, rng: Random) -> str:
    """Mathematical bold, italic, script, Fraktur, double-struck, sans-serif, monospace letters."""
    spelt = _shift(word, rng.choice(_MATH))
    return spelt.replace("\U0001d455", "\u210e")  # the italic h has its own place


def enclosed(word: str, rng: Random) -> str:
    """Letters in circles and squares."""
    return _shift(word, rng.choice(_ENCLOSED))


def zero_width(word: str, rng: Random) -> str:
    """Invisible characters between the letters."""
    gaps = _some(list(range(1, len(word))), rng, 0.5)
    return "".join(
        (rng.choice(_INVISIBLE) if i in gaps else "") + letter for i, letter in enumerate(word)
    )


def combining(word: str, rng: Random) -> str:
    """Combining marks over, under and through the letters."""
    marked = _some([i for i, letter in enumerate(word) if letter.isalpha()], rng, 0.6)
    return "".join(
        letter + (rng.choice(_MARKS) if i in marked else "") for i, letter in enumerate(word)
    )


def accented(word: str, rng: Random) -> str:
    """Vowels with accents, one code point each where Unicode has it."""
    vowels = [i for i, letter in enumerate(word) if letter.lower() in _VOWELS]
    marked = _some(vowels, rng, 0.7)
    return "".join(
        unicodedata.normalize("NFC", letter + rng.choice(_ACCENTS)) if i in marked else letter
        for i, letter in enumerate(word)
    )


def stretched(word: str, rng: Random) -> str:
    """idiooooot: one or two letters held for long."""
    held = rng.sample(range(1, len(word)), k=min(len(word) - 1, rng.choice((1, 2))))
    return "".join(
        letter * (rng.randint(3, 6) if i in held else 1) for i, letter in enumerate(word)
    )


def spaced(word: str, rng: Random) -> str:
    """i d i o t"""
    return " ".join(word)


def dotted(word: str, rng: Random) -> str:
    """i.d.i.o.t"""
    return ".".join(word)


def starred(word: str, rng: Random) -> str:
    """i*d*i*o*t"""
    return "*".join(word)


def hyphened(word: str, rng: Random) -> str:
    """i-d-i-o-t"""
    return "-".join(word)


def underscored(word: str, rng: Random) -> str:
    """i_d_i_o_t"""
    return "_".join(word)


def _inner(word: str) -> list[int]:
    return list(range(1, len(word) - 1)) or [len(word) - 1]


def masked(word: str, rng: Random) -> str:
    """id*ot: one inner vowel hidden, or an inner letter where there is none."""
    vowels = [i for i in _inner(word) if word[i].lower() in _VOWELS] or _inner(word)
    i = rng.choice(vowels)
    return word[:i] + rng.choice(_MASKS) + word[i + 1 :]


def masked_vowels(word: str, rng: Random) -> str:
    """st*p*d: every inner vowel a star, or an inner letter where there is none."""
    vowels = [i for i in _inner(word) if word[i].lower() in _VOWELS] or [rng.choice(_inner(word))]
    return "".join("*" if i in vowels else letter for i, letter in enumerate(word))


def split(word: str, rng: Random) -> str:
    """id iot: one space inside."""
    edge = 2 if len(word) > 3 else 1
    i = rng.randint(edge, len(word) - edge)
    return word[:i] + " " + word[i:]


def swapped(word: str, rng: Random) -> str:
    """idoit: two unlike neighbours change places, the first letter stays."""
    places = [i for i in range(1, len(word) - 1) if word[i] != word[i + 1]]
    if not places:
        return word
    i = rng.choice(places)
    return word[:i] + word[i + 1] + word[i] + word[i + 2 :]


def dropped(word: str, rng: Random) -> str:
    """idot: one inner letter is missing."""
    i = rng.choice(_inner(word))
    return word[:i] + word[i + 1 :]


def doubled(word: str, rng: Random) -> str:
    """iddiot: one letter twice."""
    i = rng.randrange(len(word))
    return word[:i] + word[i] + word[i:]


def neighbour_key(word: str, rng: Random) -> str:
    """idiit: one inner letter from the next key (QWERTY)."""
    places = [i for i in _inner(word) if word[i].lower() in _KEYS]
    if not places:
        return word
    i = rng.choice(places)
    return word[:i] + rng.choice(_KEYS[word[i].lower()]) + word[i + 1 :]


def phonetic(word: str, rng: Random) -> str:
    """phuk, azz: one or two spellings by sound."""
    spelt = word
    fitting = [(old, new) for old, new in _SOUNDS if re.search(old, word, re.IGNORECASE)]
    for old, new in fitting[: rng.choice((1, 2))]:
        spelt = re.sub(old, new, spelt, count=1, flags=re.IGNORECASE)
    return spelt


def mixed_case(word: str, rng: Random) -> str:
    """iDiOt: capitals by turns."""
    first = rng.randrange(2)
    return "".join(
        letter.upper() if i % 2 == first else letter.lower() for i, letter in enumerate(word)
    )


def html_entities(word: str, rng: Random) -> str:
    """id&#105;ot: letters as character references."""
    written = _some(list(range(len(word))), rng, 0.4)
    return "".join(
        rng.choice((f"&#{ord(letter)};", f"&#x{ord(letter):x};")) if i in written else letter
        for i, letter in enumerate(word)
    )


def symbols(word: str, rng: Random) -> str:
    """idiot###: a run of symbols behind, at times before as well."""
    run = rng.choice("!?.~#*_^$") * rng.randint(2, 6)
    return (run if rng.random() < 0.3 else "") + word + run


def emoji(word: str, rng: Random) -> str:
    """An emoji for the word, where one stands for it (also in the plural)."""
    known = _emoji_of()
    lower = word.lower()
    if lower in known:
        return known[lower]
    if lower.endswith("s") and lower[:-1] in known:
        return known[lower[:-1]] * 2
    return word


def mixed(word: str, rng: Random) -> str:
    """A letter swap in look, then something between the letters or a stretch."""
    first = rng.choice((leet, homoglyph, accented))
    second = rng.choice((zero_width, dotted, stretched, mixed_case, symbols))
    return second(first(word, rng), rng)


WORD_TRICKS: dict[str, Trick] = {
    trick.__name__: trick
    for trick in (
        leet, homoglyph, small_caps, fullwidth, math, enclosed, zero_width, combining, accented,
        stretched, spaced, dotted, starred, hyphened, underscored, masked, masked_vowels, split,
        swapped, dropped, doubled, neighbour_key, phonetic, mixed_case, html_entities, symbols,
        emoji, mixed,
    )
}  # fmt: skip
"""Every trick that spells one word: (word of at least `SHORTEST` letters, rng) -> spelling."""


def _respell(text: str, ranges: list[tuple[int, int]], trick: Trick, rng: Random) -> str:
    parts, at = [], 0
    for start, end in ranges:
        parts += [text[at:start], trick(text[start:end], rng)]
        at = end
    return "".join([*parts, text[at:]])


def attack(trick: Trick, text: str, rng: Random) -> str:
    """`text` with the words of `targets_of` spelt by `trick`."""
    return _respell(text, targets_of(text), trick, rng)


def scatter(trick: Trick, text: str, rng: Random) -> str:
    """`text` with each word of `words_of` spelt by `trick` with probability `SCATTERED`."""
    chosen = [word for word in words_of(text) if rng.random() < SCATTERED]
    return _respell(text, chosen, trick, rng)


def attack_emoji(text: str, rng: Random) -> str:
    """`text` with every word for which an emoji stands as that emoji."""
    return _respell(text, words_of(text), emoji, rng)


def attack_glued(text: str, rng: Random) -> str:
    """`text` with the target words glued to their neighbours (youareanidiot)."""
    spans = [match.span() for match in re.finditer(r" +", text)]
    ends = {edge for start, end in targets_of(text) for edge in (start, end)}
    return _respell(
        text, [(a, b) for a, b in spans if a in ends or b in ends], lambda gap, rng: "", rng
    )


def scatter_glued(text: str, rng: Random) -> str:
    """`text` with each run of spaces taken out with probability `SCATTERED`."""
    return re.sub(r" +", lambda gap: "" if rng.random() < SCATTERED else gap[0], text)


def punctuated(text: str, rng: Random) -> str:
    """`text` with dots, bars or dashes for the spaces."""
    mark = rng.choice(("...", "/", "_", "--", ",,,", "!!", "|"))
    return re.sub(r" +", mark, text)


TRICKS: dict[str, Trick] = {
    **{name: functools.partial(attack, trick) for name, trick in WORD_TRICKS.items()},
    "emoji": attack_emoji,
    "glued": attack_glued,
    "punctuated": punctuated,
}
"""Row name -> (text, rng) -> attacked text: only the words that one would hide."""

SCATTER: dict[str, Trick] = {
    **{name: functools.partial(scatter, trick) for name, trick in WORD_TRICKS.items()},
    "glued": scatter_glued,
    "punctuated": punctuated,
}
"""The same rows, on any word."""
