"""Cases as data: the JSON lines of tests/cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CASES = Path(__file__).parent / "cases"


def read_cases(name: str) -> list[dict[str, Any]]:
    """The rows of tests/cases/NAME in order."""
    return [json.loads(line) for line in (CASES / name).read_text("utf-8").splitlines()]
