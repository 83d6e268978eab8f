"""Personal data in threads: dropped, or replaced by stable pseudonyms.

Applied to every thread after its reader, so that no reader needs to care. Only what the fields
say about an author is touched: the text of a comment stays as it stands in the source, because
its spans must give it.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Callable
from dataclasses import replace

from moderation.records import Comment, Thread

PSEUDONYM_DIGITS = 8  # hex digits: two of 10,000 authors share one with probability 0.012
HANDLES = frozenset(("mastodon",))  # layouts whose authors are named user@server
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"'@]+@[^\s<>()\[\],;:\"'@.]+(?:\.[^\s<>()\[\],;:\"'@.]+)+")
_HOST = re.compile(r"[0-9A-Fa-f:.]{3,45}")
_EMPTY = re.compile(r"[<(\[][\s<>()\[\]]*[>)\]]")  # brackets with nothing else in them


def pseudonymise(thread: Thread, key: bytes) -> Thread:
    """Replace each author by "user-" and 8 hex digits of HMAC-SHA256 over the name.

    The same name and key give the same pseudonym in every thread and run. Names are compared
    with white space folded and letter case ignored. Raises ValueError for an empty key.
    """
    if not key:
        raise ValueError("the key for pseudonyms is empty")
    return _with_authors(thread, lambda name: pseudonym(name, key))


def pseudonym(name: str, key: bytes) -> str:
    """The pseudonym of one name, e.g. "user-ab12cd34"."""
    folded = " ".join(name.split()).casefold()
    digest = hmac.new(key, folded.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
    return f"user-{digest[:PSEUDONYM_DIGITS]}"


def drop_personal(thread: Thread) -> Thread:
    """Remove e-mail and IP addresses from the authors; None where nothing else is left.

    Layouts in `HANDLES` are left alone: their user names only look like addresses.
    """
    if thread.layout in HANDLES:
        return thread
    return _with_authors(thread, _without_addresses)


def _without_addresses(name: str) -> str | None:
    if "@" in name:
        name = _ADDRESS.sub(" ", name)  # a space, so that what stood about it does not join
    if "." in name or ":" in name:
        name = _HOST.sub(_without_host, name)
    name = " ".join(_EMPTY.sub(" ", name).split()).strip(" ,;-")
    return name or None


def _without_host(match: re.Match[str]) -> str:
    try:
        ipaddress.ip_address(match.group())
    except ValueError:
        return match.group()
    return " "


def _with_authors(thread: Thread, change: Callable[[str], str | None]) -> Thread:
    known: dict[str, str | None] = {}
    comments: list[Comment] = []
    for comment in thread.comments:
        if comment.author is None:
            comments.append(comment)
            continue
        if comment.author not in known:
            known[comment.author] = change(comment.author)
        author = known[comment.author]
        same = author == comment.author
        comments.append(comment if same else replace(comment, author=author))
    return replace(thread, comments=tuple(comments))
