"""Who answers whom: parents, depths and native ids of records.

Evidence, strongest first: an attribute that names the parent; a record inside another; a list
of replies right behind a record; a depth in a class, attribute, style or spacer; numbering such
as "#2.1"; an "in reply to" link. Without any of it the parent is unknown, not None.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from moderation.threads.pages.fields import Fields, _in_body, _in_quote
from moderation.threads.pages.records import Record
from moderation.threads.pages.selectors import compile_selectors
from moderation.threads.pages.tree import Element, Page

ID_ATTRIBUTES = (
    "data-comment-id",
    "data-commentid",
    "data-reply-id",
    "data-post-id",
    "data-postid",
    "data-cid",
    "data-message-id",
    "data-id",
    "data-node-id",
    "data-content-id",
    "thingid",
    "comment-id",
    "data-fullname",
    "data-comment",
    "data-status-id",
)
PARENT_ATTRIBUTES = (
    "data-parent-id",
    "data-parentid",
    "data-parent-comment-id",
    "data-parent",
    "data-reply-to",
    "data-in-reply-to",
    "data-parent-comment",
    "data-comment-parent",
    "parentid",
    "data-replyto-id",
    "data-reply-to-id",
    "data-pid",
    "data-parent-post-id",
)
DEPTH_ATTRIBUTES = (
    "data-depth",
    "data-level",
    "data-indent",
    "depth",
    "indent",
    "aria-level",
    "data-nesting",
    "data-thread-level",
    "data-comment-level",
    "data-nest-level",
)
_DEPTH_CLASS = re.compile(
    r"(?:^|[-_])(?:depth|level|lvl|indent|nesting|nest|tier|thread-?level|commentlevel|lv|deep|"
    r"indentation|indentlevel|comment-?level|threadlevel|offset|stufe|ebene|niveau)[-_]*(\d{1,4})$",
    re.IGNORECASE,
)
_REPLY_CLASS = re.compile(
    r"(?:^|[-_])(?:indent(?:ed)?|child|nested|sub-?comment|is-?reply|reply|"
    r"comment-?reply|replied|subreply|child-?comment|response|second-?level|children)$|"
    r"--(?:reply|child|nested|indented|indent)",
    re.IGNORECASE,
)
_INDENT_STYLE = re.compile(
    r"(?:margin|padding)-(?:left|inline-start)\s*:\s*(-?[\d.]+)\s*(px|em|rem|%|pt)?"
    r"|margin\s*:\s*\S+\s+\S+\s+\S+\s+(-?[\d.]+)(px|em|rem|%|pt)?"
    r"|--(?:depth|level|indent|nesting)\s*:\s*([\d.]+)",
    re.IGNORECASE,
)
_NUMBERING = re.compile(r"^#?\s?(\d{1,5}(?:\.\d{1,5})*)\.?(?:$|\s)")
_IN_REPLY = re.compile(
    r"(?i)in reply to|reply to|replying to|in response to|responding to|antwort auf|als antwort|"
    r"en réponse à|répond à|en respuesta a|in risposta a|em resposta a|als antwoord|odpowiedź|"
    r"w odpowiedzi|som svar|som svar på|в ответ|↑|parent|返信先|回复"
)
_NUMBER = re.compile(r"(?:^|[^0-9A-Za-z])(?:[A-Za-z]{1,3})?(\d+)(?:_\d+)?$|^[A-Za-z]+(\d{2,})$")


@dataclass(frozen=True, slots=True)
class Link:
    """One record's place in the thread: `parent` is a record's number."""

    parent: int | None = None
    known: bool = False
    depth: int | None = None


def native_id(record: Record, selector: str = "") -> str | None:
    """The id that the page gives a record: an attribute, else the number in an id or a link."""
    elements = record.elements
    if selector:
        for one in compile_selectors(selector):
            roots = frozenset(r.index for r in record.roots)
            for element in elements:
                if one.matches(element, roots):
                    value = element.get(one.attribute) if one.attribute else element.text
                    if value.strip():
                        return short_id(value)
    for root in record.roots:
        for name in ID_ATTRIBUTES:
            value = root.get(name)
            if value and any(c.isdigit() for c in value) and len(value) <= 64:
                return short_id(value)
    for element in elements[:40]:
        value = element.id or (element.get("name") if element.tag == "a" else "")
        if (
            value
            and any(c.isdigit() for c in value)
            and len(value) <= 64
            and not re.match(
                r"(?i)avatar|user|profile|sig|img|menu|like|vote|reply-?(?:form|box)", value
            )
        ):
            return short_id(value)
        for name in ID_ATTRIBUTES:
            value = element.get(name)
            if value and any(c.isdigit() for c in value) and len(value) <= 64:
                return short_id(value)
    for element in elements[:60]:
        if element.tag == "a":
            match = re.search(
                r"#(?:\w*?[-_]?)?(\d{2,})$|[?&](?:p|pid|post|comment|comment_?id|id)=(\d{2,})\b",
                element.get("href"),
            )
            if match:
                return match[1] or match[2]
    return None


def short_id(value: str) -> str:
    """ "li-comment-123" -> "123", "t1_ab3" -> "t1_ab3", "wc-comm-58568_0" -> "58568"."""
    value = value.strip().lstrip("#")
    if re.fullmatch(r"t\d_\w+", value):
        return value
    match = _NUMBER.search(value)
    if match:
        return match[1] or match[2]
    return value


def link_records(
    page: Page,
    fields: list[Fields],
    ids: list[str | None],
    parent: str = "",
    depth: str = "",
    threaded: bool | None = None,
) -> list[Link]:
    """Each record's parent and depth; `threaded` = what the system is known to do, None = look."""
    if not fields:
        return []
    records = [one.record for one in fields]
    if threaded is False:
        return [Link() for _ in records]
    for method in (_by_attribute, _by_nesting, _by_following):
        links = method(page, records, ids, parent)
        if links is not None:
            return _with_depths(links)
    depths = _depths(records, depth)
    if depths is not None:
        return _with_depths(_from_depths(depths))
    for other in (_by_numbering, _by_reply_link):
        links = other(page, fields, ids)
        if links is not None:
            return _with_depths(links)
    if threaded:
        return [Link(None, True, 0) for _ in records]
    return [Link() for _ in records]


