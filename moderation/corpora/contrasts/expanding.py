"""Template pairs -> pairs of finished texts, the same on every machine.

    Pair ── groups dealt, slots filled, choices made ──► style of typing ──► Expansion

Nothing is drawn at random: what fills a slot follows from the words of the pair and from what the
pairs before it were given.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from moderation.corpora.contrasts.material import (
    CHOICE,
    GROUP_SLOT,
    WORD_SLOT,
    Group,
    Material,
    Pair,
    Side,
    digest,
)
from moderation.errors import InputError

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


@dataclass(frozen=True, slots=True)
class Expansion:
    """One pair of finished texts made from a template pair."""

    pair: Pair
    number: int
    texts: tuple[str, str]
    targets: tuple[str, str]


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
        if GROUP_SLOT.search(both):
            wanted = (EXPANSIONS_GROUP, EXPANSIONS_HATEFUL, EXPANSIONS_BENIGN)[lean]
        elif WORD_SLOT.search(both) or CHOICE.search(both):
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


def _pick(options: int, *keys: object) -> int:
    """A number below `options` that depends on nothing but `keys`."""
    return int(digest("\x1f".join(map(str, keys)))[:12], 16) % options


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
    mentions = [set(GROUP_SLOT.findall(side.text)) for side in pair.sides]
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
    rest = [GROUP_SLOT.sub("", side.text) for side in pair.sides]
    offset = _pick(1 << 30, *seed[:3])
    for name, digit in sorted({match for text in rest for match in WORD_SLOT.findall(text)}):
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
        text = CHOICE.sub(choose, side.text)
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
        if any(form == "s" for _, _, form in GROUP_SLOT.findall(side.text))
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
        names = [groups[k + d].name for k, d, _ in GROUP_SLOT.findall(side.text)]
        if not names:
            raise InputError(side.key, f"an identity attack on nobody: {side.text!r}")
        return f"group:{names[0].lower()}"
    return "person" if side.labels["toxicity"] else "none"
