"""The reader of HTML pages: candidates from the table, the vocabularies and the generic finder."""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from w3lib.encoding import html_body_declared_encoding

from moderation.records import Comment, Kind, Range, Source, Status, Thread
from moderation.threads.decoding import DAMAGED, Decoded, decode
from moderation.threads.document import Document, Evidence, ReadOptions
from moderation.threads.pages.article import find_article
from moderation.threads.pages.dates import parse_date
from moderation.threads.pages.entities import find_escaped_twice
from moderation.threads.pages.fields import Fields, Selectors, read_fields
from moderation.threads.pages.generic import find_thread
from moderation.threads.pages.outside import declared_count, external_systems
from moderation.threads.pages.parents import link_records, native_id
from moderation.threads.pages.records import Record, compose, make_records
from moderation.threads.pages.selectors import compile_selectors, exists, select
from moderation.threads.pages.structured import Item, locate, read_items
from moderation.threads.pages.systems import STRUCTURED, SYSTEMS, System
from moderation.threads.pages.tree import Element, Page

_HTML = re.compile(
    rb"(?i)<(?:!doctype\s+html|html[\s>]|head[\s>]|body[\s>]|meta\s|title>|div[\s>]|table[\s>]|"
    rb"article[\s>]|section[\s>]|ol[\s>]|ul[\s>]|p[\s>]|!--|link\s|script[\s>]|span[\s>]|amp-)"
)
_DELETED = re.compile(
    r"(?i)^\W*(?:(?:this |the )?(?:comment|post|message|reply)(?: has been| was| is)? "
    r"?(?:deleted|removed|hidden)"
    r"(?: by .{1,40})?(?: \(.{1,40}\))?|\[?(?:deleted|removed|gelöscht|supprimé|eliminado)\]?|"
    r"comment (?:deleted|removed)(?: by .{1,30})?|(?:deleted|removed) by .{1,30}|"
    r"(?:dieser )?(?:kommentar|beitrag) (?:wurde )?(?:gelöscht|entfernt)(?: .{1,40})?|"
    r"(?:ce )?commentaire (?:a été )?supprimé(?: par .{1,30})?|(?:este )?comentario (?:ha sido "
    r")?(?:eliminado|borrado)(?: por .{1,30})?|"
    r"(?:questo )?commento (?:è stato )?(?:eliminato|rimosso|cancellato)(?: .{1,30})?|"
    r"(?:este )?comentário (?:foi )?(?:removido|excluído|apagado)(?: .{1,30})?)\W*$"
)
_PENDING = re.compile(
    r"(?i)awaiting moderation|awaiting approval|wartet auf (?:freischaltung|moderation)|"
    r"en attente de modération|pendiente de (?:moderación|aprobación)"
)
_LANGUAGE_ENCODINGS = {
    "ru": "cp1251",
    "uk": "cp1251",
    "bg": "cp1251",
    "be": "cp1251",
    "mk": "cp1251",
    "sr": "cp1251",
    "ja": "cp932",
    "zh-tw": "big5hkscs",
    "zh-hk": "big5hkscs",
    "zh": "gb18030",
    "ko": "cp949",
    "pl": "iso8859-2",
    "cs": "cp1250",
    "sk": "cp1250",
    "hu": "iso8859-2",
    "sl": "cp1250",
    "hr": "cp1250",
    "ro": "iso8859-2",
    "el": "cp1253",
    "tr": "cp1254",
    "he": "cp1255",
    "ar": "cp1256",
    "fa": "cp1256",
    "lt": "cp1257",
    "lv": "cp1257",
    "et": "cp1257",
    "th": "cp874",
    "vi": "cp1258",
}
_LANG = re.compile(rb"(?i)<html[^>]{0,400}?\slang=[\"']?([a-z]{2}(?:-[a-z]{2,4})?)")


@dataclass(eq=False, slots=True)
class _Found:
    """A candidate thread of a page."""

    name: str
    records: list[Record]
    fields: list[Fields]
    system: System | None
    worth: float
    confidence: float


