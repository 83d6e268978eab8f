"""The settings in a model's file: what they may say, checked before anything is made of them.

Whoever writes a file may write anything; what is let through here has the types, the ranges and
the names that the code which uses it counts on.
"""

from __future__ import annotations

from typing import Any

from moderation.errors import ModelError
from moderation.features.combinations import MAX_CONCEPTS
from moderation.records import LABELS

FORMAT = 1
"""The number of the file's format; `model` tells when to raise it."""

MAX_BITS = 22  # binary logarithm of the slots of the feature table

REGISTERS = {"talk": 0.0, "social": 1.0}
"""Register that a model may be told -> the share of social media's head in toxicity. "talk": as
people write who work on an encyclopaedia, or like them; "social": as in social media and forums."""


def short(value: Any) -> str:
    """What a file says, fit for one line of a message."""
    return ascii(value)[:40]


def check_settings(place: str, settings: Any) -> None:
    """Raise ModelError, one line that begins with `place`, for settings that cannot be used."""
    if not isinstance(settings, dict):
        raise ModelError(place, "its settings are not an object")
    found = settings.get("format")
    if type(found) is not int or found != FORMAT:
        raise ModelError(
            place,
            f"has format {short(found)}, this version reads {FORMAT}; train or download it again",
        )
    try:
        labels = settings["labels"]
        thresholds = settings["thresholds"]
        tables = settings["tables"]
        good = (
            labels == list(LABELS)
            and set(thresholds) == set(labels)
            and all(type(t) in (int, float) and 0 <= t <= 1 for t in thresholds.values())
            and type(settings["bits"]) is int
            and 8 <= settings["bits"] <= MAX_BITS
            and type(settings["kappa"]) in (int, float)
            and 0 < settings["kappa"] < 1e6
            and type(settings.get("unknown", 1.0)) in (int, float)
            and 0 < settings.get("unknown", 1.0) <= 1
            and type(settings["classes"]) is list
            and len(settings["classes"]) <= 255
            and all(type(c) is str for c in settings["classes"])
            and type(settings["telling"]) is int
            and 0 <= settings["telling"] <= len(settings["classes"])
            and _is_concepts(settings.get("concepts", []), settings["classes"])
            and type(settings["rationale"]) is list
            and len(settings["rationale"]) == 2
            and all(type(x) in (int, float) and abs(x) < 1e6 for x in settings["rationale"])
            and type(settings.get("trained", {})) is dict
            and settings.get("register") in (None, *REGISTERS)
            and _is_scales(settings.get("registers", {}))
            and type(tables["offensive"]) is str
            and all(type(tables.get(name, "")) is str for name in ("telling", "common", "meant"))
            and _is_slips(tables.get("slips", {}))
            and type(tables.get("names", "")) is str
            and _is_str_map(tables["homoglyphs"], 8)
            and _is_str_map(tables["emoji"], 200)
            and type(tables["leet"]) is dict
            and all(
                type(v) is list and v and all(type(x) is str and 1 <= len(x) <= 4 for x in v)
                for v in tables["leet"].values()
            )
            and type(settings["name"]) is str
            and 0 < len(settings["name"]) <= 100
            and settings["name"].isprintable()
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelError(place, f"its settings lack or misstate {error}") from error
    if not good:
        raise ModelError(place, "its settings are out of range")


def _is_str_map(value: Any, longest: int) -> bool:
    return type(value) is dict and all(
        type(k) is str and type(v) is str and k and len(v) <= longest for k, v in value.items()
    )


def _is_slips(value: Any) -> bool:
    """Whether it is what `Tables.slips` is: words -> words -> bits, each a finite number."""
    return type(value) is dict and all(
        type(meant) is dict
        and meant
        and all(
            word and type(bits) in (int, float) and abs(bits) < 1e3 for word, bits in meant.items()
        )
        for meant in value.values()
    )


def _is_concepts(value: Any, classes: list[str]) -> bool:
    """Whether it is a list of lists of names of classes, not too many for a mask."""
    return (
        type(value) is list
        and len(value) <= MAX_CONCEPTS
        and all(
            type(names) is list and names and all(type(n) is str and n in classes for n in names)
            for names in value
        )
    )


def _is_scales(value: Any) -> bool:
    """Whether it is registers -> labels -> slope over 0 and offset."""
    return type(value) is dict and all(
        register in REGISTERS
        and type(scales) is dict
        and all(
            label in LABELS
            and type(scale) is list
            and len(scale) == 2
            and all(type(x) in (int, float) and abs(x) < 1e3 for x in scale)
            and scale[0] > 0
            for label, scale in scales.items()
        )
        for register, scales in value.items()
    )
