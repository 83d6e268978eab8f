"""Commento: its export (comments, commenters) and the answer of /api/comment/list.

`author` is the commenter's name (None for "anonymous"), the thread the page's address, the text
Markdown. States: approved = visible, unapproved = pending, flagged (by the spam filter) = spam.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moderation.records import Range, Status
from moderation.threads.document import Evidence
from moderation.threads.exports.items import Heading, Item, add_personal, answered, as_text
from moderation.threads.exports.markup import read_markdown, remove_markup
from moderation.threads.exports.reader import Context, JsonReader, peek_objects
from moderation.threads.exports.values import walk

_STATES: dict[str, Status] = {
    "approved": "visible",
    "unapproved": "pending",
    "flagged": "spam",
    "deleted": "deleted",
}


def recognise(values: list[Any]) -> Evidence | None:
    """Commento's hexadecimal names."""
    for node in peek_objects(values):
        if "commentHex" in node:
            return Evidence(0.98, "a Commento comment: commentHex")
        if "commenters" in node and "comments" in node:
            return Evidence(0.95, "a Commento export: comments, commenters")
    return None


def read_items(values: Iterator[tuple[Any, str]], context: Context) -> Iterator[Item | Heading]:
    """Comments in the order of the document; the commenters, who come last, are looked up."""
    for value, place in values:
        people: dict[str, dict[str, Any]] = {}
        comments: list[dict[str, Any]] = []
        for node in walk(value):
            if "commentHex" in node:
                comments.append(node)
                continue
            name = as_text(node.get("commenterHex"))
            if name is not None:
                people[name] = node
            commenters = node.get("commenters")
            if isinstance(commenters, dict):  # the API's answer has them by their number
                people.update((k, v) for k, v in commenters.items() if isinstance(v, dict))
        for node in comments:
            yield _comment(node, people, place, context)


def _comment(
    node: dict[str, Any], people: dict[str, dict[str, Any]], place: str, context: Context
) -> Item:
    person = people.get(as_text(node.get("commenterHex")) or "", {})
    markdown = as_text(node.get("markdown"))
    quotes: tuple[Range, ...]
    if markdown is not None:
        text, quotes = read_markdown(markdown)
    else:
        text, quotes = remove_markup(as_text(node.get("html")) or "")
    status = _STATES.get(str(node.get("state", "approved")), "pending")
    if node.get("deleted") is True:
        status = "deleted"
    item = Item(
        native_id=as_text(node.get("commentHex")),
        text=text,
        thread=as_text(node.get("url")) or as_text(node.get("path")),
        parent=answered(node.get("parentHex")),
        author=as_text(person.get("name")),
        created_raw=as_text(node.get("creationDate")),
        status=status,
        quotes=quotes,
        place=place,
    )
    photo = as_text(person.get("photo"))
    email = as_text(person.get("email"))
    add_personal(
        item,
        context.options,
        email=None if email == "undefined" else email,
        avatar=None if photo == "undefined" else photo,
    )
    return item


READER = JsonReader("commento", recognise, read_items)
