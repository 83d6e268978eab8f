"""Posts and the signed remarks below them, as question-and-answer sites print them.

    The text of a post.
    answered May 3, 2012 at 10:12
    Its writer

      • What somebody remarks on it.
        – Name
        May 4, 2012 at 9:01

Two kinds of records alternate, so that one template does not describe them (`headers`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from moderation.threads.dumps.found import Dump, Found, Item, link_by_depth
from moderation.threads.dumps.lines import DASHES, span_of
from moderation.threads.dumps.marks import Mark, is_form
from moderation.threads.dumps.register import name_score

LAYOUT = "signed-remarks"
CONFIDENCE = 0.99  # two templates that alternate as they should are no chance
FEWEST_POSTS = 2
FEWEST_REMARKS = 3
LONGEST_REMARK = 60  # lines
LONGEST_POST = 1000  # lines
HEAD = 15  # lines between the end of a record and the text of the next post
_COUNT = re.compile(r"[+-]?\d[\d.,]*[kKmM]?")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(slots=True)
class _Part:
    """Lines `[first, last]` of a text; `end` is the last line of the record."""

    first: int
    last: int
    end: int
    author: str | None
    created: str | None


def find(dump: Dump) -> Found | None:
    """Posts with signed remarks; None where there are not enough of both."""
    marks = dump.marks
    remarks = _remarks(marks)
    if len(remarks) < FEWEST_REMARKS:
        return None
    posts = _posts(marks, remarks)
    if len(posts) < FEWEST_POSTS:
        return None
    parts = sorted(
        [*((post.first, 0, post) for post in posts), *((r.first, 1, r) for r in remarks)]
    )
    items: list[Item] = []
    seen_post = False
    for _, level, part in parts:
        seen_post = seen_post or level == 0
        lines = [mark.line for mark in marks[part.first : part.last + 1]]
        span = span_of(lines)
        first = lines[0]
        if level == 1 and first.bullet and first.text:
            span = type(span)(first.body, span.end)
        depth = level if seen_post else 0  # what precedes the posts answers the question
        items.append(Item([span], part.author, depth, created=part.created, confidence=0.9))
    link_by_depth(items)
    reason = f"{len(posts)} posts closed by a date and a name, {len(remarks)} signed remarks"
    start = min(item.spans[0].start for item in items)
    return Found(LAYOUT, CONFIDENCE, reason, items, start)


def _remarks(marks: Sequence[Mark]) -> list[_Part]:
    found: list[_Part] = []
    floor = 0
    for at, mark in enumerate(marks):
        name = _signature(mark)
        if name is None or at == 0:
            continue
        created, end = mark.date, at
        if created is None and at + 1 < len(marks):
            below = marks[at + 1]
            if below.date is not None and below.strong and len(below.rest) <= 3:
                created, end = below.date, at + 1
        if created is None or name_score(name) < 0.25:
            continue
        first = next(
            (
                index
                for index in range(at - 1, max(floor, at - LONGEST_REMARK) - 1, -1)
                if marks[index].line.bullet and marks[index].line.bullet not in DASHES + "1"
            ),
            None,
        )
        if first is not None:
            last = at - 1
            while first < last and _is_head(marks[first]):
                first += 1  # an empty bullet, a count of votes
            if first <= last and not _is_head(marks[first]):
                found.append(_Part(first, last, end, name, created))
        floor = end + 1
    return found


def _signature(mark: Mark) -> str | None:
    """The name in "– NAME" or "– NAME DATE"; None for other lines."""
    line = mark.line
    if line.bullet and line.bullet in DASHES:
        text = line.text
    elif line.shown[0] in DASHES and line.shown[1:2] == " ":
        text = line.shown[1:]
    else:
        return None
    if len(text) > 100:
        return None
    name = mark.rest if mark.date is not None else text
    name = name.strip(" " + DASHES + "♦*_\\")
    return name or None


def _is_head(mark: Mark) -> bool:
    return not mark.text.strip(DASHES + "•*+ ") or _COUNT.fullmatch(mark.text) is not None


def _posts(marks: Sequence[Mark], remarks: Sequence[_Part]) -> list[_Part]:
    """Texts closed by "WORD DATE" and a name; the word is the one that most often stands last."""
    opened = [
        at
        for at, mark in enumerate(marks)
        if mark.date is not None
        and mark.strong
        and _WORD.fullmatch(mark.rest)
        and mark.rest.islower()
        and mark.text.startswith(mark.rest)
    ]
    closing = [
        at
        for at, following in zip(opened, [*opened[1:], len(marks) + 5], strict=True)
        if following - at > 5
    ]
    if not closing:
        return []
    counts = Counter(marks[at].rest for at in closing)
    word, count = counts.most_common(1)[0]
    if count < FEWEST_POSTS:
        return []
    ends = sorted([*(part.end for part in remarks), *closing])
    near = [mark.key for at in closing for mark in marks[max(0, at - 8) : at]]
    recurring = Counter(key for key in near if key)
    posts: list[_Part] = []
    position = 0
    for at in closing:
        if marks[at].rest != word:
            continue
        while position < len(ends) and ends[position] < at:
            position += 1
        before = ends[position - 1] if position else -1
        first = _post_start(marks, max(before, at - LONGEST_POST), at)
        last = at - 1
        for index in range(first, at):
            label = recurring[marks[index].key] >= 0.6 * count and count > 2
            if index > at - 9 and (marks[index].buttons or label or index in opened):
                last = index - 1
                break
        if last < first:
            continue
        posts.append(_Part(first, last, at, _writer(marks, at), marks[at].date))
    return posts


def _post_start(marks: Sequence[Mark], before: int, at: int) -> int:
    """Behind the last count of votes, else behind the buttons, that end the record above."""
    first = before + 1
    near = range(first, min(first + HEAD, at))
    counts = [index for index in near if _COUNT.fullmatch(marks[index].text)]
    if counts:
        first = counts[-1] + 1
    while first < at and (marks[first].buttons or is_form(marks[first]) or not marks[first].text):
        first += 1
    return first


def _writer(marks: Sequence[Mark], at: int) -> str | None:
    """The name on one of the lines below the date; "AnnaAnna" is a picture's label and a name."""
    for mark in marks[at + 1 : at + 4]:
        text = mark.text
        half = len(text) // 2
        if half and text[:half].strip() == text[len(text) - half :].strip():
            return text[:half].strip()
    for mark in marks[at + 1 : at + 4]:
        if not mark.picture and not mark.buttons and name_score(mark.text) >= 0.25:
            return mark.text
    return None
