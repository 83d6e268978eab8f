"""The project's own contrast set: hand-written templates, expanded the same way every time.

    seeds/contrasts/templates/*.txt   pairs of templates with reading A beside each side
    seeds/contrasts/groups.txt        the identity groups and their forms
    seeds/contrasts/fillers.txt       everything else that a slot can hold
    seeds/contrasts/heldout.txt       the families that no training may see
    seeds/contrasts/readings.jsonl    reading B and the decisions, append-only
        │ expand_templates, build_rows
        ▼
    seeds/contrasts.jsonl             one row a side, read by `read_contrasts`

A template file holds families, a family holds pairs, a pair is two lines that differ in the one
thing that matters. A line is `CODE text`, CODE being `0` or letters of `CODES`, optionally with
`:target`. In the text `{Gs}` is a group's plural, `{Ga}` its singular with an article, `{Gj}` its
adjective; a digit before the form (`{G2s}`) means another group, and the capital names the kind
(`GROUP_KINDS`). `{name}` is a word of fillers.txt (`{name2}` another one). `<a|b>` is a choice.
Both sides of a pair get the same values, choices and surface style.

Run `python -m moderation.corpora.contrasts --help` for the commands.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from moderation.errors import InputError, LabelError
from moderation.labelling.agreement import krippendorff_alpha
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

HELDOUT_SHARE = 4  # one family in four of each capability is never trained on
EXPANSIONS_GROUP = 5  # pairs made of a template pair that names a group on both sides
EXPANSIONS_HATEFUL = 3  # … whose group stands on the abusive side only (most of these compare
EXPANSIONS_BENIGN = 9  # people with things, so they are many), or on the harmless side only:
# with these two each group stands about as often in abuse as elsewhere
EXPANSIONS_FILLER = 3  # … that has other slots or choices
EXPANSIONS_FIXED = 1  # … that has neither: the same words twice teach nothing

STYLES: tuple[tuple[str, int], ...] = (
    # style, weight in 100: how people really type; both sides of a pair share it
    ("plain", 52),
    ("lower", 14),
    ("bare", 15),  # lower case, no full stop at the end
    ("no_apostrophe", 6),
    ("upper", 4),
    ("loud", 3),
    ("tail", 6),
)
TAILS: tuple[str, ...] = (
    "lol", "smh", "tbh", "imo", "just saying", "🤷", "fr", "period", "😂", "ngl", "end of", "...",
)  # fmt: skip

_GROUP_SLOT = re.compile(r"\{([A-Z])(\d?)([saj])\}")
_WORD_SLOT = re.compile(r"\{([a-z_]+)(\d?)\}")
_CHOICE = re.compile(r"<([^<>]*\|[^<>]*)>")
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
        return f"{self.family}:{_digest(self.text)[:10]}"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sides of one template, with the family's capability and surface options."""

    family: str
    capability: str
    styled: bool
    sides: tuple[Side, Side]
    place: str


@dataclass(frozen=True, slots=True)
class Expansion:
    """One pair of finished texts made from a template pair."""

    pair: Pair
    number: int
    texts: tuple[str, str]
    targets: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Material:
    """Everything under seeds/contrasts, read and checked."""

    pairs: tuple[Pair, ...]
    groups: tuple[Group, ...]
    fillers: Mapping[str, tuple[str, ...]]
    heldout: tuple[str, ...]
    readings: tuple[Mapping[str, Any], ...]


