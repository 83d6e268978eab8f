"""How well threads were extracted, measured against gold.

    gold.jsonl ─ read_gold ─► {document: [GoldComment]} ┐
    documents ─ read_threads ─────────────────────────► compare ─► Judgement ─ summarise ─► table

Gold is JSON Lines, one comment a line, in any of four shapes, told by their keys:

- pages: {"doc", "index", "kind", "author", "depth", "parent_index", "text", "text_own"}: `text_own`
  is the text without quotations (either counts), `parent_index` the parent's "index" in the
  document; a null "depth" says that the parent is not known.
- forums: {"doc", "index", "author_display", "author_surface", "text"}: either name counts; where
  "author_display" is null, the surface is a link and tells no name.
- exports: {"file", "native_id", "parent_native_id", "author", "created_raw", "status", "kind",
  "thread", "text_raw"}: comments are paired by thread and native id, not by their texts.
- dumps: {"tool", "doc", "index", "author", "depth", "parent_index", "start", "end"}: the text is
  that range of code points of the decoded file tool/doc.txt; null where the dump lacks it.

A document of which the gold has no line holds no comments; extracting nothing from it is right.

A comment is found when its letters and digits equal the gold's ("exact"), or when the one's
contain the other's at a length ratio of at least 0.8 ("soft"), one to one. Where the gold tells
kinds and none is "post", extracted postings and system messages are left out: it says nothing of
them.

Placeholders (gold of the kind "deleted" or without any letter or digit; extracted comments with the
status "deleted" or without any) have no text to be found, so they count neither as gold nor as
extracted. They are still paired, by their order between the comments found, because a reply to a
deleted comment has a parent like any other: its parent is right where the extracted parent is the
placeholder that stands at the gold's place.

The author's accuracy is over the gold lines found that name an author: where the gold's author is
null, nobody looked or the page shows none, and whatever was extracted is neither right nor wrong.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from moderation.errors import InputError, unreadable
from moderation.records import Comment, Thread
from moderation.threads.decoding import decode
from moderation.threads.document import Document

SOFT_RATIO = 0.8
_STATUS = {"1": "visible", "approved": "visible", "0": "pending", "trash": "deleted"}
_TAG = re.compile(r"<[^<>]*>")


@dataclass(slots=True)
class GoldComment:
    """One comment as the gold has it; None = the gold does not tell, nor does an empty `authors`.

    `parent` is the parent's `key`; `parent_known` says whether the gold tells it. `key` is the
    index in the document or the native id. `exact` holds what must be equal besides the texts:
    "created_raw", "status" and "kind" of exports.
    """

    key: str
    texts: tuple[str, ...]
    authors: tuple[str, ...] = ()
    parent: str | None = None
    parent_known: bool = False
    kind: str | None = None
    thread: str | None = None
    native: bool = False
    span: tuple[int, int] | None = None
    exact: dict[str, str | None] = field(default_factory=dict)


@dataclass(slots=True)
class Judgement:
    """Counts of one document. Accuracies are pairs (right, asked) over the comments found."""

    gold: int = 0
    extracted: int = 0
    exact: int = 0
    soft: int = 0
    author: tuple[int, int] = (0, 0)
    parent: tuple[int, int] = (0, 0)
    created: tuple[int, int] = (0, 0)
    status: tuple[int, int] = (0, 0)
    kind: tuple[int, int] = (0, 0)
    leaked: int = 0  # letters and digits of extracted comments that are in no gold comment
    characters: int = 0  # letters and digits of extracted comments

    def measures(self) -> dict[str, float | None]:
        """precision, recall, f1 (exact), the same soft, accuracies, leakage; in [0, 1] or None.

        Precision is None where nothing was extracted, recall where the gold has no comment.
        `silent` is 1.0 or 0.0 for documents without comments, else None.
        """
        shape: dict[str, float | None] = {}
        for prefix, right in (("", self.exact), ("soft_", self.soft)):
            shape[f"{prefix}precision"] = right / self.extracted if self.extracted else None
            shape[f"{prefix}recall"] = right / self.gold if self.gold else None
            both = self.extracted + self.gold
            shape[f"{prefix}f1"] = 2 * right / both if self.gold else None
        for name in ("author", "parent", "created", "status", "kind"):
            good, asked = getattr(self, name)
            shape[name] = good / asked if asked else None
        shape["leakage"] = self.leaked / self.characters if self.characters else None
        shape["silent"] = None if self.gold else float(self.extracted == 0)
        return shape

    def to_dict(self) -> dict[str, Any]:
        """Counts and measures."""
        counts = {f.name: getattr(self, f.name) for f in fields(self)}
        return {"counts": counts, "measures": self.measures()}


def fold(text: str) -> str:
    """Letters and digits alone."""
    return "".join(filter(str.isalnum, text))


def _fold_name(name: str) -> str:
    return " ".join(html.unescape(name).split())


# Reading gold


def read_gold(path: str | Path) -> dict[str, list[GoldComment]]:
    """Documents (as the gold names them; dumps as "tool/doc") and their comments.

    Raises InputError, with the line, for a file that cannot be read or fits none of the shapes.
    """
    path = Path(path)
    gold: dict[str, list[GoldComment]] = {}
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(path), unreadable(error)) from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            document, comment = _read_row(row)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise InputError(
                f"{path}:{number}",
                f"is no gold comment ({type(error).__name__}: {str(error)[:80]}); "
                "the shapes are in `moderation evaluate threads --help`",
            ) from error
        gold.setdefault(document, []).append(comment)
    if not gold:
        raise InputError(str(path), "holds no gold comment")
    return gold


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _read_row(row: dict[str, Any]) -> tuple[str, GoldComment]:
    if "native_id" in row and "file" in row:
        author = row.get("author")
        raw = row.get("text_raw") or ""
        status = _text(row.get("status"))
        return row["file"], GoldComment(
            key=str(row["native_id"]),
            texts=(fold(html.unescape(_TAG.sub(" ", raw))),),
            authors=() if author is None else (_fold_name(author),),
            parent=_text(row.get("parent_native_id")),
            parent_known=True,
            kind=row.get("kind"),
            thread=_text(row.get("thread")),
            native=True,
            exact={
                "created": _text(row.get("created_raw")),
                "status": _STATUS.get(status or "", status),
                "kind": row.get("kind"),
            },
        )
    names = [row.get("author"), row.get("author_display")]
    if isinstance(names[1], str):
        names.append(row.get("author_surface"))
    authors = tuple(_fold_name(name) for name in names if isinstance(name, str))
    parent = row.get("parent_index")
    comment = GoldComment(
        key=str(row["index"]),
        texts=(),
        authors=authors,
        parent=_text(parent),
        parent_known=row.get("depth") is not None or parent is not None,
        kind=row.get("kind"),
    )
    if "tool" in row:
        if row["start"] is None:  # not in this dump: nothing to find
            comment.texts = ("",)
        else:
            comment.span = (int(row["start"]), int(row["end"]))
        return f"{row['tool']}/{row['doc']}", comment
    texts = (row["text"] or "", row.get("text_own") or row["text"] or "")
    comment.texts = tuple(dict.fromkeys(fold(text) for text in texts))
    return row["doc"], comment


def fill_texts(gold: Iterable[GoldComment], document: Document) -> None:
    """Give gold comments that are ranges of a dump their texts."""
    source: str | None = None
    for comment in gold:
        if comment.span is not None and not comment.texts:
            if source is None:
                source = decode(document.read()).text
            comment.texts = (fold(source[slice(*comment.span)]),)


def find_document(path: Path, gold: dict[str, list[GoldComment]]) -> str | None:
    """The gold's name for a file: the longest one that ends its path, with or without suffix."""
    parts = path.resolve().parts
    for length in range(min(4, len(parts)), 0, -1):
        tail = "/".join(parts[-length:])
        for name in (tail, tail.removesuffix(path.suffix)):
            if name in gold:
                return name
    return None


