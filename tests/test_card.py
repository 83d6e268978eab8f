"""The card and the README's block hold the report's figures and no others."""

from __future__ import annotations

import json
import random
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.corpora.registry import entries
from moderation.errors import InputError, ModelError
from moderation.evaluation import set_names
from moderation.evaluation.__main__ import tools
from moderation.evaluation.aims import Aim, Verdict, judge, read_aims
from moderation.evaluation.card import (
    CLOSING,
    OPENING,
    insert_figures,
    read_report,
    read_seeds,
    write_card,
    write_figures,
)
from moderation.evaluation.card_figures import MEANING, in_bands
from moderation.evaluation.probes import read_contrasts
from moderation.evaluation.report import Curve, Figure, Report, make_figure
from moderation.evaluation.sheet import PROBE_OF, Sources
from moderation.model import find, load
from moderation.records import LABELS
from tests.small_model import write_small_model

ROOT = Path(__file__).parent.parent
CODEBOOK = (ROOT / "seeds" / "CODEBOOK.md").read_text(encoding="utf-8")
TRAINED = {
    "version": "0.1.0",
    "texts": 1234,
    "held": 56,
    "recipe": {"bits": 14, "labels_weight": 1.0, "mentions_weight": [1.0, 1, 1, 1, 1, 1.5]},
    "sources": {
        "cad": {"rows": 700, "sha256": "c0ffee" + "0" * 58},
        "labels.jsonl": {"rows": 25, "sha256": "1abe1" + "0" * 59},
        "mentions": {"rows": 60, "sha256": "3e4" + "0" * 61},
        "noisyhate": {"rows": 0, "sha256": "2" * 64},
    },
}
SOURCES = Sources(
    settings={"trained": TRAINED}, codebook=CODEBOOK, weights={"cad": [0.6, 0, 0, 0, 0, 0.5]}
)
EXTRA = (
    ("cad/test", "toxicity", "ap", ""),
    ("cad/dev", "identity_attack", "auc", ""),
    ("identity_debias/dev", "toxicity", "false_positive_rate", ""),
    ("perspective_scores/test:beside_perspective", "toxicity", "auc_perspective", ""),
    ("identity_templates/test:bias", "toxicity", "bpsn_auc", "norlanders"),
    ("identity_templates/test:bias", "toxicity", "bpsn_auc_minimum", ""),
    ("counterfactual", "toxicity", "mean_absolute_change", ""),
    ("counterfactual", "toxicity", "mean_change", "norlanders"),
    ("counterfactual", "toxicity", "worst_change", "norlanders"),
    ("cad/dev:recalibration", "toxicity", "ece_as_shipped", ""),
    ("cad/dev:recalibration", "toxicity", "ece_recalibrated", ""),
    ("tricks", "toxicity", "recall", "leet"),
    ("tricks", "toxicity", "kept", "leet"),
    ("tricks", "toxicity", "recall", "spaced"),
    ("tricks", "toxicity", "kept", "spaced"),
    ("mentions", "toxicity", "false_alarm_ratio", "cad"),
    ("mentions", "identity_attack", "false_alarm_ratio", "cad"),
    ("dialect", "toxicity", "false_alarm_ratio", ""),
    ("told", "toxicity", "ap", "cad/test as social"),
    ("contrasts/held-out", "toxicity", "accuracy", ""),
    ("contrasts/held-out", "toxicity", "accuracy", "negation"),
    ("functional", "identity_attack", "accuracy", ""),
    ("functional", "identity_attack", "accuracy", "denial"),
    ("functional", "identity_attack", "auc", ""),
    ("everyday", "toxicity", "accuracy", ""),
    ("everyday", "toxicity", "accuracy", "threat"),
    ("everyday", "toxicity", "recall", ""),
    ("everyday", "toxicity", "false_positive_rate", ""),
    ("contrasts/held-out", "identity_attack", "accuracy", "negation"),
)


def make_report(seed: int = 0, **changes: Any) -> Report:
    """A report with made-up figures for every aim and more, no two of them alike."""
    rng = random.Random(seed)
    values = iter(rng.sample(range(1, 999), 400))
    keys = [(a.set, a.label, a.measure, a.group) for a in read_aims() if "*" not in a.label]
    keys = [key for key in dict.fromkeys([*keys, *EXTRA]) if key[3] != "*"]
    keys += [(name, label, "auc", "") for name, label in (MEANING, ("cad/test", "toxicity"))]
    figures = []
    for set_name, label, measure, group in keys:
        value, low, high = (next(values) / 1000 for _ in range(3))
        figures.append(Figure(set_name, label, measure, value, low, high, 1000, 300, group))
    curve = Curve(
        *MEANING,
        roc=[(0.0, 0.0), (1.0, 1.0)],
        pr=[(1.0, 0.3)],
        reliability=[(0.0512, 0.0634, 500), (0.8123, 0.7345, 500)],
        thresholds=[
            (round(0.1 * i, 1), round(0.3 + 0.07 * i, 4), round(1 - 0.1 * i, 4), 0.5 - 0.05 * i)
            for i in range(1, 10)
        ],
    )
    shape: dict[str, Any] = {
        "model": "default",
        "digest": "ab12" * 16,
        "thresholds": dict.fromkeys(LABELS, 0.5),
        "corpora": {name: f"{i:012x}" + "f" * 52 for i, name in enumerate(entries())},
        "seed": 0,
        "bootstrap": 200,
        "figures": figures,
        "curves": [curve],
        "notes": {"dilution": "short ones between long ones"},
    }
    return Report(**{**shape, **changes})


