"""The model card and the README's figures, written from one report.

    report of `moderation evaluate` ─┐
    settings of the model            ├─► write_card    models/NAME.md
    codebook, registry, recipe       │
    aims.toml, capabilities.toml     └─► write_figures the README's block

No figure of ours is written by hand: what the report lacks is said to be not measured.
"""

from __future__ import annotations

import importlib.resources
import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moderation.corpora.registry import entries
from moderation.errors import InputError
from moderation.evaluation import needed_corpora, set_names
from moderation.evaluation.data import digest_of
from moderation.evaluation.report import Curve, Figure, Report
from moderation.model import DEFAULT_NAME, Model
from moderation.records import LABELS

OPENING, CLOSING = "<!-- figures -->", "<!-- /figures -->"
ABSENT = "not measured"
DIGITS = 12  # of a sha256, as `str(model)` shows them
MANY = 12  # sets from which a caption's command measures everything instead of naming them
WORST = 8  # identities and capabilities listed as the weakest

MEANING = ("jigsaw2018_any/dev", "toxicity")
"""Where a score's meaning is read: the largest sample at a natural rate of abuse."""

THRESHOLDS: dict[str, tuple[str, ...]] = {
    "toxicity": ("jigsaw2018_any/dev", "cad/test:any_abuse"),
    "identity_attack": ("gab_hate_corpus/test", "hatexplain/test:hatespeech", "dynahate/test"),
}
"""Sets whose precision and recall by threshold are shown: natural rates first."""

PROBE_OF = {
    "identity_templates/test:bias": "bias",
    "noisyhate/test:perturbation": "perturbation",
    "perspective_scores/test:beside_perspective": "beside_perspective",
    "toxic_spans/dev:explanation": "explanation",
    "contrasts/held-out": "contrasts",
}
"""Name of a probe's figures -> what `--set` calls it, where they differ."""

MEASURES = {
    "auc": "AUC",
    "ap": "AP",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "macro_f1": "macro-F1",
    "ece": "ECE",
}


@dataclass(frozen=True, slots=True)
class Aim:
    """A row of aims.toml: see there."""

    title: str
    set: str
    label: str
    measure: str
    aim: float
    group: str = ""
    least: float | None = None
    most: bool = False
    anchor: str = ""
    anchor_set: str = ""
    anchor_measure: str = ""
    anchor_source: str = ""
    readme: bool = False

    def reached(self, value: float, bound: float) -> bool:
        """Whether `value` is on the right side of `bound`."""
        return value <= bound if self.most else value >= bound


@dataclass(frozen=True, slots=True)
class Verdict:
    """An aim with the figure that it is held against (None: not measured)."""

    aim: Aim
    figure: Figure | None

    @property
    def outcome(self) -> str:
        """ "met", "least met" (the lesser aim only), "missed" or "not measured"."""
        if self.figure is None:
            return ABSENT
        if self.aim.reached(self.figure.value, self.aim.aim):
            return "met"
        if self.aim.least is not None and self.aim.reached(self.figure.value, self.aim.least):
            return "least met"
        return "missed"


@dataclass(frozen=True, slots=True)
class Sources:
    """What a card is written from, besides the report.

    - `settings`: those of the model file; `size`: its bytes; `features`: filled slots;
    - `codebook`: text of seeds/CODEBOOK.md;
    - `weights`: corpus -> weight of its rows by label, as the recipe has them;
    - `seeds`: {"n", "figures", "command"} of leave-one-thread-out, if it was run;
    - `links`: title -> path of pages to point at.
    """

    settings: Mapping[str, Any]
    codebook: str
    size: int | None = None
    features: int | None = None
    weights: Mapping[str, Sequence[float]] = field(default_factory=dict)
    seeds: Mapping[str, Any] | None = None
    links: Mapping[str, str] = field(default_factory=dict)
    command: str = "python -m moderation.evaluation card --corpora DIR --readme README.md"


def read_report(path: str | Path) -> Report:
    """A report as `moderation evaluate --output` writes it. Raises InputError."""
    try:
        return Report.from_dict(json.loads(Path(path).read_text(encoding="utf-8")))
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(
            str(path),
            f"not a report ({type(error).__name__}: {error}); write one with "
            "`moderation evaluate --output`",
        ) from None


