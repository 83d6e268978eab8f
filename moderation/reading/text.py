"""Text -> chunks, and what the writing of a chunk says before any word of it is known.

    text ── split, locate ──► chunks (white-space separated) ── lexer ──► words + marks

A *chunk* is what `str.split` yields. Whether it is an address, a number or one plain word, what
stands about its letters and whether a sentence ends after it shows in its characters alone; what
its letters mean is for the `lexer` to say.
"""

from __future__ import annotations

import re

from moderation.reading.spelling import Written
from moderation.reading.words import (
    MARK_CAPS,
    MARK_EXCLAIM,
    MARK_EXCLAIMS,
    MARK_QUESTION,
    MARK_QUESTIONS,
    MARK_QUOTE,
)

BREAK = "\x02"  # stands for a line end among the chunks
MAX_CHUNK = 2_000  # longer chunks (base64, key smashing) are read in pieces of this length

PLAIN = re.compile(
    r"""(["'(\[*_“‘—-]*)(?P<core>[A-Za-z]+(?:['’][A-Za-z]{1,2})?)(?P<tail>[.,!?;:…)\]"'”’*_—-]*)"""
)
ENDS = re.compile(r"""[.!?…][.!?…)\]"'”’*]*$""")
URL = re.compile(
    r"(?:https?:|ftp:|www\.)|^[\w.-]+\.(?:com|org|net|edu|gov|info|io|co|uk|de|fr|ru|html?)(?:[/:?#]|$)"
)
MAIL = re.compile(r"^[\w.+-]+@[\w-]+\.[\w.-]+$")
NUMBER = re.compile(
    r"^[^\w]*[+-]?[\d][\d.,:/%°'’x×-]*+(?:st|nd|rd|th|s|k|m|mm|cm|km|kg|g|lb|lbs|am|pm|px|x|gb|mb|ghz|h|min|%)?[^\w]*+$"
)
OUTER = " \t\"'()[]{}<>.,!?;:…“”‘’«»„*_~-–—/\\|^=`´¡¿•·"
PUNCTUATION = " .,?;:\"'()[]{}<>“”‘’"  # of those, what never stands for a letter
_SIGNS = "".join(sign for sign in map(chr, range(128)) if not sign.isalnum())
# Letters and digits without a symbol among them, nor a tail by which it could be an address.
CODED = re.compile(
    r"""["'(\[]*(?P<core>(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]+)[.,?;)\]"']*"""
)
SHOUT = re.compile(r"!+1[!1]*$")  # the key of "!" without its shift
PAUSE = re.compile(r"(?:[,;:…\"“”]|\.\.+|--+|__+|[?!]{2,})+")  # words on both sides are apart
PARTS = re.compile(r"[^\W_]+(?:'[^\W_]{1,2}(?![^\W_]))?")
_KEEPS_S = frozenset(["it's", "that's", "he's", "she's", "what's", "who's", "there's", "let's"])
_SPOT = re.compile(r"\n|\S+")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8});")


def split(text: str) -> list[str]:
    """The chunks of `text`; a line end becomes the chunk BREAK."""
    if "\n" in text:
        text = text.replace("\n", " \x02 ")
    return text.split()


def locate(text: str) -> tuple[list[str], list[int]]:
    """The chunks of `text` as `split` gives them, and the code point at which each starts."""
    chunks: list[str] = []
    starts: list[int] = []
    for match in _SPOT.finditer(text):
        chunk = match.group()
        chunks.append(BREAK if chunk == "\n" else chunk)
        starts.append(match.start())
    return chunks, starts


def ends_sentence(chunk: str) -> bool:
    """Whether a sentence ends after a chunk."""
    return ENDS.search(chunk[-20:]) is not None


def chunk_word(chunk: str) -> str | None:
    """The word of a chunk that is one plain ASCII word with punctuation about it, else None."""
    plain = PLAIN.fullmatch(chunk)
    return None if plain is None else bare(plain["core"].lower())


def writing(word: str) -> Written:
    """How a word is written; three capitals are an abbreviation."""
    if word.istitle():
        return Written.NAME
    return Written.SHORT if len(word) == 3 and word.isupper() else Written.PLAIN


def bare(word: str) -> str:
    """Without its apostrophe: "don't" -> "dont", "neighbour's" -> "neighbour"."""
    if "'" not in word and "’" not in word:
        return word
    word = word.replace("’", "'")
    if word.endswith("'s") and word not in _KEEPS_S:
        word = word[:-2]
    return word.replace("'", "")


def find_marks(core: str, chunk: str) -> tuple[str, ...]:
    """The marks of a core in capitals and of the signs in a chunk."""
    marks: list[str] = []
    if len(core) > 2 and core.isupper():
        marks.append(MARK_CAPS)
    if "!" in chunk:
        marks.append(MARK_EXCLAIMS if chunk.count("!") > 1 else MARK_EXCLAIM)
    if "?" in chunk:
        marks.append(MARK_QUESTIONS if chunk.count("?") > 1 else MARK_QUESTION)
    if chunk[:1] in '"“«' and chunk:
        marks.append(MARK_QUOTE)
    return tuple(marks)


def edges(chunk: str) -> str:
    """The symbols before the first and after the last letter or digit: "sh!t!" -> "!"."""
    if chunk.isascii():
        left, right = chunk.lstrip(_SIGNS), chunk.rstrip(_SIGNS)
        return chunk[: len(chunk) - len(left)] + chunk[len(right) :] if left else chunk
    first, last, n = 0, len(chunk), len(chunk)
    while first < n and not chunk[first].isalnum():
        first += 1
    while last > first and not chunk[last - 1].isalnum():
        last -= 1
    return chunk[:first] + chunk[last:]


def group_letters(letters: list[str]) -> list[list[int]]:
    """Indices of the letters of each word of a text written apart; punctuation ends a word."""
    groups: list[list[int]] = [[]]
    at = 0
    for piece in "".join(letters).split(" "):
        left, right = at, at + len(piece)
        at = right + 1
        if right - left > 1:
            while left < right and letters[left] in OUTER:
                left += 1
            if left > right - len(piece) and groups[-1]:
                groups.append([])
            end = right
            while right > left and letters[right - 1] in OUTER:
                right -= 1
            groups[-1] += range(left, right)
            if right < end:
                groups.append([])
        else:
            groups[-1] += range(left, right)
    return [group for group in groups if group]


def unescape(chunk: str) -> tuple[str, list[tuple[int, int]]]:
    """Character references read as characters, and the range that each character came from."""
    import html  # a large table, needed here alone

    out: list[str] = []
    places: list[tuple[int, int]] = []
    at = 0
    for match in _ENTITY.finditer(chunk):
        spoken = html.unescape(match.group())
        if spoken == match.group() or len(spoken) != 1:
            continue
        for i in range(at, match.start()):
            out.append(chunk[i])
            places.append((i, i + 1))
        out.append(spoken)
        places.append(match.span())
        at = match.end()
    for i in range(at, len(chunk)):
        out.append(chunk[i])
        places.append((i, i + 1))
    return "".join(out), places