def printed(text: str) -> set[str]:
    """Every number with three or four digits behind its point."""
    return set(re.findall(r"(?<![\w.])-?\d+\.\d{3,4}(?!\w)", text))


def held(report: Report) -> set[str]:
    """Every number that may be printed: the report's, and the aims."""
    numbers = {f"{a:.3f}" for aim in read_aims() for a in (aim.aim, aim.least) if a is not None}
    for figure in report.figures:
        numbers |= {f"{v:.3f}" for v in (figure.value, figure.low, figure.high) if v is not None}
    for curve in report.curves:
        numbers |= {f"{v:.4f}" for row in curve.thresholds for v in row if v is not None}
        numbers |= {f"{v:.4f}" for row in curve.reliability for v in row[:2]}
    return numbers


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_every_number_stands_in_the_report(seed: int) -> None:
    report = make_report(seed)
    for page in (write_card(report, SOURCES), write_figures(report, SOURCES)):
        found = printed(page)
        assert len(found) > 15
        assert found <= held(report)


def test_every_figure_of_plain_sets_and_aims_is_printed() -> None:
    report = make_report()
    card = write_card(report, SOURCES)
    measures = {"auc", "ap", "precision", "recall", "f1", "macro_f1", "ece"}
    for figure in report.figures:
        aims = {(a.set, a.label, a.measure) for a in read_aims()}
        if figure.key[:3] in aims or (figure.set in set_names() and figure.measure in measures):
            # AP without AUC has no row: a set is listed once it can be ranked.
            assert str(figure) in card, figure.key


def test_tables_name_model_data_and_command() -> None:
    report = make_report()
    card = write_card(report, SOURCES)
    assert "{{" not in card
    assert card.startswith("<!-- Generated; do not edit. python -m moderation.evaluation card")
    assert "# Model card: default@ab12ab12ab12" in card
    tables = [
        part for part in card.split("\n\n") if part.startswith("| ") and not part.startswith("|  |")
    ]
    assert len(tables) >= 15
    captions = [line for line in card.splitlines() if line.startswith("`default@ab12ab12ab12` · ")]
    assert len(captions) >= 15
    cad = f"cad {report.corpora['cad'][:12]}"
    (by_cad,) = [line for line in captions if "--set cad/test:any_abuse --b" in line] or [""]
    assert by_cad == "" or cad in by_cad
    assert any("--set dilution --bootstrap 200 --seed 0`" in line for line in captions)
    contrasts = [line for line in captions if "--set contrasts " in line]
    assert contrasts
    assert all("--contrasts seeds/contrasts.jsonl" in line for line in contrasts)
    assert all("--tricks bench/tricks.py" in line for line in captions if "--set tricks" in line)


@pytest.mark.parametrize(
    "absent", sorted({figure.set for figure in make_report().figures}), ids=str
)
def test_what_is_missing_is_said_to_be(absent: str) -> None:
    report = make_report()
    whole = write_card(report, SOURCES).lower().count("not measured")
    left = [figure for figure in report.figures if figure.set != absent]
    curves = [curve for curve in report.curves if curve.set != absent]
    page = write_card(replace(report, figures=left, curves=curves), SOURCES)
    named = absent in page or absent.split("/")[0].split(":")[0] in page
    assert named or page.lower().count("not measured") > whole


def test_an_empty_report_gives_a_card_without_figures() -> None:
    report = make_report(figures=[], curves=[], notes={})
    card = write_card(report, Sources(settings={}, codebook=CODEBOOK))
    assert printed(card) <= {f"{a:.3f}" for x in read_aims() for a in (x.aim, x.least) if a}
    assert card.lower().count("not measured") >= 15
    assert "does not say how it was trained" in card
    assert "no hand labels" in card


# --- aims ----------------------------------------------------------------------------------------


def verdict(value: float, **fields: Any) -> str:
    aim = Aim("title", "s", "toxicity", "auc", **fields)
    return Verdict(aim, Figure("s", "toxicity", "auc", value, None, None, 9, 4)).outcome


