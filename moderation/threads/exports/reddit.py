"""Reddit: listings as the site gives them, Pushshift's dumps (JSON Lines) and API answers.

- A listing, the pair [submission, comments] and the answer of /api/morechildren hold "things":
  t1 = comment, t3 = submission, "more" = a stub for comments not shown (counted as missing).
- Pushshift's lines are the bare data of a t1 or t3; comments of all threads interleave.
- Native ids are full names ("t1_…", "t3_…"), `created_raw` is "created_utc". An answer to the
  submission has no parent. A submission's own text, where it has one, is a comment of kind "post".
- Text is Markdown, kept; the site's three escapes (&lt; &gt; &amp;) are undone unless "body_html"
  shows that the file was fetched with raw_json=1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moderation.records import Status
from moderation.threads.document import Evidence
from moderation.threads.exports.items import Heading, Item, as_text
from moderation.threads.exports.markup import read_markdown, remove_markup
from moderation.threads.exports.reader import Context, JsonReader, peek_objects

_GONE = frozenset(
    ("[deleted]", "[removed]", "[ removed by reddit ]", "[deleted by user]", "[removed by reddit]")
)


def recognise(values: list[Any]) -> Evidence | None:
    """A thing of kind t1, t3 or more; or bare data with Reddit's names."""
    for node in peek_objects(values):
        data = node.get("data")
        if node.get("kind") in ("t1", "t3", "more", "Listing") and isinstance(data, dict):
            return Evidence(0.98, f'a Reddit thing of kind "{node["kind"]}"')
        if _is_comment(node) or _is_submission(node):
            return Evidence(0.97, "Reddit's names: subreddit, link_id, created_utc …")
    return None


def _is_comment(node: dict[str, Any]) -> bool:
    return "body" in node and ("link_id" in node or _is_fullname(node.get("parent_id")))


def _is_submission(node: dict[str, Any]) -> bool:
    return "title" in node and "subreddit" in node and ("selftext" in node or "is_self" in node)


def _is_fullname(value: object) -> bool:
    return isinstance(value, str) and value[:3] in ("t1_", "t3_")


def read_items(values: Iterator[tuple[Any, str]], context: Context) -> Iterator[Item | Heading]:
    """Things in the order of the document, answers after what they answer."""
    thread: str | None = None
    for value, place in values:
        stack: list[Any] = [value]
        while stack:
            node = stack.pop()
            if isinstance(node, list):
                stack.extend(reversed(node))
                continue
            if not isinstance(node, dict):
                continue
            kind, data = node.get("kind"), node.get("data")
            if kind == "more" and isinstance(data, dict):
                yield _stub(data, thread)
                continue
            if kind in ("t1", "t3") and isinstance(data, dict):
                node = data
            if kind == "t3" or (kind is None and _is_submission(node) and not _is_comment(node)):
                thread = _fullname(node, "t3_")
                yield from _submission(node, thread, place)
            elif kind == "t1" or (kind is None and _is_comment(node)):
                comment = _comment(node, thread, place)
                if comment is not None:
                    thread = comment.thread
                    yield comment
                replies = node.get("replies")
                if isinstance(replies, dict | list):
                    stack.append(replies)
            else:
                stack.extend(
                    child for child in reversed(node.values()) if isinstance(child, dict | list)
                )


def _fullname(data: dict[str, Any], prefix: str) -> str | None:
    name = as_text(data.get("name"))
    if name is not None and name.startswith(prefix):
        return name
    native = as_text(data.get("id"))
    if native is None:
        return None
    return native if native.startswith(prefix) else prefix + native


def _stub(data: dict[str, Any], thread: str | None) -> Heading:
    children = data.get("children")
    count = data.get("count")
    missing = len(children) if isinstance(children, list) else 0
    if isinstance(count, int) and 0 < count < 10**9:
        missing = max(missing, count)
    return Heading(thread=thread, missing=max(missing, 1))  # "continue this thread" counts 0


def _submission(data: dict[str, Any], thread: str | None, place: str) -> Iterator[Item | Heading]:
    declared = data.get("num_comments")
    yield Heading(
        thread=thread,
        title=as_text(data.get("title")),
        declared=declared if isinstance(declared, int) else None,
    )
    item = _item(data, "selftext", "selftext_html", place)
    if item is not None and item.text:
        item.native_id = item.thread = thread
        item.kind = "post"
        yield item


def _comment(data: dict[str, Any], thread: str | None, place: str) -> Item | None:
    item = _item(data, "body", "body_html", place)
    if item is None:
        return None
    item.native_id = _fullname(data, "t1_")
    link = as_text(data.get("link_id"))
    if link is not None:
        thread = link if link.startswith("t3_") else f"t3_{link}"
    item.thread = thread
    parent = data.get("parent_id")
    if isinstance(parent, int) and not isinstance(parent, bool):
        parent = f"t1_{_base36(parent)}"  # some of Pushshift's answers hold plain numbers
    name = as_text(parent)
    if name is not None and not name.startswith("t3_"):
        item.parent = name if name.startswith("t1_") else f"t1_{name}"
    item.parent_known = "parent_id" in data
    return item


def _item(data: dict[str, Any], key: str, html_key: str, place: str) -> Item | None:
    body, markup = data.get(key), data.get(html_key)
    if not isinstance(body, str):
        if not isinstance(markup, str):
            return None
        text, quotes = remove_markup(_unescape(markup) if markup.startswith("&lt;") else markup)
    else:
        escaped = not isinstance(markup, str) or markup.lstrip().startswith("&lt;")
        text, quotes = read_markdown(_unescape(body) if escaped else body)
    author = as_text(data.get("author"))
    status: Status = "visible"
    removed = data.get("removed") is True or data.get("removed_by_category")
    if text.lower() in _GONE or removed or data.get("banned_by"):
        status = "deleted"
    if data.get("spam") is True or data.get("ban_note") == "spam":
        status = "spam"
    return Item(
        native_id=None,
        text=text,
        author=None if author is None or author.lower() in _GONE else author,
        created_raw=as_text(data.get("created_utc")) or as_text(data.get("created")),
        status=status,
        quotes=quotes,
        place=place,
    )


def _unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _base36(number: int) -> str:
    digits = ""
    number = abs(number)
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits or "0"


READER = JsonReader("reddit", recognise, read_items)
