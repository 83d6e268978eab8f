"""The commands of `python -m moderation.corpora.contrasts`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from moderation.corpora.contrasts.expanding import EXPANSIONS_BENIGN
from moderation.corpora.contrasts.lines import check_labels, json_object, numbered_lines
from moderation.corpora.contrasts.material import read_material
from moderation.corpora.contrasts.readings import blind_id, collect_readings, export_blind
from moderation.corpora.contrasts.rows import build_rows, draw_heldout, read_contrasts
from moderation.errors import InputError, LabelError
from moderation.labelling.agreement import krippendorff_alpha
from moderation.records import LABELS


def _default_root() -> Path:
    return Path(__file__).resolve().parents[3] / "seeds"


def _write(path: Path, lines: Iterable[str]) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    partial.replace(path)


def _dump(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False)


@click.group()
@click.option(
    "--seeds", type=click.Path(path_type=Path, file_okay=False), default=_default_root,
    show_default="seeds/ beside the package", help="Folder that holds contrasts/.",
)  # fmt: skip
@click.pass_context
def main(context: click.Context, seeds: Path) -> None:
    """Build and read the contrast set."""
    context.obj = seeds


@main.command()
@click.pass_obj
def build(seeds: Path) -> None:
    """Write contrasts.jsonl from the templates, and its table into CONTRASTS.md."""
    rows = list(build_rows(read_material(seeds / "contrasts")))
    _write(seeds / "contrasts.jsonl", map(_dump, rows))
    sheet = seeds / "CONTRASTS.md"
    if sheet.exists():
        before, _, rest = sheet.read_text(encoding="utf-8").partition("<!-- count -->\n")
        _, mark, after = rest.partition("<!-- /count -->")
        if not mark:
            raise InputError(str(sheet), "has no <!-- count --> … <!-- /count --> to fill")
        text = f"{before}<!-- count -->\n{_table(rows)}{mark}{after}"
        _write(sheet, text.removesuffix("\n").split("\n"))
    unread = sum(row["readings"]["B"] is None for row in rows)
    click.echo(f"{len(rows) // 2} pairs, {len(rows)} rows; reading B missing in {unread}", err=True)


@main.command()
@click.pass_obj
def draw(seeds: Path) -> None:
    """Draw new families into heldout.txt (none is ever taken off the list)."""
    material = read_material(seeds / "contrasts")
    path = seeds / "contrasts" / "heldout.txt"
    head = [line for _, line in numbered_lines(path) if line.startswith("#")]
    _write(path, [*head, *draw_heldout(material)])


@main.command()
@click.argument("output", type=click.Path(path_type=Path))
@click.pass_obj
def blind(seeds: Path, output: Path) -> None:
    """Write the texts that a second reader has not read yet, without labels."""
    rows = export_blind(read_material(seeds / "contrasts"))
    _write(output, map(_dump, rows))
    click.echo(f"{len(rows)} texts", err=True)


@main.command()
@click.argument("texts", type=click.Path(path_type=Path, exists=True))
@click.argument("delivered", type=click.Path(path_type=Path, exists=True))
@click.option("--codebook", default="1.0", show_default=True, help="Version that was read by.")
@click.pass_obj
def merge(seeds: Path, texts: Path, delivered: Path, codebook: str) -> None:
    """Append a second reader's `{"id", "labels"}` lines to readings.jsonl.

    TEXTS is the file that `blind` wrote for the reader.
    """
    material = read_material(seeds / "contrasts")
    sides = {
        blind_id(side, sample): side.key
        for pair in material.pairs
        for side in pair.sides
        for sample in range(EXPANSIONS_BENIGN)
    }
    shown: dict[str, str] = {}
    for number, line in numbered_lines(texts):
        record = json_object(line, f"{texts}:{number}")
        shown[str(record.get("id"))] = str(record.get("text"))
    known = {(r["side"], r.get("text")) for r in material.readings if r["reader"] == "B"}
    added: list[str] = []
    for number, line in numbered_lines(delivered):
        place = f"{delivered}:{number}"
        record = json_object(line, place)
        check_labels(record.get("labels"), place)
        name = str(record.get("id"))
        if name not in shown:
            raise LabelError(place, f'{texts} has no text with the id "{name}"')
        if name not in sides:
            raise LabelError(place, f'the template of "{name}" has changed since; export it again')
        key, text = sides[name], shown[name]
        if (key, text) not in known:
            known.add((key, text))
            labels = {label: record["labels"][label] for label in LABELS}
            entry = {"side": key, "reader": "B", "codebook": codebook, "text": text}
            added.append(_dump({**entry, "labels": labels}))
    path = seeds / "contrasts" / "readings.jsonl"
    _write(path, [*(line for _, line in numbered_lines(path)), *added])
    click.echo(f"{len(added)} readings added", err=True)


@main.command()
@click.pass_obj
def disagreements(seeds: Path) -> None:
    """Print each side on which the readers differ and that nobody has decided, as JSON lines."""
    material = read_material(seeds / "contrasts")
    second, decided = collect_readings(material.readings)
    for pair in material.pairs:
        for side in pair.sides:
            reading = second.get(side.key)
            if reading is None or side.key in decided:
                continue
            differ = [name for name in LABELS if reading[name] != side.labels[name]]
            if differ:
                record = {"side": side.key, "template": side.text, "differ": differ}
                click.echo(_dump({**record, "A": side.labels, "B": reading}))


@main.command()
@click.pass_obj
def agreement(seeds: Path) -> None:
    """Print Krippendorff's alpha of readings A and B over the sides that both have read."""
    material = read_material(seeds / "contrasts")
    second, _ = collect_readings(material.readings)
    sides = {side.key: side for pair in material.pairs for side in pair.sides}
    click.echo("| label | alpha | same | n |")
    click.echo("|---|---|---|---|")
    for name in LABELS:
        units = [(side.labels[name], second[key][name]) for key, side in sides.items()
                 if key in second and second[key][name] is not None]  # fmt: skip
        alpha = krippendorff_alpha(units)
        same = sum(a == b for a, b in units)
        shown = "–" if alpha is None else f"{alpha:.3f}"
        click.echo(f"| {name} | {shown} | {same} | {len(units)} |")


@main.command()
@click.pass_obj
def count(seeds: Path) -> None:
    """Print rows, pairs, families and label counts by capability as a Markdown table."""
    click.echo(_table(read_contrasts(seeds / "contrasts.jsonl")), nl=False)


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    head = ["capability", "families (held out)", "template pairs", "pairs", *LABELS]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    names = list(dict.fromkeys(row["capability"] for row in rows))
    for name in [*names, "all"]:
        part = [row for row in rows if name in (row["capability"], "all")]
        families = {row["family"] for row in part}
        held = {row["family"] for row in part if row["part"] == "heldout"}
        templates = {row["pair"].rsplit("-", 1)[0] for row in part}
        sums = [sum(row["labels"][label] for row in part) for label in LABELS]
        cells = [name, f"{len(families)} ({len(held)})", len(templates), len(part) // 2, *sums]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "".join(line + "\n" for line in lines)
