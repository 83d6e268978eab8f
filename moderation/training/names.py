"""`python -m moderation.training.names FILE...`: which names an offensive word is near.

Reads words with a capital from any text files (lists of names, dictionaries) and prints those that
the speller would read as an offensive word, or nearly: what `moderation/data/names.txt` is made of.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from moderation.model import load
from moderation.reading.spelling import LONGEST, SHORTEST, Speller

MARGIN = 2.0  # bits above the limit: what is offensive, and how common, changes with the corpora
_WORD = re.compile(r"[^\W\d_]+")
_PLAIN = re.compile(rf"[a-z]{{{SHORTEST},{LONGEST}}}")


def find_names(texts: Iterable[str]) -> Iterator[str]:
    """The words with a capital, without accents, in lower case."""
    for text in texts:
        for word in _WORD.findall(text):
            if word[0].isupper():
                parts = unicodedata.normalize("NFKD", word)
                plain = "".join(c for c in parts if not unicodedata.combining(c)).lower()
                if _PLAIN.fullmatch(plain):
                    yield plain


def near_offence(names: Iterable[str], speller: Speller) -> list[str]:
    """Those of `names` that are within MARGIN bits of being read as an offensive word, sorted."""
    return sorted(name for name in set(names) if speller.nears(name, MARGIN))


if __name__ == "__main__":
    contents = (Path(file).read_text(encoding="utf-8", errors="replace") for file in sys.argv[1:])
    print("\n".join(near_offence(find_names(contents), load().lexer.speller)))
