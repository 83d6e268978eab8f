"""The parts of a model card about the model itself and its figures by set."""

from __future__ import annotations

import re

from moderation.errors import InputError
from moderation.evaluation.aims import ABSENT, Aim, judge, read_aims
from moderation.evaluation.report import Curve, Figure, Report
from moderation.evaluation.sheet import Sheet, markdown
from moderation.evaluation.told import NAME as TOLD
from moderation.records import LABELS

MEANING = ("jigsaw2018_any/dev", "toxicity")
"""Where a score's meaning is read: the largest sample at a natural rate of abuse."""

THRESHOLDS: dict[str, tuple[str, ...]] = {
    "toxicity": ("jigsaw2018_any/dev", "cad/test:any_abuse"),
    "identity_attack": ("gab_hate_corpus/test", "hatexplain/test:hatespeech", "dynahate/test"),
}
"""Sets whose precision and recall by threshold are shown: natural rates first."""

MEASURES = {
    "auc": "AUC",
    "ap": "AP",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "macro_f1": "macro-F1",
    "ece": "ECE",
}


def in_bands(report: Report, set_name: str, label: str) -> list[tuple[float, float, int, int]]:
    """Comments by score: from, to, comments, those labelled 1; [] where there is no curve.

    Counted back from the curve's shares, which are exact to less than half a comment as long as a
    set has fewer than ten thousand.
    """
    curve = _find_curve(report, set_name, label)
    auc = report.find(set_name, label, "auc")
    if curve is None or auc is None:
        return []
    flagged, hits = [auc.n], [auc.positives]
    for _, precision, _, share in curve.thresholds:
        flagged.append(round(share * auc.n))
        hits.append(round((precision or 0.0) * flagged[-1]))
    cuts = [0.0, *(cut for cut, *_ in curve.thresholds), 1.0]
    flagged.append(0)
    hits.append(0)
    return [
        (cuts[i], cuts[i + 1], flagged[i] - flagged[i + 1], hits[i] - hits[i + 1])
        for i in range(len(cuts) - 1)
    ]


def _find_curve(report: Report, set_name: str, label: str) -> Curve | None:
    return next((c for c in report.curves if (c.set, c.label) == (set_name, label)), None)