class PageReader:
    """Reader for `moderation.threads.READERS`; `systems=()` leaves the table out (to measure the
    generic finder), `structured=()` the shared vocabularies."""

    name = "html"

    def __init__(
        self,
        systems: Sequence[System] = SYSTEMS,
        structured: Sequence[System] = STRUCTURED,
    ) -> None:
        self.systems = tuple(systems)
        self.structured = tuple(structured)

    def evidence(self, document: Document) -> Evidence | None:
        """By tags in the first bytes; a page saved as UTF-16 shows them between NULs."""
        head = document.head[:32_768].replace(b"\0", b"")
        start = head.removeprefix(codecs.BOM_UTF8).lstrip()[:4096]
        lowered = start[:400].lower()
        if lowered.startswith((b"<?xml",)) and b"<html" not in head.lower():
            return None
        if lowered.startswith((b"{", b"[")):
            return None
        if lowered.startswith((b"<!doctype html", b"<html")) or b"<html" in lowered:
            return Evidence(0.98, "starts as an HTML page")
        tags = len(_HTML.findall(head))
        if b"<html" in head.lower() or b"<!doctype html" in head.lower():
            return Evidence(0.9, "an HTML page after other lines")
        if start.startswith(b"<") and tags >= 1:
            return Evidence(0.85, "starts with an HTML tag")
        if tags >= 5:
            return Evidence(0.8, f"{tags} HTML tags in its first bytes")
        return None

    def read(self, document: Document, options: ReadOptions) -> Iterator[Thread]:
        """Exactly one thread, without comments where none were found."""
        decoded = decode_page(document.read())
        source = Source(document.name, document.sha256, "html", decoded.encoding)
        yield read_page(
            decoded.text, source, options, self.systems, self.structured, decoded.warnings
        )


def decode_page(data: bytes) -> Decoded:
    """Bytes to text as `moderation.threads.decoding` does, helped by what the page declares.

    Undeclared pages in a language that old pages wrote in one usual encoding are read in that
    one (as browsers do); a declared multi-byte encoding survives a few damaged bytes.
    """
    declared = html_body_declared_encoding(data[:16_384])
    if declared is None:
        match = _LANG.search(data[:4096])
        if match is not None:
            language = match[1].decode("ascii").lower()
            declared = _LANGUAGE_ENCODINGS.get(language) or _LANGUAGE_ENCODINGS.get(language[:2])
    decoded = decode(data, declared)
    if declared and decoded.encoding in ("cp1252", "latin-1") and decoded.warnings:
        text = data.decode(declared, "replace")
        if text.count("\ufffd") <= 0.01 * len(text):
            return Decoded(text, codecs.lookup(declared).name, (DAMAGED,))
    return decoded


def read_page(
    text: str,
    source: Source,
    options: ReadOptions | None = None,
    systems: Sequence[System] = SYSTEMS,
    structured: Sequence[System] = STRUCTURED,
    warnings: Sequence[str] = (),
) -> Thread:
    """The thread of one decoded page; `systems` and `structured` are the tables to try."""
    options = options or ReadOptions()
    page = Page(text)
    found = _choose(page, options, systems, structured)
    near = found.records[0].root.index if found else None
    outermost = [r for r in found.records if r.outer is None] if found else []
    declared = declared_count(page, near, [(r.root.index, r.end) for r in outermost])
    comments = _comments(page, found, source) if found else ()
    notes = list(warnings)
    layout = found.name if found else "none"
    if not comments and structured:
        items = read_items(page)
        if items:
            lost = locate(page, items)
            comments = _from_items(items, source)
            layout = "json-ld"
            options.note(f"chosen: json-ld, {len(items)} comments, {lost} not shown on the page")
            if lost:
                notes.append("positions_lost")
    external = external_systems(page)
    if found is not None:
        external = [name for name in external if not found.name.startswith(name)]
    if external and (found is None or not comments):
        notes += [f"comments_external:{name}" for name in external]
    elif external:
        notes += [f"comments_external:{name}" for name in external if name not in ("jetpack",)]
    counts = {"extracted": len(comments)}
    if declared is not None:
        counts["declared"] = declared
    placeholders = sum(c.status == "deleted" for c in comments)
    if placeholders:
        counts["placeholders"] = placeholders
    taken = [(r.root.first, r.roots[-1].last) for r in found.records] if found else []
    return Thread(
        source=source,
        title=page.title(),
        article=find_article(page, taken),
        layout=layout,
        confidence=found.confidence if found else 1.0,
        warnings=tuple(dict.fromkeys(notes)),
        counts=counts,
        comments=comments,
    )


