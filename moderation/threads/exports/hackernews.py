"""Hacker News: Algolia's item (a tree), Algolia's search hits, Firebase's items.

- The story's own text, where it has one (Ask HN), is a comment of kind "post"; an answer to the
  story has no parent. `created_raw` is Algolia's "created_at", Firebase's "time".
- Deleted comments have neither author nor text; dead ones (killed by flags or by a moderator) are
  status "deleted" too and keep their text.
- Firebase's items name only their parent; the thread is found by going up as far as the file goes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moderation.records import Status
from moderation.threads.document import Evidence
from moderation.threads.exports.items import Heading, Item, as_text
from moderation.threads.exports.markup import remove_markup
from moderation.threads.exports.reader import Context, JsonReader, peek_objects

_TYPES = frozenset(("story", "comment", "poll", "pollopt", "job"))
_STORIES = frozenset(("story", "poll", "job"))


def recognise(values: list[Any]) -> Evidence | None:
    """Algolia's or Firebase's names beside one of the five types."""
    for node in peek_objects(values):
        if _is_item(node):
            return Evidence(0.98, f'a Hacker News item of type "{node["type"]}" (Algolia)')
        if _is_hit(node):
            return Evidence(0.97, "Hacker News search hits (Algolia)")
        if _is_firebase(node):
            return Evidence(0.97, f'a Hacker News item of type "{node["type"]}" (Firebase)')
    return None


def _is_item(node: dict[str, Any]) -> bool:
    return (
        node.get("type") in _TYPES
        and "created_at_i" in node
        and ("children" in node or "parent_id" in node or "story_id" in node)
    )


def _is_hit(node: dict[str, Any]) -> bool:
    return "objectID" in node and (
        "comment_text" in node or "story_text" in node or "story_id" in node
    )


def _is_firebase(node: dict[str, Any]) -> bool:
    return (
        node.get("type") in _TYPES
        and "created_at_i" not in node
        and (("by" in node and "time" in node) or ("parent" in node and "id" in node))
    )


def read_items(values: Iterator[tuple[Any, str]], context: Context) -> Iterator[Item | Heading]:
    """Items in the order of the document; Firebase's come last, their threads being looked up."""
    firebase: dict[str, tuple[dict[str, Any], str]] = {}
    for value, place in values:
        stack: list[tuple[Any, str | None]] = [(value, None)]
        while stack:
            node, story = stack.pop()
            if isinstance(node, list):
                stack.extend((child, story) for child in reversed(node))
            elif not isinstance(node, dict):
                continue
            elif _is_item(node):
                story = as_text(node.get("story_id")) or story or as_text(node.get("id"))
                yield from _item(node, story, place)
                children = node.get("children")
                if isinstance(children, list):
                    stack.extend((child, story) for child in reversed(children))
            elif _is_hit(node):
                yield from _hit(node, place)
            elif _is_firebase(node):
                native = as_text(node.get("id"))
                if native is not None:
                    firebase.setdefault(native, (node, place))
            else:
                stack.extend(
                    (child, story)
                    for child in reversed(node.values())
                    if isinstance(child, dict | list)
                )
    yield from _firebase_items(firebase)


def _make(
    native: str | None,
    story: str | None,
    parent: str | None,
    text: object,
    author: object,
    created: object,
    place: str,
    gone: bool,
) -> Item:
    body, quotes = remove_markup(text) if isinstance(text, str) else ("", ())
    status: Status = "deleted" if gone else "visible"
    return Item(
        native_id=native,
        text=body,
        thread=story,
        parent=None if parent == story else parent,
        author=as_text(author),
        created_raw=as_text(created),
        status=status,
        quotes=quotes,
        place=place,
    )


def _item(node: dict[str, Any], story: str | None, place: str) -> Iterator[Item | Heading]:
    native = as_text(node.get("id"))
    text, author = node.get("text"), node.get("author")
    created = node.get("created_at") or node.get("created_at_i")
    if node["type"] in _STORIES:
        declared = node.get("num_comments")
        yield Heading(
            thread=story,
            title=as_text(node.get("title")),
            declared=declared if isinstance(declared, int) else None,
        )
        if not as_text(text):
            return
    gone = author is None and not as_text(text)
    parent = as_text(node.get("parent_id"))
    item = _make(native, story, parent, text, author, created, place, gone)
    if node["type"] in _STORIES:
        item.kind = "post"
        item.parent = None
    yield item


def _hit(node: dict[str, Any], place: str) -> Iterator[Item | Heading]:
    native = as_text(node.get("objectID"))
    created = node.get("created_at") or node.get("created_at_i")
    author = node.get("author")
    if node.get("comment_text") is not None:
        story = as_text(node.get("story_id"))
        yield Heading(thread=story, title=as_text(node.get("story_title")))
        parent = as_text(node.get("parent_id"))
        yield _make(native, story, parent, node["comment_text"], author, created, place, False)
        return
    declared = node.get("num_comments")
    yield Heading(
        thread=native,
        title=as_text(node.get("title")),
        declared=declared if isinstance(declared, int) else None,
    )
    if as_text(node.get("story_text")):
        item = _make(native, native, None, node["story_text"], author, created, place, False)
        item.kind = "post"
        yield item


def _firebase_items(
    items: dict[str, tuple[dict[str, Any], str]],
) -> Iterator[Item | Heading]:
    roots: dict[str, str] = {}
    for start in items:
        path: list[str] = []
        at = start
        on_path: set[str] = set()
        while at not in roots and at in items and at not in on_path:
            path.append(at)
            on_path.add(at)
            above = as_text(items[at][0].get("parent"))
            if above is None:
                break
            at = above
        root = roots.get(at, at)
        for native in path:
            roots[native] = root
    for native, (node, place) in items.items():
        story = roots[native]
        kids = node.get("kids")
        missing = 0
        if isinstance(kids, list):
            missing = sum(1 for kid in kids if as_text(kid) not in items)
        declared = node.get("descendants")
        yield Heading(
            thread=story,
            title=as_text(node.get("title")),
            declared=declared if isinstance(declared, int) else None,
            missing=missing,
        )
        text, author = node.get("text"), node.get("by")
        is_story = node.get("type") in _STORIES
        if is_story and not as_text(text):
            continue
        gone = node.get("deleted") is True or node.get("dead") is True
        parent = as_text(node.get("parent"))
        known_story = story in items and items[story][0].get("type") in _STORIES
        item = _make(
            native,
            story,
            parent,
            text,
            author,
            node.get("time"),
            place,
            gone,
        )
        if parent is not None and not known_story:
            item.parent = parent  # what the root is cannot be told: it is not in the file
        if is_story:
            item.kind = "post"
        yield item


READER = JsonReader("hackernews", recognise, read_items)
