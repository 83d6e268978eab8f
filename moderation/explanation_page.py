"""A page that shows why comments got their scores: self-contained, no script, light and dark."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from moderation.model import Model
    from moderation.records import Explanation, Span

ROWS = 12  # strongest contributions in the table of a label; the rest is summed in one row

_STYLE = """
:root { color-scheme: light dark; --ink: #1c1c1e; --soft: #6b6b72; --line: #d9d9de;
  --paper: #fff; --card: #f6f6f8; --for: 200, 40, 40; --against: 20, 130, 80; --bar: #8a8a94; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececf0; --soft: #a0a0aa; --line: #3a3a42;
  --paper: #17171a; --card: #202024; --for: 235, 90, 90; --against: 70, 180, 120;
  --bar: #777782; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem; background: var(--paper);
  color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0 0 .3rem; } h2 { font-size: 1.1rem; margin: 2.2rem 0 .6rem; }
h3 { font-size: 1rem; margin: 0 0 .4rem; } p { margin: .3rem 0; }
.soft, caption, th { color: var(--soft); font-size: .85rem; font-weight: normal; }
.text { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: .7rem .9rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.text span { border-radius: 3px; padding: 1px 0; }
.for { background: rgba(var(--for), var(--a)); }
.against { background: rgba(var(--against), var(--a)); }
u { text-decoration: underline 2px var(--bar); text-underline-offset: 4px; }
.bars { display: grid; grid-template-columns: max-content 1fr max-content; gap: .35rem .8rem;
  align-items: center; margin-bottom: .8rem; }
.track { position: relative; height: 1rem; background: var(--card); border-radius: 4px;
  border: 1px solid var(--line); }
.fill { height: 100%; border-radius: 3px; background: var(--bar); }
.yes .fill { background: rgb(var(--for)); }
.limit { position: absolute; top: -3px; bottom: -3px; width: 2px; background: var(--ink); }
details { border-top: 1px solid var(--line); padding: .6rem 0; } summary { cursor: pointer; }
table { border-collapse: collapse; margin-top: .5rem; }
td, th { text-align: left; padding: .1rem 1rem .1rem 0; }
td:last-child, th:last-child { text-align: right; font-variant-numeric: tabular-nums; }
tr.sum td { border-top: 1px solid var(--line); font-weight: 600; }
"""


def visible(text: str) -> str:
    """Escaped for HTML; characters that would not show, or would turn the page about, replaced."""
    shown = "".join(
        c
        if c.isprintable() or c in "\n\t\u200d\ufe0f\u00a0\u3000"
        else "\n"
        if c in "\u2028\u2029\x85"
        else "\ufffd"
        for c in text
    )
    return escape(shown)


def write_page(explanations: Sequence[Explanation], model: Model) -> str:
    """The page for `explanations`, all made with `model`: HTML with everything inside."""
    body = "".join(_comment(number, one, model) for number, one in enumerate(explanations, 1))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Why: {len(explanations)} explained</title>\n<style>{_STYLE}</style>\n</head>\n"
        "<body>\n<h1>Why these scores</h1>\n"
        f'<p class="soft">Model {visible(str(model))}. Red words speak for a label, green words '
        "against it; the sentence that weighs most is underlined. Contributions and bias add up "
        "to the logit; its logistic function is the score.</p>\n"
        f"{body}</body>\n</html>\n"
    )


def _comment(number: int, explanation: Explanation, model: Model) -> str:
    scores, limits = explanation.score.scores, model.thresholds
    ranked = sorted(model.labels, key=lambda label: -scores[label])
    bars = []
    for label in model.labels:
        yes = scores[label] >= limits[label]
        bars.append(
            f"<span>{visible(label)}</span>"
            f'<div class="track{" yes" if yes else ""}">'
            f'<div class="fill" style="width:{100 * scores[label]:.1f}%"></div>'
            f'<div class="limit" style="left:{100 * limits[label]:.1f}%" '
            f'title="threshold {limits[label]:.2f}"></div></div>'
            f"<span>{scores[label]:.2f} {'yes' if yes else 'no'} "
            f'<span class="soft">from {limits[label]:.2f}</span></span>'
        )
    verdict = [
        word
        for word, holds in (
            ("abusive", explanation.score.abusive),
            ("hateful", explanation.score.hateful),
        )
        if holds
    ]
    labels = "".join(
        _label(explanation, label, open_it=label == ranked[0] or scores[label] >= limits[label])
        for label in ranked
    )
    return (
        f"<section>\n<h2>Comment {number}: {' and '.join(verdict) or 'nothing found'}</h2>\n"
        f'<div class="bars">{"".join(bars)}</div>\n{labels}</section>\n'
    )


def _label(explanation: Explanation, label: str, *, open_it: bool) -> str:
    spans = [span for span in explanation.spans if span.label == label]
    strongest = sorted(spans, key=lambda span: (-abs(span.contribution), span.start))
    rest = sum(span.contribution for span in strongest[ROWS:])
    rows = [
        f"<tr><td>{visible(span.of(explanation.text)).strip() or '␣'}</td>"
        f"<td>{span.start}–{span.end}</td><td>{span.contribution:+.3f}</td></tr>"
        for span in strongest[:ROWS]
    ]
    if len(strongest) > ROWS:
        rows.append(
            f"<tr><td>{len(strongest) - ROWS} others</td><td></td><td>{rest:+.3f}</td></tr>"
        )
    rows.append(f"<tr><td>bias</td><td></td><td>{explanation.bias[label]:+.3f}</td></tr>")
    rows.append(
        f'<tr class="sum"><td>logit</td><td></td><td>{explanation.logits[label]:+.3f}</td></tr>'
    )
    return (
        f"<details{' open' if open_it else ''}><summary>{visible(label)} "
        f"{explanation.score.scores[label]:.3f}</summary>\n"
        f'<p class="text" dir="auto">{_shaded(explanation, label, spans)}</p>\n'
        "<table><tr><th>part of the text</th><th>characters</th><th>adds</th></tr>"
        f"{''.join(rows)}</table></details>\n"
    )


def _shaded(explanation: Explanation, label: str, spans: Sequence[Span]) -> str:
    """The text with each span shaded by its contribution and the worst sentence underlined."""
    text = explanation.text
    worst = explanation.sentence[label]
    top = max((abs(span.contribution) for span in spans), default=1.0) or 1.0
    shade = {span.start: span for span in spans}
    cuts = sorted(
        {0, len(text), worst.start, worst.end}
        | {span.start for span in spans}
        | {span.end for span in spans}
    )
    parts: list[str] = []
    current: Span | None = None
    for start, end in itertools.pairwise(cuts):
        current = shade.get(start, current)
        piece = visible(text[start:end])
        if current is not None and start < current.end:
            strength = abs(current.contribution) / top
            side = "for" if current.contribution > 0 else "against"
            piece = (
                f'<span class="{side}" style="--a:{0.75 * strength:.2f}" '
                f'title="{current.contribution:+.3f}">{piece}</span>'
            )
        if worst.start <= start and end <= worst.end and worst.end - worst.start < len(text):
            piece = f"<u>{piece}</u>"
        parts.append(piece)
    return "".join(parts)