def read_contrasts(path: str | Path) -> list[dict[str, Any]]:
    """The rows of a contrast file, checked.

    Each row is `{"id", "pair", "family", "capability", "part": "train" | "heldout", "text",
    "labels": {label: 0 | 1}, "target", "readings": {"A": {...}, "B": {...} | None}}`.
    Raises LabelError with file:line for a malformed row.
    """
    rows: list[dict[str, Any]] = []
    seen: set[str] = set()
    for number, line in _lines(Path(path)):
        place = f"{path}:{number}"
        row = _json_object(line, place)
        for key in ("id", "pair", "family", "capability", "part", "text", "target"):
            if not isinstance(row.get(key), str):
                raise LabelError(place, f'expected a string for "{key}"')
        if row["part"] not in ("train", "heldout"):
            raise LabelError(place, f'part is "{row["part"]}", expected "train" or "heldout"')
        _check_labels(row.get("labels"), place)
        if not isinstance(row.get("readings"), dict) or "A" not in row["readings"]:
            raise LabelError(place, 'expected "readings" with at least reading "A"')
        if row["id"] in seen:
            raise LabelError(place, f'id "{row["id"]}" stands twice')
        seen.add(row["id"])
        rows.append(row)
    return rows


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
    heldout = tuple(line for _, line in _lines(root / "heldout.txt") if not line.startswith("#"))
    for name in heldout:
        if name not in families:
            raise InputError(str(root / "heldout.txt"), f'no family is called "{name}"')
    readings = []
    for number, line in _lines(root / "readings.jsonl"):
        place = f"{root / 'readings.jsonl'}:{number}"
        record = _json_object(line, place)
        if record.get("reader") not in ("B", "decision") or not isinstance(record.get("side"), str):
            raise LabelError(place, 'expected "reader" ("B" or "decision") and "side"')
        _check_labels(record.get("labels"), place)
        readings.append(record)
    return Material(tuple(pairs), groups, fillers, heldout, tuple(readings))


def expand_templates(material: Material) -> list[Expansion]:
    """Every template pair with its slots filled, the same on every machine.

    Groups are dealt out so that each is used about equally often, and about as often in hateful
    rows as in others: a pair that names its group on one side only takes the group whose rows lean
    most to the other side.
    """
    dealer = _Dealer(material.groups)
    expansions: list[Expansion] = []
    seen: set[str] = set()
    for pair in material.pairs:
        both = pair.sides[0].text + pair.sides[1].text
        lean = _lean_plural(pair)
        if _GROUP_SLOT.search(both):
            wanted = (EXPANSIONS_GROUP, EXPANSIONS_HATEFUL, EXPANSIONS_BENIGN)[lean]
        elif _WORD_SLOT.search(both) or _CHOICE.search(both):
            wanted = EXPANSIONS_FILLER
        else:
            wanted = EXPANSIONS_FIXED
        made = 0
        for number in range(wanted):
            expansion = _expand(pair, number, dealer, material.fillers)
            if any(text in seen for text in expansion.texts):
                continue
            seen.update(expansion.texts)
            expansions.append(expansion)
            made += 1
        if not made:
            raise InputError(pair.place, "the pair repeats the text of an earlier one")
    return expansions


def build_rows(material: Material) -> Iterator[dict[str, Any]]:
    """The rows of contrasts.jsonl, two a pair, in the order of the templates.

    `labels` is the decision where there is one and reading A elsewhere. Reading B of a side whose
    samples were read differently is null for that label; it is None where nobody has read it yet.
    """
    second, decided = _collect_readings(material.readings)
    heldout = set(material.heldout)
    for expansion in expand_templates(material):
        pair = expansion.pair
        stem = f"{pair.family}-{_digest(pair.sides[0].text + pair.sides[1].text)[:8]}"
        pair_id = f"{stem}-{expansion.number}"
        for letter, side, text, target in zip(
            "ab", pair.sides, expansion.texts, expansion.targets, strict=True
        ):
            labels = dict(decided.get(side.key, side.labels))
            yield {
                "id": f"{pair_id}{letter}",
                "pair": pair_id,
                "family": pair.family,
                "capability": pair.capability,
                "part": "heldout" if pair.family in heldout else "train",
                "text": text,
                "labels": labels,
                "target": target if labels["toxicity"] else "none",
                "readings": {"A": dict(side.labels), "B": second.get(side.key)},
            }


