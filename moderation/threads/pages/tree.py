"""A page as a tree in which every piece of text knows its place in the source.

    source ── one pass of a lenient scanner ──► elements in document order + pieces of text

Why not lxml: it keeps source lines only, not positions; it stops at 2,048 nested elements even
with `huge_tree`, which 1,024 nested replies of a list in a list reach; and pieces of text cannot
be aligned with the source where it repairs a page. The repairs below follow the HTML standard's
tree construction (WHATWG HTML, 13.2.6) where comments depend on it: implied end tags, scopes,
void and raw-text elements, misnested formatting. Foster parenting is left out: no text moves.

Invariant: pieces are in source order, do not overlap, and `html.unescape(source[start:stop])` is
the text of each (unescaped once more for those in `twice`); so whatever is built of pieces has
exact positions. Nothing recurses, every step is linear in the source (look-ups for implied end
tags go at most `SCOPE` levels up).
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from functools import cached_property

SCOPE = 512  # levels searched for an element that a tag closes implicitly

VOID = frozenset(
    [
        "area",
        "base",
        "basefont",
        "bgsound",
        "br",
        "col",
        "embed",
        "frame",
        "hr",
        "img",
        "input",
        "keygen",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    ]
)
RAW = frozenset(["script", "style", "xmp", "iframe", "noembed", "noframes"])
ESCAPABLE_RAW = frozenset(("textarea", "title"))
HIDDEN = frozenset(
    ["script", "style", "template", "textarea", "title", "iframe", "noembed", "noframes", "select"]
)
BLOCK = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "br",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "frameset",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "hr",
        "html",
        "li",
        "legend",
        "main",
        "menu",
        "nav",
        "ol",
        "optgroup",
        "option",
        "p",
        "pre",
        "search",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_CLOSES_P = BLOCK - frozenset(
    [
        "body",
        "br",
        "caption",
        "html",
        "optgroup",
        "option",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
    ]
)
_SPECIAL = (
    BLOCK
    | VOID
    | RAW
    | frozenset(
        ["applet", "button", "head", "marquee", "object", "select", "template", "textarea", "title"]
    )
)
_SCOPE_ENDS = frozenset(
    ["applet", "caption", "html", "table", "td", "th", "marquee", "object", "template"]
)
_FORMATTING = frozenset(
    [
        "a",
        "b",
        "big",
        "code",
        "em",
        "font",
        "i",
        "nobr",
        "s",
        "small",
        "strike",
        "strong",
        "tt",
        "u",
        "form",
    ]
)
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_CELL_SCOPE = frozenset(("table", "html", "template"))
# start tag: (what it closes, where the search ends)
_IMPLIED: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "li": (frozenset(("li",)), frozenset(("ul", "ol", "menu", "dir")) | _SCOPE_ENDS),
    "dt": (frozenset(("dt", "dd")), frozenset(("dl",)) | _SCOPE_ENDS),
    "dd": (frozenset(("dt", "dd")), frozenset(("dl",)) | _SCOPE_ENDS),
    "td": (frozenset(("td", "th")), _CELL_SCOPE | {"tr"}),
    "th": (frozenset(("td", "th")), _CELL_SCOPE | {"tr"}),
    "tr": (frozenset(("tr",)), _CELL_SCOPE | {"tbody", "thead", "tfoot"}),
    "tbody": (frozenset(("tbody", "thead", "tfoot")), _CELL_SCOPE),
    "thead": (frozenset(("tbody", "thead", "tfoot")), _CELL_SCOPE),
    "tfoot": (frozenset(("tbody", "thead", "tfoot")), _CELL_SCOPE),
    "option": (frozenset(("option",)), frozenset(("select", "datalist")) | _SCOPE_ENDS),
    "optgroup": (frozenset(("option", "optgroup")), frozenset(("select",)) | _SCOPE_ENDS),
    "button": (frozenset(("button",)), _SCOPE_ENDS),
}
_BLOCKS_LI = _SPECIAL - frozenset(("address", "div", "p"))

_TAG = re.compile(r"<(?:(/?)([A-Za-z][^\s/>]*)|(!--)|([!?/]))")
# After the name: quotes count only behind "="; possessive, so one attempt costs linear time
_REST = re.compile(r"(?:[^>=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+'|))*+>")
_ATTRIBUTE = re.compile(
    r"([^\s=/>\"'][^\s=/>]*+)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s>\"'][^\s>]*+|)))?"
)
_BEFORE_SLASH = " \t\r\n\f\"'"

NONE, SPACE, BREAK = 0, 1, 2


class Element:
    """One element: `index` in document order, `end` = index behind its last descendant.

    `start`, `inner` and `stop` are source positions: of its start tag, of what follows the start
    tag, and behind its end tag; `first` and `last` bound the numbers of its pieces of text.
    """

    __slots__ = (
        "_attributes",
        "_classes",
        "end",
        "first",
        "index",
        "inner",
        "last",
        "page",
        "parent",
        "start",
        "stop",
        "tag",
    )

    def __init__(
        self,
        page: Page,
        tag: str,
        parent: Element | None,
        index: int,
        start: int,
        inner: int,
        first: int,
    ) -> None:
        self.page = page
        self.tag = tag
        self.parent = parent
        self.index = index
        self.start = start
        self.inner = inner
        self.first = first
        self.end = index + 1
        self.stop = inner
        self.last = first
        self._attributes: dict[str, str] | None = None
        self._classes: list[str] | None = None

    def __repr__(self) -> str:
        return f"<{self.tag} {self.id or ''} {self.get('class')!r} at {self.start}>"

    @property
    def attributes(self) -> dict[str, str]:
        """Names in lower case to unescaped values; the first of a doubled attribute counts."""
        if self._attributes is None:
            found: dict[str, str] = {}
            begin = self.start + 1 + len(self.tag)
            if self.inner - begin > 2:
                for match in _ATTRIBUTE.finditer(self.page.source, begin, self.inner - 1):
                    name = match[1].lower()
                    if name not in found:
                        value = match[2] or match[3] or match[4] or ""
                        found[name] = html.unescape(value) if "&" in value else value
            self._attributes = found
        return self._attributes

    def get(self, name: str) -> str:
        """The attribute's value; "" where it is missing."""
        return self.attributes.get(name, "")

    @property
    def id(self) -> str:
        """The id attribute, without white space around it."""
        return self.attributes.get("id", "").strip()

    @property
    def classes(self) -> list[str]:
        """The tokens of the class attribute."""
        if self._classes is None:
            self._classes = self.attributes.get("class", "").split()
        return self._classes

    @property
    def children(self) -> Iterator[Element]:
        """Child elements in order."""
        elements = self.page.elements
        index = self.index + 1
        while index < self.end:
            child = elements[index]
            yield child
            index = child.end

    @property
    def descendants(self) -> Iterator[Element]:
        """All elements inside, in order."""
        elements = self.page.elements
        for index in range(self.index + 1, self.end):
            yield elements[index]

    @property
    def ancestors(self) -> Iterator[Element]:
        """Parents, nearest first."""
        element = self.parent
        while element is not None:
            yield element
            element = element.parent

    def contains(self, other: Element) -> bool:
        """True for a descendant and for the element itself."""
        return self.index <= other.index < self.end

    @property
    def text(self) -> str:
        """Folded text of all visible pieces inside, in one line."""
        return self.page.fold(range(self.first, self.last))


