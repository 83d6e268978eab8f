"""Repeated records: the rhythm that a page's template leaves in a dump of it.

Every comment was printed by the same template, so that some line comes again and again: "NAME
says:", a date, a number, a row of buttons. Such lines are tried as anchors. Between two of them
lie a text and the template's other lines, which are known by recurring too; what recurs is no
text. Where the text lies (after its date or before it), where the name stands (in the anchor,
above it, below it) and where the text ends are learned from all records of the document together.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median

from moderation.threads.dumps.found import Dump, Found, Item, is_running, link_by_depth
from moderation.threads.dumps.lines import span_of
from moderation.threads.dumps.marks import Mark, is_comment_heading, is_form
from moderation.threads.dumps.register import measure, name_score, prose, words

LAYOUT = "header-lines"
LONGEST_NAME = 60
LONGEST_LABEL = 80  # code points: a longer line that recurs is a text said twice
_DIGITS = re.compile(r"\d+")
_LEVEL = re.compile(r"(?:level|depth|ebene|niveau|nivel|livello|nivå)\s*(\d{1,4})")
_PARTS = re.compile(r"\s[|•·»—–]\s|\s\(|\[|\t")
_NAME = 0.25  # least name_score of what may be taken for an author


@dataclass(slots=True)
class _Record:
    """Indices into the marks: `top` its first line, `anchor`, the text `[first, last]`."""

    anchor: int
    top: int
    first: int
    last: int
    author: str | None = None
    answered: bool = False  # has a button to reply or to report
    footed: bool = False  # something of the template follows its text
    twice: bool = False  # the name stands on two lines: a picture's label and itself
    named: int | None = None  # the line of a name below the anchor of the record before


@dataclass(slots=True)
class _Plan:
    """How the records of one kind of anchor are laid out."""

    name: str
    anchors: list[int]
    place: str = "none"  # of the name: "in" the anchor, "up", "down", or "none"
    after: bool = True  # the text comes after the anchor
    slot: int = 0  # where above the anchor its name stands, see `_above`
    labels: set[str] = field(default_factory=set)
    prefixes: set[str] = field(default_factory=set)
    major: set[str] = field(default_factory=set)
    head: set[str] = field(default_factory=set)


def find(dump: Dump) -> Found | None:
    """The surest way to read the document as records; None where no line recurs as an anchor."""
    marks = dump.marks
    gaps = [line.gap for line in dump.lines]
    best: Found | None = None
    for name, anchors in _anchors(marks):
        for run in _runs(marks, anchors):
            found = _read(dump, marks, gaps, name, run)
            if found is not None and (best is None or _rank(found) > _rank(best)):
                best = found
    return best


def _rank(found: Found) -> tuple[float, int]:
    return found.rank * min(len(found.items), 12) ** 0.25, len(found.items)


# --- anchors ---------------------------------------------------------------------------------


def _anchors(marks: Sequence[Mark]) -> list[tuple[str, list[int]]]:
    """Kinds of lines that may open or close each record, with where they stand."""
    tests: tuple[tuple[str, Callable[[Mark], bool]], ...] = (
        ("NAME says", lambda mark: mark.says is not None),
        ("date", lambda mark: mark.date is not None and mark.strong and len(mark.rest) <= 60),
        (
            "date alone",
            lambda mark: mark.date is not None and mark.strong and len(mark.rest) <= 3,
        ),
        (
            "name and date",
            lambda mark: (
                mark.date is not None and mark.strong and name_score(_author(mark.rest)) >= _NAME
            ),
        ),
        ("time", lambda mark: mark.date is not None and len(mark.rest) <= 3),
        (
            "number",
            lambda mark: mark.number is not None and len(mark.rest) <= 30 and len(mark.text) <= 40,
        ),
    )
    kinds = [
        (name, [index for index, mark in enumerate(marks) if test(mark)]) for name, test in tests
    ]
    openings: dict[str, list[int]] = {}
    for index, mark in enumerate(marks):
        if mark.date is not None and mark.strong and len(mark.rest) > 3 and " " in mark.key:
            openings.setdefault(mark.key.split(" ", 1)[0], []).append(index)
    frequent = sorted(openings.items(), key=lambda item: (-len(item[1]), item[1]))[:OPENINGS]
    kinds += [(f"{word} … date", found) for word, found in frequent if len(found) > 2]
    seen: set[tuple[int, ...]] = set()
    unique: list[tuple[str, list[int]]] = []
    for name, anchors in kinds:
        if len(anchors) >= 2 and tuple(anchors) not in seen:
            seen.add(tuple(anchors))
            unique.append((name, anchors))
    return unique


def _runs(marks: Sequence[Mark], anchors: list[int]) -> list[list[int]]:
    """Cut where the way to the next anchor is far longer than usual; and the whole.

    Of anchors on neighbouring lines ("April 5" above "6:32 PM") the first stands for all, or the
    last where each names somebody (a headline's line above the first comment's).
    """
    kept: list[int] = []
    previous = -2
    for at in anchors:
        if at != previous + 1:
            kept.append(at)
        elif _author_in(marks[at]) is not None and _author_in(marks[previous]) is not None:
            kept[-1] = at
        previous = at
    if len(kept) < 2:
        return []
    steps = [right - left for left, right in pairwise(kept)]
    limit = 8 * median(steps) + 40
    runs: list[list[int]] = [[kept[0]]]
    for step, at in zip(steps, kept[1:], strict=True):
        if step > limit:
            runs.append([])
        runs[-1].append(at)
    runs = [run for run in runs if len(run) >= 2]
    for run in list(runs):
        answered = _answered(marks, run)
        if 3 <= len(answered) <= 0.8 * len(run):
            runs.append(answered)
    return runs


def _answered(marks: Sequence[Mark], run: list[int]) -> list[int]:
    """The longest part of a run in which nearly all anchors stand next to a button to answer."""
    best: list[int] = []
    start = end = 0  # of the part in hand, `run[start:end]`
    missed = 0
    for position, at in enumerate(run):
        if any(mark.reply for mark in marks[max(0, at - 2) : at + 3]):
            if missed > 1:
                start = position
            end, missed = position + 1, 0
            if end - start > len(best):
                best = run[start:end]
        else:
            missed += 1
            if end == 0:
                start = position + 1
    return best


# --- one plan --------------------------------------------------------------------------------


def _read(
    dump: Dump, marks: Sequence[Mark], gaps: Sequence[int], name: str, run: list[int]
) -> Found | None:
    heading = _heading(marks, run)
    if heading is not None:
        kept = [at for at in run if at > heading]
        if len(kept) >= 2:
            run = kept
        else:
            heading = None
    plan = _Plan(name, run)
    _learn_labels(marks, plan)
    best: tuple[float, _Plan] | None = None
    for after in (True, False):
        for place, slot in PLACES:
            trial = replace(plan, anchors=run[:SAMPLE], place=place, after=after, slot=slot)
            records = _cut(marks, gaps, trial, heading)
            fit = _fit(marks, gaps, trial, records, heading)
            if records and (best is None or fit > best[0]):
                best = (fit, trial)
    if best is None:
        return None
    plan = replace(best[1], anchors=run)
    records = _cut(marks, gaps, plan, heading)
    inner = _trimmed(records)
    found = _found(dump, marks, plan, inner, heading)
    if found is not None:
        found.rank -= 0.05 * (1 - len(inner) / len(records))  # anchors that belong to other lists
    return found


LONGEST_LAST = 1000  # lines of the last record, which no other follows
LONGEST_FIRST = 2000  # code points; a first text longer than that is looked at twice
OPENINGS = 4  # kinds of date lines told apart by their first word
SAMPLE = 300  # records from which a plan is chosen, and by which its texts are judged
NEAREST, FIRST, OVER = 0, -1, -2
PLACES = (
    ("in", 0),
    ("up", NEAREST),
    ("up", FIRST),
    ("up", OVER),
    *(("up", lines) for lines in range(1, 9)),
    ("down", 0),
    ("none", 0),
)
"""Where a name can stand; `_above` says what the second figure means."""


def _trimmed(records: list[_Record]) -> list[_Record]:
    """Without what stands before the first and behind the last record that can be answered.

    Other lists of the page (related stories, new posts) have dates too, but no such buttons.
    """
    answered = [index for index, record in enumerate(records) if record.answered]
    if len(answered) < 3:
        return records
    inner = records[answered[0] : answered[-1] + 1]
    return inner if len(answered) >= 0.6 * len(inner) else records


def _heading(marks: Sequence[Mark], run: list[int]) -> int | None:
    """The last line like "12 Comments" above the first records, if there is one."""
    start = max(0, run[0] - 40)
    counts = Counter(mark.key for mark in marks[start : run[-1]])
    above = between = None
    for index in range(start, run[min(2, len(run) - 1)]):
        mark = marks[index]
        if not is_comment_heading(mark) or counts[mark.key] > 2:
            continue
        if index < run[0]:
            above = index
        elif counts[mark.key] == 1 and ("0" in mark.key or mark.heading or above is None):
            between = index
    return above if between is None else between


def _learn_labels(marks: Sequence[Mark], plan: _Plan) -> None:
    """Keys that recur between anchors belong to the template; those nearly always there: major.

    A sentence that recurs is somebody's signature, and no label.
    """
    counts: Counter[str] = Counter()
    prefixes: Counter[str] = Counter()
    above: Counter[str] = Counter()
    edges = [*plan.anchors, min(len(marks), plan.anchors[-1] + 40)]
    parts = [marks[left + 1 : right] for left, right in pairwise(edges)]
    # the last part has no next header, the lines above the first anchor make up for it
    parts[-1] = [*parts[-1], *marks[max(0, plan.anchors[0] - 8) : plan.anchors[0]]]
    for between in parts:
        counts.update({mark.key for mark in between if mark.key})
        prefixes.update({mark.prefix for mark in between if mark.prefix})
    for anchor in plan.anchors:
        above.update({mark.key for mark in marks[max(0, anchor - 12) : anchor] if mark.key})
    segments = len(plan.anchors)
    least = segments if segments < 4 else max(3, round(0.25 * segments))
    plan.labels = {
        key
        for key, count in counts.items()
        if count >= least
        and len(key) <= LONGEST_LABEL
        and not (key[-1] in ".!?…" and len(key.split()) >= 6)
    }
    plan.prefixes = {
        prefix
        for prefix, count in prefixes.items()
        if segments >= 4 and count >= max(3, round(0.4 * segments))
    }
    plan.major = {key for key in plan.labels if counts[key] >= 0.6 * segments}
    plan.head = {key for key in plan.major if above[key] >= 0.6 * segments}


def _is_label(mark: Mark, plan: _Plan) -> bool:
    return (
        mark.buttons
        or mark.key in plan.labels
        or mark.prefix in plan.prefixes
        or not mark.text
        or not any(character.isalnum() for character in mark.text)
        or (mark.date is not None and len(mark.rest) <= 3)
        or (mark.number is not None and len(mark.rest) <= 3)
    )


def _ends_text(mark: Mark, plan: _Plan) -> bool:
    return (
        mark.reply
        or mark.key in plan.major
        or mark.prefix in plan.prefixes
        or (mark.heading and is_comment_heading(mark))
    )


def _cut(
    marks: Sequence[Mark], gaps: Sequence[int], plan: _Plan, heading: int | None
) -> list[_Record]:
    """Cut the run into records after the plan; those without text are left out."""
    records: list[_Record] = []
    anchors = plan.anchors
    for position, anchor in enumerate(anchors):
        if plan.after:
            end = anchors[position + 1] if position + 1 < len(anchors) else None
            before = anchors[position - 1] if position else (-1 if heading is None else heading)
            record = _cut_after(marks, gaps, plan, before, anchor, end)
        else:
            before = anchors[position - 1] if position else (-1 if heading is None else heading)
            record = _cut_before(marks, gaps, plan, before, anchor, position == 0)
        if record is not None:
            records.append(record)
    return records


def _cut_after(
    marks: Sequence[Mark],
    gaps: Sequence[int],
    plan: _Plan,
    before: int,
    anchor: int,
    end: int | None,
) -> _Record | None:
    """A record whose text follows its anchor; None where there is no text."""
    stop = _last_end(marks, gaps, plan, anchor) if end is None else end
    index = anchor + 1
    author: str | None = None
    named: int | None = None
    twice = False
    top = anchor
    if plan.place == "in":
        author = _author_in(marks[anchor])
        while top - 1 > before and (
            not marks[top - 1].text or (marks[top - 1].picture and gaps[top] == 0)
        ):
            top -= 1
    elif plan.place == "up":
        top, author, twice = _above(marks, plan, before, anchor)
    while index < stop and _is_label(marks[index], plan):
        if plan.place == "down" and _may_name(marks[index]):
            break
        index += 1
    if plan.place == "down":
        index = _name_below(marks, plan, index, stop)
        if index < stop and _likeness(marks[index]) >= _NAME:
            author = _author(marks[index].text)
            named = index
            index += 1
        while index < stop and _is_label(marks[index], plan):
            index += 1
    first = index
    last = first - 1
    footed = False
    while index < stop:
        if _ends_text(marks[index], plan):
            footed = True
            break
        if not _is_label(marks[index], plan):
            last = index
        index += 1
    if end is not None and plan.place == "up":
        # leave the next record its name
        upper, _, _ = _above(marks, plan, anchor, end)
        last = min(last, upper - 1)
        while last > first and _is_label(marks[last], plan):
            last -= 1
    if last < first:
        return None
    answered = any(mark.reply for mark in marks[anchor:stop])
    return _Record(anchor, top, first, last, author, answered, footed, twice, named)


def _cut_before(
    marks: Sequence[Mark],
    gaps: Sequence[int],
    plan: _Plan,
    before: int,
    anchor: int,
    first_record: bool,
) -> _Record | None:
    """A record whose text precedes its anchor; None where there is no text."""
    start = before + 1
    if first_record:
        start = max(start, anchor - 60)
    while not first_record and start < anchor and _is_label(marks[start], plan):
        if plan.place == "down" and _may_name(marks[start]):
            break
        start += 1
    author: str | None = None
    named: int | None = None
    stop = anchor
    if plan.place == "in":
        author = _author_in(marks[anchor])
    elif plan.place == "up":
        top, author, _ = _above(marks, plan, before, anchor)
        if author is None:
            return None
        stop = top
    last = stop - 1
    while last >= start and _is_label(marks[last], plan):
        last -= 1
    if first_record:
        # the first text begins below whatever belongs to the template, or below its name
        index = last
        while index >= start and not (
            _ends_text(marks[index], plan)
            or marks[index].heading
            or (
                marks[index].date is not None
                and marks[index].strong
                and len(marks[index].rest) <= 3
            )
        ):
            index -= 1
        opens = index >= start and (
            marks[index].heading or (plan.place == "down" and _may_name(marks[index]))
        )
        start = max(start, index + (0 if opens else 1))
        if plan.place == "down":
            for index in range(last - 1, start - 1, -1):
                apart = gaps[index] or (gaps[index + 1] and marks[index].key in plan.labels)
                if apart and _may_name(marks[index]):
                    start = index
                    break
    first = start
    while first <= last and _is_label(marks[first], plan):
        if plan.place == "down" and _may_name(marks[first]):
            break
        first += 1
    top = first
    if plan.place == "down":
        first = _name_below(marks, plan, first, last)
        if first > last or _likeness(marks[first]) < _NAME:
            return None
        author = _author(marks[first].text)
        named = first
        first += 1
        while first <= last and (
            _is_label(marks[first], plan) or _author(marks[first].text) == author
        ):
            first += 1
    if last < first:
        return None
    answered = any(mark.reply for mark in marks[first : anchor + 3])
    return _Record(anchor, top, first, last, author, answered, True, named=named)


def _above(
    marks: Sequence[Mark], plan: _Plan, before: int, anchor: int
) -> tuple[int, str | None, bool]:
    """The lines above an anchor that belong to it: where they begin, and the name among them.

    The third figure tells whether the name stands there twice.

    By `plan.slot`: NEAREST = the nearest line that is no label; FIRST = the first such line below
    what closes the text before; OVER = the nearest one over the labels that head each record;
    k > 0 = the k-th line above the anchor, whatever it is.
    """
    at: int | None = None
    lowest = max(before + 1, anchor - 40)
    if plan.slot > 0:
        index = anchor - plan.slot
        if index > before:
            mark = marks[index]
            label = mark.buttons or mark.prefix in plan.prefixes or mark.key in plan.major
            at = None if label else index
    elif plan.slot == NEAREST:
        at = next((i for i in range(anchor - 1, lowest - 1, -1) if _free(marks[i], plan)), None)
    elif plan.slot == FIRST:
        free: list[int] = []
        for index in range(anchor - 1, lowest - 1, -1):
            if _free(marks[index], plan):
                if len(marks[index].text) > 2 * LONGEST_NAME or len(free) == 6:
                    break
                free.append(index)
            elif free and _ends_text(marks[index], plan):
                break
        at = _likeliest(marks, free, anchor)
    else:
        heads = [i for i in range(max(lowest, anchor - 20), anchor) if marks[i].key in plan.head]
        if heads:
            over = range(heads[0] - 1, max(lowest, heads[0] - 4) - 1, -1)
            at = _likeliest(marks, [i for i in over if not marks[i].buttons], anchor)
    if at is None or _likeness(marks[at]) < _NAME:
        return anchor, None, False
    name = _author(marks[at].text)
    top = at
    twice = False
    # the name once more as a label of the picture, its first letter in place of a picture
    while top - 1 > before and (
        marks[top - 1].picture
        or _author(marks[top - 1].text) in (name, name[0].upper())
        or not marks[top - 1].text
    ):
        top -= 1
        twice = twice or _author(marks[top].text) == name
    return top, name, twice


def _likeliest(marks: Sequence[Mark], lines: Sequence[int], anchor: int) -> int | None:
    """The line most like a name: by its shape, and by being said again near by."""
    best: tuple[float, int] | None = None
    for at in lines:
        name = _author(marks[at].text)
        score = _likeness(marks[at])
        if score < _NAME:
            continue
        around = [*range(max(0, at - 2), at), *range(at + 1, min(len(marks), anchor + 12))]
        if len(name) >= 3 and any(name in marks[other].text for other in around):
            score += 0.5
        if best is None or score >= best[0]:
            best = (score, at)
    return None if best is None else best[1]


def _name_below(marks: Sequence[Mark], plan: _Plan, index: int, stop: int) -> int:
    """The first line that can be a name and does not recur ("Guest"), else the first line."""
    best: tuple[bool, float, int] | None = None
    for at in range(index, min(stop, index + 3)):
        if not _may_name(marks[at]):
            break
        mark = marks[at]
        if mark.key not in plan.labels and _likeness(mark) >= 0.5:
            return at
        better = (mark.key not in plan.labels, _likeness(mark), -at)
        if best is None or better > best:
            best = better
    return index if best is None else -best[2]


def _likeness(mark: Mark) -> float:
    """`name_score` of what a line holds; 0 for ranks such as "Senior Member"."""
    found = mark.key.split()
    bare = [word.strip(" .,:;()[]") for word in found]
    if any(word in words("members") for word in bare):
        return 0.0
    if mark.line.bullet and found and found[0] in words("actions"):
        return 0.0  # an entry of a menu: "Follow Anna", "Invite manually"
    score = name_score(_author(mark.text))
    if len(mark.text) == 1 and mark.text.isupper():
        return min(score, 0.2)  # the letter that stands for a picture
    if all(word in words("roles") for word in bare):
        return min(score, 0.3)  # "Guest" is a name only where nothing better stands by
    if any(word in words("roles") for word in bare) and len(bare) <= 3:
        return 0.5 * score
    return score


def _may_name(mark: Mark) -> bool:
    """Whether a line can be a name although it recurs: "Anonymous" writes most comments."""
    return (
        not mark.buttons and mark.date is None and mark.number is None and _likeness(mark) >= _NAME
    )


def _free(mark: Mark, plan: _Plan) -> bool:
    return not _is_label(mark, plan)


def _last_end(marks: Sequence[Mark], gaps: Sequence[int], plan: _Plan, anchor: int) -> int:
    """Where the last record ends at the latest: at a form, a heading, or when prose ends."""
    index = anchor + 1
    column = marks[anchor].line.indent
    while index < len(marks) and _is_label(marks[index], plan):
        index += 1
    seen = 0
    limit = min(len(marks), index + LONGEST_LAST)
    while index < limit:
        mark = marks[index]
        if seen and (mark.heading or is_form(mark)):
            return index
        if seen and mark.line.indent < min(column, marks[anchor + 1].line.indent) and gaps[index]:
            return index
        apart = mark.line.bullet or gaps[index] > 1 or mark.picture
        if seen and gaps[index] and apart and not prose(mark.text) and len(mark.text) < 60:
            return index
        seen += 1
        index += 1
    return index


def _author(text: str) -> str:
    """A name without what pages print beside it."""
    tokens = text.split()
    while tokens and tokens[0].lower().strip(":") in words("avatar_words") | {
        "by",
        "posted",
        "von",
    }:
        tokens = tokens[1:]
    joined = " ".join(tokens).strip(" -–—•·|,:")
    tokens = joined.split(" ")
    if len(tokens) > 1 and tokens[-1].lower().rstrip(":.…") in words("says"):
        joined = " ".join(tokens[:-1])
    if len(joined) > 3:
        # "Anna Anna", "AnnaAnna": an avatar's label and the name
        half = len(joined) // 2
        if joined[:half].strip() == joined[len(joined) - half :].strip():
            joined = joined[:half].strip()
    return joined


def _author_in(mark: Mark) -> str | None:
    if mark.says is not None:
        return _author(mark.says) or None
    for part in _PARTS.split(mark.rest):
        tokens = part.split()
        while tokens and (tokens[-1].isdigit() or tokens[-1].lower() in words("actions")):
            tokens.pop()
        name = _author(" ".join(tokens))
        if (
            name
            and len(name) <= LONGEST_NAME
            and any(character.isalpha() for character in name)
            and name[-1] not in "?!"
        ):
            return name
    return None


# --- evidence --------------------------------------------------------------------------------


def _fit(
    marks: Sequence[Mark],
    gaps: Sequence[int],
    plan: _Plan,
    records: Sequence[_Record],
    heading: int | None,
) -> float:
    """How well a plan suits the run; only for choosing between plans of the same anchors."""
    if not records:
        return -1.0
    count = len(plan.anchors)
    names = [record.author for record in records if record.author]
    likely = sum(
        1.0 if _says(marks, record) else name_score(record.author or "") for record in records
    )
    kinds = {_DIGITS.sub("0", name) for name in names}  # "Votes 12" and "Votes 3" are one label
    several = 0.5 + 0.5 * len(kinds) / len(names) if names else 0.0
    fit = len(records) / count + 1.4 * likely / count * several
    if plan.place == "none":
        fit += 0.25
    if plan.place == "up" and plan.slot > 0:
        fit -= 0.05
    fit += 0.4 * sum(record.twice for record in records) / count
    fit += 0.4 * sum(record.footed for record in records) / count if plan.after else 0.0
    lead = False
    if heading is not None:
        between = marks[heading + 1 : plan.anchors[0]]
        lead = any(len(mark.text) > LONGEST_NAME and _free(mark, plan) for mark in between)
    if plan.after:
        fit += 0.3 if heading is None or lead else 0.6
    else:
        fit += 0.5 if lead else 0.0
        if plan.place == "down" and _closes(marks, gaps, plan):
            fit += 0.8
        dashed = sum(
            marks[record.anchor - 1].line.bullet in ("–", "-", "—", "―")
            or marks[record.anchor - 1].text.startswith(("–", "—", "-"))
            for record in records
            if record.anchor
        )
        fit += 0.8 * dashed / count if plan.place == "up" else 0.0
    return fit


def _closes(marks: Sequence[Mark], gaps: Sequence[int], plan: _Plan) -> bool:
    """Whether most anchors stand close below a record's last lines and apart from what follows."""
    closing = 0
    for at in plan.anchors:
        after = at + 1
        while after < len(marks) and gaps[after] == 0 and not _free(marks[after], plan):
            after += 1
        closing += gaps[at] == 0 and after < len(marks) and gaps[after] > 0
    return closing > 0.6 * len(plan.anchors)


