"""Comments that a page holds only as JSON-LD (Comment, Answer, DiscussionForumPosting).

Used where no markup shows a thread. Positions are looked for in the page's text; a comment whose
text is nowhere shown has no spans.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any

from moderation.records import Range
from moderation.threads.pages.outside import json_items
from moderation.threads.pages.tree import Page

TYPES = frozenset(
    ("Comment", "UserComments", "Answer", "DiscussionForumPosting", "SocialMediaPosting")
)
_CHILDREN = ("comment", "comments", "acceptedAnswer", "suggestedAnswer", "reply", "replies")
_TAGS = re.compile(r"<[^<>]*>")
_BREAKS = re.compile(r"(?i)<(?:br|/p|/div|/li)\b[^<>]*>")


@dataclass(eq=False, slots=True)
class Item:
    """One comment as the script tells it; `parent` is the number of an earlier item."""

    text: str
    author: str | None
    created: str | None
    native_id: str | None
    parent: int | None
    spans: tuple[Range, ...] = ()


def read_items(page: Page) -> list[Item]:
    """Comments in the scripts' order, each once; replies follow what they answer."""
    items: list[Item] = []
    seen: set[int] = set()
    known: set[tuple[str | None, str]] = set()
    # outer objects come first, so a comment is met under its parent before it is met alone
    for item in json_items(page):
        stack: list[tuple[dict[str, Any], int | None]] = [(item, None)]
        while stack:
            node, parent = stack.pop()
            if id(node) in seen:
                continue
            number = parent
            if _is_comment(node) and not (node is item and _is_opening(node)):
                seen.add(id(node))
                text = _text(node)
                author = _author(node)
                if text and (author, text) not in known:
                    known.add((author, text))
                    number = len(items)
                    items.append(Item(text, author, _date(node), _identifier(node), parent))
            elif node is not item:
                continue
            children = [
                child
                for name in _CHILDREN
                for child in _as_list(node.get(name))
                if isinstance(child, dict)
            ]
            main = node.get("mainEntity")
            if isinstance(main, dict):
                children += [
                    child
                    for name in _CHILDREN
                    for child in _as_list(main.get(name))
                    if isinstance(child, dict)
                ]
            stack.extend((child, number) for child in reversed(children))
    return items


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _types(node: dict[str, Any]) -> set[str]:
    return {str(one).rpartition("/")[2] for one in _as_list(node.get("@type"))}


def _is_comment(node: dict[str, Any]) -> bool:
    return bool(_types(node) & TYPES)


def _is_opening(node: dict[str, Any]) -> bool:
    """A posting with a headline on top is a page's article unless it is all there is of a forum."""
    return "SocialMediaPosting" in _types(node)


def _text(node: dict[str, Any]) -> str:
    for name in ("text", "commentText", "articleBody", "description"):
        value = node.get(name)
        if isinstance(value, str) and value.strip():
            plain = html.unescape(_TAGS.sub("", _BREAKS.sub("\n", value)))
            lines = (" ".join(line.split()) for line in plain.splitlines())
            return "\n".join(line for line in lines if line)
    return ""


def _author(node: dict[str, Any]) -> str | None:
    for name in ("author", "creator"):
        for one in _as_list(node.get(name)):
            value = one.get("name") if isinstance(one, dict) else one
            if isinstance(value, str) and value.strip():
                return " ".join(html.unescape(value).split())[:80]
    return None


def _date(node: dict[str, Any]) -> str | None:
    for name in ("dateCreated", "datePublished", "commentTime"):
        value = node.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()[:60]
    return None


def _identifier(node: dict[str, Any]) -> str | None:
    for name in ("identifier", "@id", "url"):
        value = node.get(name)
        if isinstance(value, str | int) and str(value).strip():
            return str(value).strip()[-120:]
    return None


def locate(page: Page, items: list[Item]) -> int:
    """Give each item the spans of its text on the page; returns how many were not found."""
    letters: list[str] = []
    places: list[int] = []
    for piece in range(len(page.starts)):
        for character in page.piece(piece).casefold():
            if character.isalnum():
                letters.append(character)
                places.append(piece)
    flow = "".join(letters)
    lost = 0
    used = 0
    for item in items:
        wanted = "".join(c for c in item.text.casefold() if c.isalnum())
        at = flow.find(wanted, used) if wanted else -1
        if at < 0 and wanted:
            at = flow.find(wanted)
        if at < 0:
            lost += 1
            continue
        used = at + len(wanted)
        pieces = sorted({places[i] for i in (at, used - 1)})
        numbers = range(pieces[0], pieces[-1] + 1)
        inside = "".join(c for p in numbers for c in page.piece(p).casefold() if c.isalnum())
        if inside != wanted:  # the text is part of a longer one: no exact span
            lost += 1
            continue
        item.spans = tuple(Range(page.starts[p], page.stops[p]) for p in numbers)
    return lost