class Page:
    """The parsed page.

    `elements` in document order (`elements[0]` is a root that the source need not have);
    pieces of text as parallel lists: `starts`, `stops` (source positions, no blank ends),
    `owners` (the element's index), `gaps` (NONE, SPACE or BREAK before the piece).
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.elements: list[Element] = []
        self.starts: list[int] = []
        self.stops: list[int] = []
        self.owners: list[int] = []
        self.gaps: list[int] = []
        self._title: str | None = None
        self._titled = False
        self.dates: dict[int, tuple[str, str] | None] = {}  # filled by fields.py
        self.twice: set[int] = set()  # pieces that were escaped twice, see entities.py
        _build(self)

    def piece(self, number: int) -> str:
        """Unescaped text of one piece, white space folded."""
        return " ".join(self._unescaped(number).split())

    def _unescaped(self, number: int) -> str:
        raw = self.source[self.starts[number] : self.stops[number]]
        text = html.unescape(raw) if "&" in raw else raw
        return html.unescape(text) if number in self.twice else text

    def lines_of(self, number: int) -> list[str]:
        """Unescaped text of one piece, cut at the source's line ends."""
        return self._unescaped(number).splitlines()

    def fold(self, numbers: range | list[int]) -> str:
        """Pieces in one line, joined as they would be shown."""
        parts: list[str] = []
        gap = NONE
        for number in numbers:
            gap = max(gap, self.gaps[number])
            text = self.piece(number)
            if text:
                if parts and gap:
                    parts.append(" ")
                parts.append(text)
                gap = NONE
        return "".join(parts)

    @cached_property
    def by_class(self) -> dict[str, list[Element]]:
        """Class token to its elements in order."""
        found: dict[str, list[Element]] = {}
        for element in self.elements:
            for token in dict.fromkeys(element.classes):
                found.setdefault(token, []).append(element)
        return found

    @cached_property
    def by_tag(self) -> dict[str, list[Element]]:
        """Tag to its elements in order."""
        found: dict[str, list[Element]] = {}
        for element in self.elements:
            found.setdefault(element.tag, []).append(element)
        return found

    @cached_property
    def by_id(self) -> dict[str, Element]:
        """Id to the first element with it."""
        found: dict[str, Element] = {}
        for element in self.elements:
            if element.id:
                found.setdefault(element.id, element)
        return found

    @cached_property
    def by_attribute(self) -> dict[str, list[Element]]:
        """Attribute name to the elements that have it, in order."""
        found: dict[str, list[Element]] = {}
        for element in self.elements:
            for name in element.attributes:
                found.setdefault(name, []).append(element)
        return found

    def raw_text(self, element: Element) -> str:
        """The source inside an element, such as a script's."""
        return self.source[element.inner : element.stop]

    def title(self) -> str | None:
        """The page's title, or None (found once)."""
        if not self._titled:
            self._title, self._titled = self._find_title(), True
        return self._title

    def _find_title(self) -> str | None:
        """The page's own title: og:title, else <title>, else the first heading."""
        for meta in self.by_tag.get("meta", ()):
            if meta.get("property") == "og:title" and meta.get("content").strip():
                return " ".join(meta.get("content").split())
        for title in self.by_tag.get("title", ()):
            if not any(a.tag == "svg" for a in title.ancestors):
                text = " ".join(html.unescape(self.raw_text(title)).split())
                if text:
                    return text
        for heading in self.by_tag.get("h1", ()):
            if heading.text:
                return heading.text
        return None


