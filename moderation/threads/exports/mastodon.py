"""Mastodon and its relatives: contexts (ancestors, descendants), lists of statuses, one status.

- `author` is "acct", the name that is unique (user, or user@server); `created_raw` "created_at".
- A context does not hold the status that it is about: answers to it have a missing parent.
- The text is "content" without its markup. A content warning (spoiler_text) is not part of it;
  how many statuses have one is a warning of the thread. Boosts are of kind "system".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moderation.threads.document import Evidence
from moderation.threads.exports.items import Heading, Item, add_personal, as_text
from moderation.threads.exports.markup import remove_markup
from moderation.threads.exports.reader import Context, JsonReader, peek_objects


def recognise(values: list[Any]) -> Evidence | None:
    """A status, or an empty context."""
    for node in peek_objects(values):
        if _is_status(node):
            return Evidence(0.98, "a Mastodon status: account, content, in_reply_to_id")
        if isinstance(node.get("ancestors"), list) and isinstance(node.get("descendants"), list):
            return Evidence(0.96, "a Mastodon context: ancestors, descendants")
    return None


def _is_status(node: dict[str, Any]) -> bool:
    return "content" in node and "account" in node and "in_reply_to_id" in node


def read_items(values: Iterator[tuple[Any, str]], context: Context) -> Iterator[Item | Heading]:
    """Statuses in the order of the document; those inside others (boosts, quotes) stay there."""
    warned = 0
    for value, place in values:
        stack: list[Any] = [value]
        while stack:
            node = stack.pop()
            if isinstance(node, list):
                stack.extend(reversed(node))
            elif not isinstance(node, dict):
                continue
            elif _is_status(node):
                warned += bool(as_text(node.get("spoiler_text")))
                yield _status(node, place, context)
            else:
                pairs = [(k, c) for k, c in node.items() if isinstance(c, dict | list)]
                pairs.sort(key=lambda pair: pair[0] == "descendants")
                stack.extend(child for _, child in reversed(pairs))
    if warned:
        context.report.add(f"{warned:,} statuses have a content warning that is not in their text")


def _status(node: dict[str, Any], place: str, context: Context) -> Item:
    text, quotes = remove_markup(as_text(node.get("content")) or "")
    account = node.get("account")
    account = account if isinstance(account, dict) else {}
    item = Item(
        native_id=as_text(node.get("id")),
        text=text,
        parent=as_text(node.get("in_reply_to_id")),
        author=as_text(account.get("acct")) or as_text(account.get("username")),
        created_raw=as_text(node.get("created_at")),
        kind="system" if isinstance(node.get("reblog"), dict) else "comment",
        quotes=quotes,
        place=place,
    )
    add_personal(item, context.options, avatar=account.get("avatar"))
    return item


READER = JsonReader("mastodon", recognise, read_items)
