"""Bytes to text: byte order marks, UTF-8, UTF-16, what the source declares, else a guess.

No byte is lost without a word. The text never holds a lone surrogate, so that it can be written
again as UTF-8; a byte order mark is not part of it.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

BYTE_ORDER_MARKS: tuple[tuple[bytes, str], ...] = (
    # UTF-32 before UTF-16: the little-endian mark of the one begins with that of the other
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

GUESSED = "encoding_guessed"
"""Nothing told the encoding and the bytes are no UTF-8: read as Windows-1252 or Latin-1."""
DAMAGED = "encoding_damaged"
"""Some bytes do not fit the encoding: each is shown as Windows-1252 has it, or as U+FFFD."""
UNKNOWN = "encoding_unknown"
"""The declared encoding is none that is known here, or the bytes do not fit it at all."""

_MULTIBYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_SAMPLE = 1 << 16  # bytes looked at for the pattern of NULs that UTF-16 leaves in most scripts


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, the Python name of the encoding that gave it, and warnings (see the constants)."""

    text: str
    encoding: str
    warnings: tuple[str, ...] = ()


def decode(data: bytes, declared: str | None = None) -> Decoded:
    """Decode `data`; never raises.

    Order: byte order mark, strict UTF-8, UTF-16 without a mark (by its NULs), the `declared`
    encoding, UTF-8 with a few damaged bytes, Windows-1252, Latin-1. UTF-8 comes before what is
    declared because text in another encoding is hardly ever valid UTF-8 by chance; a declared
    stateful or multi-byte encoding such as ISO-2022-JP, whose bytes are ASCII, is honoured first.
    """
    for mark, encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _decode_marked(data[len(mark) :], encoding)
    name, known = _look_up(declared)
    warnings = () if known else (UNKNOWN,)
    if name is not None and name.startswith(("iso2022", "hz", "utf-16", "utf-32")):
        try:
            return Decoded(data.decode(name), name)
        except UnicodeDecodeError:
            warnings = (UNKNOWN,)
    sixteen = _utf16_by_nuls(data)
    if sixteen is not None:
        return _decode_marked(data, sixteen)
    try:
        return Decoded(data.decode("utf-8"), "utf-8", warnings)
    except UnicodeDecodeError:
        pass
    if name is not None and name not in ("utf-8", "ascii"):
        try:
            return Decoded(_without_surrogates(data.decode(name)), name, warnings)
        except UnicodeDecodeError:
            warnings = (UNKNOWN,)
    if _mostly_utf8(data):
        text = data.decode("utf-8", errors="moderation.windows-1252")
        return Decoded(text, "utf-8", (*warnings, DAMAGED))
    try:
        return Decoded(data.decode("cp1252"), "cp1252", (*warnings, GUESSED))
    except UnicodeDecodeError:
        return Decoded(data.decode("latin-1"), "latin-1", (*warnings, GUESSED))


def _decode_marked(data: bytes, encoding: str) -> Decoded:
    try:
        return Decoded(data.decode(encoding), encoding)
    except UnicodeDecodeError:
        pass
    if encoding == "utf-8":
        return Decoded(data.decode(encoding, "moderation.windows-1252"), encoding, (DAMAGED,))
    return Decoded(data.decode(encoding, "replace"), encoding, (DAMAGED,))


def _look_up(declared: str | None) -> tuple[str | None, bool]:
    """Python's name of a declared encoding, and whether it is one (None is no mistake)."""
    if declared is None:
        return None, True
    try:
        info = codecs.lookup(declared.strip())
    except (LookupError, ValueError):  # ValueError: a NUL in the name
        return None, False
    if not getattr(info, "_is_text_encoding", True) or info.name in ("undefined", "idna"):
        return None, False
    # What is called Latin-1 or ASCII on the web is Windows-1252 (WHATWG Encoding, 4.2)
    return ("cp1252" if info.name in ("iso8859-1", "ascii") else info.name), True


def _utf16_by_nuls(data: bytes) -> str | None:
    sample = data[: _SAMPLE - _SAMPLE % 2]
    half = len(sample) // 2
    if half < 2 or b"\0" not in sample:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > 0.3 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.3 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def _mostly_utf8(data: bytes) -> bool:
    """At least three in four bytes beyond ASCII belong to well-formed sequences."""
    beyond = len(data) - len(data.translate(None, bytes(range(128, 256))))
    inside = sum(len(match.group()) for match in _MULTIBYTE.finditer(data))
    return inside >= 0.75 * beyond


def _without_surrogates(text: str) -> str:
    return re.sub("[\ud800-\udfff]", "�", text)


def _windows_1252(error: UnicodeError) -> tuple[str, int]:
    """Codec error handler: each byte that is no UTF-8 as Windows-1252 or Latin-1 shows it."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    try:
        return bad.decode("cp1252"), error.end
    except UnicodeDecodeError:
        return bad.decode("latin-1"), error.end


codecs.register_error("moderation.windows-1252", _windows_1252)
