"""Harmless sentences that name a group: frames filled with groups (`seeds/mentions.toml`).

A linear head learns a group's name from the corpora, where it stands in abuse more often than
elsewhere. Short plain sentences of many kinds, each about many groups, teach it that the name alone
says nothing (as Dixon et al. 2018 did with harmless articles).
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from random import Random
from typing import Any

from moderation.errors import InputError

FORMS = {"plural": "{Gs}", "singular": "{G}", "adjective": "{adj}"}
SMALL, OPEN = 0.35, 0.3  # share of sentences in small letters, and of those without a full stop
_ARTICLE = re.compile(r"\b([Aa]) (?=[AEIOaeio])")


def read_mentions(path: str | Path, seed: int = 0) -> list[str]:
    """The sentences that the frames of a file give; the same file and seed give the same ones.

    Each frame is filled with `fill` of the groups. Raises InputError naming the file and the key.
    """
    try:
        table = tomllib.loads(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(path), f"cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(str(path), f"is not TOML: {error}") from error
    fill, groups = table.get("fill"), table.get("groups")
    if type(fill) is not int or fill < 1:
        raise InputError(str(path), "fill must be a whole number over 0")
    if not isinstance(groups, list) or not all(map(_is_group, groups)):
        raise InputError(str(path), f"each of groups must give words for {', '.join(FORMS)}")
    rng, made = Random(seed), []
    for form, slot in FORMS.items():
        for frame in table.get(form, []):
            if not isinstance(frame, str) or slot not in frame:
                raise InputError(str(path), f"{form}: {frame!r} has no {slot}")
            for group in rng.sample(groups, min(fill, len(groups))):
                name = rng.choice(group[form])
                made.append(_write(frame.replace(slot, name), rng))
    return made


def _is_group(group: Any) -> bool:
    return isinstance(group, dict) and all(
        isinstance(group.get(form), list)
        and group[form]
        and all(isinstance(name, str) and name for name in group[form])
        for form in FORMS
    )


def _write(sentence: str, rng: Random) -> str:
    """One sentence as somebody may write it."""
    sentence = _ARTICLE.sub(r"\1n ", sentence)
    if sentence.endswith("."):
        sentence = sentence[0].upper() + sentence[1:]
    if rng.random() < SMALL:
        sentence = sentence.lower()
    return sentence.rstrip(".") if rng.random() < OPEN else sentence
