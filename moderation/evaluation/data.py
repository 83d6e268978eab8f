"""The data files of this package: terms, markers, sentences."""

from __future__ import annotations

import importlib.resources
import tomllib
from typing import Any


def read_data(name: str) -> dict[str, Any]:
    """A TOML file that lies beside the modules."""
    source = importlib.resources.files("moderation.evaluation").joinpath(name)
    return tomllib.loads(source.read_text(encoding="utf-8"))
