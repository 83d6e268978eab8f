"""Dates as pages show them, in many languages: is this text a date, and which one?

Month names, units and words are data; a language is added by adding its words. Names are
compared without marks and case. Relative times ("3 hours ago") are recognised but give no ISO
date: the page does not say when "now" was.
"""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

# twelve entries each; alternatives by "/"; any prefix of three or more letters counts as well
_DATA = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
# "months": a line a language, twelve entries each, alternatives by "/"; any prefix of three or
# more letters counts as well. The rest are words, compared without marks.


@lru_cache(maxsize=32_768)
def plain(text: str) -> str:
    """Lower case without marks (é -> e, й -> и), for comparing words."""
    text = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in text if not unicodedata.combining(c))


def _months() -> dict[str, int]:
    found: dict[str, int] = {}
    for language in _DATA["months"]:
        for number, names in enumerate(language, 1):
            for name in names.split("/"):
                name = plain(name)
                for length in range(3, len(name) + 1):
                    found.setdefault(name[:length], number)
    found.update({"may": 5, "mai": 5, "mar": 3, "jun": 6, "jul": 7, "maj": 5, "mei": 5, "lip": 7})
    return found


_NOW = frozenset(_DATA["now"])
_MONTH = _months()
_UNIT = frozenset(map(plain, _DATA["units"].split()))
_AGO_WORD = frozenset(map(plain, _DATA["ago"].split()))
_FILLER = frozenset(map(plain, _DATA["other"].split())) | frozenset(
    map(plain, _DATA["days"].split())
)
_DAY_WORD = frozenset(map(plain, _DATA["days"].split()))
_ONE = frozenset(
    [
        "a",
        "an",
        "one",
        "ein",
        "eine",
        "einem",
        "einer",
        "un",
        "une",
        "una",
        "uno",
        "um",
        "uma",
        "een",
        "en",
        "ett",
        "et",
        "jeden",
        "jedna",
    ]
)

_ISO = re.compile(
    r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?:[T\s,]{1,3}(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?"
    r"\s?(Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?"
)
_NUMERIC = re.compile(r"(?<![\d.])(\d{1,4})([./-])\s?(\d{1,2})\2\s?(\d{2,4})(?!\d)")
_CJK = re.compile(r"(\d{2,4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]")
_VIETNAMESE = re.compile(r"(\d{1,2})\s+tháng\s+(\d{1,2}),?(?:\s+năm)?\s+(\d{4})", re.IGNORECASE)
_CJK_AGO = re.compile(
    r"\d+\s*(?:秒|分|分钟|分鐘|時間|小时|小時|日|天|週間|周|ヶ月|か月|个月|個月|年|초|분|시간|일|주|개월|년)\s*(?:前|전)"
)
_CLOCK = re.compile(
    r"(?<!\d)(\d{1,2})\s?[:.h]\s?([0-5]\d)(?:\s?[:.]\s?([0-5]\d))?\s*(?:([ap])\.?\s?m\b\.?)?",
    re.IGNORECASE,
)
_HOUR = re.compile(r"(?<!\d)(\d{1,2})\s?([ap])\.?m\b\.?", re.IGNORECASE)
_ZONE = re.compile(r"(Z|UTC|GMT|[+-]\d{2}:?\d{2})\b")
_TOKEN = re.compile(r"\d+|[^\W\d_]+(?:['’.-][^\W\d_]+)*", re.UNICODE)
_SHORT_AGO = re.compile(
    r"(?:~|\+)?\d{1,4}\s?(?:s|sec|m|min|h|hr|hrs|d|w|wk|mo|y|yr|j|std|tg)\.?", re.I
)
_UNIX = re.compile(r"\d{10}(?:\d{3})?(?:\.\d+)?")

LONGEST = 90  # characters; longer texts are not looked at: they are prose


@lru_cache(maxsize=32_768)
def parse_date(text: str, day_first: bool | None = None) -> str | None:
    """The first absolute date in `text` as ISO 8601, else None.

    With the time where it is shown, with an offset only where one is shown. In "03/04/2020" the
    day comes first if `day_first`, else if the first number is above 12, else second (`/`).
    """
    text = text.strip()
    if not any(c.isdigit() for c in text):
        return None
    text = text[: 4 * LONGEST]
    if _UNIX.fullmatch(text):
        seconds = float(text) / (1000 if len(text.split(".")[0]) > 10 else 1)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=0).isoformat()
    match = _ISO.search(text)
    if match:
        year, month, day, hour, minute, second, zone = match.groups()
        clock = (int(hour), int(minute), int(second or 0)) if hour else None
        return _iso(int(year), int(month), int(day), clock or _clock(text, match.span()), zone)
    for pattern, order in ((_CJK, (0, 1, 2)), (_VIETNAMESE, (2, 1, 0))):
        match = pattern.search(text)
        if match:
            numbers = [int(n) for n in match.groups()]
            year, month, day = (numbers[i] for i in order)
            return _iso(year, month, day, _clock(text, match.span()), None)
    found = _named(text)
    if found is not None:
        return found
    match = _NUMERIC.search(text)
    if match:
        one, mark, two, three = match[1], match[2], match[3], match[4]
        if len(one) == 4:
            year, month, day = int(one), int(two), int(three)
        else:
            if len(one) > 2 or len(three) == 3:
                return None
            first, second_number, year = int(one), int(two), int(three)
            swap = day_first if day_first is not None else mark != "/"
            if first > 12:
                swap = True
            elif second_number > 12:
                swap = False
            day, month = (first, second_number) if swap else (second_number, first)
        return _iso(year, month, day, _clock(text, match.span()), _zone(text))
    return None


