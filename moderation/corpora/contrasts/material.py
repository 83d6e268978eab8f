"""What was written by hand under seeds/contrasts -> Material, read and checked.

    templates, groups, fillers, heldout, readings ── read_material ──► Material

A fault is named with its file and line, so that whoever writes templates can put it right.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moderation.corpora.contrasts.lines import check_labels, json_object, numbered_lines
from moderation.errors import InputError, LabelError
from moderation.records import LABELS

CODES: dict[str, str] = {
    "T": "toxicity",
    "S": "severe_toxicity",
    "I": "insult",
    "P": "profanity",
    "X": "threat",
    "H": "identity_attack",
}
"""Letter of a template's reading A -> label."""

GROUP_KINDS: dict[str, str] = {
    "G": "any group",
    "R": "religions",
    "N": "nationalities, ethnicities, regions",
    "M": "migrants and refugees",
    "Q": "orientation and gender identity",
    "W": "women and men",
    "D": "disability and illness",
    "O": "age",
    "F": "groups often told that they are foreign",
    "C": "groups with a cuisine, a language or feasts of their own",
}
"""Capital of a group slot -> which rows of groups.txt may fill it."""

GROUP_SLOT = re.compile(r"\{([A-Z])(\d?)([saj])\}")
WORD_SLOT = re.compile(r"\{([a-z_]+)(\d?)\}")
CHOICE = re.compile(r"<([^<>]*\|[^<>]*)>")
_LINE = re.compile(r"(0|[TSIPXH]+)(?::(\S+))? +(\S.*)")


@dataclass(frozen=True, slots=True)
class Group:
    """One identity group: its name, the kinds it belongs to, and its written forms."""

    name: str
    kinds: frozenset[str]
    plural: tuple[str, ...]
    singular: tuple[str, ...]
    adjective: str


@dataclass(frozen=True, slots=True)
class Side:
    """One line of a template pair with reading A; `key` stays as long as its words do."""

    family: str
    text: str
    labels: Mapping[str, int]
    target: str | None

    @property
    def key(self) -> str:
        """`family:digest`, what readings.jsonl refers to."""
        return f"{self.family}:{digest(self.text)[:10]}"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sides of one template, with the family's capability and surface options."""

    family: str
    capability: str
    styled: bool
    sides: tuple[Side, Side]
    place: str


@dataclass(frozen=True, slots=True)
class Material:
    """Everything under seeds/contrasts, read and checked."""

    pairs: tuple[Pair, ...]
    groups: tuple[Group, ...]
    fillers: Mapping[str, tuple[str, ...]]
    heldout: tuple[str, ...]
    readings: tuple[Mapping[str, Any], ...]


def read_material(folder: str | Path) -> Material:
    """Templates, groups, fillers, held-out list and readings under `folder`.

    Raises InputError or LabelError with file:line for anything malformed.
    """
    root = Path(folder)
    groups = tuple(_read_groups(root / "groups.txt"))
    fillers = _read_fillers(root / "fillers.txt")
    pairs: list[Pair] = []
    for path in sorted((root / "templates").glob("*.txt")):
        pairs.extend(_read_templates(path))
    if not pairs:
        raise InputError(str(root / "templates"), "no template file (*.txt) here")
    _check_pairs(pairs, fillers)
    families = {pair.family for pair in pairs}
    heldout = tuple(
        line for _, line in numbered_lines(root / "heldout.txt") if not line.startswith("#")
    )
    for name in heldout:
        if name not in families:
            raise InputError(str(root / "heldout.txt"), f'no family is called "{name}"')
    readings = []
    for number, line in numbered_lines(root / "readings.jsonl"):
        place = f"{root / 'readings.jsonl'}:{number}"
        record = json_object(line, place)
        if record.get("reader") not in ("B", "decision") or not isinstance(record.get("side"), str):
            raise LabelError(place, 'expected "reader" ("B" or "decision") and "side"')
        check_labels(record.get("labels"), place)
        readings.append(record)
    return Material(tuple(pairs), groups, fillers, heldout, tuple(readings))


def digest(text: str) -> str:
    """The same on every machine, which `hash` is not."""
    return hashlib.sha256(text.encode()).hexdigest()