def _by_attribute(
    page: Page, records: list[Record], ids: list[str | None], selector: str
) -> list[int | None] | None:
    places: dict[str, int] = {}
    for number, identifier in enumerate(ids):
        if identifier is not None:
            places.setdefault(identifier, number)
    if len(places) < 2:
        return None
    found: list[int | None] = []
    hits = 0
    named = 0
    for number, record in enumerate(records):
        value = ""
        if selector:
            roots = frozenset(r.index for r in record.roots)
            for one in compile_selectors(selector):
                for element in record.elements:
                    if one.matches(element, roots) and one.attribute:
                        value = element.get(one.attribute)
                        break
                if value:
                    break
        else:
            for name in PARENT_ATTRIBUTES:
                value = record.root.get(name)
                if value:
                    break
        named += bool(value)
        place = places.get(short_id(value)) if value else None
        if place is not None and place < number:
            found.append(place)
            hits += 1
        else:
            found.append(None)
    return found if hits else None


def _by_nesting(
    page: Page, records: list[Record], ids: list[str | None], selector: str
) -> list[int | None] | None:
    numbers = {id(record): number for number, record in enumerate(records)}
    found: list[int | None] = []
    for record in records:
        outer = record.outer
        while outer is not None and id(outer) not in numbers:
            outer = outer.outer
        found.append(None if outer is None else numbers[id(outer)])
    return found if any(place is not None for place in found) else None