def test_outcomes() -> None:
    assert verdict(0.9, aim=0.9) == "met"
    assert verdict(0.8999, aim=0.9) == "missed"
    assert verdict(0.89, aim=0.9, least=0.89) == "least met"
    assert verdict(0.88, aim=0.9, least=0.89) == "missed"
    assert verdict(0.02, aim=0.02, most=True) == "met"
    assert verdict(0.021, aim=0.02, most=True) == "missed"
    assert Verdict(Aim("t", "s", "l", "m", 0.5), None).outcome == "not measured"


def test_a_star_takes_the_worst_group() -> None:
    figures = [
        Figure("tricks", "toxicity", "kept", value, None, None, 9, 4, group)
        for group, value in (("leet", 0.97), ("spaced", 0.61), ("dots", 0.8))
    ]
    aims = [aim for aim in read_aims() if aim.set == "tricks"]
    (found,) = judge(aims, make_report(figures=figures))
    assert found.figure is not None
    assert found.figure.group == "spaced"
    card = write_card(make_report(figures=figures), SOURCES)
    assert "0.610 (spaced)" in card
    assert "worst trick: 0.610, aim ≥ 0.900" in card


def test_aims_name_sets_that_exist() -> None:
    known = set(set_names())
    for aim in read_aims():
        assert PROBE_OF.get(aim.set, aim.set) in known, aim.title
        if aim.anchor_set:
            assert PROBE_OF.get(aim.anchor_set, aim.anchor_set) in known
        assert bool(aim.anchor or aim.anchor_measure) == bool(aim.anchor_source)
    shown = [aim for aim in read_aims() if aim.readme]
    assert 8 <= len(shown) <= 14


def test_every_capability_has_a_mild_example() -> None:
    table = tomllib.loads(
        (ROOT / "moderation/evaluation/capabilities.toml").read_text(encoding="utf-8")
    )
    rows = read_contrasts(ROOT / "seeds" / "contrasts.jsonl")
    assert set(table) == {row["capability"] for row in rows}
    texts = {row["text"] for row in rows}
    for name, entry in table.items():
        assert {"asks", "abusive", "harmless"} == set(entry), name
        assert not {entry["abusive"], entry["harmless"]} & texts, name


# --- what a score means --------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 99), st.booleans()), min_size=2, max_size=200))
def test_bands_count_every_comment_once(rows: list[tuple[int, bool]]) -> None:
    scores = [(score + 0.5) / 100 for score, _ in rows]
    n, positives = len(rows), sum(label for _, label in rows)
    thresholds: list[tuple[float, float | None, float, float]] = []
    for i in range(1, 10):
        cut = round(0.1 * i, 1)
        above = [label for score, (_, label) in zip(scores, rows, strict=True) if score >= cut]
        precision = round(sum(above) / len(above), 4) if above else None
        thresholds.append((cut, precision, 0.0, round(len(above) / n, 4)))
    auc = Figure(*MEANING, "auc", 0.5, None, None, n, positives)
    report = make_report(
        figures=[auc],
        curves=[Curve(*MEANING, roc=[], pr=[], reliability=[], thresholds=thresholds)],
    )
    for low, high, count, hits in in_bands(report, *MEANING):
        inside = [
            label
            for score, (_, label) in zip(scores, rows, strict=True)
            if low <= score < (high if high < 1 else 2)
        ]
        assert (count, hits) == (len(inside), sum(inside))


def test_the_sentence_on_a_score_of_080_is_measured() -> None:
    curve = make_report().curves[0]
    thresholds = [(cut, 0.5, 0.5, 0.2) for cut, *_ in curve.thresholds]
    thresholds[6:] = [(0.7, 0.7, 0.4, 0.1), (0.8, 0.8, 0.3, 0.05), (0.9, 0.9, 0.2, 0.02)]
    report = replace(make_report(), curves=[replace(curve, thresholds=thresholds)])
    # 100 of 1000 score at least 0.7 (70 toxic), 20 at least 0.9 (18 toxic): 52 of 80 between.
    assert "about 65 were called toxic" in write_card(report, SOURCES)
    assert "(52 of 80 with a toxicity score from 0.7 to 0.9)" in write_card(report, SOURCES)


# --- data, seeds, links --------------------------------------------------------------------------


def test_data_by_digest_licence_and_weight() -> None:
    card = write_card(make_report(), SOURCES)
    entry = entries()["cad"]
    assert f"| cad | {entry.source} | {entry.licence} | 700 | 0.6 / 0.5 | `c0ffee000000` |" in card
    assert "| 25 | 1 / 1 | `1abe10000000` |" in card
    assert "| 60 | 1 / 1.5 | `3e4000000000` |" in card
    tests = card.split("Never trained on")[1]
    assert "| noisyhate |" in tests
    assert "| cad |" not in tests
    assert "| 700 | unknown |" in write_card(make_report(), replace(SOURCES, weights={}))