# Comparing


def compare(threads: Iterable[Thread], gold: Sequence[GoldComment]) -> Judgement:
    """Judge the threads of one document. Linear but for comments that are not found exactly."""
    judgement = Judgement()
    found: list[tuple[Thread, Comment]] = [(t, c) for t in threads for c in t.comments]
    if any(g.kind for g in gold) and not any(g.kind == "post" for g in gold):
        found = [(t, c) for t, c in found if c.kind not in ("post", "system")]
    if any(g.native for g in gold):
        pairs = _pair_by_id(found, gold, judgement)
    else:
        pairs = _pair_by_text(found, gold, judgement)
    _judge_fields(found, pairs, judgement)
    return judgement


def _is_placeholder(comment: GoldComment) -> bool:
    return comment.kind == "deleted" or not any(comment.texts)


def _pair_by_id(
    found: list[tuple[Thread, Comment]], gold: Sequence[GoldComment], judgement: Judgement
) -> dict[int, GoldComment]:
    judgement.gold, judgement.extracted = len(gold), len(found)
    waiting: dict[tuple[str | None, str | None], list[int]] = {}
    for number, (thread, comment) in enumerate(found):
        waiting.setdefault((thread.native_id, comment.native_id), []).append(number)
    pairs: dict[int, GoldComment] = {}
    for wanted in gold:
        numbers = waiting.get((wanted.thread, wanted.key))
        if not numbers:
            continue
        number = numbers.pop(0)
        pairs[number] = wanted
        text = fold(found[number][1].text)
        judgement.characters += len(text)
        if text in wanted.texts:
            judgement.exact += 1
        if any(_is_soft(text, own) for own in wanted.texts):
            judgement.soft += 1
        else:
            judgement.leaked += max(0, len(text) - max(map(len, wanted.texts), default=0))
    return pairs