def _read_groups(path: Path) -> Iterator[Group]:
    for number, line in numbered_lines(path):
        if line.startswith("#"):
            continue
        fields = [part.strip() for part in line.split("|")]
        if len(fields) != 5 or not all(fields):
            raise InputError(f"{path}:{number}", "expected name | kinds | plural | singular | adj")
        name, kinds, plural, singular, adjective = fields
        unknown = set(kinds) - set(GROUP_KINDS)
        if unknown:
            raise InputError(f"{path}:{number}", f"unknown kind {sorted(unknown)[0]!r}")
        yield Group(
            name,
            frozenset(kinds) | {"G"},
            tuple(form.strip() for form in plural.split(";")),
            tuple(form.strip() for form in singular.split(";")),
            adjective,
        )


def _read_fillers(path: Path) -> dict[str, tuple[str, ...]]:
    fillers: dict[str, tuple[str, ...]] = {}
    for number, line in numbered_lines(path):
        if line.startswith("#"):
            continue
        name, colon, values = line.partition(":")
        words = tuple(value.strip() for value in values.split("|"))
        if not colon or not all(words) or len(words) < 2:
            raise InputError(f"{path}:{number}", "expected name: value | value …")
        if name in fillers:
            raise InputError(f"{path}:{number}", f'filler "{name}" stands twice')
        fillers[name] = words
    return fillers


def _read_templates(path: Path) -> Iterator[Pair]:
    family = capability = ""
    styled = True
    waiting: tuple[int, Side] | None = None
    for number, line in numbered_lines(path):
        place = f"{path}:{number}"
        if line.startswith("#"):
            continue
        if line.startswith("@"):
            if waiting:
                raise InputError(place, f"line {waiting[0]} has no second side")
            fields = line[1:].split()
            if len(fields) not in (2, 3) or (len(fields) == 3 and fields[2] != "unstyled"):
                raise InputError(place, "expected @family capability [unstyled]")
            family, capability, styled = fields[0], fields[1], len(fields) == 2
            continue
        match = _LINE.fullmatch(line)
        if not match or not family:
            raise InputError(place, f"expected CODE[:target] text with CODE 0 or of {set(CODES)}")
        code, target, text = match.groups()
        labels = dict.fromkeys(LABELS, 0)
        for letter in code.replace("0", ""):
            labels[CODES[letter]] = 1
        problem = _find_contradiction(labels, target)
        if problem:
            raise InputError(place, problem)
        side = Side(family, text, labels, target.replace("_", " ") if target else None)
        if waiting is None:
            waiting = number, side
            continue
        first = waiting[1]
        if first.labels == side.labels:
            raise InputError(place, "both sides of the pair have the same labels")
        yield Pair(family, capability, styled, (first, side), place)
        waiting = None
    if waiting:
        raise InputError(f"{path}:{waiting[0]}", "this line has no second side")


def _find_contradiction(labels: Mapping[str, int], target: str | None) -> str | None:
    """What the codebook's implications forbid, or None."""
    for name in ("severe_toxicity", "insult", "threat", "identity_attack"):
        if labels[name] and not labels["toxicity"]:
            return f"{name} implies toxicity"
    if target is None or (target == "person" and not labels["identity_attack"]):
        return None
    if not labels["toxicity"] or not re.fullmatch(r"group:\S+", target):
        return f'target "{target}" does not fit the labels'
    return None


def _check_pairs(pairs: Iterable[Pair], fillers: Mapping[str, Sequence[str]]) -> None:
    capability: dict[str, str] = {}
    for pair in pairs:
        if capability.setdefault(pair.family, pair.capability) != pair.capability:
            raise InputError(pair.place, f'family "{pair.family}" has two capabilities')
        for side in pair.sides:
            rest = GROUP_SLOT.sub("", side.text)
            for kind, _, _ in GROUP_SLOT.findall(side.text):
                if kind not in GROUP_KINDS:
                    raise InputError(pair.place, f"unknown group kind {kind!r}")
            for name, _ in WORD_SLOT.findall(rest):
                if name not in fillers:
                    raise InputError(pair.place, f'fillers.txt has no "{name}"')
            if set(CHOICE.sub("", WORD_SLOT.sub("", rest))) & set("{}|"):
                raise InputError(pair.place, "a brace or bar that belongs to no slot or choice")