class FigureParts(Sheet):
    """The marks of the template up to the calibration."""

    # --- head ---

    def command(self) -> str:
        return self.sources.command

    def model(self) -> str:
        return self.name

    def bootstrap(self) -> str:
        if not self.report.bootstrap:
            return "they have no intervals"
        return (
            f"brackets hold 95 % intervals from {self.report.bootstrap} bootstrap samples "
            f"(seed {self.report.seed}; whole threads and pairs are drawn together)"
        )

    def facts(self) -> str:
        settings = self.sources.settings
        trained = settings.get("trained", {})
        rows = [
            ["model", f"`{self.name}`"],
            ["sha256 of the file", f"`{self.report.digest}`"],
            ["kind", "one L2-regularised logistic regression a label (toxicity: one for talk "
             "pages, one for social media, mixed by a third that tells them apart) on hashed "
             "TF-IDF n-grams of words and characters and on combinations of concepts, pooled over "
             "segments of ten words and calibrated"],
            ["language", "English"],
            ["labels", ", ".join(LABELS)],
            ["thresholds", self.thresholds()],
            ["written by", f"moderation {trained.get('version', '(unknown version)')}"],
            ["licence", "MIT (the weights; the data keep their own licences, below)"],
        ]  # fmt: skip
        if self.sources.size is not None:
            rows.insert(2, ["size", f"{self.sources.size / 1e6:.1f} MB"])
        if self.sources.features is not None:
            rows.insert(3, ["features", f"{self.sources.features:,}"])
        return markdown(["", ""], rows)

    def thresholds(self) -> str:
        cuts = self.report.thresholds
        if len(set(cuts.values())) == 1:
            return f"{next(iter(cuts.values())):g} for each label"
        return ", ".join(f"{label} {cut:g}" for label, cut in cuts.items())

    # --- meaning ---

    def meaning(self) -> str:
        set_name, label = MEANING
        bands = in_bands(self.report, set_name, label)
        near = [band for band in bands if 0.7 <= band[0] < 0.9]
        rows = sum(band[2] for band in near)
        if not rows:
            return f"How many comments of a given score are toxic was {ABSENT} ({set_name})."
        hits = sum(band[3] for band in near)
        share = round(100 * hits / rows)
        lines = [
            f"**Of a hundred comments that score about 0.8, about {share} were called toxic by "
            f"annotators** ({hits} of {rows} with a toxicity score from 0.7 to 0.9). By score:",
            "",
            markdown(
                ["score", "comments", "labelled toxic", "share"],
                [
                    [f"{a:.1f}–{b:.1f}", f"{n:,}", f"{k:,}", f"{100 * k / n:.1f} %" if n else "–"]
                    for a, b, n, k in bands
                ],
            ),
            "",
            self.caption([set_name]),
        ]
        return "\n".join(lines)

    # --- labels ---

    def codebook_version(self) -> str:
        found = re.search(r"^Version:\s*(\S+)", self.sources.codebook, re.MULTILINE)
        return found[1] if found else "unknown"

    def labels(self) -> str:
        rows = []
        for line in self.sources.codebook.splitlines():
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if len(cells) == 3 and cells[0].strip("`") in LABELS and cells[0].startswith("`"):
                rows.append(cells)
        if {row[0].strip("`") for row in rows} != set(LABELS):
            raise InputError("seeds/CODEBOOK.md", "its table of labels does not name all six once")
        return markdown(["label", "1 means", "test"], rows)

    # --- aims ---

    def aims(self) -> str:
        rows = []
        for verdict in judge(read_aims(), self.report):
            aim, figure = verdict.aim, verdict.figure
            which = ""
            if figure is not None and "*" in (aim.group, aim.label):
                parts = [figure.label] if aim.label == "*" else []
                which = f" ({', '.join([*parts, *filter(None, [figure.group])])})"
            rows.append(
                [
                    aim.title,
                    f"{aim.set} {'' if aim.label == '*' else aim.label}".strip(),
                    self.value(figure) + which,
                    self._told(aim),
                    self.bound(aim),
                    self.anchor(aim),
                    verdict.outcome,
                ]
            )
        head = ["measure", "set and label", "this model", "told", "aim", "others", "outcome"]
        return f"{markdown(head, rows)}\n\n{self.caption([aim.set for aim in read_aims()])}"

    def _told(self, aim: Aim) -> str:
        """The figure where the model is told how the set is written; a dash where telling does
        nothing or was not measured."""
        for figure in self.report.figures:
            same = (figure.set, figure.label, figure.measure) == (TOLD, aim.label, aim.measure)
            if same and figure.group.startswith(f"{aim.set} as "):
                return str(figure)
        return "–"

    def shortfalls(self) -> str:
        verdicts = judge(read_aims(), self.report)
        missed = [v for v in verdicts if v.outcome in ("missed", "least met")]
        absent = [v.aim.title for v in verdicts if v.figure is None]
        lines = [f"Of {len(verdicts)} aims {sum(v.outcome == 'met' for v in verdicts)} are met."]
        if missed:
            lines.append("Fallen short of:")
            lines.append("")
            for v in missed:
                assert v.figure is not None
                lesser = "; the lesser aim is met" if v.outcome == "least met" else ""
                lines.append(
                    f"- {v.aim.title}: {v.figure.value:.3f}, aim {self.bound(v.aim)}{lesser}"
                )
        if absent:
            lines += ["", f"Not measured: {'; '.join(absent)}."]
        return "\n".join(lines)

    def peers(self) -> str:
        if not self.sources.links:
            return ""
        return " ".join(f"{title}: `{path}`." for title, path in self.sources.links.items())

    # --- figures by set ---

    def _plain(self) -> list[tuple[str, str, dict[str, Figure]]]:
        """Figures of plain sets (no probes, no groups): set, label, by measure."""
        rows: dict[tuple[str, str], dict[str, Figure]] = {}
        for figure in self.report.figures:
            if figure.set in self.known and "/" in figure.set and not figure.group:
                rows.setdefault((figure.set, figure.label), {})[figure.measure] = figure
        return [(name, label, found) for (name, label), found in rows.items()]

    def _figures(self, split: str) -> str:
        rows, sets = [], []
        for name, label, found in self._plain():
            if name.split("/")[1].split(":")[0] != split or "auc" not in found:
                continue
            sets.append(name)
            first = found["auc"]
            cells = [str(found[key]) if key in found else "–" for key in MEASURES]
            positives = str(first.positives) if label != "mean of six" else "–"
            rows.append([name, label, str(first.n), positives, *cells])
        head = ["set", "label", "n", "positive", *MEASURES.values()]
        return self.table(head, rows, sets or [f"{split} sets"])

    def figures_test(self) -> str:
        return self._figures("test")

    def figures_dev(self) -> str:
        return self._figures("dev")

    def figures_one_class(self) -> str:
        rows, sets = [], []
        for name, label, found in self._plain():
            if "auc" in found:
                continue
            for key in ("recall", "false_positive_rate"):
                if key in found:
                    sets.append(name)
                    title = key.replace("_", " ")
                    rows.append([name, label, str(found[key].n), title, str(found[key])])
        return self.table(["set", "label", "n", "measure", "value"], rows, sets or ["one class"])

    # --- thresholds and calibration ---

    def thresholds_tables(self) -> str:
        parts = []
        for label, sets in THRESHOLDS.items():
            for name in sets:
                curve = _find_curve(self.report, name, label)
                auc = self.find(name, label, "auc")
                if curve is None or auc is None:
                    parts.append(f"**{label}, {name}**: {ABSENT}.")
                    continue
                rows = [
                    [
                        f"{cut:.1f}",
                        "–" if precision is None else f"{precision:.4f}",
                        f"{recall:.4f}",
                        f"{share:.4f}",
                    ]
                    for cut, precision, recall, share in curve.thresholds
                ]
                note = self.note(name)
                parts.append(
                    f"**{label}, {name}** ({auc.n:,} comments, {auc.positives:,} labelled 1"
                    f"{'; ' + note.rstrip('.') if note else ''})"
                )
                parts.append(self.table(["threshold", "precision", "recall", "flagged"], rows,
                                        [name]))  # fmt: skip
        return "\n\n".join(parts)

    def reliability(self) -> str:
        curve = _find_curve(self.report, *MEANING)
        rows = [[f"{s:.4f}", f"{t:.4f}", str(n)] for s, t, n in curve.reliability] if curve else []
        title = f"Reliability of {MEANING[1]} on {MEANING[0]}, bins of equal mass:"
        return f"{title}\n\n" + self.table(
            ["mean score", "share labelled 1", "comments"], rows, [MEANING[0]]
        )

    def calibration(self) -> str:
        rows, sets = [], []
        for before in self.report.figures:
            if before.measure != "ece_as_shipped":
                continue
            after = self.find(before.set, before.label, "ece_recalibrated")
            sets.append(before.set)
            rows.append(
                [
                    before.set.split(":")[0],
                    before.label,
                    str(before.n),
                    str(before.positives),
                    str(before),
                    self.value(after),
                ]
            )
        head = ["set", "label", "n", "positive", "ECE as shipped", "ECE recalibrated"]
        table = self.table(head, rows, sets or ["calibration"])
        title = "By place, as shipped and after recalibration on comments of that place:"
        notes = [self.note(name) for name in sets[:1]]
        return "\n\n".join(filter(None, [title, table, *notes]))
