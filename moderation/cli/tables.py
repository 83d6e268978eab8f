"""Tables and colours for terminals."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from moderation.model import Model
    from moderation.records import Explanation, Score

SHORT = {
    "toxicity": "toxic",
    "severe_toxicity": "severe",
    "insult": "insult",
    "profanity": "profan",
    "threat": "threat",
    "identity_attack": "ident",
}


def style(text: str, fg: str, *, bg: str = "", bold: bool = False) -> str:
    """`click.style`, imported where something is painted."""
    import click

    return click.style(text, fg=fg, bg=bg or None, bold=bold or None)


def printable(text: str) -> str:
    """Without what could steer a terminal: control characters become visible substitutes."""
    return "".join(
        c
        if c.isprintable()
        else "\N{SYMBOL FOR NEWLINE}"
        if c == "\n"
        else " "
        if c == "\t"
        else "\ufffd"
        for c in text
    )


def write_table(
    scored: Iterable[tuple[str, str, Score]], model: Model, explained: bool, output: TextIO
) -> None:
    """One line a comment: marks, six scores, text; with the explanation below where asked."""
    width = max(shutil.get_terminal_size((100, 24)).columns, 60)
    colour = output.isatty()
    head = " ".join(f"{SHORT.get(label, label[:6]):>6}" for label in model.labels)
    output.write(f"{head}    text\n")
    for _, text, found in scored:
        cells = []
        for label in model.labels:
            value = found.scores[label]
            cell = f"{value:6.2f}"
            if colour and value >= model.thresholds[label]:
                cell = style(cell, fg="red", bold=True)
            cells.append(cell)
        mark = ("A" if found.abusive else " ") + ("H" if found.hateful else " ")
        shown = printable(text.strip())
        room = width - len(head) - 5
        if len(shown) > room and not explained:
            shown = shown[: room - 1] + "…"
        if explained:
            from moderation.explanation import explain

            explanation = explain(text, model)
            shown = paint(explanation, "toxicity", colour)
        output.write(f"{' '.join(cells)} {mark} {shown}\n")
    output.write(f"A abusive, H hateful by {model}\n")


def paint(explanation: Explanation, label: str, colour: bool = True) -> str:
    """The text with the words that speak for `label` in red and those against it in green."""
    spans = [s for s in explanation.spans if s.label == label]
    top = max((abs(s.contribution) for s in spans), default=1.0)
    out: list[str] = []
    at = 0
    for span in spans:
        if span.start < at:
            continue
        out.append(printable(explanation.text[at : span.start]))
        word = printable(explanation.text[span.start : span.end])
        strength = span.contribution / top
        if not colour:
            out.append(f"[{word} {span.contribution:+.1f}]" if abs(strength) > 0.15 else word)
        elif strength > 0.5:
            out.append(style(word, fg="white", bg="red"))
        elif strength > 0.15:
            out.append(style(word, fg="red"))
        elif strength < -0.15:
            out.append(style(word, fg="green"))
        else:
            out.append(word)
        at = span.end
    out.append(printable(explanation.text[at:]))
    return "".join(out)
