"""Innocent texts that look like abuse, under the shipped model: none is flagged."""

from __future__ import annotations

import moderation
from tests.case_files import read_cases

NAMED = (
    "assessment",
    "Scunthorpe",
    "cockpit",
    "Essex",
    "Dick Van Dyke",
    "Nishit",
    "shitake",
    "hot water",
    "142,460",
    "v2.11.0-rc.5",
    "https://example.org/classes/assets/index.html",
    "assert isinstance(title, str)",
)


def flagged(texts: list[str]) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for text, score in zip(texts, moderation.score_many(texts), strict=True):
        if score.abusive:
            found.add((text, "toxicity"))
        if score.hateful:
            found.add((text, "identity_attack"))
    return found


def test_what_filters_are_known_to_stumble_over_is_not_flagged() -> None:
    assert flagged(list(NAMED)) == set()


def test_no_innocent_text_is_flagged() -> None:
    texts = [case["text"] for case in read_cases("innocent.jsonl")]
    assert len(texts) > 900
    assert flagged(texts) == set()
