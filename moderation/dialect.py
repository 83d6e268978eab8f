"""Which texts bear markers of African-American English (`data/dialect.toml`)."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources


def is_dialect(text: str) -> bool:
    """Whether `text` bears markers of African-American English: an approximation."""
    sure, patterns, hints = _markers()
    lowered = text.lower().replace("’", "'")
    if sure.search(lowered) or any(pattern.search(lowered) for pattern in patterns):
        return True
    return len(set(hints.findall(lowered))) >= 2


@cache
def _markers() -> tuple[re.Pattern[str], tuple[re.Pattern[str], ...], re.Pattern[str]]:
    file = resources.files("moderation").joinpath("data/dialect.toml")
    table = tomllib.loads(file.read_text("utf-8"))

    def words(key: str) -> re.Pattern[str]:
        return re.compile(r"(?<![\w'])(?:" + "|".join(map(re.escape, table[key])) + r")(?![\w'])")

    return words("sure"), tuple(re.compile(p) for p in table["patterns"]), words("hints")
