"""YouTube Data API v3: commentThreads and comments, as lists, pages, or single resources.

- `created_raw` is "publishedAt"; text is "textOriginal", else "textDisplay" without its markup.
- A reply's parent is "parentId", or what its id says before the dot. Threads are videos.
- moderationStatus: heldForReview = pending, likelySpam = spam, rejected = deleted.
- Replies that a thread counts but does not hold (the API gives five) are counted as missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moderation.records import Range, Status
from moderation.threads.document import Evidence
from moderation.threads.exports.items import Heading, Item, add_personal, as_text
from moderation.threads.exports.markup import read_plain, remove_markup
from moderation.threads.exports.reader import Context, JsonReader, peek_objects

_STATUS: dict[str, Status] = {
    "published": "visible",
    "heldForReview": "pending",
    "likelySpam": "spam",
    "rejected": "deleted",
}


def recognise(values: list[Any]) -> Evidence | None:
    """The API's own "kind", or its names."""
    for node in peek_objects(values):
        kind = node.get("kind")
        if isinstance(kind, str) and kind.startswith("youtube#comment"):
            return Evidence(0.98, f'a YouTube resource of kind "{kind}"')
        if "topLevelComment" in node or ("textDisplay" in node and "publishedAt" in node):
            return Evidence(0.96, "YouTube's names: topLevelComment, textDisplay, publishedAt")
    return None


def read_items(values: Iterator[tuple[Any, str]], context: Context) -> Iterator[Item | Heading]:
    """Comments in the order of the document, replies after the comment that they answer."""
    for value, place in values:
        stack: list[tuple[Any, str | None]] = [(value, None)]
        while stack:
            node, video = stack.pop()
            if isinstance(node, list):
                stack.extend((child, video) for child in reversed(node))
                continue
            if not isinstance(node, dict):
                continue
            snippet = node.get("snippet")
            if isinstance(snippet, dict) and (
                "textDisplay" in snippet or "textOriginal" in snippet
            ):
                yield _comment(node, snippet, video, place, context)
                continue
            thread = snippet if isinstance(snippet, dict) else node
            if isinstance(thread.get("topLevelComment"), dict):
                video = as_text(thread.get("videoId")) or video
                if video is None:  # some answers name the video at the comment only
                    inner = thread["topLevelComment"].get("snippet")
                    video = as_text(inner.get("videoId")) if isinstance(inner, dict) else None
                yield _heading(node, thread, video)
                stack.append((node.get("replies"), video))
                stack.append((thread["topLevelComment"], video))
                continue
            stack.extend(
                (child, video)
                for child in reversed(node.values())
                if isinstance(child, dict | list)
            )


def _heading(node: dict[str, Any], thread: dict[str, Any], video: str | None) -> Heading:
    count = thread.get("totalReplyCount")
    replies = node.get("replies")
    held = replies.get("comments") if isinstance(replies, dict) else None
    shown = len(held) if isinstance(held, list) else 0
    return Heading(thread=video, missing=max(0, count - shown) if isinstance(count, int) else 0)


def _comment(
    node: dict[str, Any], snippet: dict[str, Any], video: str | None, place: str, context: Context
) -> Item:
    quotes: tuple[Range, ...] = ()
    original = snippet.get("textOriginal")
    if isinstance(original, str):
        text = read_plain(original)
    else:
        text, quotes = remove_markup(as_text(snippet.get("textDisplay")) or "")
    native = as_text(node.get("id"))
    parent = as_text(snippet.get("parentId"))
    if parent is None and native is not None and "." in native:
        parent = native.split(".", 1)[0]
    item = Item(
        native_id=native,
        text=text,
        thread=as_text(snippet.get("videoId")) or video,
        parent=parent,
        author=as_text(snippet.get("authorDisplayName")),
        created_raw=as_text(snippet.get("publishedAt")),
        status=_STATUS.get(str(snippet.get("moderationStatus")), "visible"),
        quotes=quotes,
        place=place,
    )
    add_personal(item, context.options, avatar=snippet.get("authorProfileImageUrl"))
    return item


READER = JsonReader("youtube", recognise, read_items)
