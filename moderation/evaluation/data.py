"""The data files of this package: terms, markers, sentences."""

from __future__ import annotations

import hashlib
import importlib.resources
import tomllib
from typing import Any


def read_data(name: str) -> dict[str, Any]:
    """A TOML file that lies beside the modules."""
    return tomllib.loads(_bytes(name).decode("utf-8"))


def digest_of(name: str) -> str:
    """Its sha256."""
    return hashlib.sha256(_bytes(name)).hexdigest()


def _bytes(name: str) -> bytes:
    return importlib.resources.files("moderation.evaluation").joinpath(name).read_bytes()
