"""A report as one HTML page that loads nothing: tables, and curves drawn as SVG."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from moderation.evaluation.report import Curve, Figure, Report

SIDE = 220  # pixels of a plot's square
MARGIN = 34
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
"""Okabe & Ito's palette: told apart by colour-blind readers too."""

_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .6rem 0 1.4rem }
th, td { text-align: left; padding: .15rem .7rem .15rem 0; border-bottom: 1px solid #8884 }
td.number, th.number { text-align: right }
.range { opacity: .7; font-size: .85em }
.plots { display: flex; flex-wrap: wrap; gap: 1rem }
figure { margin: 0 } figcaption { font-size: .85em }
svg { max-width: 100%; height: auto }
svg text { font: 11px system-ui, sans-serif; fill: currentColor }
.wide { overflow-x: auto }
"""

Line = tuple[str, Sequence[tuple[float, float]]]


def write_page(reports: Sequence[Report], title: str = "Evaluation") -> str:
    """The page for one report, or for several side by side (curves share plots)."""
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{html.escape(title)}</h1>",
    ]
    parts += [_heading(report) for report in reports]
    names = dict.fromkeys(figure.set for report in reports for figure in report.figures)
    for name in names:
        parts.append(f'<section><h2 id="{html.escape(name, quote=True)}">{html.escape(name)}</h2>')
        note = next((r.notes[name] for r in reports if name in r.notes), "")
        if note:
            parts.append(f"<p>{html.escape(note)}</p>")
        for report in reports:
            own = [figure for figure in report.figures if figure.set == name]
            if own:
                if len(reports) > 1:
                    parts.append(f"<h3>{html.escape(report.title)}</h3>")
                parts.append(_table(own))
        parts.append(_plots(reports, name))
        parts.append("</section>")
    parts.append("</body></html>")
    return "\n".join(part for part in parts if part) + "\n"


def draw_plot(
    lines: Sequence[Line], x_title: str, y_title: str, *, diagonal: bool = False, dots: bool = False
) -> str:
    """An SVG plot of the unit square; each line is a name and its points (x, y) in [0, 1]."""

    def place(x: float, y: float) -> str:
        return f"{MARGIN + x * SIDE:.1f},{8 + (1 - y) * SIDE:.1f}"

    width, height = SIDE + MARGIN + 12, SIDE + MARGIN + 12 + 15 * len(lines)
    parts = [
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{html.escape(y_title)} against {html.escape(x_title)}">'
    ]
    for step in (0, 0.25, 0.5, 0.75, 1):
        (x0, y0), (x1, y1) = place(0, step).split(","), place(1, step).split(",")
        parts.append(
            f'<path d="M{x0} {y0}L{x1} {y1}" stroke="#888" stroke-opacity=".3" fill="none"/>'
        )
        (u0, v0), (u1, v1) = place(step, 0).split(","), place(step, 1).split(",")
        parts.append(
            f'<path d="M{u0} {v0}L{u1} {v1}" stroke="#888" stroke-opacity=".3" fill="none"/>'
        )
        if step in (0, 0.5, 1):
            parts.append(
                f'<text x="{MARGIN - 5}" y="{float(y0) + 4}" text-anchor="end">{step:g}</text>'
            )
            parts.append(f'<text x="{u0}" y="{SIDE + 22}" text-anchor="middle">{step:g}</text>')
    if diagonal:
        parts.append(
            f'<polyline points="{place(0, 0)} {place(1, 1)}" stroke="#888" '
            'stroke-dasharray="4 4" fill="none"/>'
        )
    for number, (name, points) in enumerate(lines):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(place(x, y) for x, y in points)
        # A second round of the colours is dashed.
        dash = ' stroke-dasharray="5 3"' if number >= len(COLOURS) else ""
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.8"{dash}/>'
        )
        if dots:
            for x, y in points:
                cx, cy = place(x, y).split(",")
                parts.append(f'<circle cx="{cx}" cy="{cy}" r="2.4" fill="{colour}"/>')
        y_text = SIDE + MARGIN + 18 + 15 * number
        parts.append(f'<rect x="{MARGIN}" y="{y_text - 8}" width="9" height="9" fill="{colour}"/>')
        parts.append(f'<text x="{MARGIN + 14}" y="{y_text}">{html.escape(name)}</text>')
    middle = MARGIN + SIDE / 2
    parts.append(
        f'<text x="{middle}" y="{SIDE + 34}" text-anchor="middle">{html.escape(x_title)}</text>'
    )
    parts.append(
        f'<text transform="translate(10 {8 + SIDE / 2}) rotate(-90)" text-anchor="middle">'
        f"{html.escape(y_title)}</text></svg>"
    )
    return "".join(parts)


def _heading(report: Report) -> str:
    digest = f" <code>{report.digest[:12]}</code>" if report.digest else ""
    cuts = ", ".join(f"{label} {cut:g}" for label, cut in report.thresholds.items())
    files = "".join(
        f"<tr><td>{html.escape(name)}</td><td><code>{digest}</code></td></tr>"
        for name, digest in report.corpora.items()
    )
    return (
        f"<p><strong>{html.escape(report.title)}</strong>{digest}: thresholds {html.escape(cuts)}; "
        f"{report.bootstrap} bootstrap samples, seed {report.seed}.</p>"
        f"<details><summary>Data by sha256</summary><table>{files}</table></details>"
    )


def _table(figures: Iterable[Figure]) -> str:
    rows: dict[tuple[str, str], dict[str, Figure]] = {}
    for figure in figures:
        rows.setdefault((figure.label, figure.group), {})[figure.measure] = figure
    measures = list(dict.fromkeys(measure for row in rows.values() for measure in row))
    head = "".join(f'<th class="number">{html.escape(m.replace("_", " "))}</th>' for m in measures)
    lines = [
        f'<div class="wide"><table><tr><th>label</th><th class="number">n</th>'
        f'<th class="number">positive</th>{head}</tr>'
    ]
    for (label, group), row in rows.items():
        first = next(iter(row.values()))
        title = html.escape(f"{label}: {group}" if group else label)
        cells = "".join(_cell(row.get(measure)) for measure in measures)
        lines.append(
            f'<tr><td>{title}</td><td class="number">{first.n}</td>'
            f'<td class="number">{first.positives}</td>{cells}</tr>'
        )
    return "".join(lines) + "</table></div>"


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return "<td></td>"
    spread = ""
    if figure.low is not None and figure.high is not None:
        spread = f'<br><span class="range">{figure.low:.3f}–{figure.high:.3f}</span>'
    return f'<td class="number">{figure.value:.3f}{spread}</td>'


def _plots(reports: Sequence[Report], name: str) -> str:
    several = len(reports) > 1
    found = [
        (f"{report.title}: {curve.label}" if several else curve.label, curve)
        for report in reports
        for curve in report.curves
        if curve.set == name
    ]
    if not found:
        return ""
    plots = (
        ("ROC", [(t, c.roc) for t, c in found], "false positive rate", "recall", True, False),
        (
            "Precision and recall",
            [(t, c.pr) for t, c in found],
            "recall",
            "precision",
            False,
            False,
        ),
        (
            "Reliability",
            [(t, [(s, y) for s, y, _ in c.reliability]) for t, c in found],
            "mean score",
            "share labelled",
            True,
            True,
        ),
    )
    drawn = "".join(
        f"<figure>{draw_plot(lines, x, y, diagonal=diagonal, dots=dots)}"
        f"<figcaption>{title}</figcaption></figure>"
        for title, lines, x, y, diagonal, dots in plots
    )
    return f'<div class="plots">{drawn}</div>' + "".join(_thresholds(t, c) for t, c in found)


def _thresholds(title: str, curve: Curve) -> str:
    rows = "".join(
        f'<tr><td class="number">{cut:g}</td>'
        f'<td class="number">{"–" if precision is None else format(precision, ".3f")}</td>'
        f'<td class="number">{recall:.3f}</td><td class="number">{share:.3f}</td></tr>'
        for cut, precision, recall, share in curve.thresholds
    )
    return (
        f"<details><summary>{html.escape(title)} by threshold</summary><table><tr>"
        '<th class="number">threshold</th><th class="number">precision</th>'
        '<th class="number">recall</th><th class="number">flagged</th></tr>'
        f"{rows}</table></details>"
    )