def export_blind(material: Material, samples: int = 2) -> list[dict[str, str]]:
    """`{"id", "text"}` for a second reader: up to `samples` texts a side, shuffled, no labels.

    Sides that reader B has already read are left out.
    """
    second, _ = _collect_readings(material.readings)
    rows: list[dict[str, str]] = []
    counts: Counter[str] = Counter()
    for expansion in expand_templates(material):
        for side, text in zip(expansion.pair.sides, expansion.texts, strict=True):
            if side.key in second or counts[side.key] >= samples:
                continue
            rows.append({"id": _blind_id(side, counts[side.key]), "text": text})
            counts[side.key] += 1
    return sorted(rows, key=lambda row: row["id"])


def draw_heldout(material: Material) -> list[str]:
    """The held-out families: those on the list already, and new draws up to one in four.

    Within a capability families are drawn in the order of their names' digests; a family that is
    not drawn when it is new is not drawn later unless its capability has grown.
    """
    capabilities: dict[str, list[str]] = {}
    for pair in material.pairs:
        names = capabilities.setdefault(pair.capability, [])
        if pair.family not in names:
            names.append(pair.family)
    drawn = list(material.heldout)
    for names in capabilities.values():
        missing = round(len(names) / HELDOUT_SHARE) - sum(name in drawn for name in names)
        fresh = sorted((name for name in names if name not in drawn), key=_digest)
        drawn.extend(fresh[: max(0, missing)])
    return drawn


def _blind_id(side: Side, sample: int) -> str:
    """Says nothing to a reader, and stays the same when other templates are added."""
    return _digest(f"blind {side.key} {sample}")[:12]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _pick(options: int, *keys: object) -> int:
    """A number below `options` that depends on nothing but `keys`."""
    return int(_digest("\x1f".join(map(str, keys)))[:12], 16) % options


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Line number from 1 and content of each line that is not empty."""
    try:
        content = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(str(path), f"cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}:{error.start}", "is not UTF-8") from error
    for number, line in enumerate(content.split("\n"), 1):
        if line.strip():
            yield number, line.rstrip()


def _json_object(line: str, place: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise LabelError(place, f"is not JSON ({error})") from error
    if not isinstance(value, dict):
        raise LabelError(place, "expected a JSON object")
    return value


def _check_labels(labels: object, place: str) -> None:
    if not isinstance(labels, dict) or set(labels) != set(LABELS):
        raise LabelError(place, f'expected "labels" with exactly {", ".join(LABELS)}')
    for name, value in labels.items():
        if type(value) is not int or value not in (0, 1):
            raise LabelError(place, f'label "{name}" is {value!r}, expected 0 or 1')


def _read_groups(path: Path) -> Iterator[Group]:
    for number, line in _lines(path):
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
    for number, line in _lines(path):
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
    for number, line in _lines(path):
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
            rest = _GROUP_SLOT.sub("", side.text)
            for kind, _, _ in _GROUP_SLOT.findall(side.text):
                if kind not in GROUP_KINDS:
                    raise InputError(pair.place, f"unknown group kind {kind!r}")
            for name, _ in _WORD_SLOT.findall(rest):
                if name not in fillers:
                    raise InputError(pair.place, f'fillers.txt has no "{name}"')
            if set(_CHOICE.sub("", _WORD_SLOT.sub("", rest))) & set("{}|"):
                raise InputError(pair.place, "a brace or bar that belongs to no slot or choice")


def _collect_readings(
    readings: Iterable[Mapping[str, Any]],
) -> tuple[dict[str, dict[str, int | None]], dict[str, dict[str, int]]]:
    """Reading B by side (None where its samples differ), and the decision by side (the last)."""
    second: dict[str, dict[str, int | None]] = {}
    decided: dict[str, dict[str, int]] = {}
    for record in readings:
        side, labels = record["side"], record["labels"]
        if record["reader"] == "decision":
            decided[side] = dict(labels)
        elif side in second:
            for name, value in labels.items():
                if second[side][name] != value:
                    second[side][name] = None
        else:
            second[side] = dict(labels)
    return second, decided


class _Dealer:
    """Deals groups and their forms out evenly (see `expand_templates`)."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self._groups = groups
        self._lean: Counter[str] = Counter()  # hateful rows minus others
        self._used: Counter[str] = Counter()

    def deal(self, kind: str, lean: int, taken: Iterable[Group], *keys: object) -> Group:
        """A group of `kind`, none of `taken`; `lean` is what its use adds to the balance."""
        names = {group.name for group in taken}
        candidates = [g for g in self._groups if kind in g.kinds and g.name not in names]
        least = min((lean * self._lean[g.name], self._used[g.name]) for g in candidates)
        tied = [g for g in candidates if (lean * self._lean[g.name], self._used[g.name]) == least]
        group = tied[_pick(len(tied), *keys)]
        self._lean[group.name] += lean
        self._used[group.name] += 1
        return group

    def form(self, group: Group, form: str, lean: int, *keys: object) -> str:
        """The written form `s`, `a` or `j` of a group, its variants dealt like the groups."""
        if form == "j":
            return group.adjective
        forms = group.plural if form == "s" else group.singular
        value = min(
            forms,
            key=lambda f: (lean * self._lean[f], self._used[f], _pick(1 << 40, f, *keys)),
        )
        self._lean[value] += lean
        self._used[value] += 1
        return value


