"""TOML files that training is given: read, or refused in one line."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from moderation.errors import InputError, unreadable


def read_table(path: str | Path) -> dict[str, Any]:
    """What a TOML file holds. Raises InputError naming a file that cannot be read, or is none."""
    try:
        return tomllib.loads(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(path), unreadable(error)) from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(str(path), f"is not TOML: {error}") from error
