"""The picture of an extraction: the source with each comment outlined in place.

One self-contained HTML file, without scripts and without anything of the source but escaped text:
comments in boxes with author, parent and depth; the article marked; what was not taken in grey;
on top the layout, counts, warnings and a list of comments. Light and dark.
"""

from __future__ import annotations

import html
import importlib
import os
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from moderation.records import Comment, Thread
from moderation.threads.decoding import decode
from moderation.threads.document import Document

LONGEST_GAP = 6_000  # characters of a part not taken that are shown; the middle is left out
MOST = 3_000_000  # characters of the source that are shown

_STYLE = Path(__file__).with_suffix(".css")


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of the source in order: `kind` is "skip", "article" or "comment"."""

    start: int
    end: int
    kind: str
    comment: int = -1


def write_picture(document: Document, threads: Iterable[Thread], path: str | Path) -> None:
    """Write the picture of one document to `path` (beside it first, then renamed).

    `threads` are what `read_threads` gave for it. Exports, whose comments have no place in a
    readable source, show their comments as a list. Raises OSError where it cannot be written.
    """
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8") as stream:
        for piece in _render(document, list(threads)):
            stream.write(piece.encode("utf-8", "replace").decode("utf-8"))
    os.replace(partial, path)


def _render(document: Document, threads: Sequence[Thread]) -> Iterable[str]:
    name = _escape(document.name)
    style = _STYLE.read_text("utf-8")
    yield (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">"
        f"<title>{name}: what was taken</title><style>{style}</style></head>\n<body>\n"
    )
    if not threads:
        yield f"<header><h1>{name}</h1><p>No thread was read.</p></header>\n"
    for number, thread in enumerate(threads):
        yield from _render_thread(document, thread, f"t{number}-")
    yield "</body></html>\n"


def _render_thread(document: Document, thread: Thread, prefix: str) -> Iterable[str]:
    places = {comment.id: number for number, comment in enumerate(thread.comments)}
    yield from _render_head(thread, prefix, places)
    flow = _readable(document, thread)
    dump = ' class="dump"' if thread.source.format == "text" else ""
    yield f"<main{dump}>\n"
    if flow is None:
        for number, comment in enumerate(thread.comments):
            yield _box(comment, number, prefix, places)
    else:
        placed: set[int] = set()
        for part in _parts(thread, flow):
            if part.kind == "comment":
                placed.add(part.comment)
                yield _box(thread.comments[part.comment], part.comment, prefix, places)
            elif part.kind == "article":
                text = flow.shown(part.start, part.end).strip("\n")
                yield f'<div class="article">{_escape(text)}</div>\n'
            else:
                yield _skipped(flow.skipped(part.start, part.end))
        rest = [n for n in range(len(thread.comments)) if n not in placed]
        if rest:
            yield '<p class="none">Comments without a place in the source:</p>\n'
            for number in rest:
                yield _box(thread.comments[number], number, prefix, places)
    yield "</main>\n"


def _render_head(thread: Thread, prefix: str, places: dict[str, int]) -> Iterable[str]:
    counts = {"extracted": len(thread.comments), **thread.counts}
    facts = [
        ("layout", thread.layout),
        ("confidence", f"{thread.confidence:.2f}"),
        ("format", thread.source.format),
        ("encoding", thread.source.encoding or "unknown"),
        *((key.replace("_", " "), str(value)) for key, value in counts.items()),
    ]
    yield f"<header><h1>{_escape(thread.title or thread.source.name)}</h1>"
    yield f"<p>{_escape(thread.source.name)} · sha256 {_escape(thread.source.sha256[:12])}…</p>"
    yield '<ul class="facts">'
    for key, value in facts:
        yield f"<li>{_escape(key)} <b>{_escape(value)}</b></li>"
    declared = counts.get("declared")
    if declared is not None and declared != counts["extracted"]:
        more = declared - counts["extracted"]
        words = (
            f"{more} declared, not in this document" if more > 0 else f"{-more} more than declared"
        )
        yield f'<li class="bad">{_escape(words)}</li>'
    for warning in thread.warnings:
        yield f'<li class="bad">{_escape(warning)}</li>'
    yield "</ul>"
    yield (
        '<div class="legend"><span><i class="i-comment"></i>comment (one colour an author)</span>'
        '<span><i class="i-quote"></i>quotation in it</span>'
        '<span><i class="i-article"></i>article</span>'
        '<span><i class="i-skip"></i>not taken</span></div>'
    )
    if thread.comments:
        yield f'<details><summary>{len(thread.comments)} comments</summary><ol class="list">'
        for number, comment in enumerate(thread.comments):
            indent = min(comment.depth or 0, 12)
            yield (
                f'<li style="margin-left:{indent}rem"><a href="#{prefix}{number}">'
                f"{_name(comment)}</a></li>"
            )
        yield "</ol></details>"
    else:
        yield '<p class="none">No comments were found.</p>'
    yield "</header>\n"


def _box(comment: Comment, number: int, prefix: str, places: dict[str, int]) -> str:
    hue = _hue(comment.author)
    if comment.parent_id is not None and comment.parent_id in places:
        parent = places[comment.parent_id]
        answer = f'answers <a href="#{prefix}{parent}">#{parent + 1}</a>'
    elif comment.parent_id is not None:
        answer = "answers a comment that is not here"
    elif comment.parent_known:
        answer = "top level"
    else:
        answer = "parent not told"
    if comment.depth is not None:
        answer += f" · depth {comment.depth}"
    tags = "".join(
        f'<span class="tag">{_escape(word)}</span>'
        for word in (comment.kind, comment.status)
        if word not in ("comment", "visible")
    )
    shown = _quoted(comment) if comment.text else '<span class="none">no text</span>'
    indent = min(comment.depth or 0, 12) * 1.4
    dashed = "" if comment.text else " placeholder"
    when = comment.created_raw or comment.created_at or ""
    return (
        f'<section class="comment{dashed}" id="{prefix}{number}" '
        f'style="--hue:{hue};margin-left:{indent:.1f}rem">'
        f'<div class="who"><span class="n">#{number + 1}</span>'
        f'<span class="a">{_name(comment)}</span>'
        f'<span class="p">{answer}</span><span class="p">{_escape(when[:60])}</span>{tags}</div>'
        f'<div class="text">{shown}</div></section>\n'
    )


def _quoted(comment: Comment) -> str:
    text = comment.text
    parts: list[str] = []
    position = 0
    for quote in sorted(comment.quotes, key=lambda q: q.start):
        if quote.start < position or quote.end > len(text):
            continue
        parts.append(_escape(text[position : quote.start].rstrip("\n")))
        parts.append(f"<q>{_escape(quote.of(text))}</q>")
        position = quote.end
        while text[position : position + 1] == "\n":
            position += 1
    parts.append(_escape(text[position:]))
    return "".join(parts)


def _skipped(text: str) -> str:
    text = "\n".join(line.rstrip() for line in text.splitlines() if line.strip())
    if not text:
        return ""
    if len(text) > LONGEST_GAP:
        half = LONGEST_GAP // 2
        cut = f'<span class="cut">{len(text) - 2 * half:,} more characters</span>'
        return f'<div class="skip">{_escape(text[:half])}{cut}{_escape(text[-half:])}</div>\n'
    return f'<div class="skip">{_escape(text)}</div>\n'


# ---------------------------------------------------------------- the source as text


@dataclass(frozen=True, slots=True)
class _Flow:
    """Readable text of the source: a dump's own `text`, or a page's pieces with their places.

    `dense` and `lines` are the pieces' texts with what parts them from the piece before: a dot
    (for parts that were not taken) or a line end.
    """

    size: int
    starts: Sequence[int] = ()
    dense: Sequence[str] = ()
    lines: Sequence[str] = ()
    text: str | None = None

    def skipped(self, start: int, end: int) -> str:
        """What stands in [start, end) of the source, close together."""
        return self._between(start, end, self.dense).removeprefix(" · ")

    def shown(self, start: int, end: int) -> str:
        """What stands in [start, end) of the source, line by line."""
        return self._between(start, end, self.lines)

    def _between(self, start: int, end: int, texts: Sequence[str]) -> str:
        if self.text is not None:
            return self.text[start:end]
        return "".join(texts[bisect_left(self.starts, start) : bisect_left(self.starts, end)])


def _readable(document: Document, thread: Thread) -> _Flow | None:
    """What of the source is shown; None for exports, whose comments are shown as a list."""
    if thread.source.format == "html":
        return _page_flow(document)
    if thread.source.format == "text":
        return _text_flow(document, thread.source.encoding)
    return None


def _page_flow(document: Document) -> _Flow:
    decode_page = importlib.import_module("moderation.threads.pages.reader").decode_page
    tree = importlib.import_module("moderation.threads.pages.tree")
    source = decode_page(document.read()).text[:MOST]
    page = tree.Page(source)
    texts = [
        (" · " if page.gaps[n] >= tree.BREAK else " " if page.gaps[n] else "") + page.piece(n)
        for n in range(len(page.starts))
    ]
    lines = [("\n" + text[3:]) if text.startswith(" · ") else text for text in texts]
    return _Flow(len(source), page.starts, texts, lines)


def _text_flow(document: Document, encoding: str | None) -> _Flow:
    data = document.read()
    decoded = decode(data)
    text = decoded.text
    if encoding is not None and decoded.encoding != encoding:
        text = data.decode(encoding, "replace")
    text = text[:MOST]
    return _Flow(len(text), text=text)


def _parts(thread: Thread, flow: _Flow) -> list[_Part]:
    """The source cut into comments, article and the rest, in order, without overlaps.

    A comment is shown where it begins; its further spans are passed over.
    """
    marks = [
        (span.start, span.end, "comment", number)
        for number, comment in enumerate(thread.comments)
        for span in comment.spans
        if span.end > span.start
    ]
    marks += [(span.start, span.end, "article", -1) for span in thread.article]
    parts: list[_Part] = []
    position = 0
    shown: set[int] = set()
    for begin, end, kind, number in sorted(marks):
        end = min(end, flow.size)
        if begin < position or begin >= flow.size:
            continue
        if flow.skipped(position, begin).strip():
            parts.append(_Part(position, begin, "skip"))
        position = end
        if kind == "article" and parts and parts[-1].kind == "article":
            parts[-1] = _Part(parts[-1].start, end, "article")
        elif kind == "article" or number not in shown:
            parts.append(_Part(begin, end, kind, number))
            shown.add(number)
    if position < flow.size:
        parts.append(_Part(position, flow.size, "skip"))
    return parts


def _name(comment: Comment) -> str:
    if comment.author is None:
        return '<span class="none">no author shown</span>'
    return _escape(comment.author)


def _hue(author: str | None) -> int:
    """A hue in [0, 360) that is the same for the same name."""
    value = 2166136261
    for character in (author or "").casefold():
        value = (value ^ ord(character)) * 16777619 % (1 << 32)
    return value % 360


def _escape(text: str) -> str:
    """Escaped, and without characters that reorder or hide what stands beside them."""
    cleaned = "".join(
        "\ufffd"
        if (ord(c) < 32 and c not in "\n\t")
        or c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
        else c
        for c in text
    )
    return html.escape(cleaned, quote=True)
