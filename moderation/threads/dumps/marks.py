"""What a line of a rendered page is: a date, a header with a name, a row of buttons, an avatar.

The tools that render pages leave their own marks, which are taken off first: html2text's
Markdown, w3m's "[pho]" and lynx's "(BUTTON)" for what cannot be shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from moderation.threads.dumps.lines import Line
from moderation.threads.dumps.register import words

LONGEST_MARK = 200  # code points; a longer line is text whatever it holds
_TOKEN = re.compile(r"\d+|[^\W\d_]+(?:['’][^\W\d_]+)?|[^\w\s]|_")
_MARKUP = re.compile(r"\*\*|__|\\|\(BUTTON\)|\((?:comment|report|recommend)\)|_{2,}|­")
_HEADING = re.compile(r"#{1,6}\s+(?=\S)")
_PICTURE = re.compile(r"\[[^\]\[]{0,40}\]\s*")
_NUMBER = re.compile(r"#\s?(\d{1,6}(?:\.\d{1,4})*)\b")
_EAST_ASIAN_DATE = re.compile(
    r"\d{4}年\d{1,2}月\d{1,2}日|\d+\s?(?:分|時間|小时|天|日|週間|个月|か月|年)前"
)
_HUMP = re.compile(r"(?<=[a-zß-öø-ÿа-я])(?=[A-ZÀ-ÞА-Я])|(?<=[A-Z])(?=[A-Z][a-z])")
_DOTS = re.compile(r"[•·|]")
_BRIEF = re.compile(r"\d{1,4}\s?([^\W\d_]{1,4})\.?")
_INITIAL = re.compile(r"(?:^|\s|\.)[^\W\d_]$")
_MEASURED = re.compile("U|nn")  # French "un an": both are also the English article
_DIGITS = re.compile(r"\d+")
_SPACE = re.compile(r"\s+")


@dataclass(slots=True)
class Mark:
    """A line that is not blank, cleaned, and what it can be.

    - `key`: lower case, digits as 0: equal keys are the same label of a template.
    - `prefix`: its first two words (behind a bullet: one), where it is short and no sentence.
    - `date`: the date in it, as shown; `rest`: what stands beside the date, without punctuation.
    - `strong`: the date has a day (not only a time of day, which a ticker has too).
    - `says`: the name in "NAME says:".
    - `number`: as in "#12" or "#3.1".
    - `buttons`: nothing but names of buttons and counts; `reply`: one of them answers or reports.
    - `picture`: begins with the mark of a picture; `heading`: Markdown's mark of a heading.
    """

    line: Line
    text: str
    key: str
    prefix: str = ""
    date: str | None = None
    rest: str = ""
    strong: bool = False
    says: str | None = None
    number: str | None = None
    buttons: bool = False
    reply: bool = False
    picture: bool = False
    heading: bool = False
    url: bool = False


def read_mark(line: Line) -> Mark:
    """Judge one line that is not blank; linear in its length."""
    if not line.text:
        return Mark(line, line.shown, line.shown)  # a bullet without anything behind it
    text = line.text
    if len(text) > LONGEST_MARK:
        return Mark(line, text, "")
    picture = heading = False
    match = _HEADING.match(text)
    if match is not None:
        heading, text = True, text[match.end() :]
    text = text.lstrip("> ")
    match = _PICTURE.match(text)
    if match is not None:
        picture, text = True, text[match.end() :]
    text = _SPACE.sub(" ", _MARKUP.sub("", text)).strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "_*":
        text = text[1:-1].strip()
    mark = Mark(line, text, _DIGITS.sub("0", text.lower()), picture=picture, heading=heading)
    if not text:
        mark.picture = True
        return mark
    mark.url = "://" in text and " " not in text
    match = _NUMBER.search(text)
    if match is not None and len(text) <= 60:
        mark.number = match.group(1)
    mark.date, mark.rest, mark.strong = _read_date(text)
    if line.bullet == "1" and (mark.date is None or text.startswith(mark.date)):
        # "1. November 2023": what looks like a list's number belongs to the date
        shown = _MARKUP.sub("", line.shown)
        whole = _read_date(shown)
        if whole[0] is not None and shown.startswith(whole[0]):
            mark.date, mark.rest, mark.strong = whole
    if mark.number is not None and mark.date is None:
        mark.rest = _trim(text.replace("#" + mark.number, ""))
    elif mark.number is not None:
        mark.rest = _trim(mark.rest.replace("#" + mark.number, "").replace("# " + mark.number, ""))
    _read_answer(mark)
    mark.says = _read_says(text, mark)
    mark.prefix = _prefix(mark)
    _read_buttons(mark)
    return mark


def is_comment_heading(mark: Mark) -> bool:
    """Whether a line says that comments follow: "12 Comments", "Kommentare", "3 responses to X"."""
    if len(mark.text) > 120 or not mark.text:
        return False
    tokens = [token.strip(".,:;()[]«»“”\"'") for token in mark.text.lower().split()]
    tokens = [token for token in tokens if token]
    where = [at for at, token in enumerate(tokens) if token in words("comment_words")]
    if not where or any(token in words("not_headings") for token in tokens):
        return False
    counted = any(token.isdigit() and token != "0" for token in tokens[: where[0] + 2])
    if mark.text.rstrip()[-1:] == "*" or (mark.line.bullet and not counted):
        return False
    if counted:
        return where[0] <= 3
    return len(tokens) <= 2 and not mark.reply


def is_form(mark: Mark) -> bool:
    """Whether a line belongs to a comment form or to what a page prints below its comments."""
    return len(mark.text) <= 100 and _form_words().search(mark.text.lower()) is not None


@cache
def _form_words() -> re.Pattern[str]:
    return re.compile("|".join(re.escape(phrase) for phrase in sorted(words("form_words"))))


def _prefix(mark: Mark) -> str:
    if len(mark.text) > 100 or mark.text[-1] in ".!?…":
        return ""
    tokens = mark.key.split()
    if tokens[0][-1] == ":" and len(tokens) > 1:
        return tokens[0]
    if mark.line.bullet and mark.line.bullet != "1" and len(tokens) >= 2:
        return "* " + tokens[0]
    return " ".join(tokens[:2]) if len(tokens) >= 3 else ""


def _trim(text: str) -> str:
    trimmed = text.strip(" \t-–—•·|,;:.()[]…»›~/\xa0")
    if trimmed and _INITIAL.search(trimmed) and trimmed + "." in text:
        return trimmed + "."
    return trimmed


def _read_date(text: str) -> tuple[str | None, str, bool]:
    """The longest run of words that make a date or a time, and what stands beside it."""
    match = _EAST_ASIAN_DATE.search(text)
    if match is not None:
        return match.group(), _trim(text[: match.start()]), True
    if not any(character.isdigit() for character in text):
        low = text.lower().strip(" .:·•|-")
        if low in words("today"):
            return text, "", True
        if len(low) > 60 or not any(word in words("ago") for word in low.split()):
            return None, "", False
    if len(text) > 120:
        return None, "", False
    tokens: list[tuple[str, int, int]] = []
    for found in _TOKEN.finditer(text):
        start = found.start()
        # "AnnaMay 3, 2019": a name and a date that the page showed apart
        for hump in _HUMP.finditer(text, found.start() + 1, found.end()):
            tokens.append((text[start : hump.start()], start, hump.start()))
            start = hump.start()
        tokens.append((text[start : found.end()], start, found.end()))
    kinds = [
        ""
        if start and token.isdigit() and (text[start - 1].isalnum() or text[start - 1] == "_")
        else _kind(token.lower().replace("’", "'"))
        for token, start, _ in tokens
    ]
    for at in range(1, len(kinds)):
        if kinds[at - 1] == "N" and tokens[at][0].lower() == "y":
            kinds[at] = "U"  # "3y", not French "il y a"
    best: tuple[int, int, int] | None = None
    index = 0
    while index < len(kinds):
        if not kinds[index]:
            index += 1
            continue
        end = index
        while end < len(kinds) and kinds[end]:
            end += 1
        first, last = index, end
        while first < last and kinds[first] in "gpnU":
            if "".join(kinds[first : first + 2]) in ("nU", "gA"):
                break  # "a year ago", "il y a 3 jours"
            first += 1
        while last > first and (
            kinds[last - 1] == "p" or (kinds[last - 1] == "n" and kinds[last - 2] != "n")
        ):
            last -= 1
        strength = _strength([kinds[at] for at in range(first, last)], tokens[first:last])
        if strength and (best is None or strength >= best[0]):
            best = (strength, first, last)
        index = end
    if best is None or best[0] == 3:
        brief = _read_brief(text)
        if brief is not None:
            return brief
    if best is None:
        return None, "", False
    strength, first, last = best
    start, stop = tokens[first][1], tokens[last - 1][2]
    if strength == 3 and (text[stop:].strip(" •·|") or text[:start].rstrip()[-1:] not in "•·|-–—"):
        return None, "", False
    before, after = _trim(text[:start]), _trim(text[stop:])
    rest = before if before and not after else after if after and not before else ""
    if before and after:
        rest = before + " " + after
    return text[start:stop], rest, strength > 1


def _read_brief(text: str) -> tuple[str, str, bool] | None:
    """ "3d" between dots: "Like · Reply · 2 · 3d · Edited"."""
    parts = [part.strip() for part in _DOTS.split(text)]
    if not 2 <= len(parts) <= 8:
        return None
    for at, part in enumerate(parts):
        match = _BRIEF.fullmatch(part)
        if match is not None and match[1].lower() in words("units"):
            return part, _trim(" · ".join(parts[:at] + parts[at + 1 :])), True
    return None


def _kind(token: str) -> str:
    """M month, D weekday, N number, n one, U unit, A ago, T today, g glue, p punctuation."""
    if token.isdigit():
        return "N" if len(token) <= 4 else ""
    if token in words("months") and token not in words("ago"):
        return "M"
    if token in words("weekdays"):
        return "D"
    if token in words("ago"):
        return "A"
    if token in words("ones"):
        return "n"
    if token in words("units"):
        return "U"
    if token in words("today"):
        return "T"
    if token in words("date_glue"):
        return "g"
    if len(token) == 1 and token in ",.:/-–()|•·@'":
        return "p"
    return ""


def _strength(kinds: list[str], tokens: list[tuple[str, int, int]]) -> int:
    """0 no date, 1 a time of day, 2 a day or a time ago, 3 "5h", a date where it stands alone."""
    numbers = kinds.count("N")
    pattern = "".join(kinds)
    if not numbers:
        return 2 if "A" in pattern and "n" in pattern and _MEASURED.search(pattern) else 0
    if "M" in pattern:
        return 2
    if "NAN" in pattern.replace("p", "").replace("g", "") and any(
        token == "ago" for token, _, _ in tokens
    ):
        return 2  # Spanish and Italian "2 ago. 2015"
    if "A" in pattern and "U" in pattern:
        return 2
    for at in range(len(kinds) - 4):
        mark = tokens[at + 1][0]
        if pattern[at : at + 5] == "NpNpN" and mark == tokens[at + 3][0] and mark in "./-":
            return 2
    clock = any(
        pattern[at : at + 3] == "NpN"
        and tokens[at + 1][0] in ":."
        and len(tokens[at][0]) <= 2
        and len(tokens[at + 2][0]) == 2
        for at in range(len(kinds) - 2)
    )
    if clock:
        return 2 if "T" in pattern or "D" in pattern else 1
    return 3 if pattern == "NU" else 0


def _read_says(text: str, mark: Mark) -> str | None:
    """NAME in "NAME says:", "NAME said...", "NAME wrote on DATE:"."""
    head = text
    if mark.date is not None:
        at = text.find(mark.date)
        if at >= 0:
            head = text[:at]
            if _trim(text[at + len(mark.date) :]):
                return None
    ended = mark.date is not None or head.rstrip().endswith((":", "...", "…"))
    head = head.strip().rstrip(":.… ,(").rstrip()
    if not ended or len(head) > 80:
        return None
    tokens = head.split(" ")
    for taken in (1, 2, 3):
        if len(tokens) <= taken:
            break
        tail = " ".join(tokens[-taken:]).lower()
        if taken > 1 and tokens[-1].lower() in ("on", "at", "am", "um", "le", "el", "il"):
            tail = " ".join(tokens[-taken:-1]).lower()
        if tail in words("says"):
            name = " ".join(tokens[:-taken]).strip(" \t-–—•·|,:;")
            return name if name and len(name) <= 60 else None
    return None


def _read_answer(mark: Mark) -> None:
    """A date among buttons: "Like · Reply · 3d" names nobody."""
    if mark.date is None or not mark.rest:
        return
    found = [token.lower() for token in _TOKEN.findall(mark.rest)]
    letters = [token for token in found if token[0].isalpha()]
    if letters and all(token in words("actions") for token in letters):
        mark.reply = any(token in words("reply_words") for token in letters)
        if mark.reply:
            mark.rest = ""


def _read_buttons(mark: Mark) -> None:
    found = [token.lower() for (token,) in ((m.group(),) for m in _TOKEN.finditer(mark.text))]
    letters = [token for token in found if token[0].isalpha()]
    if not letters:
        mark.buttons = mark.date is None and mark.number is None
        return
    if len(mark.text) > 100 or len(letters) > 14 or mark.date is not None:
        return
    if len(letters) == 1 and mark.text[-1] in "?!.":
        return  # "Link?" is an answer
    if all(token in words("adverts") for token in letters):
        mark.buttons = True
        return
    known = sum(1 for token in letters if token in words("actions"))
    split = [part.lower() for part in re.findall(r"[A-ZÀ-Þ]?[^\W\d_A-ZÀ-Þ]+", mark.text)]
    known_split = sum(1 for token in split if token in words("actions"))
    mark.buttons = known == len(letters) or (bool(split) and known_split == len(split))
    mark.reply = mark.buttons and (
        any(token in words("reply_words") for token in letters)
        or any(token in words("reply_words") for token in split)
    )
