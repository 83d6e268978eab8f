"""A small subset of CSS selectors over the page's elements.

    "li.comment"   ".depth-*"   "#comment-*"   "[data-id]"   "[itemtype*=Comment]"   "time@datetime"
    "article.reply > .body"     ".meta time"   alternatives: "a, b" in order of preference

`*` at the end of a class or id stands for any rest. `@name` at the end of an alternative takes
that attribute's value instead of the element's text. Case counts, except in tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from moderation.threads.pages.tree import Element, Page

FAR = 64  # levels searched for an ancestor; keeps deep nesting linear

_SIMPLE = re.compile(
    r"(?P<tag>[A-Za-z][\w-]*(?::(?!record)[a-z]+)?|\*)|\.(?P<cls>[\w-]+\*?)|#(?P<id>[\w-]+\*?)"
    r"|\[(?P<attr>[\w:-]+)(?:(?P<op>[*^$~]?=)(?P<value>[^\]]*))?\]|(?P<self>:record)"
)


@dataclass(frozen=True)
class Compound:
    """What one element must be; `child` = directly below the compound before it."""

    tag: str | None
    classes: tuple[str, ...]
    prefixes: tuple[str, ...]
    id: str | None
    attributes: tuple[tuple[str, str, str], ...]
    record: bool = False
    child: bool = False

    def matches(self, element: Element, roots: frozenset[int]) -> bool:
        """Whether the element alone fits."""
        if self.tag is not None and element.tag != self.tag:
            return False
        if self.record and element.index not in roots:
            return False
        if self.id is not None:
            value = element.id
            if not (value.startswith(self.id[:-1]) if self.id[-1] == "*" else value == self.id):
                return False
        if self.classes or self.prefixes:
            tokens = element.classes
            if not all(token in tokens for token in self.classes):
                return False
            if not all(any(t.startswith(p) for t in tokens) for p in self.prefixes):
                return False
        for name, operator, value in self.attributes:
            if name not in element.attributes:
                return False
            actual = element.attributes[name]
            if operator == "=" and actual != value:
                return False
            if operator == "*=" and value not in actual:
                return False
            if operator == "^=" and not actual.startswith(value):
                return False
            if operator == "$=" and not actual.endswith(value):
                return False
            if operator == "~=" and value not in actual.split():
                return False
        return True


@dataclass(frozen=True)
class Selector:
    """One alternative: compounds from the outermost to the element itself."""

    compounds: tuple[Compound, ...]
    attribute: str | None = None

    def matches(self, element: Element, roots: frozenset[int] = frozenset()) -> bool:
        """Whether the element fits, looking at its ancestors where needed."""
        if not self.compounds[-1].matches(element, roots):
            return False
        place: Element | None = element
        for number in range(len(self.compounds) - 1, 0, -1):
            wanted = self.compounds[number - 1]
            assert place is not None
            if self.compounds[number].child:
                place = place.parent
                if place is None or not wanted.matches(place, roots):
                    return False
            else:
                place = place.parent
                for _ in range(FAR):
                    if place is None or wanted.matches(place, roots):
                        break
                    place = place.parent
                if place is None or not wanted.matches(place, roots):
                    return False
        return True


@lru_cache(maxsize=4096)
def compile_selectors(text: str) -> tuple[Selector, ...]:
    """Parse alternatives; raises ValueError for what is not in the subset."""
    return tuple(_compile(part.strip()) for part in text.split(",") if part.strip())


def _compile(text: str) -> Selector:
    attribute = None
    match = re.search(r"@([\w:-]+)$", text)
    if match:
        attribute = match[1]
        text = text[: match.start()]
    compounds = []
    child = False
    for word in text.split():
        if word == ">":
            child = True
            continue
        compounds.append(_compound(word, child))
        child = False
    if not compounds:
        compounds.append(_compound(":record", False))
    return Selector(tuple(compounds), attribute)


def _compound(word: str, child: bool) -> Compound:
    tag: str | None = None
    classes: list[str] = []
    prefixes: list[str] = []
    identifier: str | None = None
    attributes: list[tuple[str, str, str]] = []
    record = False
    position = 0
    while position < len(word):
        match = _SIMPLE.match(word, position)
        if match is None:
            raise ValueError(f"not a selector of this subset: {word!r}")
        position = match.end()
        if match["tag"]:
            tag = None if match["tag"] == "*" else match["tag"].lower()
        elif match["cls"]:
            if match["cls"].endswith("*"):
                prefixes.append(match["cls"][:-1])
            else:
                classes.append(match["cls"])
        elif match["id"]:
            identifier = match["id"]
        elif match["self"]:
            record = True
        else:
            attributes.append((match["attr"].lower(), match["op"] or "", match["value"] or ""))
    return Compound(
        tag, tuple(classes), tuple(prefixes), identifier, tuple(attributes), record, child
    )


def select(page: Page, text: str) -> list[Element]:
    """All elements that fit any alternative, in document order."""
    found: dict[int, Element] = {}
    for selector in compile_selectors(text):
        for element in _candidates(page, selector.compounds[-1]):
            if element.index not in found and selector.matches(element):
                found[element.index] = element
    return [found[index] for index in sorted(found)]


def exists(page: Page, text: str) -> bool:
    """Whether any element fits any alternative."""
    return any(
        selector.matches(element)
        for selector in compile_selectors(text)
        for element in _candidates(page, selector.compounds[-1])
    )


def _candidates(page: Page, last: Compound) -> Iterable[Element]:
    if last.classes:
        return min((page.by_class.get(token, []) for token in last.classes), key=len)
    if last.prefixes:
        return _with_prefix(page, last.prefixes[0])
    if last.id is not None and not last.id.endswith("*"):
        element = page.by_id.get(last.id)
        return [] if element is None else [element]
    if last.tag is not None:
        return page.by_tag.get(last.tag, [])
    if last.attributes:
        return page.by_attribute.get(last.attributes[0][0], [])
    return page.elements


def _with_prefix(page: Page, prefix: str) -> Iterator[Element]:
    for token, elements in page.by_class.items():
        if token.startswith(prefix):
            yield from elements


def first(
    elements: Iterable[Element], text: str, roots: frozenset[int]
) -> tuple[Element, str | None] | None:
    """The first element that fits the first fitting alternative, and that one's attribute."""
    elements = list(elements)
    for selector in compile_selectors(text):
        for element in elements:
            if selector.matches(element, roots):
                if selector.attribute and not element.get(selector.attribute).strip():
                    continue
                return element, selector.attribute
    return None