def test_seeds_left_out_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "default.seeds.json"
    assert read_seeds(path) is None
    assert "not measured" in write_card(make_report(), SOURCES).split("## The seed threads")[1]
    given = {"n": 25, "figures": {"toxicity": {"auc": 0.7771}}, "command": "python bench/seeds.py"}
    path.write_text(json.dumps(given), encoding="utf-8")
    card = write_card(make_report(), replace(SOURCES, seeds=read_seeds(path)))
    assert "| toxicity auc | 0.777 |" in card
    assert "`python bench/seeds.py`" in card
    path.write_text('{"n": 25}', encoding="utf-8")
    with pytest.raises(InputError, match="needs n, figures and command"):
        read_seeds(path)


def test_codebook_must_define_all_six() -> None:
    broken = CODEBOOK.replace("| `threat` |", "| `thread` |")
    with pytest.raises(InputError, match="does not name all six"):
        write_card(make_report(), replace(SOURCES, codebook=broken))


def test_peers_are_linked_where_they_were_measured() -> None:
    sources = replace(SOURCES, links={"Peers": "bench/quality.md"})
    assert "Peers: `bench/quality.md`." in write_card(make_report(), sources)
    assert "Peers: `bench/quality.md`." in write_figures(make_report(), sources)
    assert "bench/quality.md" not in write_figures(make_report(), SOURCES)


# --- README and command --------------------------------------------------------------------------


def test_block_replaces_only_what_stands_between_the_marks() -> None:
    readme = f"before\n{OPENING}\nold\n{CLOSING}\nafter\n"
    once = insert_figures(readme, "new")
    assert once == f"before\n{OPENING}\nnew\n{CLOSING}\nafter\n"
    assert insert_figures(once, "new") == once
    for bad in ("none", readme + OPENING, f"{CLOSING} {OPENING}"):
        with pytest.raises(InputError, match=r"README\.md"):
            insert_figures(bad, "new")


def test_one_group_alone_has_no_interval() -> None:
    alone = make_figure("s", "toxicity", "auc", 0.8, [0.8] * 50, 9, 4)
    assert alone is not None
    assert alone.low is None
    perfect = make_figure("s", "toxicity", "recall", 1.0, [1.0] * 50, 9, 4)
    assert perfect is not None
    assert (perfect.low, perfect.high) == (1.0, 1.0)


def test_report_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(make_report().to_dict()), encoding="utf-8")
    found = read_report(path)
    assert found.figures == make_report().figures
    assert write_card(found, SOURCES) == write_card(make_report(), SOURCES)
    for bad in ("{}", "[]", "{", '{"format": 1}', '{"format": 1, "figures": [{}]}'):
        path.write_text(bad, encoding="utf-8")
        with pytest.raises(InputError, match="not a report"):
            read_report(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_report(tmp_path / "absent.json")


def test_command_writes_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    model = write_small_model(tmp_path)
    report = make_report(model="small", digest=load(model).digest)
    given, readme = tmp_path / "report.json", tmp_path / "README.md"
    given.write_text(json.dumps(report.to_dict()), encoding="utf-8")
    readme.write_text(f"# x\n{OPENING}\n{CLOSING}\n", encoding="utf-8")
    args = ["card", "--model", str(model), "--report", str(given), "--readme", str(readme)]
    result = CliRunner().invoke(tools, args)
    assert result.exit_code == 0, result.output
    card = (tmp_path / "small.md").read_text(encoding="utf-8")
    assert f"small@{report.digest[:12]}" in card
    assert report.digest in readme.read_text(encoding="utf-8")
    other = replace(report, digest="0" * 64)
    given.write_text(json.dumps(other.to_dict()), encoding="utf-8")
    result = CliRunner().invoke(tools, args)
    assert isinstance(result.exception, InputError)
    assert "measured model 000000000000" in str(result.exception)
    told = replace(report, register="talk")
    given.write_text(json.dumps(told.to_dict()), encoding="utf-8")
    result = CliRunner().invoke(tools, args)
    assert isinstance(result.exception, InputError)
    assert "told 'talk'" in str(result.exception)
    assert (tmp_path / "small.md").read_text(encoding="utf-8") == card
    assert CliRunner().invoke(tools, args[:3]).exit_code == 2


def is_shipped() -> bool:
    try:
        find()
    except ModelError:
        return False
    return find().with_suffix(".md").exists()


@pytest.mark.skipif(not is_shipped(), reason="no model is shipped with its card yet")
def test_card_and_readme_are_those_of_the_shipped_model() -> None:
    model = load()
    assert f"# Model card: {model}" in find().with_suffix(".md").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert model.digest in readme.split(OPENING)[1].split(CLOSING)[0]