def read_sources(
    model: Model, report: Report, *, codebook: Path, named: str | None = None
) -> Sources:
    """What a card needs besides the report, of a checkout's folder.

    `named` is how the model was asked for. Leave-one-thread-out figures are read from
    MODEL.seeds.json beside the model file, weights from the recipe. Raises InputError.
    """
    from moderation.training import read_recipe

    root = codebook.parent.parent
    links = {
        "Peers on the same sets": "bench/quality.md",
        "What each part of the model brings": "bench/ablation.md",
    }
    command = "python -m moderation.evaluation card"
    if named is not None:
        command += f" --model {Path(named).name}"
    command += " --corpora DIR"
    if report.bootstrap != 1000:
        command += f" --bootstrap {report.bootstrap}"
    size = model.path.stat().st_size if model.path else None
    recipe = read_recipe()
    # The weights are not in the model file: shown only if the recipe is the one it names.
    numbers = model.settings.get("trained", {}).get("recipe", {})
    same = bool(numbers) and all(getattr(recipe, k, None) == v for k, v in numbers.items())
    return Sources(
        settings=model.settings,
        codebook=codebook.read_text(encoding="utf-8"),
        size=size,
        features=int((model.fingerprint != 0).sum()),
        weights=recipe.weights if same else {},
        seeds=read_seeds(model.path.with_suffix(".seeds.json")) if model.path else None,
        links={title: path for title, path in links.items() if (root / path).exists()},
        command=f"{command} --readme README.md",
    )


def read_seeds(path: Path) -> dict[str, Any] | None:
    """{"n", "figures", "command"} of leave-one-thread-out; None if there is no such file."""
    if not path.exists():
        return None
    try:
        seeds = json.loads(path.read_text(encoding="utf-8"))
        if not (isinstance(seeds, dict) and {"n", "figures", "command"} <= set(seeds)):
            raise ValueError("needs n, figures and command")
    except ValueError as error:
        raise InputError(str(path), f"not the figures of the seeds: {error}") from None
    return seeds


def read_aims() -> list[Aim]:
    """The rows of aims.toml."""
    return [Aim(**row) for row in _table("aims.toml")["aim"]]


def judge(aims: Iterable[Aim], report: Report) -> list[Verdict]:
    """Each aim with its figure; of several that it covers ("*"), the worst one."""
    verdicts = []
    for aim in aims:
        found = [
            figure
            for figure in report.figures
            if (figure.set, figure.measure) == (aim.set, aim.measure)
            and aim.label in ("*", figure.label)
            and (figure.group == aim.group or aim.group == "*")
        ]
        worst = (max if aim.most else min)(found, key=lambda f: f.value) if found else None
        verdicts.append(Verdict(aim, worst))
    return verdicts


def write_card(report: Report, sources: Sources) -> str:
    """The whole card as Markdown."""
    template = _read("card_template.md")
    card = _Card(report, sources)

    def fill(match: re.Match[str]) -> str:
        return str(getattr(card, match[1])())

    text = re.sub(r"\{\{(\w+)\}\}", fill, template)
    return re.sub(r"\n{3,}", "\n\n", text).rstrip("\n") + "\n"


def write_figures(report: Report, sources: Sources) -> str:
    """The README's block: main figures beside aims and what others reach."""
    card = _Card(report, sources)
    verdicts = [verdict for verdict in judge(read_aims(), report) if verdict.aim.readme]
    rows = [
        [v.aim.title, card.value(v.figure), card.bound(v.aim), card.anchor(v.aim, short=True)]
        for v in verdicts
    ]
    table = _markdown(["measure", f"`{card.name}`", "aim", "others"], rows)
    met = sum(verdict.outcome == "met" for verdict in judge(read_aims(), report))
    total = len(read_aims())
    parts = [
        table,
        f"95 % bootstrap intervals in brackets. {met} of the {total} aims are met; the model card, "
        "`models/" + report.model + ".md`, has all of them with what is missed, precision and "
        "recall by threshold, fairness, evasion and the weakest capabilities. Choices were made on "
        "dev rows.",
        *(f"{title}: `{path}`." for title, path in sources.links.items()),
        f"Model `{card.name}` (sha256 {report.digest}); each data file is named by its sha256 in "
        f"the card, so that every figure can be measured again: `{sources.command}`.",
    ]
    return "\n\n".join(parts)