def _expand(
    pair: Pair, number: int, dealer: _Dealer, fillers: Mapping[str, Sequence[str]]
) -> Expansion:
    seed = (pair.family, pair.sides[0].text, pair.sides[1].text, number)
    values: dict[str, str] = {}
    groups: dict[str, Group] = {}
    mentions = [set(_GROUP_SLOT.findall(side.text)) for side in pair.sides]
    for kind, digit in sorted({mention[:2] for mention in mentions[0] | mentions[1]}):
        leans = {form: _lean(pair, mentions, (kind, digit, form)) for form in "saj"}
        # Plurals count most: they are what hate is usually said of.
        lean = leans["s"] or leans["a"] + leans["j"]
        group = dealer.deal(kind, lean, groups.values(), *seed, kind, digit)
        groups[kind + digit] = group
        for form in "saj":
            name = "{" + kind + digit + form + "}"
            if any(name in side.text for side in pair.sides):
                values[name] = dealer.form(group, form, leans[form], *seed, name)
    rest = [_GROUP_SLOT.sub("", side.text) for side in pair.sides]
    offset = _pick(1 << 30, *seed[:3])
    for name, digit in sorted({match for text in rest for match in _WORD_SLOT.findall(text)}):
        words = fillers[name]
        index = offset + _pick(1 << 30, name) + number + int(digit or 0) * (1 + len(words) // 3)
        values["{" + name + digit + "}"] = words[index % len(words)]

    def choose(match: re.Match[str]) -> str:
        options = match[1].split("|")
        return options[(_pick(1 << 30, match[1], *seed[:3]) + number) % len(options)]

    style, tail = _choose_style(pair.styled and number > 0, seed)
    texts: list[str] = []
    targets: list[str] = []
    for side in pair.sides:
        text = _CHOICE.sub(choose, side.text)
        lower = not re.search("[A-Z]", re.sub(r"\{[^}]*\}", "", text))
        text = _fill(text, values)
        if lower:
            text = text.lower()
        texts.append(_apply_style(" ".join(text.split()), style, tail))
        targets.append(_find_target(side, groups, values))
    return Expansion(pair, number, (texts[0], texts[1]), (targets[0], targets[1]))


def _lean_plural(pair: Pair) -> int:
    """1 if plurals of groups stand on abusive sides only, -1 if on others only, else 0."""
    leans = [
        1 if side.labels["toxicity"] else -1
        for side in pair.sides
        if any(form == "s" for _, _, form in _GROUP_SLOT.findall(side.text))
    ]
    return leans[0] if len(leans) == 1 else 0


def _lean(
    pair: Pair, mentions: Sequence[set[tuple[str, str, str]]], slot: tuple[str, str, str]
) -> int:
    """Hateful or toxic sides that hold `slot`, minus the others that do."""
    return sum(
        1 if side.labels["toxicity"] or side.labels["identity_attack"] else -1
        for side, slots in zip(pair.sides, mentions, strict=True)
        if slot in slots
    )


def _fill(text: str, values: Mapping[str, str]) -> str:
    parts: list[str] = []
    end = 0
    for match in re.finditer(r"\{[A-Za-z_]+\d?[saj]?\}", text):
        value = values[match[0]]
        before = text[end : match.start()]
        if value.startswith("the ") and before.lower().endswith("the "):
            value = value[4:]
        if value[0].lower() in "aeiou" and re.search(r"(^|\W)[Aa] $", before):
            before = before[:-1] + "n "
        parts.append(before)
        so_far = "".join(parts).rstrip()
        if not so_far or so_far[-1] in ".!?" or so_far in ('"', "“"):
            value = value[0].upper() + value[1:]
        parts.append(value)
        end = match.end()
    return "".join(parts) + text[end:]


def _choose_style(styled: bool, seed: Sequence[object]) -> tuple[str, str]:
    if not styled:
        return "plain", ""
    point = _pick(sum(weight for _, weight in STYLES), "style", *seed)
    for style, weight in STYLES:
        if point < weight:
            return style, TAILS[_pick(len(TAILS), "tail", *seed)]
        point -= weight
    raise AssertionError("weights do not add up")


def _apply_style(text: str, style: str, tail: str) -> str:
    if style == "lower":
        return text.lower()
    if style == "bare":
        return text.lower().rstrip(".")
    if style == "no_apostrophe":
        return text.lower().replace("'", "")
    if style == "upper":
        return text.upper()
    if style == "loud":
        return text.rstrip(".") + "!!" if text[-1] in ".!" or text[-1].isalnum() else text
    if style == "tail":
        return f"{text.rstrip('.')} {tail}"
    return text


def _find_target(side: Side, groups: Mapping[str, Group], values: Mapping[str, str]) -> str:
    """The target in the codebook's form: none, person, or group:which in lower case."""
    if side.target:
        return _fill(side.target, values).lower()
    if side.labels["identity_attack"]:
        names = [groups[k + d].name for k, d, _ in _GROUP_SLOT.findall(side.text)]
        if not names:
            raise InputError(side.key, f"an identity attack on nobody: {side.text!r}")
        return f"group:{names[0].lower()}"
    return "person" if side.labels["toxicity"] else "none"


def _default_root() -> Path:
    return Path(__file__).resolve().parents[2] / "seeds"


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
    head = [line for _, line in _lines(path) if line.startswith("#")]
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
        _blind_id(side, sample): side.key
        for pair in material.pairs
        for side in pair.sides
        for sample in range(EXPANSIONS_BENIGN)
    }
    shown: dict[str, str] = {}
    for number, line in _lines(texts):
        record = _json_object(line, f"{texts}:{number}")
        shown[str(record.get("id"))] = str(record.get("text"))
    known = {(r["side"], r.get("text")) for r in material.readings if r["reader"] == "B"}
    added: list[str] = []
    for number, line in _lines(delivered):
        place = f"{delivered}:{number}"
        record = _json_object(line, place)
        _check_labels(record.get("labels"), place)
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
    _write(path, [*(line for _, line in _lines(path)), *added])
    click.echo(f"{len(added)} readings added", err=True)


@main.command()
@click.pass_obj
def disagreements(seeds: Path) -> None:
    """Print each side on which the readers differ and that nobody has decided, as JSON lines."""
    material = read_material(seeds / "contrasts")
    second, decided = _collect_readings(material.readings)
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
    second, _ = _collect_readings(material.readings)
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


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        click.echo(f"contrasts: {error}", err=True)
        sys.exit(1)