def _is_soft(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return one == other or (len(short) >= SOFT_RATIO * len(long) and bool(short) and short in long)


def _pair_by_text(
    found: list[tuple[Thread, Comment]], gold: Sequence[GoldComment], judgement: Judgement
) -> dict[int, GoldComment]:
    variants = [() if c.status == "deleted" else _variants(c) for _, c in found]
    shown = [number for number, texts in enumerate(variants) if texts]
    wanted_texts = [wanted for wanted in gold if not _is_placeholder(wanted)]
    judgement.gold, judgement.extracted = len(wanted_texts), len(shown)
    waiting: dict[str, list[int]] = {}
    for number in shown:
        for text in variants[number]:
            waiting.setdefault(text, []).append(number)
    pairs: dict[int, GoldComment] = {}
    left: list[GoldComment] = []
    for wanted in wanted_texts:
        candidates = (n for text in wanted.texts for n in waiting.get(text, ()) if n not in pairs)
        same = next(candidates, None)
        if same is None:
            left.append(wanted)
        else:
            pairs[same] = wanted
            for text in wanted.texts:
                if same in waiting.get(text, ()):
                    waiting[text].remove(same)
    judgement.exact = len(pairs)
    free = [number for number in shown if number not in pairs]
    for wanted in left:
        for number in free:
            if any(_is_soft(a, b) for a in variants[number] for b in wanted.texts if b):
                pairs[number] = wanted
                free.remove(number)
                break
    judgement.soft = len(pairs)
    everything = "\n".join(text for wanted in wanted_texts for text in wanted.texts)
    for number in shown:
        text = variants[number][0]
        judgement.characters += len(text)
        if number in pairs:
            judgement.leaked += max(0, len(text) - max(map(len, pairs[number].texts)))
        elif text not in everything:
            judgement.leaked += len(text)
    _pair_placeholders(pairs, gold, {n for n, texts in enumerate(variants) if not texts})
    return pairs


def _pair_placeholders(
    pairs: dict[int, GoldComment], gold: Sequence[GoldComment], places: set[int]
) -> None:
    """Add the placeholders that follow the same comments found in both; `places` = extracted."""
    numbers = {id(wanted): number for number, wanted in pairs.items()}
    at = 0  # the number of the extracted comment behind the last one paired
    for wanted in gold:
        number = numbers.get(id(wanted))
        if number is not None:
            at = number + 1
        elif _is_placeholder(wanted) and at in places:
            pairs[at] = wanted
            at += 1


def _variants(comment: Comment) -> tuple[str, ...]:
    """The comment's letters and digits, with and without what it quotes."""
    text = comment.text
    own, at = [], 0
    for quote in comment.quotes:
        own.append(text[at : quote.start])
        at = quote.end
    own.append(text[at:])
    return tuple(dict.fromkeys(t for t in (fold(text), fold("".join(own))) if t))


def _judge_fields(
    found: list[tuple[Thread, Comment]], pairs: dict[int, GoldComment], judgement: Judgement
) -> None:
    def add(name: str, right: bool) -> None:
        good, asked = getattr(judgement, name)
        setattr(judgement, name, (good + right, asked + 1))

    keys = {id(found[number][1]): wanted.key for number, wanted in pairs.items()}
    by_id = {(id(thread), comment.id): comment for thread, comment in found}
    for number, wanted in pairs.items():
        thread, comment = found[number]
        if not wanted.native and _is_placeholder(wanted):
            continue
        if wanted.authors:
            add(
                "author",
                comment.author is not None and _fold_name(comment.author) in wanted.authors,
            )
        if wanted.parent_known:
            parent: str | None = None
            if comment.parent_id is not None:
                above = by_id.get((id(thread), comment.parent_id))
                if above is not None:
                    parent = keys.get(id(above), "?")
                else:
                    parent = comment.parent_id.split(":", 1)[-1]
            add("parent", parent == wanted.parent)
        for name, value in wanted.exact.items():
            own = comment.created_raw if name == "created" else getattr(comment, name)
            add(name, own == value)


def summarise(judgements: Iterable[Judgement]) -> dict[str, float | int | None]:
    """Each measure averaged over the documents that have it, with their number."""
    judgements = list(judgements)
    shape: dict[str, float | int | None] = {"documents": len(judgements)}
    shape["gold"] = sum(j.gold for j in judgements)
    shape["extracted"] = sum(j.extracted for j in judgements)
    measured = [judgement.measures() for judgement in judgements]
    for name in Judgement().measures():
        values = [value for m in measured if (value := m[name]) is not None]
        shape[name] = sum(values) / len(values) if values else None
    return shape


COLUMNS = (
    # heading, measure
    ("precision", "precision"),
    ("recall", "recall"),
    ("F1", "f1"),
    ("soft F1", "soft_f1"),
    ("author", "author"),
    ("parent", "parent"),
    ("time", "created"),
    ("status", "status"),
    ("leakage", "leakage"),
    ("silent", "silent"),
)


def format_table(rows: Sequence[tuple[str, dict[str, Any]]], first: str = "document") -> str:
    """A Markdown table of (name, measures with "gold" and "extracted"); empty columns left out."""
    columns = [(head, key) for head, key in COLUMNS if any(m.get(key) is not None for _, m in rows)]
    heads = [first, "gold", "extracted", *(head for head, _ in columns)]
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)]]
    for name, measures in rows:
        cells = [name, str(measures["gold"]), str(measures["extracted"])]
        for _, key in columns:
            value = measures.get(key)
            cells.append("" if value is None else f"{value:.3f}")
        lines.append(cells)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