def _says(marks: Sequence[Mark], record: _Record) -> bool:
    return marks[record.anchor].says is not None and record.author is not None


def _found(
    dump: Dump, marks: Sequence[Mark], plan: _Plan, records: list[_Record], heading: int | None
) -> Found | None:
    lengths = [marks[record.last].line.end - marks[record.first].line.visible for record in records]
    if len(records) > 2 and lengths[0] > max(LONGEST_FIRST, 4 * max(lengths[1:])):
        records = records[1:]  # the article's own date, and the article behind it
    if len(records) < 2:
        return None
    count = len(records)
    cues: list[str] = []
    score = 0.05
    says = sum(_says(marks, record) for record in records) / count
    if says >= 0.5:
        score += 0.4
        cues.append(f'{says:.0%} "NAME says"')
    answered = sum(record.answered for record in records) / count
    if answered >= 0.4 and answered * count >= 2:
        score += 0.35
        cues.append(f"{answered:.0%} with a button to answer or report")
    if heading is not None:
        score += 0.25
        cues.append(f'below "{marks[heading].text[:40]}"')
    numbers = (
        sum(
            any(mark.number is not None for mark in marks[record.top : record.first])
            for record in records
        )
        / count
    )
    if numbers >= 0.6:
        score += 0.2
        cues.append("numbered")
    explicit = bool(cues)
    behind = sum(1 for mark in marks[records[-1].last + 1 :] if mark.text)
    if plan.after and behind <= 6:
        score += 0.15
        cues.append("nothing follows")
    members = _shows_members(marks, plan)
    if members:
        score += 0.3
        explicit = True
        cues.append("says since when its writers are members")
    named = sum(record.author is not None for record in records) / count
    score += 0.3 * named - 0.1
    cues.append(f"{named:.0%} with a name")
    authors = Counter(record.author for record in records if record.author)
    if authors and max(authors.values()) > 1 and len(authors) > 1:
        score += 0.1
        cues.append("names recur")
    texts = [
        " ".join(mark.text for mark in marks[record.first : record.last + 1]) for record in records
    ]
    remarks = sum(measure(text).remark > 0 for text in texts) / count
    score += 0.4 * remarks - 0.1
    cues.append(f"{remarks:.0%} speak like remarks")
    menus = sum(_is_menu(marks[record.first : record.last + 1]) for record in records) / count
    score -= 0.6 * menus
    told = answered >= 0.4 or says >= 0.5 or numbers >= 0.6 or members
    if count > 2 and len(authors) == 1 and not told:
        score -= 0.4
        cues.append("one name only")
    counted = heading is not None and any(map(str.isdigit, marks[heading].text))
    if heading is not None and not told and remarks < 0.5 and not counted:
        score -= 0.2  # "comments" can be an entry of a menu
    onward = sum(_leads_on(marks[record.anchor : record.last + 3]) for record in records) / count
    if onward >= 0.4 and answered < 0.4:
        score -= 0.4
        cues.append("leads on to whole articles")
    if count == 2 and not counted and says < 1.0 and (heading is None or answered < 1.0):
        score -= 0.25  # two lines that look alike are no rhythm
    if not explicit:
        top = marks[records[0].top].line.visible
        article = [part for part in dump.paragraphs if part.span.end <= top]
        lengths = sorted(len(text) for text in texts)
        if (
            behind > 6
            or named < 0.8
            or remarks < 0.5
            or lengths[-1] > 8 * max(lengths[len(lengths) // 2], 200)
            or not is_running(article)
        ):
            score = min(score, 0.45)
    footed = sum(record.footed for record in records) / count
    rank = score + 0.1 * (says >= 0.5)
    cues.append(f"text {'after' if plan.after else 'before'} it, name {plan.place}")
    items = [_item(marks, record) for record in records]
    _set_depths(marks, records, items)
    reason = (
        f'{count} records with "{plan.name}" lines; ' + ", ".join(cues) + f", footed {footed:.0%}"
    )
    start = min(marks[records[0].top].line.visible, items[0].spans[0].start)
    return Found(LAYOUT, max(0.0, min(score, 0.98)), reason, items, start, rank)


def _leads_on(part: Sequence[Mark]) -> bool:
    """Whether a part of the page holds a link such as "Read more"."""
    return any(
        len(mark.text) <= 40 and any(phrase in mark.text.lower() for phrase in words("onward"))
        for mark in part
    )


def _shows_members(marks: Sequence[Mark], plan: _Plan) -> bool:
    """Whether most records carry a label such as "Joined:", "Beiträge" or "Senior Member"."""
    first, last = plan.anchors[0], plan.anchors[-1]
    shown = sum(
        1
        for mark in marks[max(0, first - 8) : last + 30]
        if len(mark.text) <= 60
        and not mark.buttons
        and any(word.strip(" .,:;()") in words("members") for word in mark.key.split())
    )
    return shown >= 0.8 * len(plan.anchors)


def _is_menu(part: Sequence[Mark]) -> bool:
    """Whether a text is a list of links: bullets, or many lines and hardly a sentence."""
    if len(part) < 3:
        return False
    if sum(1 for mark in part if mark.line.bullet) >= 0.5 * len(part):
        return True
    return len(part) >= 6 and sum(1 for mark in part if prose(mark.text)) < 0.2 * len(part)


def _item(marks: Sequence[Mark], record: _Record) -> Item:
    first, last = record.first, record.last
    if first < last and _answers(marks[first]) is not None:
        first += 1
    while last > first and (not marks[last].text or _author(marks[last].text) == record.author):
        last -= 1  # some forums show the writer's data below the text, name first
    for index in range(last, first, -1):
        # a preview that some pages print below the text: "NAME: its first words"
        _, colon, said = marks[index].text.partition(": ")
        repeated = _letters(said)
        if colon and repeated and index - first < 200:
            beginning = ""
            for mark in marks[first:index]:
                beginning += _letters(mark.text)
                if len(beginning) >= len(repeated):
                    break
            if beginning.startswith(repeated):
                last = index - 1
                break
    while last > first and not marks[last].text:
        last -= 1
    lines = [mark.line for mark in marks[first : last + 1]]
    created = next(
        (
            mark.date
            for mark in marks[min(record.anchor, record.top) : max(record.first, record.anchor + 1)]
            if mark.date is not None
        ),
        None,
    )
    return Item(
        spans=[span_of(lines)],
        author=record.author,
        created=created,
        confidence=0.95 if record.footed and record.author else 0.8,
    )


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text[:LONGEST_LABEL])).lower()


