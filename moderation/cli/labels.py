"""`moderation labels`: blank forms, merging, checking, agreement of hand labels."""

from __future__ import annotations

import sys
from datetime import date as calendar_date
from pathlib import Path
from typing import cast

import click

from moderation.labelling.scheme import READINGS, Reading

_PATH = click.Path(dir_okay=False, path_type=Path)
FEW_UNITS = 100  # below this one changed answer moves the percent agreement by more than a point
FEW_POSITIVES = 5  # with fewer, a single answer can move alpha by 0.1 and more


@click.group()
def labels() -> None:
    """Make, check and compare hand labels.

    Two people read the same comments apart from each other, a third decides; all three readings
    stay in one append-only file. seeds/CODEBOOK.md says what the labels mean.

    \b
    Example, from threads to a label file:
      moderation labels template --reading A --reader ann seeds/threads.jsonl --output A.jsonl
      moderation labels template --reading B --reader bea --shuffle 1 seeds/threads.jsonl \\
          --output B.jsonl
      # both are filled in by hand: 0 or 1 for every label, target, rationale, note
      moderation labels agreement A.jsonl B.jsonl
      moderation labels template --reading decision --reader cleo --show A.jsonl --show B.jsonl \\
          seeds/threads.jsonl --output DECISION.jsonl
      moderation labels merge A.jsonl B.jsonl DECISION.jsonl --output seeds/labels.jsonl
      moderation labels check seeds/labels.jsonl
    """


@labels.command()
@click.argument("files", nargs=-1, required=True, type=_PATH, metavar="FILE...")
@click.option(
    "--threads",
    type=_PATH,
    help="The comments' texts (default: threads.jsonl in each FILE's folder).",
)
@click.option("--sample", is_flag=True, help="The labels cover only some of the threads' comments.")
def check(files: tuple[Path, ...], threads: Path | None, sample: bool) -> None:
    """Check label files against the codebook and the texts.

    Prints one line for each problem (file:line: what; next step) on standard error and exits with
    1; or one line that says what was checked. Files given together are judged together: a
    comment's readings may stand in different ones.

    \b
    Example:
      moderation labels check seeds/labels.jsonl
    """
    from moderation.labelling.validation import check_labels

    report = check_labels(files, threads, sample=sample)
    for problem in report.problems:
        click.echo(_one_line(str(problem)), err=True)
    if report.problems:
        sys.exit(1)
    extra = f", {report.superseded} superseded" if report.superseded else ""
    extra += f", {report.missing} labels of decisions missing" if report.missing else ""
    names = ", ".join(str(path) for path in files)
    click.echo(f"{names}: ok: {report.comments} comments, {report.records} records{extra}")


@labels.command()
@click.argument("files", nargs=-1, required=True, type=_PATH, metavar="FILE...")
@click.option("--seed", type=int, default=None, help="Seed of the intervals' resampling.")
def agreement(files: tuple[Path, ...], seed: int | None) -> None:
    """Print how far the readings A and B agree: Krippendorff's alpha for each label.

    n is the number of comments that at least two readers judged. The interval holds 95 % of 2,000
    resamples of the comments. Alpha is undefined where all readers gave one and the same answer to
    everything.

    \b
    Example:
      moderation labels agreement seeds/labels.jsonl
    """
    from moderation.labelling.agreement import SEED, measure_agreement
    from moderation.labelling.store import read_labels

    records = [record for path in files for record in read_labels(path)]
    rows = measure_agreement(records, seed=SEED if seed is None else seed)
    click.echo(f"{'label':<16}{'n':>6}{'agree %':>10}{'A = 1':>8}{'B = 1':>8}{'alpha':>11}  95 %")
    for row in rows:
        percent = "-" if row.percent is None else f"{row.percent:.1f}"
        alpha = "undefined" if row.alpha is None else f"{row.alpha:.3f}"
        interval = "-"
        if row.interval is not None:
            interval = f"[{row.interval[0]:.3f}, {row.interval[1]:.3f}]"
            if row.undefined:
                interval += f" ({100 * row.undefined:.1f} % of resamples undefined)"
        a, b = row.positives["A"], row.positives["B"]
        click.echo(f"{row.name:<16}{row.units:>6}{percent:>10}{a:>8}{b:>8}{alpha:>11}  {interval}")
    click.echo()
    few = [row.name for row in rows if max(row.positives.values()) < FEW_POSITIVES]
    click.echo(_worth(max(row.units for row in rows), few))