def insert_figures(readme: str, block: str, place: str = "README.md") -> str:
    """`readme` with `block` between its two marks; InputError where they are not there once."""
    if readme.count(OPENING) != 1 or readme.count(CLOSING) != 1:
        raise InputError(place, f"needs {OPENING} and {CLOSING} once each, on lines of their own")
    before, rest = readme.split(OPENING)
    _, closed, after = rest.partition(CLOSING)
    if not closed:
        raise InputError(place, f"{CLOSING} stands before {OPENING}")
    return f"{before}{OPENING}\n{block}\n{CLOSING}{after}"


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


class _Card:
    """A method for each mark of the template."""

    def __init__(self, report: Report, sources: Sources) -> None:
        self.report = report
        self.sources = sources
        self.name = f"{report.model}@{report.digest[:DIGITS]}"
        self.known = set(set_names())

    # --- shared ---

    def value(self, figure: Figure | None) -> str:
        return ABSENT if figure is None else str(figure)

    def find(self, set_name: str, label: str, measure: str, group: str = "") -> Figure | None:
        return self.report.find(set_name, label, measure, group)

    def caption(self, sets: Iterable[str]) -> str:
        """Model, data and command of a table about these sets."""
        asked = list(dict.fromkeys(self._asked(name) for name in sets))
        whole = len(asked) > MANY
        corpora: list[str] = []
        for name in asked:
            corpora += ["contrasts"] if name == "contrasts" else needed_corpora([name])
        digests = [
            f"{name} {self.report.corpora[name][:DIGITS]}"
            for name in dict.fromkeys(corpora)
            if name in self.report.corpora
        ]
        if "sentences" in asked:
            digests.append(f"sentences.toml {digest_of('sentences.toml')[:DIGITS]}")
        command = ["moderation evaluate"]
        if self.report.model != DEFAULT_NAME:
            command.append(f"--model {self.report.model}")
        command.append("--corpora DIR")
        if not whole:
            command += [f"--set {name}" for name in asked]
        if whole or "contrasts" in asked:
            command.append("--contrasts seeds/contrasts.jsonl")
        if whole or "tricks" in asked:
            command.append("--tricks bench/tricks.py")
        command.append(f"--bootstrap {self.report.bootstrap} --seed {self.report.seed}")
        return f"`{self.name}` · {', '.join(digests)} · `{' '.join(command)}`"

    def _asked(self, name: str) -> str:
        if name.endswith(":recalibration"):
            return "calibration"
        return PROBE_OF.get(name, name)

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]], sets: Iterable[str]) -> str:
        """A table with its caption, or that there is nothing to show."""
        sets = list(sets)
        if not rows:
            return f"Not measured ({', '.join(dict.fromkeys(map(self._asked, sets)))})."
        return f"{_markdown(head, rows)}\n\n{self.caption(sets)}"

    def note(self, name: str) -> str:
        """The report's own words on how a set was made."""
        note = self.report.notes.get(name, "")
        return f"{note[0].upper()}{note[1:]}." if note else ""

    def bound(self, aim: Aim) -> str:
        sign = "≤" if aim.most else "≥"
        least = f" (at least {aim.least:.3f})" if aim.least is not None else ""
        return f"{sign} {aim.aim:.3f}{least}"

    def anchor(self, aim: Aim, *, short: bool = False) -> str:
        if aim.anchor_measure:
            place = aim.anchor_set or aim.set
            figure = self.find(place, aim.label, aim.anchor_measure)
            source = aim.anchor_source.split(",")[0] if short else aim.anchor_source
            return f"{self.value(figure)} ({source})"
        return f"{aim.anchor} ({aim.anchor_source})" if aim.anchor else "–"

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
             "TF-IDF n-grams of words and characters, pooled over segments of ten words and "
             "calibrated"],
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
        return _markdown(["", ""], rows)

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
            _markdown(
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
        return _markdown(["label", "1 means", "test"], rows)

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
                    self.bound(aim),
                    self.anchor(aim),
                    verdict.outcome,
                ]
            )
        head = ["measure", "set and label", "this model", "aim", "others", "outcome"]
        return f"{_markdown(head, rows)}\n\n{self.caption([aim.set for aim in read_aims()])}"

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

    # --- fairness ---

    def bias(self) -> str:
        own = (
            [self.bias_of("sentences")] if self._groups("sentences", "toxicity", "bpsn_auc") else []
        )
        return "\n\n".join([self.bias_of("identity_templates/test:bias"), *own])

    def bias_of(self, name: str) -> str:
        kinds = ("subgroup_auc", "bpsn_auc", "bnsp_auc")
        rows = [
            [
                kind.replace("_auc", "").replace("bpsn", "BPSN").replace("bnsp", "BNSP"),
                self.value(self.find(name, "toxicity", f"{kind}_power_mean")),
                self.value(self.find(name, "toxicity", f"{kind}_minimum")),
            ]
            for kind in kinds
            if self.find(name, "toxicity", f"{kind}_power_mean")
        ]
        parts = [self.note(name), self.table(["AUC", "power mean −5", "minimum"], rows, [name])]
        for kind, title in (("bpsn_auc", "BPSN"), ("bnsp_auc", "BNSP")):
            each = sorted(self._groups(name, "toxicity", kind), key=lambda f: f.value)[:WORST]
            if each:
                listed = ", ".join(f"{f.group} {f.value:.3f}" for f in each)
                parts.append(f"Lowest {title}: {listed}.")
        return "\n\n".join(filter(None, parts))

    def _groups(self, name: str, label: str, measure: str) -> list[Figure]:
        return [
            f
            for f in self.report.figures
            if (f.set, f.label, f.measure) == (name, label, measure) and f.group
        ]

    def counterfactual(self) -> str:
        name = "counterfactual"
        measures = {
            "mean_absolute_change": "mean change of the score, either way",
            "absolute_change_95_percent_point": "95 of 100 swaps change it by less than",
            "decisions_changed": "decisions changed",
        }
        rows = [
            [label, title, str(figure), str(figure.n)]
            for label in ("toxicity", "identity_attack")
            for measure, title in measures.items()
            if (figure := self.find(name, label, measure))
        ]
        parts = [self.note(name), self.table(["label", "measure", "value", "swaps"], rows, [name])]
        for label in ("toxicity", "identity_attack"):
            means = self._groups(name, label, "mean_change")
            worst = sorted(means, key=lambda f: -abs(f.value))[:WORST]
            listed = [
                [
                    mean.group,
                    str(mean),
                    self.value(self.find(name, label, "worst_change", mean.group)),
                    str(mean.n),
                ]
                for mean in worst
            ]
            if listed:
                head = [f"{label}: identity put in", "mean change", "worst change", "swaps"]
                parts.append("Identities that move the score most:")
                parts.append(self.table(head, listed, [name]))
        return "\n\n".join(filter(None, parts))

    def mentions(self) -> str:
        parts = []
        for name in ("mentions", "dialect"):
            rows = [
                [name, f.label, f.group or "–", f.measure.replace("_", " "), str(f), str(f.n)]
                for f in self.report.figures
                if f.set == name
            ]
            head = ["probe", "label", "comments", "measure", "value", "n"]
            parts += [self.note(name), self.table(head, rows, [name])]
        return "\n\n".join(filter(None, parts))

    # --- evasion, dilution, explanation ---

    def tricks(self) -> str:
        name, label = "tricks", "toxicity"
        groups = [
            f.group
            for f in self.report.figures
            if (f.set, f.label, f.measure) == (name, label, "recall")
        ]
        measures = ("kept", "recall", "false_positive_rate")
        # As written first, then the tricks that work best.
        kept = {group: self.find(name, label, "kept", group) for group in groups}
        groups.sort(key=lambda group: f.value if (f := kept[group]) else -1.0)
        rows = []
        for group in groups:
            found = [self.find(name, label, measure, group) for measure in measures]
            rows.append([group, *("–" if f is None else str(f) for f in found)])
        table = self.table(["trick", "still flagged", "recall", "false alarms"], rows, [name])
        return "\n\n".join(filter(None, [self.note(name), table]))

    def _all(self, name: str, head: str) -> str:
        rows = [
            [f.measure.replace("_", " "), f.group or "–", str(f), str(f.n)]
            for f in self.report.figures
            if f.set == name
        ]
        table = self.table([head, "of", "value", "n"], rows, [name])
        return "\n\n".join(filter(None, [self.note(name), table]))

    def perturbation(self) -> str:
        return "People's own misspellings (NoisyHate). " + self._all(
            "noisyhate/test:perturbation", "measure"
        )

    def dilution(self) -> str:
        return self._all("dilution", "measure")

    def explanation(self) -> str:
        return self._all("toxic_spans/dev:explanation", "measure")

    # --- contrasts ---

    def _capabilities(self) -> list[tuple[str, Figure, Figure]]:
        """Capability, accuracy of toxicity and of identity_attack, the weakest first."""
        name = "contrasts/held-out"
        found = []
        for toxic in self._groups(name, "toxicity", "accuracy"):
            hate = self.find(name, "identity_attack", "accuracy", toxic.group)
            if hate is not None:
                found.append((toxic.group, toxic, hate))
        return sorted(found, key=lambda row: min(row[1].value, row[2].value))

    def contrasts(self) -> str:
        name = "contrasts/held-out"
        overall = [
            [f.label, f.measure.replace("_", " "), str(f), str(f.n)]
            for f in self.report.figures
            if f.set == name and not f.group and f.measure in ("accuracy", "pair_accuracy")
        ]
        parts = [
            self.note(name),
            self.table(["label", "measure", "value", "n"], overall, [name]),
        ]
        rows = [
            [capability, str(toxic.n), str(toxic), str(hate)]
            for capability, toxic, hate in self._capabilities()
        ]
        if rows:
            head = ["capability", "n", "accuracy of toxicity", "accuracy of identity_attack"]
            parts += ["By capability, the weakest first:", self.table(head, rows, [name])]
        return "\n\n".join(filter(None, parts))

    def weakest(self) -> str:
        known = _table("capabilities.toml")
        lines = [
            f"- **{capability}** ({known[capability]['asks']}): “{known[capability]['abusive']}” "
            f"is abusive, “{known[capability]['harmless']}” is not."
            for capability, *_ in self._capabilities()[:WORST]
            if capability in known
        ]
        if not lines:
            return ""
        return (
            "What the weakest capabilities ask, in mild words of an invented people (examples to "
            "explain them, not rows of the set):\n\n" + "\n".join(lines)
        )

    # --- seeds, training, data ---

    def seeds(self) -> str:
        seeds = self.sources.seeds
        trained = self.sources.settings.get("trained", {}).get("sources", {})
        if seeds is None:
            return (
                "Leave one thread out (trained on the others, measured on the one): "
                f"{ABSENT}. With so few comments it could be no more than an impression."
            )
        rows = [[name, _plain_value(value)] for name, value in _flatten(seeds["figures"])]
        digest = trained.get("labels.jsonl", {}).get("sha256", "")[:DIGITS]
        data = f" · labels.jsonl {digest}" if digest else ""
        return (
            f"Leave one thread out: each thread of the seeds is scored by a model that never saw "
            f"it. {seeds['n']} comments: an impression, no more.\n\n"
            f"{_markdown(['measure', 'value'], rows)}\n\n"
            f"`{self.name}`'s recipe{data} · `{seeds['command']}`"
        )

    def seed_limit(self) -> str:
        sources = self.sources.settings.get("trained", {}).get("sources", {})
        rows = sources.get("labels.jsonl", {}).get("rows")
        if not rows:
            return "The model has seen no hand labels of the seed threads."
        return (
            f"The hand labels of the seeds are {rows} comments: they teach the register of one "
            "kind of place and measure next to nothing."
        )

    def training(self) -> str:
        trained = self.sources.settings.get("trained", {})
        recipe = trained.get("recipe", {})
        if not trained:
            return "The model file does not say how it was trained."
        lines = [
            f"{trained.get('texts', 0):,} texts; {trained.get('held', 0):,} more, whole groups by "
            "hash, were kept from the heads and calibrate them. Train rows that repeat or nearly "
            "repeat a dev or test row were removed first; contrast pairs, threads and duplicates "
            "stay on one side of every cut. Features that tell a label's positives from its "
            "negatives best fill a table of hashed n-grams; one logistic regression a label, but "
            "two for toxicity, which annotators of talk pages and of social media judge by "
            "different measures, and one that says in which of these ways a text is written; the "
            "whole text and its worst segment of ten words are pooled by a calibrated function.",
            "",
            "Numbers of the recipe (`moderation/data/recipe.toml`, where the reasons stand): "
            + ", ".join(f"{key} {value}" for key, value in sorted(recipe.items()))
            + ".",
        ]
        note = self.sources.settings.get("recalibrated")
        if note:
            lines += [
                "",
                f"Recalibrated on {note['rows']} comments (sha256 {note['source'][:DIGITS]}) from "
                f"model {note['from'][:DIGITS]}.",
            ]
        return "\n".join(lines)

    def data(self) -> str:
        trained = self.sources.settings.get("trained", {}).get("sources", {})
        rows = []
        for name, source in trained.items():
            if not source.get("rows"):
                continue
            entry = entries().get(name)
            rows.append(
                [
                    name,
                    entry.source if entry else OWN.get(name, ("", ""))[0],
                    entry.licence if entry else OWN.get(name, ("", ""))[1],
                    f"{source['rows']:,}",
                    self._weight(name),
                    f"`{source['sha256'][:DIGITS]}`",
                ]
            )
        if not rows:
            return "The model file does not name its data."
        head = ["data", "what", "licence", "rows", "weight", "sha256"]
        command = "moderation model show"
        if self.report.model != DEFAULT_NAME:
            command += f" {self.report.model}"
        return f"{_markdown(head, rows)}\n\n`{self.name}` · `{command}`"

    def _weight(self, name: str) -> str:
        recipe = self.sources.settings.get("trained", {}).get("recipe", {})
        if name in self.sources.weights:
            row = self.sources.weights[name]
            return f"{row[LABELS.index('toxicity')]:g} / {row[LABELS.index('identity_attack')]:g}"
        own = ("labels", "contrasts", "harmless")
        key = f"{name.removesuffix('.jsonl')}_weight" if name.removesuffix(".jsonl") in own else ""
        return f"{recipe[key]:g} / {recipe[key]:g}" if key in recipe else "unknown"

    def data_tests(self) -> str:
        trained = self.sources.settings.get("trained", {}).get("sources", {})
        rows = [
            [name, entries()[name].source, entries()[name].licence, f"`{digest[:DIGITS]}`"]
            for name, digest in self.report.corpora.items()
            if name in entries() and not trained.get(name, {}).get("rows")
        ]
        if not rows:
            return ""
        table = _markdown(["data", "what", "licence", "sha256"], rows)
        return f"Never trained on, only measured:\n\n{table}"


OWN = {
    "labels.jsonl": ("hand labels of the five seed documents' comments", "seeds/README.md"),
    "contrasts": ("the project's own contrast set, train families", "CC BY 4.0"),
    "harmless": ("the project's own harmless sentences around words that look bad", "CC BY 4.0"),
}
"""Training data of the project itself: what it is, licence."""


def _find_curve(report: Report, set_name: str, label: str) -> Curve | None:
    return next((c for c in report.curves if (c.set, c.label) == (set_name, label)), None)


def _flatten(value: Any, name: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [
            row
            for key, inner in value.items()
            for row in _flatten(inner, f"{name} {key}".strip().replace("_", " "))
        ]
    return [(name, value)]


def _plain_value(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for row in rows:
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |")
    return "\n".join(lines)


def _read(name: str) -> str:
    source = importlib.resources.files("moderation.evaluation").joinpath(name)
    return source.read_text(encoding="utf-8")


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(_read(name))
