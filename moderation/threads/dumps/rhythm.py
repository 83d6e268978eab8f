"""The flat rhythm: a name standing alone, then what its bearer says, then the next name.

Two blank lines in a row stand where a name was lost. Which paragraph is a name is decided for all
of them together (the cheapest sequence, Viterbi 1967), because no line is a name by itself: one
that recurs, stands alone, has the shape of a name and is followed by a text.
"""

from __future__ import annotations

import math
from collections import Counter

from moderation.records import Range
from moderation.threads.dumps.found import Dump, Found, Item, is_running
from moderation.threads.dumps.lines import Line, Paragraph
from moderation.threads.dumps.marks import is_comment_heading, is_form, read_mark
from moderation.threads.dumps.register import measure, name_score

LAYOUT = "name-then-text"

_ARTICLE, _AUTHOR, _FIRST, _MORE = range(4)
_NEVER = 1e9


def find(dump: Dump) -> Found | None:
    """The end of the document as names and texts; None where that is no good description.

    In the dump of a page only what follows a heading such as "Comments" is looked at.
    """
    below = _below_heading(dump)
    found = None if below is None else _read(below, headed=True)
    return _read(dump.paragraphs) if found is None else found


def _read(paragraphs: list[Paragraph], headed: bool = False) -> Found | None:
    if len(paragraphs) < 4:
        return None
    counts = Counter(paragraph.text for paragraph in paragraphs if len(paragraph.lines) == 1)
    names = [_name_cost(paragraph, counts) for paragraph in paragraphs]
    labels = _label(paragraphs, names, headed)
    if _AUTHOR not in labels:
        return None
    return _judge(paragraphs, labels, labels.index(_AUTHOR), headed)


_WRAPPED = 2.0  # of what `_name_cost` gives: a dearer line goes on where a full one ended
FULL = 0.8  # of the width: a longer line was broken there and goes on in the next


def _below_heading(dump: Dump) -> list[Paragraph] | None:
    """Lines below the last heading for comments, joined where they were broken to a width."""
    marks = dump.marks
    start = None
    for index, mark in enumerate(marks):
        if is_comment_heading(mark) and not mark.line.bullet:
            start = index
    if start is None:
        return None
    width = max((len(mark.line.shown) for mark in marks[start + 1 :]), default=0)
    wrapped = 60 <= width <= 250
    counts = Counter(mark.line.shown for mark in marks[start + 1 :])
    paragraphs: list[Paragraph] = []
    previous: Line | None = None
    for mark in marks[start + 1 :]:
        line = mark.line
        if paragraphs and (is_form(mark) or (mark.heading and len(paragraphs) > 4)):
            break
        full = (
            previous is not None
            and wrapped
            and line.gap == 0
            and len(previous.shown) > FULL * width
            and len(previous.shown) + len(line.shown.split(" ", 1)[0]) >= width
        )
        if full and _name_cost(Paragraph([line], 1), counts) > _WRAPPED:
            paragraphs[-1].lines.append(line)
        else:
            paragraphs.append(Paragraph([line], 1, flows=full))
        previous = line
    return paragraphs


def _name_cost(paragraph: Paragraph, counts: Counter[str]) -> float:
    """Cost of calling a paragraph a name: low for good names, negative for recurring ones."""
    if len(paragraph.lines) != 1:
        return _NEVER
    text = paragraph.text
    score = name_score(text)
    if score <= 0.05:
        return _NEVER
    mark = read_mark(paragraph.lines[0])
    if mark.buttons or (mark.date is not None and mark.strong and len(mark.rest) <= 3):
        return _NEVER
    cost = -math.log(score) - 0.3 + (0.5 if paragraph.flows else 0.0)
    if counts[text] > 1:
        cost -= 1.5
    return cost


