"""Public corpora under one scheme: read, checked by digest, mapped by `mapping.toml`.

    directory/NAME.jsonl.gz -> rows -> mapping.toml (a rule and a reason a label) -> Corpus

A missing label is NaN, never 0. Soft labels are shares of annotators.

Splits. Where a corpus has a dev split of its own, that is `dev`. Where it has none but has train
rows, a slice of them is `dev` for everybody: the rows whose group hashes (SHA-256 of the
group's name) into the lowest 5 %, so that a text shared by corpora is on the same side in each;
with fewer than twenty groups, the one group with the lowest hash. `test` rows serve final
figures only.
"""

from __future__ import annotations

import gzip
import hashlib
import html
import importlib.resources
import json
import re
import tomllib
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moderation.corpora.rules import Rule, compile_rule
from moderation.errors import CorpusError, unreadable
from moderation.records import LABELS

DEV_SHARE = 0.05  # 5 % of jigsaw2018_any is 7.9k rows: an AUC known to about 0.002
FEW_GROUPS = 20  # below it, 5 % of the groups may well be none

JIGSAW = ("jigsaw2018_sixlabel", "jigsaw2018_not_toxic_but", "jigsaw2018_any")
PRECEDENCE: tuple[tuple[str, ...], ...] = (JIGSAW, ("civil_comments", "toxic_spans"))
"""Families of corpora that hold the same comments: a train text is kept in the first only, the
one whose labels say most."""