def _by_following(
    page: Page, records: list[Record], ids: list[str | None], selector: str
) -> list[int | None] | None:
    """Replies in a container that follows the record they answer, as its sibling."""
    roots = {record.root.index: number for number, record in enumerate(records)}
    if any(len(record.roots) > 1 for record in records):
        return None
    heads: dict[int, int] = {}  # container's index -> record that it follows
    found: list[int | None] = []
    hits = 0
    children_of: dict[int, dict[int, Element]] = {}
    wrapped: dict[tuple[str, str], set[int]] = {}  # tag and class of a container -> its heads
    likely: dict[int, int] = {}
    at_level = Counter(r.root.parent.index for r in records if r.root.parent is not None)
    for number, record in enumerate(records):
        parent: int | None = None
        place: Element | None = record.root
        steps = 0
        while place is not None and place.parent is not None and steps < 12:
            steps += 1
            container = place
            place = place.parent
            if container is record.root:
                continue
            if container.index in heads:
                parent = heads[container.index]
                break
            previous = _previous(page, container, children_of)
            if previous is None:
                continue
            head = roots.get(previous.index)
            if head is None and container.index - previous.index < 400:
                # the record may be wrapped alone: <div><comment/></div><div class="replies">…
                inner = [roots[i] for i in range(previous.index, previous.end) if i in roots]
                head = inner[0] if len(inner) == 1 and _reply_list(container) else None
            if head is not None and (
                _reply_list(container)
                or _indented(container)
                or (previous.index in roots and at_level[place.index] > 1)
            ):
                heads[container.index] = head
                parent = head
                break
            if head is not None and number not in likely:
                # a comment and something with comments in it, in one wrapper: replies if it is
                # so again and again
                likely[number] = head
                wrapped.setdefault((container.tag, container.get("class")), set()).add(head)
        if parent is not None:
            hits += 1
        found.append(parent)
    again = {head for holders in wrapped.values() if len(holders) > 1 for head in holders}
    for number, head in likely.items():
        if found[number] is None and head in again:
            found[number] = head
            hits += 1
    return found if hits else None


def _reply_list(element: Element) -> bool:
    return element.tag in ("ul", "ol", "dl") or any(
        re.search(r"(?i)repl|child|nested|sub|thread|answer|antwort|indent|respon|inner", token)
        for token in [*element.classes, element.id]
    )


def _indented(element: Element) -> bool:
    """Whether a class of utilities or a style moves an element to the right."""
    return bool(_INDENT_STYLE.search(element.get("style"))) or any(
        re.fullmatch(r"(?:[a-z]+:)*(?:[mp][ls]|border-[ls])-\[?\d.*|offset-\d+", token)
        for token in element.classes
    )


def _previous(page: Page, element: Element, known: dict[int, dict[int, Element]]) -> Element | None:
    """The sibling before an element (computed once for each parent)."""
    parent = element.parent
    if parent is None:
        return None
    table = known.get(parent.index)
    if table is None:
        table = {}
        before: Element | None = None
        for child in parent.children:
            if before is not None:
                table[child.index] = before
            if child.tag not in ("a", "script", "style", "br", "span", "template"):
                before = child
        known[parent.index] = table
    return table.get(element.index)


def _depths(records: list[Record], selector: str) -> list[int] | None:
    methods: list[Callable[[Record], float | None]] = []
    if selector:
        methods.append(lambda record: _selected_depth(record, selector))
    methods += [_attribute_depth, _class_depth, _style_depth, _spacer_depth]
    for method in methods:
        raw = [method(record) for record in records]
        have = [value for value in raw if value is not None]
        if len(have) < 0.5 * len(records) and method not in (_style_depth,):
            continue
        values = [value if value is not None else 0.0 for value in raw]
        levels = sorted(set(values))
        if len(levels) < 2 or len(levels) > 200:
            continue
        step = min(b - a for a, b in pairwise(levels))
        if method is _style_depth and step < 4:
            step = max(step, 1.0)
        order = {value: rank for rank, value in enumerate(levels)}
        depths = [
            round((value - levels[0]) / step) if step >= 1 else order[value] for value in values
        ]
        if depths[0] != 0 and min(depths) == 0:
            depths[0] = 0
        return depths
    flags = []
    for record in records:
        flags.append(int(any(_REPLY_CLASS.search(t) for t in record.root.classes)))
    if 0 < sum(flags) < len(flags) and flags[0] == 0:
        return flags
    return None


def _selected_depth(record: Record, selector: str) -> float | None:
    roots = frozenset(r.index for r in record.roots)
    for one in compile_selectors(selector):
        for element in record.elements:
            if one.matches(element, roots):
                if one.attribute == "count":
                    continue
                value = element.get(one.attribute) if one.attribute else ""
                match = re.search(r"-?\d+(?:\.\d+)?", value)
                if match:
                    return float(match[0])
    return None