# ---------------------------------------------------------------- choosing


def _choose(
    page: Page, options: ReadOptions, systems: Sequence[System], structured: Sequence[System]
) -> _Found | None:
    best: _Found | None = None
    away = _away_ranges(page)
    for system in systems:
        found = _try_system(page, system, away)
        if found is not None:
            options.note(
                f"system {system.name}: {len(found.records)} records, worth {found.worth:.1f}"
            )
            if best is None or found.worth > best.worth:
                best = found
    if best is not None:
        options.note(f"chosen: {best.name}, a known system")
        return best
    for system in structured:
        found = _try_system(page, system, away)
        if found is not None:
            options.note(
                f"vocabulary {system.name}: {len(found.records)} records, worth {found.worth:.1f}"
            )
            if best is None or found.worth > best.worth:
                best = found
    lines: list[str] = []
    generic = find_thread(page, lines)
    for line in lines:
        options.note(line)
    if generic is not None and (
        best is None
        or len(generic.records) > 1.2 * len(best.records)
        or (best.worth < 0.6 * len(best.records) and generic.worth > best.worth)
    ):
        confidence = min(0.9, 0.4 + 0.06 * generic.points)
        best = _Found("generic", generic.records, generic.fields, None, generic.worth, confidence)
    options.note(f"chosen: {best.name}" if best else "chosen: none, nothing looks like comments")
    return best


_AWAY = re.compile(
    r"(?i)recent-?comments|latest-?comments|recentcomments|widget_recent|wp-block-latest-comments|"
    r"comments-widget|newest-?comments|comment-?ticker|sidebar-?comments|top-?comments-widget"
)


def _try_system(page: Page, system: System, away: list[tuple[int, int]]) -> _Found | None:
    if system.when and not exists(page, system.when):
        return None
    elements = select(page, system.record)
    if system.skip:
        skipped = {e.index for e in select(page, system.skip)}
        elements = [e for e in elements if e.index not in skipped]
    elements = _outside(elements, away)
    if len(elements) < system.least:
        return None
    groups = _rows(elements, system) if system.rows else [(e,) for e in _unwrapped(elements)]
    records = make_records(page, groups)
    selectors = Selectors(
        system.author,
        system.date,
        system.body,
        system.drop,
        system.quote,
        system.deleted,
        system.titles,
    )
    fields = read_fields(page, records, selectors)
    kept = [one for one in fields if _is_comment(page, one, system)]
    if len(kept) != len(fields):
        # what is left out must not own text: make the records anew
        groups = [one.record.roots for one in kept]
        records = make_records(page, groups)
        fields = read_fields(page, records, selectors)
        kept = [one for one in fields if _is_comment(page, one, system)]
    if len(kept) < system.least:
        return None
    shown = [
        one for one in kept if not {"pingback", "trackback"}.intersection(one.record.root.classes)
    ]
    complete = sum(
        0.4 * bool(one.pieces)
        + 0.3 * (one.author is not None and bool(one.pieces))
        + 0.3 * (one.created_raw is not None and bool(one.pieces))
        for one in shown
    )
    if not complete:
        return None
    worth = complete * complete / len(shown) * system.weight
    if not any(one.author or one.created_raw for one in kept):
        return None
    return _Found(
        system.name,
        [one.record for one in kept],
        kept,
        system,
        worth,
        0.95 * min(1.0, 0.5 + complete / len(shown) / 2),
    )


