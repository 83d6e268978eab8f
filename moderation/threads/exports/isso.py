"""isso: its generic import format, and what its API answers.

- Generic: a list of threads {"id": address, "title", "comments": [{"id", "author", "created",
  "text", …}]}. Ids may start anew in each thread, so comments are told apart by thread and id.
- API: {"replies": [{"id", "parent", "text", "mode", "created", "replies": […]}]}; mode 1 is
  accepted, 2 waits for moderation, 4 is deleted but answered.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moderation.records import Status
from moderation.threads.document import Evidence
from moderation.threads.exports.items import Heading, Item, add_personal, as_text
from moderation.threads.exports.markup import read_mixed
from moderation.threads.exports.reader import Context, JsonReader, peek_objects

_MODES: dict[object, Status] = {1: "visible", 2: "pending", 4: "deleted"}


def recognise(values: list[Any]) -> Evidence | None:
    """A thread with comments that have the generic names, or the API's names."""
    for node in peek_objects(values):
        comments = node.get("comments")
        if "id" in node and "title" in node and isinstance(comments, list):
            first = next((c for c in comments if isinstance(c, dict)), None)
            if first is not None and "text" in first and "created" in first:
                return Evidence(0.96, "isso's generic format: id, title, comments")
        if _is_answer(node):
            return Evidence(0.96, "isso's API: mode, created, text")
    return None


def _is_answer(node: dict[str, Any]) -> bool:
    return (
        "text" in node
        and "created" in node
        and "mode" in node
        and ("parent" in node or "hash" in node or "gravatar_image" in node)
    )


def read_items(values: Iterator[tuple[Any, str]], context: Context) -> Iterator[Item | Heading]:
    """Comments in the order of the document, answers after what they answer."""
    for value, place in values:
        stack: list[tuple[Any, str | None]] = [(value, None)]
        while stack:
            node, thread = stack.pop()
            if isinstance(node, list):
                stack.extend((child, thread) for child in reversed(node))
                continue
            if not isinstance(node, dict):
                continue
            if isinstance(node.get("comments"), list) and "text" not in node:
                thread = as_text(node.get("id")) or thread
                yield Heading(thread=thread, title=as_text(node.get("title")))
                stack.append((node["comments"], thread))
                continue
            if "text" in node and ("created" in node or "author" in node):
                yield _comment(node, thread, place, context)
            if isinstance(node.get("replies"), list):
                hidden = node.get("hidden_replies")
                if isinstance(hidden, int) and hidden > 0:
                    yield Heading(thread=thread, missing=hidden)
                stack.append((node["replies"], thread))


def _comment(node: dict[str, Any], thread: str | None, place: str, context: Context) -> Item:
    text, quotes = read_mixed(as_text(node.get("text")) or "")
    mode = node.get("mode")
    item = Item(
        native_id=as_text(node.get("id")),
        text=text,
        thread=as_text(node.get("uri")) or thread,
        parent=as_text(node.get("parent")),
        author=as_text(node.get("author")),
        created_raw=as_text(node.get("created")),
        status=_MODES.get(mode, "visible") if isinstance(mode, int) else "visible",
        quotes=quotes,
        place=place,
    )
    add_personal(
        item,
        context.options,
        email=node.get("email"),
        ip=node.get("remote_addr"),
        avatar=node.get("gravatar_image") or node.get("hash"),
    )
    return item


READER = JsonReader("isso", recognise, read_items, qualify=True)
