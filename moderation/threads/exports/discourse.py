"""Discourse: topics (/t/N.json), their further posts, /posts.json, single posts.

- A topic's first post is of kind "post", small actions ("closed this topic") of kind "system".
- Answers name a post's number, resolved to its id within the topic; where that post is not in the
  file the parent stays "post_number:N". `author` is the user name; text is "cooked" HTML without
  its markup ("raw" where there is no other), quotations of other posts marked.
- Hidden posts (flagged by the community, waiting for staff) are "pending".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moderation.records import Kind, Range, Status
from moderation.threads.document import Evidence
from moderation.threads.exports.items import Heading, Item, add_personal, as_text
from moderation.threads.exports.markup import read_markdown, remove_markup
from moderation.threads.exports.reader import Context, JsonReader, peek_objects

_SMALL_ACTION = 3  # post_type: 1 regular, 2 moderator's post, 3 small action, 4 whisper


def recognise(values: list[Any]) -> Evidence | None:
    """A stream of posts, or a post with Discourse's names."""
    for node in peek_objects(values):
        if _is_post(node):
            return Evidence(0.98, "a Discourse post: post_number and cooked or raw")
        if isinstance(node.get("post_stream"), dict):
            return Evidence(0.97, "a Discourse topic: post_stream")
    return None


def _is_post(node: dict[str, Any]) -> bool:
    return "post_number" in node and ("cooked" in node or "raw" in node)


def read_items(values: Iterator[tuple[Any, str]], context: Context) -> Iterator[Item | Heading]:
    """Posts in the order of the document."""
    for value, place in values:
        stack: list[tuple[Any, str | None]] = [(value, None)]
        while stack:
            node, topic = stack.pop()
            if isinstance(node, list):
                stack.extend((child, topic) for child in reversed(node))
            elif not isinstance(node, dict):
                continue
            elif _is_post(node):
                yield _post(node, topic, place, context)
            else:
                stream = node.get("post_stream")
                if isinstance(stream, dict):
                    topic = as_text(node.get("id")) or topic or _topic_of(stream)
                    yield _heading(node, stream, topic)
                    stack.append((stream, topic))  # suggested topics and the like hold no posts
                    continue
                stack.extend(
                    (child, topic)
                    for child in reversed(node.values())
                    if isinstance(child, dict | list)
                )


def _topic_of(stream: dict[str, Any]) -> str | None:
    posts = stream.get("posts")
    if isinstance(posts, list) and posts and isinstance(posts[0], dict):
        return as_text(posts[0].get("topic_id"))
    return None


def _heading(node: dict[str, Any], stream: dict[str, Any], topic: str | None) -> Heading:
    posts = stream.get("posts")
    wanted = stream.get("stream")
    missing = 0
    if isinstance(wanted, list):
        held = {as_text(p.get("id")) for p in posts or () if isinstance(p, dict)}
        missing = sum(1 for native in wanted if as_text(native) not in held)
    declared = node.get("posts_count")
    return Heading(
        thread=topic,
        title=as_text(node.get("title")),
        declared=declared if isinstance(declared, int) else None,
        missing=missing,
    )


def _post(node: dict[str, Any], topic: str | None, place: str, context: Context) -> Item:
    quotes: tuple[Range, ...]
    if isinstance(node.get("cooked"), str):
        text, quotes = remove_markup(node["cooked"])
    else:
        text, quotes = read_markdown(as_text(node.get("raw")) or "")
    number = as_text(node.get("post_number"))
    answered = as_text(node.get("reply_to_post_number"))
    kind: Kind = "post" if number == "1" else "comment"
    if node.get("post_type") == _SMALL_ACTION or as_text(node.get("action_code")):
        kind = "system"
    status: Status = "visible"
    if node.get("deleted_at") or node.get("user_deleted") is True:
        status = "deleted"
    elif node.get("hidden") is True:
        status = "pending"
    item = Item(
        native_id=as_text(node.get("id")),
        text=text,
        thread=as_text(node.get("topic_id")) or topic,
        parent=None if answered is None else f"post_number:{answered}",
        author=as_text(node.get("username")),
        created_raw=as_text(node.get("created_at")),
        kind=kind,
        status=status,
        quotes=quotes,
        place=place,
        alias=f"post_number:{number}",
    )
    add_personal(item, context.options, avatar=node.get("avatar_template"))
    return item


READER = JsonReader("discourse", recognise, read_items)