def _label(paragraphs: list[Paragraph], names: list[float], headed: bool) -> list[int]:
    """The cheapest sequence: article (none if `headed`), then names and texts until the end."""
    texts = [_text_cost(paragraph) for paragraph in paragraphs]
    remarks = [measure(paragraph.text).remark for paragraph in paragraphs]
    cost = [0.0, _NEVER, _NEVER, _NEVER]
    back: list[tuple[int, int, int, int]] = []
    for index, paragraph in enumerate(paragraphs):
        lost = paragraph.gap >= 2
        article = 0.5 * max(0.0, remarks[index])
        more = 0.0 if paragraph.flows else texts[index] + (1.0 if lost else 0.5)
        steps = (
            (_NEVER if headed else cost[_ARTICLE] + article, _ARTICLE),
            min(
                (cost[_ARTICLE] + names[index] + 1.0, _ARTICLE),
                (cost[_FIRST] + names[index] + (0.6 if lost else 0.0), _FIRST),
                (cost[_MORE] + names[index] + (0.6 if lost else 0.0), _MORE),
            ),
            min(
                (cost[_AUTHOR] + texts[index] + (0.5 if lost else 0.0), _AUTHOR),
                (cost[_FIRST] + texts[index] + 0.2 if lost else _NEVER, _FIRST),
                (cost[_MORE] + texts[index] + 0.2 if lost else _NEVER, _MORE),
            ),
            min((cost[_FIRST] + more, _FIRST), (cost[_MORE] + more, _MORE)),
        )
        cost = [step[0] for step in steps]
        back.append((steps[0][1], steps[1][1], steps[2][1], steps[3][1]))
    state = min((_FIRST, _MORE), key=lambda label: cost[label])
    labels: list[int] = []
    for previous in reversed(back):
        labels.append(state)
        state = previous[state]
    labels.reverse()
    return labels


def _text_cost(paragraph: Paragraph) -> float:
    """Cost of calling a paragraph a text: only the very short and name-like pays."""
    if len(paragraph.lines) > 1:
        return 0.0
    return 0.6 * name_score(paragraph.text)


def _judge(
    paragraphs: list[Paragraph], labels: list[int], start: int, headed: bool
) -> Found | None:
    items: list[Item] = []
    authors: list[str] = []
    lost = 0
    author: str | None = None
    texts: list[list[Paragraph]] = []
    for paragraph, label in zip(paragraphs[start:], labels[start:], strict=True):
        if label == _AUTHOR:
            author = paragraph.text
            authors.append(author)
        elif label == _FIRST:
            if author is None:
                lost += 1
            items.append(Item(spans=[], author=author, confidence=0.85 if author else 0.6))
            texts.append([paragraph])
            author = None
        else:
            texts[-1].append(paragraph)
    if len(items) < 2 or len(authors) <= lost:
        return None
    said = [part for spoken in texts for part in spoken]
    if not is_running(said, 0.3) or not (headed or is_running(paragraphs[:start])):
        return None
    for item, spoken in zip(items, texts, strict=True):
        item.spans = [Range(spoken[0].span.start, spoken[-1].span.end)]
    cues: list[str] = []
    score = 0.1
    if headed and len(items) >= 3:
        score += 0.3
        cues.append("below a heading for comments")
    recurring = [name for name, count in Counter(authors).items() if count > 1]
    if recurring and len(set(authors)) > 2:
        score += 0.2
        cues.append(f"{len(recurring)} of {len(set(authors))} names recur")
    if lost:
        score += 0.15
        cues.append(f"{lost} texts behind two blank lines")
    remarks = [measure(" ".join(part.text for part in spoken)).remark for spoken in texts]
    share = sum(1 for remark in remarks if remark > 0) / len(remarks)
    score += 0.5 * share - 0.1
    cues.append(f"{share:.0%} of the texts speak like remarks")
    lengths = [sum(len(part.text) for part in spoken) for spoken in texts]
    if min(lengths) * 6 < max(lengths):
        score += 0.1
        cues.append("lengths differ as in talk")
    several = sum(1 for spoken in texts if sum(1 for part in spoken if not part.flows) > 2) / len(
        texts
    )
    score -= 0.4 * several
    if len(items) >= 4:
        score += 0.1
    few = len(set(authors)) <= 2 or (len(authors) >= 6 and len(set(authors)) * 2.5 <= len(authors))
    if few and len(authors) >= 3 and not lost and not headed:
        score -= 0.35
        cues.append("few names take turns as in an interview")
    if len(items) == 2 and not lost and not headed:
        score -= 0.15  # two names are no rhythm
    reason = f"{len(authors)} names standing alone before {len(items)} texts; " + ", ".join(cues)
    return Found(LAYOUT, max(0.0, min(score, 0.9)), reason, items, paragraphs[start].span.start)