def _set_depths(marks: Sequence[Mark], records: Sequence[_Record], items: list[Item]) -> None:
    """Depths from dotted numbers, else from the columns where the records begin."""
    dotted = [_dots(marks, record) for record in records]
    if all(depth is not None for depth in dotted) and len(set(dotted)) > 1:
        for item, depth in zip(items, dotted, strict=True):
            item.depth = depth
        link_by_depth(items)
        return
    if _link_by_names(marks, records, items):
        return
    tops = [_top_line(marks, record) for record in records]
    columns = [mark.line.column for mark in tops]
    indents = [mark.line.indent for mark in tops]
    chosen = columns if len(set(columns)) < len(set(indents)) else indents
    if len(set(chosen)) < 2:
        return
    for item, column in zip(items, chosen, strict=True):
        item.depth = column
    link_by_depth(items)


def _link_by_names(marks: Sequence[Mark], records: Sequence[_Record], items: list[Item]) -> bool:
    """Parents from lines like "In reply to NAME": the last comment of that name; False if none."""
    answered = [
        next(
            (
                name
                for mark in marks[record.top : record.first + 1]
                if (name := _answers(mark)) is not None
            ),
            None,
        )
        for record in records
    ]
    if not any(answered):
        return False
    latest: dict[str, int] = {}
    for index, (item, name) in enumerate(zip(items, answered, strict=True)):
        parent = None if name is None else latest.get(name.casefold())
        item.parent, item.parent_known = parent, name is None or parent is not None
        above = None if parent is None else items[parent].depth
        item.depth = (0 if name is None else None) if above is None else above + 1
        if item.depth is None:
            item.parent, item.parent_known = None, False
        if item.author:
            latest[item.author.casefold()] = index
    return True


def _answers(mark: Mark) -> str | None:
    """The name in "In reply to NAME"; None for other lines."""
    text = mark.text
    if len(text) > LONGEST_LABEL or mark.buttons:
        return None
    lowered = text.lower()
    for phrase in words("answers"):
        if lowered.startswith(phrase + " "):
            tokens = text[len(phrase) :].strip(" @:").split()
            name = " ".join(tokens).rstrip(".:")
            return name if name and name_score(name) >= _NAME else None
    return None


def _dots(marks: Sequence[Mark], record: _Record) -> int | None:
    for mark in marks[max(0, min(record.top, record.anchor - 2)) : record.first]:
        level = _LEVEL.fullmatch(mark.text.lower())
        if level is not None:
            return int(level.group(1))
        if mark.number is not None:
            return mark.number.count(".")
    return None


def _top_line(marks: Sequence[Mark], record: _Record) -> Mark:
    """The line whose column tells the depth: the name below, the list's bullet, or the anchor."""
    if record.named is not None:
        return marks[record.named]
    for mark in marks[record.top : record.anchor + 1]:
        if mark.line.bullet:
            return mark
    return marks[record.anchor]
