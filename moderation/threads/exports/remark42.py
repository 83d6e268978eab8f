"""Remark42: its native export (one comment a line after a line of settings) and its API's answers.

Text is "orig" (Markdown as typed), else "text" without its markup; the thread is the page's
address ("locator"); "pid" names the parent; "delete" marks a deleted comment.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moderation.records import Range
from moderation.threads.document import Evidence
from moderation.threads.exports.items import Heading, Item, add_personal, answered, as_text
from moderation.threads.exports.markup import read_markdown, remove_markup
from moderation.threads.exports.reader import Context, JsonReader, peek_objects
from moderation.threads.exports.values import walk


def recognise(values: list[Any]) -> Evidence | None:
    """A comment with a locator and a user."""
    for node in peek_objects(values):
        if _is_comment(node):
            return Evidence(0.98, "a Remark42 comment: pid, locator, user")
    return None


def _is_comment(node: dict[str, Any]) -> bool:
    return "pid" in node and "user" in node and ("locator" in node or "orig" in node)


def read_items(values: Iterator[tuple[Any, str]], context: Context) -> Iterator[Item | Heading]:
    """Comments in the order of the document."""
    for value, place in values:
        for node in walk(value):
            if _is_comment(node):
                item = _comment(node, place, context)
                title = as_text(node.get("title"))
                if title is not None:
                    yield Heading(thread=item.thread, title=title)
                yield item
            elif isinstance(node.get("url"), str) and isinstance(node.get("count"), int):
                yield Heading(thread=node["url"], declared=node["count"])


def _comment(node: dict[str, Any], place: str, context: Context) -> Item:
    quotes: tuple[Range, ...]
    original = as_text(node.get("orig"))
    if original is not None:
        text, quotes = read_markdown(original)
    else:
        text, quotes = remove_markup(as_text(node.get("text")) or "")
    user, locator = node.get("user"), node.get("locator")
    user = user if isinstance(user, dict) else {}
    locator = locator if isinstance(locator, dict) else {}
    item = Item(
        native_id=as_text(node.get("id")),
        text=text,
        thread=as_text(locator.get("url")),
        parent=answered(node.get("pid")),
        author=as_text(user.get("name")),
        created_raw=as_text(node.get("time")),
        status="deleted" if node.get("delete") is True else "visible",
        quotes=quotes,
        place=place,
    )
    add_personal(
        item,
        context.options,
        email=user.get("email"),
        ip=user.get("ip"),
        avatar=user.get("picture"),
    )
    return item


READER = JsonReader("remark42", recognise, read_items)