def _build(page: Page) -> None:
    source = page.source
    elements, starts, stops = page.elements, page.starts, page.stops
    owners, gaps = page.owners, page.gaps
    root = Element(page, "#root", None, 0, 0, 0, 0)
    elements.append(root)
    stack = [root]
    open_tags: Counter[str] = Counter()
    gap = BREAK
    hidden = 0  # open elements whose text is not shown
    position = 0
    length = len(source)
    last_close = source.rfind(">")
    quotes_count = True  # False once a quote swallowed the rest: then tags end at the next ">"
    comments_end = True  # False once a comment is never closed
    unclosed: set[str] = set()  # raw-text tags that are never closed from here on
    search, rest = _TAG.search, _REST.match

    def add_text(begin: int, end: int) -> None:
        nonlocal gap
        while begin < end and source[begin].isspace():
            begin += 1
            gap = gap or SPACE
        if begin == end:
            return
        trailing = False
        while source[end - 1].isspace():
            end -= 1
            trailing = True
        if not hidden:
            starts.append(begin)
            stops.append(end)
            owners.append(stack[-1].index)
            gaps.append(gap)
        gap = SPACE if trailing else NONE

    def close(depth: int, at: int) -> None:
        """Close all open elements above `depth` in the stack."""
        nonlocal gap, hidden
        while len(stack) > depth:
            element = stack.pop()
            element.last = len(starts)
            element.stop = at
            open_tags[element.tag] -= 1
            if element.tag in BLOCK:
                gap = BREAK
            if element.tag in HIDDEN:
                hidden -= 1

    def find(tags: frozenset[str], ends: frozenset[str]) -> int:
        """Depth of the nearest open element among `tags` in scope, or 0."""
        for depth in range(len(stack) - 1, max(0, len(stack) - 1 - SCOPE), -1):
            tag = stack[depth].tag
            if tag in tags:
                return depth
            if tag in ends:
                return 0
        return 0

    def end_tag(tag: str, begin: int, after: int) -> None:
        nonlocal gap
        if tag in ("html", "body") or tag in VOID or not open_tags[tag]:
            if tag in ("br", "p"):
                gap = BREAK
            return
        if tag in _FORMATTING:
            for depth in range(len(stack) - 1, max(0, len(stack) - 1 - SCOPE), -1):
                if stack[depth].tag == tag:
                    above = any(e.tag in _SPECIAL for e in stack[depth + 1 :])
                    if not above:
                        close(depth + 1, begin)
                        close(depth, after)
                    else:  # misnested: the blocks inside stay open
                        element = stack.pop(depth)
                        open_tags[tag] -= 1
                        element.last = len(starts)
                        element.stop = after
                    return
                if stack[depth].tag in _SCOPE_ENDS:
                    return
            return
        block = tag in BLOCK or tag in ("head", "object", "button", "select", "template")
        if tag in ("table", "tr", "td", "th", "tbody", "thead", "tfoot", "caption"):
            ends = frozenset(("table",)) if tag != "table" else frozenset()
            depth = find(frozenset((tag,)), ends)
        elif tag == "li":
            depth = find(frozenset((tag,)), _SCOPE_ENDS | {"ul", "ol"})
        elif block:
            depth = find(frozenset((tag,)), _SCOPE_ENDS - {tag})
        else:
            depth = find(frozenset((tag,)), _SPECIAL)
        if depth:
            close(depth + 1, begin)
            close(depth, after)

    while True:
        match = search(source, position)
        if match is None or (match[2] and match.start() > last_close):
            add_text(position, length)
            break
        begin = match.start()
        if begin > position:
            add_text(position, begin)
        if match[2] is None:
            if match[3]:  # a comment
                if source.startswith((">", "->"), match.end()):
                    position = source.index(">", match.end()) + 1
                    continue
                end = source.find("-->", match.end()) if comments_end else -1
                if end < 0:  # never closed: it ends at its first ">", as in old browsers
                    comments_end = False
                    end = source.find(">", match.end())
                    position = length if end < 0 else end + 1
                else:
                    position = end + 3
            else:  # a declaration, an instruction or an end tag without a name
                end = source.find(">", match.end())
                position = length if end < 0 else end + 1
            continue
        tag = match[2].lower()
        tail = rest(source, match.end()) if quotes_count else None
        if tail is None:
            if quotes_count:
                quotes_count = False
            end = source.find(">", match.end())
            after = length if end < 0 else end + 1
        else:
            after = tail.end()
        position = after
        if match[1]:
            end_tag(tag, begin, after)
            continue
        # a start tag: first what it closes
        if tag in ("html", "body", "head") and open_tags[tag]:
            continue
        if tag == "body" and open_tags["head"]:
            depth = find(frozenset(("head",)), frozenset())
            if depth:
                close(depth, begin)
        if tag in _CLOSES_P and open_tags["p"]:
            depth = find(frozenset(("p",)), _SCOPE_ENDS | {"button"})
            if depth:
                close(depth, begin)
        implied = _IMPLIED.get(tag)
        if implied is not None and any(open_tags[t] for t in implied[0]):
            tags, ends = implied
            depth = find(tags, (ends | _BLOCKS_LI) - tags if tag in ("li", "dt", "dd") else ends)
            if depth:
                close(depth, begin)
        elif tag in _HEADINGS and stack[-1].tag in _HEADINGS:
            close(len(stack) - 1, begin)
        elif (tag == "a" and open_tags["a"]) or (tag == "nobr" and open_tags["nobr"]):
            end_tag(tag, begin, begin)
        elif tag == "form" and open_tags["form"]:
            continue
        if tag in BLOCK:
            gap = BREAK
            if open_tags["select"] and tag not in ("option", "optgroup"):
                depth = find(frozenset(("select",)), _SCOPE_ENDS)
                if depth:
                    close(depth, begin)
        parent = stack[-1]
        element = Element(page, tag, parent, len(elements), begin, after, len(starts))
        elements.append(element)
        if tag in VOID:
            element.stop = after
            continue
        if tag in RAW or tag in ESCAPABLE_RAW:
            ends_at = (-1, -1) if tag in unclosed else _raw_end(source, tag, after)
            if ends_at[0] >= 0:
                element.stop, position = ends_at
            else:
                unclosed.add(tag)
                element.stop = position = length if tag in ("script", "style") else after
            continue
        if source[after - 2] == "/" and (
            source[after - 3] in _BEFORE_SLASH or match.end() == after - 2
        ):
            continue  # "<div/>" is open in a browser, but whoever wrote it meant it to be empty
        stack.append(element)
        open_tags[tag] += 1
        if tag in HIDDEN:
            if tag == "template" and "shadowrootmode" in element.attributes:
                element.tag = "div"  # a shadow tree, which browsers show
                open_tags[tag] -= 1
                open_tags["div"] += 1
                continue
            hidden += 1
    close(0, length)
    for element in reversed(elements):
        above = element.parent
        if above is not None:
            if element.end > above.end:
                above.end = element.end
            if element.last > above.last:
                above.last = element.last
            if element.stop > above.stop:
                above.stop = element.stop


_RAW_ENDS = {
    tag: re.compile(f"</{tag}(?=[\\s/>])", re.IGNORECASE) for tag in sorted(RAW | ESCAPABLE_RAW)
}


def _raw_end(source: str, tag: str, after: int) -> tuple[int, int]:
    """Source positions: end of the raw text and behind its end tag; (-1, -1) where none is."""
    match = _RAW_ENDS[tag].search(source, after)
    if match is None:
        return -1, -1
    end = source.find(">", match.end())
    return match.start(), len(source) if end < 0 else end + 1
