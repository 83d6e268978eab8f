"""Texts that a page escaped twice: `Tom &amp;amp; Co` in the source shows "Tom &amp; Co".

What is shown is what readers see, so a second unescaping needs a reason. Two are taken, and never
inside code, where an entity may be what the comment is about:

- a link's text: systems that turn addresses and titles into links escape them once more;
- the whole thread: two comments or more show entities, and none shows the character itself. Who
  writes about `&lt;` uses "<" as well; who escapes twice never shows one.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from moderation.threads.pages.tree import Element, Page

_SHOWN = re.compile(
    r"&(?:amp;)?(?:quot|apos|amp|lt|gt|nbsp|bull|hellip|[lr][sd]quo|[mn]dash|euro|"
    r"[aeiou](?:uml|acute|grave|circ)|szlig|ntilde|ccedil|#\d{2,6}|#x[0-9a-f]{2,5})(?![a-z0-9])",
    re.IGNORECASE,
)
_CODE = frozenset(("code", "pre", "kbd", "samp", "tt", "textarea"))


def find_escaped_twice(page: Page, comments: Iterable[Sequence[int]]) -> set[int]:
    """Numbers of the pieces that must be unescaped twice; `comments` are the pieces of each.

    An "&" in the source is where any of them starts, so most pieces cost one look.
    """
    linked: set[int] = set()
    others: set[int] = set()
    shows: defaultdict[str, set[int]] = defaultdict(set)  # character to comments
    raw: set[str] = set()
    for number, pieces in enumerate(comments):
        for piece in pieces:
            source = page.source[page.starts[piece] : page.stops[piece]]
            once = html.unescape(source) if "&" in source else source
            entities = _SHOWN.findall(once) if "&" in once else []
            raw.update(_SHOWN.sub("", once) if entities else once)
            if not entities:
                continue
            tags = _tags(page.elements[page.owners[piece]])
            if _CODE.intersection(tags):
                continue
            (linked if "a" in tags else others).add(piece)
            for entity in entities:
                shows[html.unescape(html.unescape(entity + ";"))[:1]].add(number)
    doubled = bool(others) and not raw.intersection(shows)
    if doubled and len(set().union(*shows.values())) >= 2:
        return linked | others
    return linked


def _tags(element: Element) -> list[str]:
    """The element's tag and those of four around it."""
    tags = [element.tag]
    for _, place in zip(range(4), element.ancestors, strict=False):
        tags.append(place.tag)
    return tags