@dataclass(frozen=True, slots=True)
class MappingRow:
    """How one corpus's labels give one of ours: an expression and why it is right."""

    corpus: str
    label: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What the registry knows of a corpus; `dev` is "own", "slice" or "none" (tests only)."""

    name: str
    licence: str
    source: str
    dev: str
    group: str
    note: str
    rows: tuple[MappingRow, ...]
    html: bool = False
    escapes: bool = False
    json_fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Corpus:
    """N rows of one corpus in our scheme.

    - `sha256`: digest of the file as read, checked against the folder's SHA256SUMS if it has one.
    - `labels`: float32, shape (N, L) in the order of `records.LABELS`; NaN = missing, values in
      [0, 1], between them shares of annotators.
    - `split`: "train", "dev" or "test" for each row, with the cut described in the module's head.
    - `groups`: rows with the same group stay on one side of any cut (pairs, threads, duplicates).
    - `raw_labels`: the corpus's own labels, for measures of its own.
    """

    name: str
    sha256: str
    licence: str
    ids: list[str]
    texts: list[str]
    split: list[str]
    labels: NDArray[np.float32]
    groups: list[str]
    raw_labels: list[dict[str, Any]]

    def __len__(self) -> int:
        return len(self.ids)

    def select(self, rows: Iterable[int] | NDArray[Any]) -> Corpus:
        """The rows with these indices (or this boolean mask, shape (N,)), in order."""
        index = np.asarray(rows if isinstance(rows, np.ndarray) else list(rows))
        if index.dtype == bool:
            index = np.flatnonzero(index)
        chosen = [int(i) for i in index]
        return replace(
            self,
            ids=[self.ids[i] for i in chosen],
            texts=[self.texts[i] for i in chosen],
            split=[self.split[i] for i in chosen],
            labels=self.labels[np.asarray(chosen, dtype=np.intp)],
            groups=[self.groups[i] for i in chosen],
            raw_labels=[self.raw_labels[i] for i in chosen],
        )

    def part(self, *splits: str) -> Corpus:
        """The rows of these splits."""
        return self.select(np.array([split in splits for split in self.split], dtype=bool))


@cache
def entries() -> dict[str, Entry]:
    """Every known corpus by name, in the order of `mapping.toml`."""
    source = importlib.resources.files("moderation.corpora").joinpath("mapping.toml")
    table = tomllib.loads(source.read_text(encoding="utf-8"))
    return {
        name: Entry(
            name=name,
            licence=fields["licence"],
            source=fields["source"],
            dev=fields["dev"],
            group=fields["group"],
            note=fields.get("note", ""),
            rows=tuple(
                MappingRow(name, label, row["rule"], row["reason"])
                for label, row in fields["labels"].items()
            ),
            html=fields.get("html", False),
            escapes=fields.get("escapes", False),
            json_fields=tuple(fields.get("json", ())),
        )
        for name, fields in table.items()
    }


class _Dropped(dict[int, int | None]):
    """A table for str.translate that drops separators, punctuation and control characters."""

    def __missing__(self, code: int) -> int | None:
        kept = None if unicodedata.category(chr(code))[0] in "ZPC" else code
        self[code] = kept
        return kept


_DROPPED = _Dropped()
_ASCII_DROPPED = bytes(code for code in range(128) if _DROPPED[code] is None)


def fold(text: str) -> str:
    """`text` without case, space, punctuation and invisible characters: the key of "same text"."""
    if text.isascii():
        return text.lower().encode().translate(None, _ASCII_DROPPED).decode()
    return unicodedata.normalize("NFKC", text).casefold().translate(_DROPPED)


def load(directory: str | Path, name: str) -> Corpus:
    """One corpus, mapped. Raises CorpusError if it is unknown, absent, damaged or changed."""
    known = entries()
    if name not in known:
        raise CorpusError(str(directory), f"no corpus {name!r} is known; known: {', '.join(known)}")
    entry = known[name]
    path = Path(directory) / f"{name}.jsonl.gz"
    digest = _digest(path)
    rows = list(_rows(path, entry))
    if name == "jigsaw2018_any":
        _join_not_toxic_but(rows, path.parent)
    ids = [row["id"] for row in rows]
    raw_labels = [row["labels"] for row in rows]
    groups = [_group(row, entry) for row in rows]
    return Corpus(
        name=name,
        sha256=digest,
        licence=entry.licence,
        ids=ids,
        texts=[row["text"] for row in rows],
        split=_split(entry, [row["split"] for row in rows], groups),
        labels=_labels(path, entry, ids, raw_labels),
        groups=groups,
        raw_labels=raw_labels,
    )


def load_all(
    directory: str | Path, names: Sequence[str] | None = None, *, deduplicate: bool = True
) -> list[Corpus]:
    """Several corpora (by default every known one that the directory holds), ready to train on.

    With `deduplicate`, train rows that repeat or nearly repeat a dev or test row of any of them
    are gone, shared rows stay in the first corpus of their family (`PRECEDENCE`), and groups are
    joined across corpora: see `duplicates.remove_duplicates`. It takes about a minute.
    """
    if names is None:
        names = [name for name in entries() if (Path(directory) / f"{name}.jsonl.gz").exists()]
        if not names:
            raise CorpusError(str(directory), "holds no known corpus (NAME.jsonl.gz)")
    corpora = [load(directory, name) for name in names]
    if not deduplicate:
        return corpora
    from moderation.corpora.duplicates import remove_duplicates

    return remove_duplicates(corpora)


def mapping_table() -> str:
    """The mapping as a Markdown table: corpus, label, rule, reason, licence."""
    lines = ["| corpus | label | rule | reason | licence |", "|---|---|---|---|---|"]
    for entry in entries().values():
        given = {row.label: row for row in entry.rows}
        for label in LABELS:
            row = given.get(label)
            rule, reason = (f"`{row.rule}`", row.reason) if row else ("missing", "not asked")
            lines.append(f"| {entry.name} | {label} | {rule} | {reason} | {entry.licence} |")
    return "\n".join(lines) + "\n"


def _digest(path: Path) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise CorpusError(str(path), "is not there; name the folder that holds it") from None
    except OSError as error:
        raise CorpusError(str(path), unreadable(error)) from None
    digest = hashlib.sha256(content).hexdigest()
    sums = path.parent / "SHA256SUMS"
    if sums.exists():
        for number, line in enumerate(sums.read_text(encoding="utf-8").splitlines(), 1):
            stated, _, file = line.partition(" ")
            if file.lstrip(" *") == path.name and stated != digest:
                raise CorpusError(
                    f"{sums}:{number}", f"{path.name} has another sha256 ({digest}); fetch it again"
                )
    return digest


def _rows(path: Path, entry: Entry) -> Iterator[dict[str, Any]]:
    number = 0
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):  # noqa: B007 (named in the error below)
                row = json.loads(line)
                row["id"] = str(row["id"])
                if not isinstance(row["text"], str) or not isinstance(row["labels"], dict):
                    raise ValueError("text is not a string or labels is not an object")
                if row["split"] not in ("train", "dev", "test"):
                    raise ValueError(f"split {row['split']!r} is not train, dev or test")
                row["text"] = _clean(row["text"], entry)
                for key in entry.json_fields:
                    row["labels"][key] = json.loads(row["labels"][key])
                yield row
                if entry.name == "paradetox":
                    yield from _rewrites(row)
    except (
        ValueError,
        KeyError,
        TypeError,
        RecursionError,
        EOFError,
        OSError,
        zlib.error,
    ) as error:
        # A cut or damaged gzip stream raises the last three, a bad line one of the others.
        problem = f"lacks {error}" if isinstance(error, KeyError) else str(error)
        raise CorpusError(f"{path}:{number}", f"not a corpus row: {problem}") from None


def _rewrites(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The neutral rewrites of a ParaDetox row as rows of their own; `row` is marked as none."""
    rewrites = row["labels"]["neutral"]
    row["labels"]["rewrite"] = False
    seen = {fold(row["text"])}
    for number, text in enumerate(rewrites):
        key = fold(text)
        if key and key not in seen:
            seen.add(key)
            yield {
                "id": f"{row['id']}/n{number}",
                "text": text,
                "split": row["split"],
                "labels": {"rewrite": True},
            }