def _away_ranges(page: Page) -> list[tuple[int, int]]:
    """Ranges of elements that list recent comments and the like, apart and in order."""
    ranges: list[tuple[int, int]] = []
    for element in page.elements:
        if ranges and element.index < ranges[-1][1]:
            continue
        if element.attributes and _AWAY.search(f"{element.get('class')} {element.id}"):
            ranges.append((element.index, element.end))
    return ranges


def _outside(elements: list[Element], ranges: list[tuple[int, int]]) -> list[Element]:
    kept = []
    number = 0
    for element in elements:
        while number < len(ranges) and ranges[number][1] <= element.index:
            number += 1
        if number == len(ranges) or element.index < ranges[number][0]:
            kept.append(element)
    return kept


def _unwrapped(elements: list[Element]) -> list[Element]:
    """Of an element and the only thing in it (both fit the selector) keep the outer one."""
    kept: list[Element] = []
    for element in elements:
        outer = kept[-1] if kept else None
        while outer is not None and not outer.contains(element):
            outer = None
        if outer is not None and _same_comment(outer, element):
            continue
        kept.append(element)
    return kept


def _same_comment(outer: Element, inner: Element) -> bool:
    """Whether two nested elements are the frames of one comment, not a comment and its reply."""
    one, two = re.findall(r"\d{2,}", outer.id), re.findall(r"\d{2,}", inner.id)
    if one and two:
        return bool(one[-1] == two[-1])
    place = inner.parent
    while place is not None and place is not outer:
        if place.tag in ("ul", "ol", "dl") or re.search(
            r"(?i)repl|child|nested|sub", place.get("class")
        ):
            return False
        place = place.parent
    return inner.first - outer.first <= 2


def _rows(elements: list[Element], system: System) -> list[tuple[Element, ...]]:
    """Each element that begins a comment, with its siblings up to the next that does."""
    selectors = compile_selectors(system.author or "*")
    groups: list[list[Element]] = []
    chosen = {e.index for e in elements}
    for element in elements:
        begins = any(
            s.matches(inner) for s in selectors for inner in (element, *element.descendants)
        )
        if begins or not groups or groups[-1][-1].parent is not element.parent:
            groups.append([element])
        elif element.index in chosen:
            groups[-1].append(element)
    rows: list[tuple[Element, ...]] = []
    for number, group in enumerate(groups):
        following = groups[number + 1][0].index if number + 1 < len(groups) else None
        parent = group[0].parent
        last = group[-1]
        if parent is not None:
            place: Element | None = last
            siblings = []
            for child in _siblings_after(last, parent):
                if following is not None and child.index >= following:
                    break
                siblings.append(child)
                if len(siblings) >= 12:
                    break
            group.extend(siblings)
            del place
        rows.append(tuple(group))
    return rows


def _siblings_after(element: Element, parent: Element) -> Iterator[Element]:
    elements = parent.page.elements
    index = element.end
    while index < parent.end:
        child = elements[index]
        yield child
        index = child.end


def _is_comment(page: Page, one: Fields, system: System) -> bool:
    if one.pieces:
        return True
    root = one.record.root
    if "pingback" in root.classes or "trackback" in root.classes:
        return True
    if any(root.first <= p < one.record.roots[-1].last for p in one.record.pieces):
        return (
            bool(_DELETED.match(page.fold(one.record.pieces[:12])))
            or _has_deleted(one, system)
            or (one.author is not None or one.created_raw is not None)
        )
    return False


def _has_deleted(one: Fields, system: System) -> bool:
    if not system.deleted:
        return False
    roots = frozenset(r.index for r in one.record.roots)
    return any(
        s.matches(element, roots)
        for s in compile_selectors(system.deleted)
        for element in one.record.elements
    )


# ---------------------------------------------------------------- comments


