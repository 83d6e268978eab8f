"""The lines and paragraphs of a text dump, with their positions.

Positions are code points of the decoded text, in which line ends are never translated. A line end
is LF, CR or CR LF; every other white space only separates words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from moderation.records import Range

DASHES = "-–—―−"
BULLETS = "•◦▪▫■□●○◆◇‣⁃∙·*+#@" + DASHES
DEEP = 15  # columns: lynx marks its fifth level by "@"; further left it calls somebody
TAB = 8  # columns between tab stops, as in terminals
_LINE = re.compile(r"[^\r\n]+")
_NUMBERED = re.compile(r"(\d{1,4})\\?[.)](?=\s|$)")


@dataclass(slots=True)
class Line:
    """One line that is not blank: `[start, end)` without its line end.

    `gap` counts the blank lines above it. Its first visible character stands at position
    `visible`, in column `indent`; its body, behind a bullet where it has one, at position `body`,
    in column `column`. `bullet` is that character, "1" for a number with a point, or "". `shown`
    and `text` are the line from there on, without white space at the ends.
    """

    gap: int
    start: int
    end: int
    visible: int
    body: int
    indent: int
    column: int
    bullet: str
    shown: str
    text: str

    @property
    def dash(self) -> bool:
        """A dash standing alone, which joins the paragraphs around it."""
        return not self.text and self.bullet != "" and self.bullet in DASHES


@dataclass(slots=True)
class Paragraph:
    """Lines without a blank one between them; `gap` counts the blank lines before them.

    `flows`: the line above is so full that this may go on where that one was broken.
    """

    lines: list[Line]
    gap: int
    flows: bool = False

    @property
    def span(self) -> Range:
        """From its first visible character to its last."""
        return span_of(self.lines)

    @property
    def text(self) -> str:
        """Its lines, joined by single spaces."""
        return " ".join(line.shown for line in self.lines)


def split_lines(text: str) -> list[Line]:
    """All lines of `text` that are not blank; linear in its length."""
    lines: list[Line] = []
    ends = 0  # line ends since the last visible line
    position = 0
    for match in _LINE.finditer(text):
        ends += _count_line_ends(text[position : match.start()])
        position = match.end()
        raw = match.group()
        if not raw.isspace():
            lines.append(_read_line(max(ends - 1, 0) if lines else ends, match.start(), raw))
            ends = 0
    return lines


def _count_line_ends(text: str) -> int:
    if len(text) < 2:
        return len(text)
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def split_paragraphs(lines: Sequence[Line], unwrapped: bool = False) -> list[Paragraph]:
    """Group lines between blank ones; with `unwrapped`, each line is a paragraph of its own."""
    paragraphs: list[Paragraph] = []
    for line in lines:
        if line.gap or unwrapped or not paragraphs:
            paragraphs.append(Paragraph([line], line.gap))
        else:
            paragraphs[-1].lines.append(line)
    return paragraphs


def span_of(lines: Sequence[Line]) -> Range:
    """From the first line's first visible character to the last line's last one.

    Raises ValueError where one of the two is blank.
    """
    if not lines or not lines[0].shown or not lines[-1].shown:
        raise ValueError("a span begins and ends with visible text")
    return Range(lines[0].visible, lines[-1].visible + len(lines[-1].shown))


def _read_line(gap: int, start: int, raw: str) -> Line:
    shown = raw.lstrip()
    lead = len(raw) - len(shown)
    shown = shown.rstrip()
    indent = _width(raw[:lead])
    visible = start + lead
    bullet = ""
    taken = 0
    if shown:
        first = shown[0]
        if first in BULLETS and (len(shown) == 1 or shown[1].isspace()):
            if first != "@" or indent >= DEEP:
                bullet, taken = first, 1
        elif first == "o" and indent >= 2 and shown[1:2] == " ":
            bullet, taken = "o", 1  # lynx, third level
        elif first.isdigit() and (match := _NUMBERED.match(shown)) is not None:
            bullet, taken = "1", match.end()
    end = start + len(raw)
    if not taken:
        return Line(gap, start, end, visible, visible, indent, indent, "", shown, shown)
    text = shown[taken:].lstrip()
    space = len(shown) - taken - len(text)
    return Line(
        gap,
        start,
        end,
        visible,
        visible + taken + space,
        indent,
        indent + taken + max(space, 1),
        bullet,
        shown,
        text,
    )


def _width(space: str) -> int:
    if "\t" not in space:
        return len(space)
    width = 0
    for character in space:
        width += TAB - width % TAB if character == "\t" else 1
    return width