def _named(text: str) -> str | None:
    """A date with a month's name: "May 3rd, 2019", "3. Mai 2019 um 17:39", "3 de mayo de 2019"."""
    tokens = [(m.group(), m.span()) for m in _TOKEN.finditer(text)][:40]
    for number, (token, _) in enumerate(tokens):
        word = plain(token).rstrip(".")
        month = _MONTH.get(word)
        if month is None or (len(word) < 3):
            continue
        before = [
            t
            for t in tokens[max(0, number - 3) : number]
            if t[0].isdigit() or plain(t[0]) not in ("de", "of", "den", "di")
        ]
        after = [
            t
            for t in tokens[number + 1 : number + 6]
            if plain(t[0]) not in ("de", "del", "of", "st", "nd", "rd", "th", "г", "tl")
        ]
        day = year = None
        end = tokens[number][1][1]
        used: set[tuple[int, int]] = set()
        if before and before[-1][0].isdigit() and 1 <= int(before[-1][0][:9]) <= 31:
            day = int(before[-1][0])
            used.add(before[-1][1])
            if after and after[0][0].isdigit() and len(after[0][0]) in (2, 4):
                year = int(after[0][0])
                used.add(after[0][1])
                end = after[0][1][1]
                if len(after[0][0]) == 2 and text[end : end + 1] == ":":
                    year, end = None, tokens[number][1][1]
            elif len(before) > 1 and before[-2][0].isdigit() and len(before[-2][0]) == 4:
                year = int(before[-2][0])
        elif after and after[0][0].isdigit() and len(after[0][0]) <= 2:
            day = int(after[0][0])
            if len(after) > 1 and after[1][0].isdigit() and len(after[1][0]) == 4:
                year = int(after[1][0])
                end = after[1][1][1]
            elif before and before[-1][0].isdigit() and len(before[-1][0]) == 4:
                year = int(before[-1][0])
        if day is None or year is None:
            if day is not None and number + 1 < len(tokens):
                # "Mon Jan 5 17:39:00 2019", as ctime writes it
                last = [
                    t for t in tokens[number:] if len(t[0]) == 4 and t[0].startswith(("19", "20"))
                ]
                if last:
                    year = int(last[0][0])
            if day is None or year is None:
                continue
        return _iso(year, month, day, _clock(text, (tokens[number][1][0], end)), _zone(text[end:]))
    return None


def _clock(text: str, taken: tuple[int, int]) -> tuple[int, int, int] | None:
    rest = text[: taken[0]] + " " * (taken[1] - taken[0]) + text[taken[1] :]
    match = _CLOCK.search(rest)
    if match:
        hour, minute, second, half = int(match[1]), int(match[2]), int(match[3] or 0), match[4]
    else:
        match = _HOUR.search(rest)
        if not match:
            return None
        hour, minute, second, half = int(match[1]), 0, 0, match[2]
    if half:
        hour = hour % 12 + (12 if half.lower() == "p" else 0)
    return (hour, minute, second) if hour < 24 else None


def _zone(text: str) -> str | None:
    match = _ZONE.search(text)
    return match[1] if match else None


def _iso(
    year: int, month: int, day: int, clock: tuple[int, int, int] | None, zone: str | None
) -> str | None:
    if year < 100:
        year += 2000 if year < 70 else 1900
    if not 1980 <= year <= 2100:
        return None
    try:
        if clock is None:
            return datetime(year, month, day).date().isoformat()
        text = datetime(year, month, day, *clock).isoformat()
    except ValueError:
        return None
    if zone in ("Z", "UTC", "GMT"):
        return text + "+00:00"
    if zone:
        return text + (zone if ":" in zone else f"{zone[:3]}:{zone[3:]}")
    return text