_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}"
)


def _clean(text: str, entry: Entry) -> str:
    """Undo what a corpus's export did to its texts: HTML entities, JSON escapes left in."""
    if entry.html:
        text = html.unescape(text)
    if entry.escapes:
        text = _ESCAPE.sub(lambda match: json.loads(f'"{match[0]}"'), text)
        text = text.replace("\\n", "\n")
    return text


def _join_not_toxic_but(rows: list[dict[str, Any]], directory: Path) -> None:
    """Give each row of jigsaw2018_any the label that jigsaw2018_not_toxic_but has, or ""."""
    path = directory / "jigsaw2018_not_toxic_but.jsonl.gz"
    if not path.exists():
        raise CorpusError(str(path), "is needed to read jigsaw2018_any; put it in the same folder")
    _digest(path)
    named = {
        fold(row["text"]): row["labels"]["label"]
        for row in _rows(path, entries()["jigsaw2018_not_toxic_but"])
    }
    for row in rows:
        found = named.get(fold(row["text"]), "") if row["labels"]["any_of_six"] == 1 else ""
        row["labels"]["not_toxic_but"] = found


def _group(row: dict[str, Any], entry: Entry) -> str:
    """The group within the corpus; texts share a key across corpora, the others are prefixed."""
    if entry.group == "text":
        key = fold(row["text"]) or row["text"]
        return "text:" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    if entry.group == "id":
        return f"{entry.name}:{row['id'].partition('/')[0]}"
    if entry.group == "prefix":
        return f"{entry.name}:{row['id'].rpartition('_')[0]}"
    return f"{entry.name}:{row['labels'][entry.group]}"


def _split(entry: Entry, split: list[str], groups: list[str]) -> list[str]:
    if entry.dev != "slice":
        return split
    candidates = sorted({g for g, s in zip(groups, split, strict=True) if s == "train"})
    hashes = {g: _unit_hash(g) for g in candidates}
    if len(candidates) < FEW_GROUPS:
        chosen = {min(candidates, key=lambda g: hashes[g])} if candidates else set()
    else:
        chosen = {g for g in candidates if hashes[g] < DEV_SHARE}
    return [
        "dev" if s == "train" and g in chosen else s for g, s in zip(groups, split, strict=True)
    ]


def _unit_hash(key: str) -> float:
    """SHA-256 of `key` as a number in [0, 1)."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2.0**64


def _labels(
    path: Path, entry: Entry, ids: list[str], raw_labels: list[dict[str, Any]]
) -> NDArray[np.float32]:
    labels = np.full((len(ids), len(LABELS)), np.nan, dtype=np.float32)
    compiled: list[tuple[int, Rule]] = [
        (LABELS.index(row.label), compile_rule(row.rule)) for row in entry.rows
    ]
    for i, (row_id, raw) in enumerate(zip(ids, raw_labels, strict=True)):
        for column, rule in compiled:
            try:
                labels[i, column] = rule(raw)
            except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
                problem = f"lacks the label {error}" if isinstance(error, KeyError) else error
                raise CorpusError(f"{path} (id {row_id})", str(problem)) from None
    return labels