def _comments(page: Page, found: _Found, source: Source) -> tuple[Comment, ...]:
    system = found.system
    ids = [native_id(one.record, system.id if system else "") for one in found.fields]
    seen: set[str] = set()
    for number, identifier in enumerate(ids):
        if identifier is not None and identifier in seen:
            ids[number] = None
        elif identifier is not None:
            seen.add(identifier)
    links = link_records(
        page,
        found.fields,
        ids,
        system.parent if system else "",
        system.depth if system else "",
        system.threaded if system else None,
    )
    page.twice = find_escaped_twice(page, (one.pieces for one in found.fields))
    names: list[str] = []
    comments: list[Comment] = []
    used: set[str] = set()
    for number, (one, link) in enumerate(zip(found.fields, links, strict=True)):
        flow = compose(page, one.pieces, one.quotes)
        kind, status = _kind(page, one, system, flow.text)
        text, spans, quotes = flow.text, flow.spans, flow.quotes
        author = one.author
        if author is not None and "&" in author and page.twice:
            author = html.unescape(author)
        if status == "deleted" or (kind in ("pingback", "trackback") and not one.body):
            text, spans, quotes = "", (), ()
        if kind in ("pingback", "trackback") or (author and _DELETED.match(author)):
            author = None
        place = spans[0].start if spans else one.record.root.start
        name = f"{source.sha256[:12]}:{ids[number] if ids[number] is not None else place}"
        if name in used:
            name = f"{source.sha256[:12]}:{place}"
        while name in used:
            name += "+"
        used.add(name)
        names.append(name)
        comments.append(
            Comment(
                id=name,
                text=text,
                author=author,
                parent_id=None if link.parent is None else names[link.parent],
                parent_known=link.known,
                depth=link.depth,
                order=number,
                kind=kind,
                status=status,
                spans=spans,
                quotes=quotes,
                native_id=ids[number],
                created_at=one.created_at,
                created_raw=one.created_raw,
                confidence=found.confidence * (1.0 if one.author or one.created_raw else 0.8),
            )
        )
    return tuple(comments)


def _from_items(items: list[Item], source: Source) -> tuple[Comment, ...]:
    names: list[str] = []
    depths: list[int] = []
    comments: list[Comment] = []
    for number, item in enumerate(items):
        place = item.spans[0].start if item.spans else f"ld{number}"
        names.append(f"{source.sha256[:12]}:{place}")
        depths.append(0 if item.parent is None else depths[item.parent] + 1)
        comments.append(
            Comment(
                id=names[-1],
                text=item.text,
                author=item.author,
                parent_id=None if item.parent is None else names[item.parent],
                parent_known=any(i.parent is not None for i in items),
                depth=depths[-1] if any(i.parent is not None for i in items) else None,
                order=number,
                spans=item.spans,
                native_id=item.native_id,
                created_at=parse_date(item.created) if item.created else None,
                created_raw=item.created,
                confidence=0.9,
            )
        )
    return tuple(comments)


def _kind(page: Page, one: Fields, system: System | None, text: str) -> tuple[Kind, Status]:
    root = one.record.root
    # a page does not tell whether its first post opens the topic: all posts are comments
    kind: Kind = "comment"
    if "pingback" in root.classes:
        kind = "pingback"
    elif "trackback" in root.classes:
        kind = "trackback"
    status: Status = "visible"
    if kind == "comment":
        short = text if len(text) < 120 else ""
        whole = page.fold(one.record.pieces[:12]) if not text else ""
        if (
            (short and _DELETED.match(short))
            or (not text and _DELETED.match(whole))
            or (
                not text
                and system is not None
                and (_has_deleted(one, system) or "deleted" in root.get("class"))
            )
        ):
            status = "deleted"
        elif not text:
            status = (
                "deleted"
                if re.search(r"(?i)delet|remov|gelöscht|supprim|elimin", whole)
                else "visible"
            )
        if any("awaiting" in t or "unapproved" in t for t in root.classes) or any(
            "comment-awaiting-moderation" in e.classes for e in one.record.elements[:40]
        ):
            status = "pending"
    return kind, status


__all__ = ["PageReader", "Range", "decode_page", "html", "read_page"]
