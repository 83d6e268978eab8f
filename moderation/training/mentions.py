"""Harmless sentences that name a group: frames filled with groups (`seeds/mentions.toml`).

A linear head learns a group's name from the corpora, where it stands in abuse more often than
elsewhere. Short plain sentences of many kinds, each about many groups, teach it that the name alone
says nothing (as Dixon et al. 2018 did with harmless articles).

Stances are what is said against a group in frames that reject it ("nobody should say that ...") and
in frames that uphold it ("everybody knows that ..."): the same sayings in both, so that what is
learnt is the frame (as in contrast sets; Gardner et al. 2020). Beside them stand whole sentences,
contempt without a bad word ("lock up the silver, the ... are coming") and others of its words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from moderation.errors import InputError
from moderation.training.tables import read_table

FORMS = {"plural": "{Gs}", "singular": "{G}", "adjective": "{adj}"}
STANCES = {"rejected": False, "upheld": True}  # what a frame does with a saying -> whether it hates
WHOLE = {"harmless": False, "hateful": True}  # kind of a whole sentence -> whether it hates
SMALL, OPEN = 0.35, 0.3  # share of sentences in small letters, and of those without a full stop
_ARTICLE = re.compile(r"\b([Aa]) (?=[AEIOaeio])")


class Stance(NamedTuple):
    """A sentence that takes a stance on what is said against a group."""

    text: str
    hateful: bool


def read_mentions(path: str | Path, seed: int = 0) -> list[str]:
    """The sentences that the frames of a file give; the same file and seed give the same ones.

    Each frame is filled with `fill` of the groups. Raises InputError naming the file and the key.
    """
    table, groups = _read(path)
    fill = _fill_of(path, "fill", table)
    made = []
    for form, slot in FORMS.items():
        for frame in table.get(form, []):
            if not isinstance(frame, str) or slot not in frame:
                raise InputError(str(path), f"{form}: {frame!r} has no {slot}")
            rng = Random(f"{seed}:{frame}")  # another frame more or less leaves this one's be
            for group in rng.sample(groups, min(fill, len(groups))):
                name = rng.choice(group[form])
                made.append(_write(frame.replace(slot, name), rng))
    return made


def read_stances(path: str | Path, seed: int = 0) -> list[Stance]:
    """The stances of a file, none where it has no table [stances]; the same ones each time.

    [stances.sayings] lists sayings by kind; [stances.rejected] and [stances.upheld] list frames by
    the kind that fills them, as {kind}. Each frame is filled `fill` times, with one of the sayings
    and a group. [stances.whole], if there is one, lists `harmless` and `hateful` sentences: those
    that have a slot are filled with `whole_fill` of the groups, the others taken as they are.
    Raises InputError naming the file and the key.
    """
    table, groups = _read(path)
    stances = table.get("stances")
    if stances is None:
        return []
    if not isinstance(stances, dict):
        raise InputError(str(path), "stances must be a table")
    return [*_fill_stances(path, stances, groups, seed), *_fill_whole(path, stances, groups, seed)]


def _fill_stances(
    path: str | Path, stances: dict[str, Any], groups: list[dict[str, list[str]]], seed: int
) -> Iterator[Stance]:
    """Sayings in frames that reject or uphold them."""
    fill = _fill_of(path, "stances.fill", stances)
    sayings = _lists_of(path, "stances.sayings", stances)
    for stance, hateful in STANCES.items():
        for kind, frames in _lists_of(path, f"stances.{stance}", stances).items():
            for frame in frames:
                place = f"stances.{stance}.{kind}: {frame!r}"
                if kind not in sayings or f"{{{kind}}}" not in frame:
                    raise InputError(str(path), f"{place} has no saying of its kind")
                rng = Random(f"{seed}:{frame}")
                for _ in range(fill):
                    said = frame.replace(f"{{{kind}}}", rng.choice(sayings[kind]))
                    text = _name(said, rng.choice(groups), rng)
                    if text == said:
                        raise InputError(str(path), f"{place} names no group")
                    yield Stance(_write(text, rng), hateful)


def _fill_whole(
    path: str | Path, stances: dict[str, Any], groups: list[dict[str, list[str]]], seed: int
) -> Iterator[Stance]:
    """Whole sentences, filled where they have a slot."""
    if "whole" not in stances:
        return
    fill = _fill_of(path, "stances.whole_fill", stances)
    lists = _lists_of(path, "stances.whole", stances)
    if lists.keys() != WHOLE.keys():
        raise InputError(str(path), "stances.whole must have harmless and hateful sentences")
    for kind, hateful in WHOLE.items():
        for frame in lists[kind]:
            rng = Random(f"{seed}:{frame}")
            if not any(slot in frame for slot in FORMS.values()):
                yield Stance(frame, hateful)
                continue
            for group in rng.sample(groups, min(fill, len(groups))):
                yield Stance(_write(_name(frame, group, rng), rng), hateful)


def _name(frame: str, group: Mapping[str, Sequence[str]], rng: Random) -> str:
    """A frame whose slots name a group."""
    for form, slot in FORMS.items():
        frame = frame.replace(slot, rng.choice(group[form]))
    return frame


def _read(path: str | Path) -> tuple[dict[str, Any], list[dict[str, list[str]]]]:
    """A file of frames, and its groups."""
    table = read_table(path)
    groups = table.get("groups")
    if not isinstance(groups, list) or not groups or not all(map(_is_group, groups)):
        raise InputError(str(path), f"each of groups must give words for {', '.join(FORMS)}")
    return table, groups


def _fill_of(path: str | Path, key: str, table: dict[str, Any]) -> int:
    fill = table.get(key.removeprefix("stances."))
    if type(fill) is not int or fill < 1:
        raise InputError(str(path), f"{key} must be a whole number over 0")
    return fill


def _lists_of(path: str | Path, key: str, stances: dict[str, Any]) -> dict[str, list[str]]:
    """Kind -> strings, of a table in [stances], by its full name."""
    table = stances.get(key.removeprefix("stances."))
    if not isinstance(table, dict) or not all(
        isinstance(strings, list) and strings and all(isinstance(one, str) for one in strings)
        for strings in table.values()
    ):
        raise InputError(str(path), f"{key} must be a table of lists of sentences")
    return table


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
