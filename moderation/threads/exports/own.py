"""This project's own threads, read back: one Thread in its JSON shape a line (or in a list)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from moderation.errors import InputError
from moderation.records import Comment, Kind, Range, Source, Status, Thread
from moderation.threads.document import Document, Evidence, ReadOptions
from moderation.threads.exports.items import Report, hold_last, source_of
from moderation.threads.exports.reader import peek_values
from moderation.threads.exports.values import read_values

_KINDS = frozenset(get_args(Kind))
_STATUSES = frozenset(get_args(Status))


def thread_from_dict(shape: dict[str, Any], *, keep_personal: bool = False) -> Thread:
    """The Thread whose `to_dict` gave `shape`; keys that are not known are ignored.

    Raises ValueError, with the path of what is wrong, where the shape does not fit.
    """
    source = _get(shape, "source", dict, {})
    return Thread(
        source=Source(
            name=_get(source, "name", str, "-"),
            sha256=_get(source, "sha256", str, ""),
            format=_get(source, "format", str, "text"),
            encoding=_get(source, "encoding", str, None),
        ),
        title=_get(shape, "title", str, None),
        article=_ranges(shape, "article"),
        layout=_get(shape, "layout", str, "none"),
        confidence=float(_get(shape, "confidence", (int, float), 1.0)),
        warnings=tuple(str(line) for line in _get(shape, "warnings", list, [])),
        counts={
            str(key): number
            for key, number in _get(shape, "counts", dict, {}).items()
            if isinstance(number, int)
        },
        comments=tuple(
            _comment(comment, f"comments[{number}]", number, keep_personal)
            for number, comment in enumerate(_get(shape, "comments", list, []))
        ),
        native_id=_get(shape, "native_id", str, None),
    )


def _comment(shape: Any, path: str, number: int, keep_personal: bool) -> Comment:
    if not isinstance(shape, dict):
        raise ValueError(f"{path} is not an object")
    if "id" not in shape or "text" not in shape:
        raise ValueError(f'{path} has no "{"text" if "id" in shape else "id"}"')
    kind = _get(shape, "kind", str, "comment", path)
    status = _get(shape, "status", str, "visible", path)
    if kind not in _KINDS:
        raise ValueError(f'{path}.kind is "{kind}", none of {", ".join(sorted(_KINDS))}')
    if status not in _STATUSES:
        raise ValueError(f'{path}.status is "{status}", none of {", ".join(sorted(_STATUSES))}')
    parent = _get(shape, "parent_id", str, None, path)
    personal = _get(shape, "personal", dict, {}, path) if keep_personal else {}
    return Comment(
        id=_get(shape, "id", str, "", path),
        text=_get(shape, "text", str, "", path),
        author=_get(shape, "author", str, None, path),
        parent_id=parent,
        parent_known=_get(shape, "parent_known", bool, parent is not None, path),
        depth=_get(shape, "depth", int, None, path),
        order=_get(shape, "order", int, number, path),
        kind=kind,
        status=status,
        spans=_ranges(shape, "spans", path),
        quotes=_ranges(shape, "quotes", path),
        native_id=_get(shape, "native_id", str, None, path),
        created_at=_get(shape, "created_at", str, None, path),
        created_raw=_get(shape, "created_raw", str, None, path),
        confidence=float(_get(shape, "confidence", (int, float), 1.0, path)),
        personal={str(key): str(value) for key, value in personal.items()},
    )


def _get(shape: dict[str, Any], key: str, kinds: Any, default: Any, path: str = "") -> Any:
    value = shape.get(key)
    if value is None:
        return default
    if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
        where = f"{path}.{key}" if path else key
        raise ValueError(f"{where} is a {type(value).__name__}, which does not fit")
    return value


def _ranges(shape: dict[str, Any], key: str, path: str = "") -> tuple[Range, ...]:
    ranges = []
    for pair in _get(shape, key, list, [], path):
        good = isinstance(pair, list) and len(pair) == 2
        if not good or not all(isinstance(x, int) and not isinstance(x, bool) for x in pair):
            raise ValueError(f"{f'{path}.' if path else ''}{key} holds something else than ranges")
        ranges.append(Range(pair[0], pair[1]))
    return tuple(ranges)


class OwnReader:
    """Reads `threads.jsonl` as `moderation extract` writes it; sources stay what they were."""

    name = "threads"

    def evidence(self, document: Document) -> Evidence | None:
        """The three keys that every thread has."""
        values = peek_values(document)
        first = values[0] if values else None
        if isinstance(first, dict) and "layout" in first and isinstance(first.get("source"), dict):
            source = first["source"]
            if "sha256" in source and ("comments" in first or "counts" in first):
                return Evidence(1.0, "this project's own threads")
        return None

    def read(self, document: Document, options: ReadOptions) -> Iterator[Thread]:
        """Yield the threads as they are read; a bad line becomes a warning."""
        report = Report()
        threads = self._threads(document, options, report)
        yield from hold_last(threads, report, source_of(document, self.name))

    def _threads(
        self, document: Document, options: ReadOptions, report: Report
    ) -> Iterator[Thread]:
        good = False
        problem = ""
        for value, place in read_values(document, report):
            try:
                if not isinstance(value, dict):
                    raise ValueError("not an object")
                thread = thread_from_dict(value, keep_personal=options.keep_personal)
            except ValueError as error:
                problem = problem or f"{place or 'the thread'}: {error}"
                report.add(f"{place or 'the thread'}: {error}; left out")
                continue
            good = True
            yield thread
        if problem and not good:
            raise InputError(document.name, f"holds no thread that can be read ({problem})")


READER = OwnReader()
