"""Everyday remarks, abusive and harmless, written for the project (`seeds/remarks.tsv`).

Much abuse uses no word that is abusive by itself: it tells somebody to go away or to die, threatens
between the lines, looks down. Each such remark stands beside a harmless one around the same words.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from moderation.corpora.contrasts import CODES
from moderation.errors import InputError
from moderation.records import LABELS

NONE = "0"  # the code of what is harmless


class Remark(NamedTuple):
    """A remark and its labels: 0 or 1, in the order of LABELS."""

    text: str
    labels: tuple[float, ...]


def read_remarks(path: str | Path) -> list[Remark]:
    """The remarks of a file, one a line: its codes, a tab, the text.

    The codes are those of the contrast set (`corpora.contrasts.CODES`), or "0" for none. Empty
    lines and lines that begin with "#" are left out. Raises InputError naming the file and line.
    """
    try:
        lines = Path(path).read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(path), f"cannot be read: {error}") from error
    found: list[Remark] = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        codes, tab, text = line.partition("\t")
        if not tab or not text.strip():
            raise InputError(f"{path}:{number}", "expected codes, a tab and a remark")
        if codes != NONE and not (codes and set(codes) <= set(CODES)):
            known = "".join(CODES)
            raise InputError(
                f"{path}:{number}", f"codes {codes!r} are neither {NONE} nor of {known}"
            )
        names = {CODES[code] for code in codes} if codes != NONE else set()
        found.append(Remark(text.strip(), tuple(float(label in names) for label in LABELS)))
    return found