def _worth(units: int, few: list[str]) -> str:
    """A sentence that says what agreement on so many comments tells."""
    if not units:
        return "No comment has two readings yet, so there is no agreement to measure."
    move = 100 / units
    sentence = (
        f"With n = {units}, one changed answer moves the percent agreement by {move:.2g} points"
    )
    if units < FEW_UNITS:
        sentence += (
            ": too few comments to tell reliable labels (alpha of 0.8, say) from doubtful ones; "
            "read the intervals, not the figures, and take them as a check of the codebook rather "
            "than as a measure of it"
        )
    sentence += "."
    if few:
        sentence += (
            f" Fewer than {FEW_POSITIVES} positives in either reading, so that alpha hangs on "
            f"single comments: {', '.join(few)}."
        )
    return sentence


@labels.command()
@click.argument("threads", type=_PATH, metavar="THREADS")
@click.option("--reading", type=click.Choice(READINGS), required=True, help="Which reading.")
@click.option("--reader", required=True, help="Who reads: a free name, the same every time.")
@click.option("--output", type=_PATH, help="Write the form here instead of standard output.")
@click.option("--shuffle", type=int, metavar="SEED", help="Another order than the thread's.")
@click.option("--date", default=None, help="Day of the reading (default: today).")
@click.option(
    "--show",
    type=_PATH,
    multiple=True,
    metavar="FILE",
    help="For a decision: label files whose readings are shown beside the text.",
)
def template(
    threads: Path,
    reading: str,
    reader: str,
    output: Path | None,
    shuffle: int | None,
    date: str | None,
    show: tuple[Path, ...],
) -> None:
    """Write a blank form: a line for each comment, with its text, labels null.

    Fill in 0 or 1 for every label, the target, the rationale's positions in "text", and a note.
    "context" (title, author, parent) is there to see whom the text means. A form never shows
    another reading unless it is asked to for a decision.

    \b
    Example:
      moderation labels template --reading B --reader bea --shuffle 1 seeds/threads.jsonl
    """
    from moderation.labelling.forms import blank_forms, write_whole
    from moderation.labelling.store import encode_line, load_comments, read_labels

    if show and reading != "decision":
        raise click.UsageError("--show is for decisions: readings A and B are made blind")
    if not reader.strip():
        raise click.UsageError("--reader is empty; give a name")
    if date is not None:
        try:
            calendar_date.fromisoformat(date)
        except ValueError as error:
            raise click.UsageError(f'--date "{date}" is no date; write it like 2026-01-31') from (
                error
            )
    forms = blank_forms(
        load_comments(threads),
        reading=cast(Reading, reading),
        reader=reader,
        date=date or calendar_date.today().isoformat(),
        shuffle=shuffle,
        readings=[record for path in show for record in read_labels(path)],
    )
    lines = [encode_line(form) for form in forms]
    if output is None:
        sys.stdout.buffer.write(b"".join(lines))
        return
    if output.exists():
        raise click.UsageError(f"{output} exists and may hold labels; choose another name")
    write_whole(output, lines)
    click.echo(f"{output}: {len(lines)} comments to read")


@labels.command()
@click.argument("files", nargs=-1, required=True, type=_PATH, metavar="FORM...")
@click.option("--output", required=True, type=_PATH, help="The label file to append to.")
@click.option("--keep-text", is_flag=True, help="Keep the texts: the file stands by itself then.")
def merge(files: tuple[Path, ...], output: Path, keep_text: bool) -> None:
    """Append filled forms to a label file, in the order given.

    Lines that the file has already stay as they are; a merge may be repeated. Nothing is written
    if one line is not filled in or breaks the codebook.

    \b
    Example:
      moderation labels merge A.jsonl B.jsonl DECISION.jsonl --output seeds/labels.jsonl
    """
    from moderation.labelling.forms import merge_labels

    added, before = merge_labels(files, output, keep_text=keep_text)
    click.echo(f"{output}: {added} lines added to {before}")


def _one_line(message: str) -> str:
    """Ids and names from a file may hold line ends or terminal codes: show them escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in message)