@lru_cache(maxsize=32_768)
def is_date(text: str) -> bool:
    """True if a short text is a date or a time and hardly anything else."""
    text = text.strip(" \t\n\r·•|,–—-()[]»«#")
    if not 2 <= len(text) <= LONGEST or text.isdigit():
        return False
    words = _TOKEN.findall(text)
    if not words or len(words) > 16:
        return False
    if _SHORT_AGO.fullmatch(text):
        return True
    if _CJK_AGO.search(text) and len(text) <= 14:
        return True
    lowered = [plain(word).rstrip(".") for word in words]
    digits = sum(word.isdigit() for word in words)
    other = sum(1 for word in lowered if not _is_known(word))
    if other > len(words) // 4:
        return plain(text) in _NOW or bool(
            (_CJK.search(text) or _VIETNAMESE.search(text)) and other <= 4
        )
    if plain(text) in _NOW:
        return True
    if not digits:
        ago = any(word in _AGO_WORD for word in lowered)
        unit = any(word in _UNIT and len(word) > 2 for word in lowered)
        one = any(word in _ONE for word in lowered)
        return (ago and unit and one) or (len(words) <= 2 and lowered[0] in _DAY_WORD)
    if parse_date(text) is not None:
        return True
    if _CLOCK.search(text) and (digits >= 2):
        # a time alone, or with a day: "7:18 PM", "gestern 17:03", "11:43pm On Apr 23"
        return True
    ago = any(word in _AGO_WORD for word in lowered)
    unit = any(word in _UNIT for word in lowered) or bool(
        re.search(r"\d\s?(?:s|m|h|d|w|mo|y|mins?|hrs?|days?|wks?|yrs?)\b", text)
    )
    if ago and unit:
        return True
    if any(word in _MONTH and len(word) >= 3 for word in lowered) and len(words) <= 4:
        # without its year, or without its day: "Apr 23", "April 2019"
        return True
    return unit and len(words) == 2 and any(len(word) > 1 and word in _UNIT for word in lowered)


_TIME = r"\d{1,2}[:.h]\d{2}(?::\d{2})?(?:\s?[ap]\.?m\b)?"
_INSIDE = re.compile(
    rf"""(?ix)
    (?: \b(?:on|am|at|le|el|il|posted|vom|den|op|w\ dniu|kl\.?)\s+ )?
    (?:
      \d{{4}}-\d{{1,2}}-\d{{1,2}}(?:[T\s,]{{1,3}}\d{{1,2}}:\d{{2}}(?::\d{{2}})?)?
    | \d{{1,2}}[./-]\s?\d{{1,2}}[./-]\s?\d{{2,4}}(?:\D{{1,8}}{_TIME})?
    | \d{{2,4}}\s*[年년]\s*\d{{1,2}}\s*[月월]\s*\d{{1,2}}\s*[日일]
    | (?:\w{{2,9}}\.?,?\s)?\d{{1,2}}(?:\.|st|nd|rd|th)?\s(?:de\s|of\s)?[^\W\d]{{3,12}}\.?,?\s
      (?:de\s|del\s)?\d{{4}}(?:\D{{1,10}}{_TIME})?
    | [^\W\d]{{3,12}}\.?\s\d{{1,2}}(?:st|nd|rd|th)?,?\s\d{{4}}(?:\D{{1,8}}{_TIME})?
    | (?:about\s|vor\s|il\ y\ a\s|hace\s|há\s)?\d{{1,3}}\s[^\W\d]{{1,9}}\.?\s
      (?:ago|her|fa|geleden|temu|sedan|siden|sitten|назад|önce)
    | (?:vor|il\ y\ a|hace|há)\s(?:\d{{1,3}}|einem|einer|un|une|una|um|uma)\s[^\W\d]{{1,9}}
    )
    """
)


@lru_cache(maxsize=32_768)
def find_date(text: str) -> tuple[int, int] | None:
    """Where the first date stands in a short line: code points [start, end), or None."""
    if not any(c.isdigit() for c in text) or len(text) > 4 * LONGEST:
        return None
    for match in _INSIDE.finditer(text):
        if is_date(match.group()):
            start, end = match.span()
            # "Tom, 4 March 2021": what stands where a day's name may stand is none
            first = _TOKEN.search(text, start, end)
            if (
                first is not None
                and not first[0].isdigit()
                and not _is_known(first[0])
                and is_date(text[first.end() : end])
            ):
                start = (
                    first.end()
                    + len(text[first.end() : end])
                    - len(text[first.end() : end].lstrip(" .,"))
                )
            return start, end
    return None


def _is_known(word: str) -> bool:
    """Whether a word belongs to dates: a month, a day, a unit, "ago", "at"."""
    word = plain(word).rstrip(".")
    return (
        word.isdigit()
        or word in _MONTH
        or word in _UNIT
        or word in _AGO_WORD
        or word in _FILLER
        or word in _ONE
    )


@lru_cache(maxsize=32_768)
def date_in_line(text: str) -> tuple[int, int] | None:
    """The date's place in a line: all of it, or less where a word beside it is no part of dates.

    "Posted on March 4, 2021" is all date; in "Tom, March 4, 2021" a name stands before it.
    """
    place = find_date(text) if len(text) <= 4 * LONGEST else None
    if place is not None:
        rest = text[: place[0]] + " " + text[place[1] :]
        if any(len(w) > 1 and not _is_known(w) for w in _TOKEN.findall(rest)):
            return place
    return (0, len(text)) if is_date(text) else place
