"""A comment's own markup removed: HTML fragment in, plain text and its quotations out.

Written for fragments that users typed: "I <3 you" and "a < b" stay, a tag that never closes is
text, and each character is looked at a bounded number of times whatever the input.
"""

from __future__ import annotations

import html
import re

from moderation.records import Range

_TAG = re.compile(
    r"<(/?)([A-Za-z][A-Za-z0-9:-]*)"
    r"((?:[\s/](?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*+|[\s/][^<>]*)?)>"
)
_BLOCK_NAMES = (
    "address article aside blockquote br center dd details div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section summary table tbody "
    "tfoot thead tr ul"
)
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_FLOWING = frozenset(("p", "br", "div", "li", "blockquote"))  # line ends in the source mean nothing
_SILENT = frozenset(("script", "style", "template", "noscript", "iframe", "svg", "math"))
_QUOTES = frozenset(("blockquote", "aside"))
_ALT = re.compile(r"""\balt\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)


def remove_markup(
    fragment: str, *, keep_lines: bool | None = None
) -> tuple[str, tuple[Range, ...]]:
    """The text of an HTML fragment and the ranges of it that stood in quotations.

    Blocks and <br> become line ends (never two in a row), other white space single spaces,
    character references characters; scripts, styles and comments vanish. An image leaves its alt
    text only where that is an emoji. `keep_lines` says whether line ends of the source count
    (WordPress turns them into breaks); None = only where no tag of the fragment breaks lines.
    """
    fragment = fragment.replace("\r\n", "\n").replace("\r", "\n")
    if "<" not in fragment:
        if keep_lines is False:
            fragment = fragment.replace("\n", " ")
        return _tidy([(html.unescape(fragment) if "&" in fragment else fragment, False)])
    fragment = _without_comments(fragment)
    tags = list(_TAG.finditer(fragment))
    if keep_lines is None:
        keep_lines = not any(tag[2].lower() in _FLOWING for tag in tags)
    pieces: list[tuple[str, bool]] = []  # text, quoted; a line end of its own breaks the line
    quoting: list[tuple[str, bool]] = []  # open quotations and asides
    depth = 0  # how many of them are quotations
    kept = 0  # inside <pre>
    position = 0
    silent: str | None = None
    closed = {tag[2].lower() for tag in tags if tag[1]}
    for tag in tags:
        name = tag[2].lower()
        closing = bool(tag[1])
        if silent is not None:
            if closing and name == silent:
                silent = None
                position = tag.end()
            continue
        if tag.start() > position:
            _add(pieces, fragment[position : tag.start()], depth > 0, keep_lines or kept > 0)
        position = tag.end()
        if name in _SILENT and not closing:
            if name in closed:  # one that never closes is taken for text
                silent = name
            continue
        if name == "pre":
            kept = max(0, kept + (-1 if closing else 1))
        elif name == "img":
            pieces.append((_emoji(tag[3]), depth > 0))
        elif name in ("td", "th"):
            pieces.append((" ", depth > 0))
        if name in _BLOCKS:
            pieces.append(("\n", depth > 0))
        if name in _QUOTES:
            if not closing:
                quoting.append((name, name == "blockquote" or "quote" in tag[3]))
                depth += quoting[-1][1]
            elif quoting and quoting[-1][0] == name:
                depth -= quoting.pop()[1]
    if silent is None:
        _add(pieces, fragment[position:], depth > 0, keep_lines or kept > 0)
    return _tidy(pieces)


def _add(pieces: list[tuple[str, bool]], text: str, quoted: bool, keep_lines: bool) -> None:
    if not keep_lines:
        text = text.replace("\n", " ")
    pieces.append((html.unescape(text), quoted))


def _emoji(attributes: str) -> str:
    match = _ALT.search(attributes)
    alt = html.unescape((match[1] or match[2] or "") if match else "")
    return alt if len(alt) <= 16 and not any(c.isalnum() for c in alt if ord(c) < 0x2000) else ""


def _without_comments(fragment: str) -> str:
    if "<!--" not in fragment:
        return fragment
    parts: list[str] = []
    position = 0
    while (start := fragment.find("<!--", position)) >= 0:
        end = fragment.find("-->", start + 4)
        if end < 0:
            break
        parts.append(fragment[position:start])
        position = end + 3
    parts.append(fragment[position:])
    return "".join(parts)


def _tidy(pieces: list[tuple[str, bool]]) -> tuple[str, tuple[Range, ...]]:
    """Join the pieces: single spaces, single line ends, nothing at the ends; map the quotations."""
    out: list[str] = []
    length = 0
    ranges: list[list[int]] = []
    pending = ""  # white space waiting for the next visible character
    for text, quoted in pieces:
        for number, line in enumerate(text.split("\n")):
            if number:
                pending = "\n"
            stripped = " ".join(line.split())
            if not pending and line[:1].isspace():
                pending = " "
            if stripped:
                if pending and length:
                    out.append(pending)
                    length += 1
                pending = " " if line[-1:].isspace() else ""
                out.append(stripped)
                if quoted:
                    if ranges and (ranges[-1][1] == length or ranges[-1][2] == length - 1):
                        ranges[-1][1] = ranges[-1][2] = length + len(stripped)
                    else:
                        ranges.append([length, length + len(stripped), length + len(stripped)])
                length += len(stripped)
    return "".join(out), tuple(Range(start, end) for start, end, _ in ranges)


def read_plain(text: str) -> str:
    """Plain text or Markdown as it is: line ends made one kind, none at the ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def read_mixed(text: str) -> tuple[str, tuple[Range, ...]]:
    """Text of which nobody says whether it is HTML: it is where a common tag stands in it."""
    if _COMMON_TAG.search(text):
        return remove_markup(text)
    return read_markdown(text)


_COMMON_TAG = re.compile(
    r"<(?:/(?:p|a|i|b|em|strong|div|span|blockquote|code|pre|li|ul|ol|del|u)|br\s*/?|p)>",
    re.IGNORECASE,
)


def read_markdown(text: str) -> tuple[str, tuple[Range, ...]]:
    """Markdown kept as it is; its quotations are the lines that start with ">"."""
    text = read_plain(text)
    ranges: list[Range] = []
    if ">" in text:
        position = 0
        for line in text.split("\n"):
            if line.startswith(">") and len(line) > 1:
                if ranges and ranges[-1].end == position - 1:
                    ranges[-1] = Range(ranges[-1].start, position + len(line))
                else:
                    ranges.append(Range(position, position + len(line)))
            position += len(line) + 1
    return text, tuple(ranges)