def _attribute_depth(record: Record) -> float | None:
    for root in (*record.roots, *_wrappers(record)):
        for name in DEPTH_ATTRIBUTES:
            value = root.get(name)
            if value.isdigit() and len(value) < 6:
                return float(value)
    return None


def _class_depth(record: Record) -> float | None:
    for root in (*record.roots, *_wrappers(record), *record.elements[1:4]):
        for token in root.classes:
            match = _DEPTH_CLASS.search(token)
            if match:
                return float(match[1])
    return None


def _wrappers(record: Record) -> list[Element]:
    """Elements around the record that hold nothing else."""
    found: list[Element] = []
    place = record.root.parent
    inner = record.root
    while place is not None and len(found) < 3:
        if place.last - place.first > inner.last - inner.first + 1 or place.end - inner.end > 2:
            break
        found.append(place)
        inner, place = place, place.parent
    return found


def _style_depth(record: Record) -> float | None:
    for root in (*record.roots, *_wrappers(record), *record.elements[1:3]):
        match = _INDENT_STYLE.search(root.get("style"))
        if match:
            value = match[1] or match[3] or match[5]
            unit = match[2] or match[4]
            return float(value) * (16 if unit in ("em", "rem") else 1)
    return None


def _spacer_depth(record: Record) -> float | None:
    """Old layouts: a cell or a blank image as wide as the indentation."""
    for element in record.elements[1:8]:
        if element.tag == "img" and re.search(
            r"(?i)spacer|blank|pixel|s\.gif|clear\.gif", element.get("src")
        ):
            value = element.get("width").rstrip("px")
            if value.isdigit() and len(value) < 6:
                return float(value)
    return None


def _from_depths(depths: list[int]) -> list[int | None]:
    found: list[int | None] = []
    stack: list[tuple[int, int]] = []  # (depth, number)
    for number, depth in enumerate(depths):
        while stack and stack[-1][0] >= depth:
            stack.pop()
        found.append(stack[-1][1] if stack else None)
        stack.append((depth, number))
    return found


def _by_numbering(
    page: Page, fields: list[Fields], ids: list[str | None]
) -> list[int | None] | None:
    numbers: list[str | None] = []
    for one in fields:
        body = set(one.pieces)
        number = None
        for piece in one.record.pieces[:12]:
            if piece in body:
                continue
            match = _NUMBERING.match(page.piece(piece))
            if match and (page.piece(piece).startswith("#") or "." in match[1]):
                number = match[1]
                break
        numbers.append(number)
    if sum(n is not None for n in numbers) < 0.8 * len(fields) or not any(
        n and "." in n for n in numbers
    ):
        return None
    places = {n: number for number, n in enumerate(numbers) if n is not None}
    return [places.get(n.rpartition(".")[0]) if n and "." in n else None for n in numbers]


def _by_reply_link(
    page: Page, fields: list[Fields], ids: list[str | None]
) -> list[int | None] | None:
    places = {identifier: n for n, identifier in enumerate(ids) if identifier is not None}
    found: list[int | None] = []
    for number, one in enumerate(fields):
        parent: int | None = None
        for element in one.record.elements:
            if element.tag != "a" or "#" not in element.get("href"):
                continue
            if _in_body(one, element) or _in_quote(element, one.record):
                continue
            target = places.get(short_id(element.get("href").rpartition("#")[2]))
            if target is None or target >= number:
                continue
            around = element.parent.text if element.parent is not None else ""
            if len(around) < 160 and _IN_REPLY.search(around + " " + " ".join(element.classes)):
                parent = target
                break
        found.append(parent)
    return found if any(p is not None for p in found) else None


def _with_depths(parents: list[int | None]) -> list[Link]:
    depths: list[int] = []
    links = []
    for number, parent in enumerate(parents):
        if parent is not None and parent >= number:
            parent = None
        depth = 0 if parent is None else depths[parent] + 1
        depths.append(depth)
        links.append(Link(parent, True, depth))
    return links
