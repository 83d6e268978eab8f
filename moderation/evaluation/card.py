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
from pathlib import Path
from typing import Any

from moderation.errors import InputError, unreadable
from moderation.evaluation.aims import judge, read_aims
from moderation.evaluation.card_figures import FigureParts
from moderation.evaluation.card_probes import ProbeParts
from moderation.evaluation.card_training import TrainingParts
from moderation.evaluation.report import Report
from moderation.evaluation.sheet import Sources, markdown
from moderation.model import Model

OPENING, CLOSING = "<!-- figures -->", "<!-- /figures -->"


def read_report(path: str | Path) -> Report:
    """A report as `moderation evaluate --output` writes it. Raises InputError."""
    try:
        return Report.from_dict(json.loads(Path(path).read_text(encoding="utf-8")))
    except OSError as error:
        raise InputError(str(path), unreadable(error)) from None
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
    record = recipe.record()
    same = bool(numbers) and all(record.get(key) == value for key, value in numbers.items())
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


class _Card(FigureParts, ProbeParts, TrainingParts):
    """A method for each mark of the template."""


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
    table = markdown(["measure", f"`{card.name}`", "aim", "others"], rows)
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


def _read(name: str) -> str:
    source = importlib.resources.files("moderation.evaluation").joinpath(name)
    return source.read_text(encoding="utf-8")
