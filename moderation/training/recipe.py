"""How a model is trained: the recipe file."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from moderation.errors import InputError
from moderation.model import SOCIAL
from moderation.records import LABELS
from moderation.training.tables import read_table

OWN_SOURCES = ("contrasts", "harmless", "mentions", "stances", "everyday")  # written for training
REGISTERS = ("talk", "both", "social")
HEADS_OF_TOXICITY = (LABELS[0], SOCIAL)
FITTED = (*LABELS, SOCIAL)  # heads of which every fit may have rows of its own


class Fit(NamedTuple):
    """One fit of a head: what the weights of rows are multiplied by in it.

    `talk`, `both`, `social`: those of texts in that register; `misspelt`: those of misspelt copies;
    `without`: sources whose texts are left out.
    """

    talk: float = 1.0
    both: float = 1.0
    social: float = 1.0
    misspelt: float = 1.0
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """How a model is trained; every choice was made on dev rows.

    - `bits`: binary logarithm of the table's slots;
    - `per_label`: how many features are taught to a label's head, see `screening`;
    - `kappa`: words added to the length before its square root divides (see `scoring`);
      `unknown`: words that a word counts for there which the model does not know, in (0, 1];
    - `cost`: inverse strength of the L2 penalty (liblinear's C) by label;
    - `trust`: how far features that tell the outcomes apart by themselves are held back less, see
      `heads.fit_head`; 0 holds all back alike;
    - `weights`: corpus -> weight of its rows by label, in the order of `records.LABELS`;
    - `epochs`: passes of the solver over the texts;
    - `held`: share of the train groups kept for calibration;
    - `reference`: what the probabilities are about, see `calibrate`;
    - `talk`, `both`: corpora in the register of an encyclopaedia's talk pages, and those that teach
      both heads of toxicity; hand labels, contrasts and harmless sentences do too;
    - `lent`: label -> how much of its head's weights is added to toxicity's of talk pages;
    - `links`: label -> from which of its logits on, and how much of what is above, it adds to the
      toxicity of social media;
    - `register_cost`, `register_trust`: those of the head that tells the registers apart; to it
      texts of `both` are social media's, with the weight `register_both`, and in either register
      the share `register_toxic` of the weight is toxic;
    - `segments`: how many segments of harmless texts are rows of their own, with the text's
      weight times `segments_weight` by label;
    - `composed_weight`: weight of the long texts composed to learn the pooling of segments from;
      `composed`: instead, for a head of toxicity, in its ordinary and its watching line;
    - `mentions_weight`: weight of harmless sentences that name a group, by label;
      `stances_weight`: of stances on what is said against groups; `everyday_weight`: of short
      everyday comments;
    - `named_weight`: harmless texts that name a group weigh so many times more for toxicity;
      `dialect_weight`: by label, those that bear markers of African-American English;
    - `misspelt`: how many misspelt copies of short texts are rows of their own, with the
      original's weight times `misspelt_weight`; `draws`: how often they are drawn, and each head
      fitted, of which the mean is kept;
    - `fits`: head -> what each of its fits is taught (a head that is not named: all, in each);
    - `combinations`: texts in which a combination of concepts must stand to be taught to a label's
      head (see `combining`); 0: none is;
    - `abusive_from`: the probability of toxicity from which a text is abusive;
    - `lexicons`: whether words carry classes.
    """

    bits: int = 19
    per_label: tuple[int, ...] = (150_000,) * len(LABELS)
    min_count: float = 3.0
    kappa: float = 1.0
    unknown: float = 1.0
    cost: tuple[float, ...] = (8.0, 4.0, 8.0, 8.0, 8.0, 8.0)
    epochs: int = 15
    cap: float = 3.0
    trust: float = 0.0
    tolerance: float = 0.05
    held: float = 0.06
    abusive_from: float = 0.5
    lexicons: bool = True
    labels_weight: float = 1.0
    contrasts_weight: float = 0.5
    harmless_weight: float = 1.0
    mentions_weight: tuple[float, ...] = (1.0,) * len(LABELS)
    stances_weight: tuple[float, ...] = (1.0,) * len(LABELS)
    everyday_weight: tuple[float, ...] = (1.0,) * len(LABELS)
    named_weight: float = 1.0
    dialect_weight: tuple[float, ...] = (1.0,) * len(LABELS)
    composed_weight: float = 0.3
    combinations: tuple[int, ...] = (0,) * len(LABELS)
    misspelt: int = 0
    misspelt_weight: float = 0.5
    draws: int = 1
    segments: int = 300_000
    segments_weight: tuple[float, ...] = (0.0,) * len(LABELS)
    seed: int = 0
    weights: dict[str, tuple[float, ...]] = field(default_factory=dict)
    reference: dict[str, float] = field(default_factory=dict)
    talk: tuple[str, ...] = ()
    both: tuple[str, ...] = ()
    register_cost: float = 1.0
    register_trust: float = 0.0
    register_both: float = 0.0
    register_toxic: float = 0.5
    composed: dict[str, tuple[float, float]] = field(default_factory=dict)
    lent: dict[str, float] = field(default_factory=dict)
    links: dict[str, tuple[float, float]] = field(default_factory=dict)
    fits: dict[str, tuple[Fit, ...]] = field(default_factory=dict)

    def weights_of(self, corpus: str) -> tuple[float, ...]:
        """The weights of a corpus's rows by label; a corpus without an entry is left out."""
        return self.weights.get(corpus, (0.0,) * len(LABELS))

    def register_of(self, source: str) -> str:
        """One of REGISTERS: how the texts of a source are written."""
        if source in self.talk:
            return "talk"
        return "both" if source in self.both or source not in self.weights else "social"

    def record(self) -> dict[str, Any]:
        """All of it but the corpora's weights, as JSON has it: what a model file remembers."""
        found: dict[str, Any] = json.loads(json.dumps(vars(self)))
        del found["weights"]
        return found

    def fits_of(self, head: str) -> tuple[Fit, ...]:
        """The fits of a head whose mean is kept, one a draw of misspelt copies."""
        return self.fits.get(head, (Fit(),) * self.draws)

    def composed_of(self, head: str) -> tuple[float, float]:
        """Weights of composed texts in the ordinary and in the watching line of a head."""
        return self.composed.get(head, (self.composed_weight, self.composed_weight))


def read_recipe(path: str | Path | None = None) -> Recipe:
    """A recipe file (default: the one that the shipped model is trained with).

    Raises InputError naming the file and the key that is wrong.
    """
    if path is None:
        place = "moderation/data/recipe.toml"
        shipped = resources.files("moderation").joinpath("data/recipe.toml")
        table = tomllib.loads(shipped.read_text("utf-8"))
    else:
        place, table = str(path), read_table(path)
    settings = dict(table.get("settings", {}))
    registers = _read_registers(place, dict(table.get("registers", {})))
    names = {item.name for item in fields(Recipe)} - {"weights", "reference", "fits", *registers}
    for key in settings:
        if key not in names:
            raise InputError(
                place, f"[settings] has an unknown key {key!r}; known: {sorted(names)}"
            )
    listed = {
        "cost": float,
        "segments_weight": float,
        "dialect_weight": float,
        "mentions_weight": float,
        "stances_weight": float,
        "everyday_weight": float,
        "per_label": int,
        "combinations": int,
    }
    for key, kind in listed.items():
        numbers = settings.get(key)
        if numbers is not None:
            good = isinstance(numbers, list) and len(numbers) == len(LABELS)
            if not good or not all(isinstance(number, int | float) for number in numbers):
                raise InputError(place, f"[settings] {key} must list {len(LABELS)} numbers")
            settings[key] = tuple(kind(value) for value in numbers)
    draws = settings.get("draws", 1)
    if type(draws) is not int or draws < 1:
        raise InputError(place, "[settings] draws must be a whole number over 0")
    weights: dict[str, tuple[float, ...]] = {}
    for corpus, row in table.get("weights", {}).items():
        for key in row:
            if key not in (*LABELS, "all", "reason"):
                raise InputError(place, f"[weights.{corpus}] names no label of ours: {key!r}")
        weights[corpus] = tuple(float(row.get(name, row.get("all", 0.0))) for name in LABELS)
    unknown = settings.get("unknown", 1.0)
    if type(unknown) not in (int, float) or not 0 < unknown <= 1:
        raise InputError(place, "[settings] unknown must be a number over 0, 1 at most")
    abusive = settings.get("abusive_from", 0.5)
    if type(abusive) is not float or not 0 < abusive < 1:
        raise InputError(place, "[settings] abusive_from must be a number between 0 and 1")
    fits = _read_fits(place, dict(table.get("fits", {})), draws, (*weights, *OWN_SOURCES))
    reference = {
        key: float(value) for key, value in table.get("reference", {}).items() if key != "reason"
    }
    return Recipe(**settings, **registers, fits=fits, weights=weights, reference=reference)


def _read_fits(
    place: str, table: dict[str, Any], draws: int, sources: Sequence[str]
) -> dict[str, tuple[Fit, ...]]:
    """The table [fits]: for each head that it names one table of factors a draw.

    `sources`: those that a fit may be without; files of hand labels, named with their suffix, too.
    """
    found = {}
    for head, rows in table.items():
        if head not in FITTED:
            raise InputError(place, f"[fits] names no head of ours: {head!r}; known: {FITTED}")
        if not isinstance(rows, list) or len(rows) != draws:
            raise InputError(place, f"[fits] {head} must list as many tables as there are draws")
        for row in rows:
            if not isinstance(row, dict) or not all(map(_fits, row, row.values())):
                raise InputError(
                    place,
                    f"[fits] {head}: give numbers from 0 on for {_FACTORS}, "
                    "a list of sources for without",
                )
            for source in row.get("without", ()):
                if source not in sources and not Path(source).suffix:
                    raise InputError(
                        place,
                        f"[fits] {head}: without names no source: {source!r}; known: the corpora "
                        f"in [weights], {', '.join(OWN_SOURCES)}, files of labels",
                    )
        found[head] = tuple(Fit(**row | {"without": tuple(row.get("without", ()))}) for row in rows)
    return found


_FACTORS = (*REGISTERS, "misspelt")


def _fits(key: str, value: object) -> bool:
    """Whether a fit may have that value for that key."""
    if key == "without":
        return isinstance(value, list) and all(isinstance(source, str) for source in value)
    number = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    return key in _FACTORS and number


_REGISTER_NUMBERS = {
    "cost": "register_cost",
    "trust": "register_trust",
    "both_weight": "register_both",
    "toxic": "register_toxic",
}


def _read_registers(place: str, table: dict[str, Any]) -> dict[str, Any]:
    """The fields of Recipe that the table [registers] gives."""
    found: dict[str, Any] = {
        "talk": tuple(table.pop("talk", ())),
        "both": tuple(table.pop("both", ())),
        "composed": {},
        "lent": {},
        "links": {},
    }
    for key, name in _REGISTER_NUMBERS.items():
        number = table.pop(key, getattr(Recipe, name))
        if not isinstance(number, int | float):
            raise InputError(place, f"[registers] {key} must be a number")
        found[name] = float(number)
    for head, pair in dict(table.pop("composed", {})).items():
        good = head in HEADS_OF_TOXICITY and isinstance(pair, list) and len(pair) == 2
        if not good or not all(isinstance(number, int | float) for number in pair):
            raise InputError(
                place, f"[registers.composed] {head}: give one of {HEADS_OF_TOXICITY} two numbers"
            )
        found["composed"][head] = (float(pair[0]), float(pair[1]))
    for label, factor in dict(table.pop("lent", {})).items():
        if label not in LABELS[1:] or not isinstance(factor, int | float):
            raise InputError(place, f"[registers.lent] {label}: give a label and a number")
        found["lent"][label] = float(factor)
    for label, pair in dict(table.pop("links", {})).items():
        known = label in LABELS[1:] and isinstance(pair, dict) and set(pair) == {"from", "times"}
        if not known or not all(isinstance(number, int | float) for number in pair.values()):
            raise InputError(place, f"[registers.links] {label}: give a label, its from and times")
        found["links"][label] = (float(pair["from"]), float(pair["times"]))
    if table:
        raise InputError(place, f"[registers] has an unknown key {next(iter(table))!r}")
    return found
