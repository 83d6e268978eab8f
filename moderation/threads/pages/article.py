"""What the comments are about: the spans of a page's main text, outside the comments.

Best effort, to show it and to measure leakage: a marked article body, else the element whose own
paragraphs hold most text.
"""

from __future__ import annotations

import re
from collections import defaultdict

from moderation.records import Range
from moderation.threads.pages.tree import Element, Page

_MARKS = re.compile(
    r"articlebody|article-?(?:body|content|text)|post-?(?:content|body|entry)|entry-?content|"
    r"story-?(?:body|content|text)|e-content|main-?text|content-?body|td-post-content|"
    r"field-name-body|field--name-body|post__content",
    re.IGNORECASE,
)
_AWAY = re.compile(
    r"related|sidebar|widget|share|social|newsletter|promo|comment|respond|footer|teaser|nav|menu|"
    r"author-?bio|tags|breadcrumb|advert|recommend|cookie|consent|reply",
    re.IGNORECASE,
)
LEAST = 140  # characters; below, a page has no article worth the name


def find_article(page: Page, taken: list[tuple[int, int]]) -> tuple[Range, ...]:
    """Source spans of the article's lines; `taken` are ranges of pieces that are comments."""
    blocked = bytearray(len(page.starts))
    for first, last in taken:
        blocked[first:last] = b"\1" * (last - first)
    best: tuple[float, Element] | None = None
    sums: defaultdict[int, float] = defaultdict(float)
    for piece, owner in enumerate(page.owners):
        if blocked[piece]:
            continue
        size = page.stops[piece] - page.starts[piece]
        place: Element | None = page.elements[owner]
        if size < 30 or place is None or _linked_or_away(place):
            continue
        weight = float(size)
        for _ in range(5):
            if place is None or place.tag in ("body", "html"):
                break
            sums[place.index] += weight
            weight *= 0.8 if place.tag in ("p", "span", "em", "strong", "b", "i", "a") else 0.55
            place = place.parent
    for index, value in sums.items():
        element = page.elements[index]
        if element.tag in ("p", "span", "a", "li", "em", "strong", "b", "i"):
            value *= 0.5
        tokens = [*element.classes, element.id, element.get("itemprop")]
        if any(t and _MARKS.search(t) for t in tokens) or element.tag == "article":
            value *= 1.8
        if best is None or value > best[0]:
            best = (value, element)
    if best is None:
        return ()
    element = best[1]
    spans: list[Range] = []
    size = 0
    for piece in range(element.first, element.last):
        if blocked[piece]:
            continue
        if _linked_or_away(page.elements[page.owners[piece]], element):
            continue
        spans.append(Range(page.starts[piece], page.stops[piece]))
        size += page.stops[piece] - page.starts[piece]
    return tuple(spans) if size >= LEAST else ()


def _linked_or_away(element: Element, inside: Element | None = None) -> bool:
    place: Element | None = element
    for _ in range(12):
        if place is None or place is inside:
            return False
        if place.tag in ("nav", "footer", "form", "button", "aside"):
            return True
        if place.attributes and any(_AWAY.search(t) for t in (*place.classes, place.id) if t):
            return place.tag not in ("body", "html", "main", "article")
        place = place.parent
    return False
