"""Whole label files: what no single line can show to be wrong.

Every comment needs the readings A and B and a decision, made by the codebook, of a text that has
not changed since.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from moderation.errors import InputError
from moderation.labelling.scheme import READINGS, LabelRecord, find_problems
from moderation.labelling.store import (
    BadLine,
    CommentText,
    current,
    load_comments,
    scan_labels,
    threads_beside,
    unknown_comment,
)

SAME_READER_DAYS = 14  # the codebook's pause before one person may read a comment again


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: `str(problem)` is `file:line: what; next step`."""

    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found: `problems` in the order of the files' lines, and how much was read.

    `records` counts the lines that hold, `superseded` those replaced by later ones, `missing` the
    single labels that are null in decisions.
    """

    problems: tuple[Problem, ...]
    comments: int
    records: int
    superseded: int
    missing: int


def check_labels(
    paths: Sequence[str | Path],
    threads_path: str | Path | None = None,
    *,
    sample: bool = False,
) -> Report:
    """Check label files that belong together: a comment's readings may stand in different ones.

    Texts come from `threads_path`, else from `threads.jsonl` beside each label file, else from the
    records themselves. `sample` allows comments in the threads file that have no labels at all.
    A superseded record may break the codebook (it was corrected); a malformed line may not, since
    nobody could read the file past it. Problems are collected, not raised; InputError only where a
    threads file is malformed.
    """
    problems: list[Problem] = []
    entries: list[LabelRecord | BadLine] = []
    threads: dict[Path, dict[str, CommentText]] = {}
    beside: dict[str, Path] = {}  # label file of a place -> its threads file
    for path in paths:
        texts_path = Path(threads_path) if threads_path is not None else threads_beside(path)
        beside[str(path)] = texts_path
        if texts_path not in threads and (threads_path is not None or texts_path.exists()):
            threads[texts_path] = load_comments(texts_path)
        try:
            entries += scan_labels(path)
        except InputError as error:  # the file cannot be read: one finding, the others go on
            problems.append(Problem(error.place, error.problem))
    if problems:  # what else is missing cannot be known
        return Report(tuple(problems), 0, 0, 0, 0)
    records = [entry for entry in entries if isinstance(entry, LabelRecord)]
    holding = current(records)
    without_text: Counter[str] = Counter()
    for record in holding:
        file = record.place.rpartition(":")[0]
        comments = threads.get(beside[file])
        problems += _check_record(record, comments)
        without_text[file] += comments is None and record.text is None
    for entry in entries:
        if isinstance(entry, BadLine):
            problems += [Problem(entry.place, what) for what in entry.problems]
    problems += [
        Problem(
            file,
            f"{number} records have no text and there is no {beside[file]}; "
            "name the threads file with --threads",
        )
        for file, number in without_text.items()
        if number
    ]
    known = {key: found for group in threads.values() for key, found in group.items()}
    problems += _missing_readings(entries, known, sample)
    problems += _conflicts(holding, known)
    order = {str(path): number for number, path in enumerate(paths)}
    problems.sort(key=lambda problem: _position(problem.place, order))
    return Report(
        problems=tuple(problems),
        comments=len({record.comment for record in holding}),
        records=len(holding),
        superseded=len(records) - len(holding),
        missing=sum(
            value is None
            for record in holding
            if record.reading == "decision"
            for value in record.labels.values()
        ),
    )


def _position(place: str, order: dict[str, int]) -> tuple[int, int]:
    """Where a finding stands: label files in the order given, then threads files, by line."""
    file, _, line = place.rpartition(":")
    if not line.isdecimal():
        file, line = place, "0"
    return order.get(file, len(order)), int(line)


def _check_record(record: LabelRecord, comments: dict[str, CommentText] | None) -> list[Problem]:
    found = comments.get(record.comment) if comments is not None else None
    problems = []
    if comments is not None and found is None and record.text is None:
        problems.append(unknown_comment(record.comment, comments))
    text = record.text
    if found is not None:
        if record.source != found.source:
            problems.append(
                f'source "{record.source}" is not the document of comment "{record.comment}" '
                f'in the threads file; write "{found.source}"'
            )
        if record.text is not None and record.text != found.text:
            problems.append(
                "its text is not that of the threads file: the extraction has changed since; "
                "read the comment again and append a new line"
            )
        text = found.text
    problems += find_problems(record, text)
    return [Problem(record.place, what) for what in problems]


def _missing_readings(
    entries: Iterable[LabelRecord | BadLine], known: dict[str, CommentText], sample: bool
) -> list[Problem]:
    """Readings that no line has, malformed lines counting as tried: they are reported already."""
    first: dict[str, str] = {}
    seen: dict[str, set[str]] = {}
    unsure: set[str] = set()
    for entry in entries:
        if entry.comment is None:
            continue
        first.setdefault(entry.comment, entry.place)
        seen.setdefault(entry.comment, set())
        if entry.reading in READINGS:
            seen[entry.comment].add(entry.reading)
        else:
            unsure.add(entry.comment)
    problems = []
    for comment, readings in seen.items():
        missing = [reading for reading in READINGS if reading not in readings]
        if missing and comment not in unsure:
            problems.append(Problem(first[comment], _lacks(comment, missing)))
    if not sample:
        problems += [
            Problem(found.place, _lacks(comment, READINGS))
            for comment, found in known.items()
            if found.expected and comment not in seen
        ]
    return problems


def _lacks(comment: str, missing: Iterable[str]) -> str:
    names = {"A": "reading A", "B": "reading B", "decision": "decision"}
    return f'comment "{comment}" has no ' + ", no ".join(names[m] for m in missing) + "; add it"


def _conflicts(records: Iterable[LabelRecord], known: dict[str, CommentText]) -> list[Problem]:
    """One id for two documents, and a reader whose second reading was not a fresh one."""
    problems = []
    sources: dict[str, LabelRecord] = {}
    readings: dict[tuple[str, str], dict[str, LabelRecord]] = {}
    for record in records:
        earlier = sources.setdefault(record.comment, record)
        # Where a threads file has the comment, each record was held to that already.
        if earlier.source != record.source and record.comment not in known:
            problems.append(
                Problem(
                    record.place,
                    f'comment "{record.comment}" has source "{record.source}" here and '
                    f'"{earlier.source}" at {earlier.place}; make the ids differ or correct one',
                )
            )
        if record.reading != "decision":
            of_reader = readings.setdefault((record.comment, record.reader), {})
            of_reader[record.reading] = record
    for (comment, reader), pair in readings.items():
        if len(pair) == 2 and _days_apart(pair["A"], pair["B"]) < SAME_READER_DAYS:
            problems.append(
                Problem(
                    max(pair.values(), key=lambda record: record.date).place,
                    f'"{reader}" made both readings of comment "{comment}" within '
                    f"{SAME_READER_DAYS} days; have another person make one of them",
                )
            )
    return problems


def _days_apart(first: LabelRecord, second: LabelRecord) -> float:
    """Days between two records' dates; infinite where one is no date (reported elsewhere)."""
    try:
        dates = [datetime.fromisoformat(record.date[:10]) for record in (first, second)]
    except ValueError:
        return float("inf")
    return abs((dates[0] - dates[1]).days)
