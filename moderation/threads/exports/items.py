"""What each export's module hands over, and how threads are made of it.

    module of a format ── Item, Item, … ──► gather_threads ──► Thread, Thread, …

`Item` is one comment as its export tells it. `build_thread` gives it an id and a depth, ties it
to its parent, and says what is wrong: a parent that is missing, an id used twice, a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from moderation.records import Comment, Kind, Range, Source, Status, Thread
from moderation.threads.document import Document, ReadOptions
from moderation.threads.exports.times import read_time

MAX_WARNINGS = 20  # of one kind on one thread; the rest is counted

ANSWERS_NOTHING = frozenset(("", "0", "-1", "root", "none", "null", "nil", "nan"))
"""What systems write where a comment answers the posting itself (checked in lower case)."""


@dataclass(slots=True)
class Item:
    """One comment of an export. `thread` groups (None = the document's one nameless thread);
    `parent` is a native id or an `alias`, another name by which answers call this comment;
    `place` is where it stands ("line 12"), for warnings."""

    native_id: str | None
    text: str
    thread: str | None = None
    parent: str | None = None
    parent_known: bool = True
    author: str | None = None
    created_raw: str | None = None
    created_at: str | None = None
    kind: Kind = "comment"
    status: Status = "visible"
    quotes: tuple[Range, ...] = ()
    personal: dict[str, str] = field(default_factory=dict)
    place: str = ""
    alias: str | None = None


@dataclass(slots=True)
class Heading:
    """What an export tells of a whole thread: its title, how many comments it declares, how many
    it names without showing them (`missing`; those of several headings of a thread add up)."""

    thread: str | None = None
    title: str | None = None
    declared: int | None = None
    missing: int = 0


@dataclass(slots=True)
class Report:
    """Problems met while reading a file, each one line with its place; kept up to a limit."""

    lines: list[str] = field(default_factory=list)
    more: int = 0

    def add(self, line: str) -> None:
        """Keep a line, or count it where there are enough."""
        if len(self.lines) < MAX_WARNINGS:
            self.lines.append(line)
        else:
            self.more += 1

    def take(self) -> tuple[str, ...]:
        """All lines so far; the report is empty afterwards."""
        lines = tuple(self.lines)
        if self.more:
            lines += (f"{self.more:,} more problems of this kind",)
        self.lines, self.more = [], 0
        return lines


def source_of(document: Document, format: str, encoding: str | None = "utf-8") -> Source:
    """The Source record of an export."""
    return Source(document.name, document.sha256, format, encoding)


def answered(parent: object) -> str | None:
    """A parent's native id, or None where the value says "the posting itself"."""
    text = as_text(parent)
    return None if text is None or text.lower() in ANSWERS_NOTHING else text


def as_text(value: object) -> str | None:
    """A JSON scalar as the export shows it; None for null, containers and blanks."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return None


def add_personal(
    item: Item,
    options: ReadOptions,
    *,
    email: object = None,
    ip: object = None,
    avatar: object = None,
) -> None:
    """Keep the personal data of an item's author where the caller asked for it; else drop it."""
    if not options.keep_personal:
        return
    for key, value in (("email", email), ("ip", ip), ("avatar", avatar)):
        text = as_text(value)
        if text is not None:
            item.personal[key] = text


def build_thread(
    source: Source,
    items: Iterable[Item],
    *,
    native_id: str | None = None,
    heading: Heading | None = None,
    warnings: Iterable[str] = (),
    qualify: bool = False,
) -> Thread:
    """One Thread of the items in their order. Linear in their number, without recursion.

    - An item that repeats an earlier one word for word (a page fetched twice) is dropped, one
      that reuses an id for another text keeps a new id ("…#2"); both are warned of.
    - A parent that is not in the thread stays named in `parent_id` and is counted.
    - Parents in a circle: the first comment of the circle becomes a top-level one.
    - `qualify` puts the thread's name into the ids, where native ids are numbered by thread.
    """
    heading = heading or Heading()
    prefix = f"{source.sha256[:12]}:"
    if qualify and native_id is not None:
        prefix += f"{native_id}:"
    report = Report()
    kept: list[Item] = []
    ids: list[str] = []
    first: dict[str, int] = {}
    aliases: dict[str, int] = {}
    uses: dict[str, int] = {}
    repeated = 0
    for number, item in enumerate(items):
        native = item.native_id
        if native is None:
            ids.append(f"{prefix}@{item.place.replace(' ', '-') or number}")
            kept.append(item)
            continue
        if native in first:
            earlier = kept[first[native]]
            where = f"{item.place}: " if item.place else ""
            if (earlier.text, earlier.author, earlier.created_raw) == (
                item.text,
                item.author,
                item.created_raw,
            ):
                repeated += 1
                report.add(f"{where}comment {native} appears again; kept once")
                continue
            uses[native] = uses.get(native, 1) + 1
            report.add(f"{where}id {native} is used again for another comment; both are kept")
            ids.append(f"{prefix}{native}#{uses[native]}")
        else:
            first[native] = len(kept)
            if item.alias is not None:
                aliases.setdefault(item.alias, len(kept))
            ids.append(f"{prefix}{native}")
        kept.append(item)

    taken: set[str] = set()
    for number, identifier in enumerate(ids):  # "@line-3" or "7#2" could be native ids as well
        unique = identifier
        while unique in taken:
            unique = f"{unique}'"
        ids[number] = unique
        taken.add(unique)

    parents: list[int | None] = []
    missing: set[str] = set()
    for item in kept:
        parent = item.parent
        nothing = parent is not None and parent.lower() in ANSWERS_NOTHING
        if nothing and (parent not in first or parent == item.native_id):
            parent = item.parent = None  # "0" is a comment only where one is called so
        index = None if parent is None else first.get(parent, aliases.get(parent))
        if parent is not None and index is None:
            if parent not in missing:
                where = f"{item.place}: " if item.place else ""
                report.add(f"{where}parent {parent} is not in the file")
            missing.add(parent)
        parents.append(index)
    broken = _break_circles(kept, parents, report)
    depths = _depths(kept, parents, broken)

    comments: list[Comment] = []
    for number, item in enumerate(kept):
        index = parents[number]
        if index is not None:
            parent_id: str | None = ids[index]
        elif item.parent is not None and number not in broken:
            parent_id = f"{prefix}{item.parent}"
        else:
            parent_id = None
        comments.append(
            Comment(
                id=ids[number],
                text=item.text,
                author=item.author,
                parent_id=parent_id,
                parent_known=item.parent_known,
                depth=depths[number],
                order=number,
                kind=item.kind,
                status=item.status,
                quotes=item.quotes,
                native_id=item.native_id,
                created_at=item.created_at or read_time(item.created_raw),
                created_raw=item.created_raw,
                personal=item.personal,
            )
        )
    counts = {"extracted": len(comments)}
    if heading.declared is not None:
        counts["declared"] = heading.declared
    placeholders = sum(1 for comment in comments if comment.status == "deleted")
    if placeholders:
        counts["placeholders"] = placeholders
    if missing:
        counts["missing_parents"] = len(missing)
    if heading.missing:
        counts["missing"] = heading.missing
    if repeated:
        counts["repeated"] = repeated
    return Thread(
        source=source,
        title=heading.title,
        layout=source.format,
        warnings=(*warnings, *report.take()),
        counts=counts,
        comments=tuple(comments),
        native_id=native_id,
    )


def _break_circles(kept: list[Item], parents: list[int | None], report: Report) -> set[int]:
    """Cut each circle of parents at its first comment; the indices that were cut."""
    state = bytearray(len(parents))  # 0 = not seen, 1 = on the way, 2 = done
    broken: set[int] = set()
    for start in range(len(parents)):
        path: list[int] = []
        at: int | None = start
        while at is not None and state[at] == 0:
            state[at] = 1
            path.append(at)
            at = parents[at]
        if at is not None and state[at] == 1:
            circle = path[path.index(at) :]
            cut = min(circle)
            where = f"{kept[cut].place}: " if kept[cut].place else ""
            report.add(
                f"{where}comment {kept[cut].native_id} answers itself through "
                f"{len(circle):,} comments; taken as top level"
            )
            parents[cut] = None
            broken.add(cut)
        for index in path:
            state[index] = 2
    return broken


def _depths(kept: list[Item], parents: list[int | None], broken: set[int]) -> list[int | None]:
    depths: list[int | None] = [None] * len(kept)
    done = bytearray(len(kept))
    for start in range(len(kept)):
        path: list[int] = []
        at: int | None = start
        while at is not None and not done[at]:
            done[at] = 1
            path.append(at)
            at = parents[at]
        for index in reversed(path):
            item = kept[index]
            parent = parents[index]
            if parent is not None:
                above = depths[parent]
                depths[index] = None if above is None else above + 1
            elif index in broken or (item.parent is None and item.parent_known):
                depths[index] = 0
            # else the parent is missing or not told: the depth cannot be known
    return depths


def hold_last(threads: Iterable[Thread], report: Report, source: Source) -> Iterator[Thread]:
    """`threads`, with the file's own problems as warnings on the thread after which they came.

    Yields one thread without comments where there is none at all, so that a caller sees that the
    file was read, and why nothing came of it.
    """
    held: Thread | None = None
    for thread in threads:
        if held is not None:
            yield held
        problems = report.take()
        held = replace(thread, warnings=(*thread.warnings, *problems)) if problems else thread
    problems = report.take()
    if held is None:
        held = Thread(source=source, layout=source.format)
    yield replace(held, warnings=(*held.warnings, *problems)) if problems else held
