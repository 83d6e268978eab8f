"""Lines of the contrast set's files: numbered, decoded, checked; faults are named by place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from moderation.errors import InputError, LabelError, unreadable
from moderation.records import LABELS


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Line number from 1 and content of each line that is not empty."""
    try:
        content = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(str(path), unreadable(error)) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}:{error.start}", "is not UTF-8") from error
    for number, line in enumerate(content.split("\n"), 1):
        if line.strip():
            yield number, line.rstrip()


def json_object(line: str, place: str) -> dict[str, Any]:
    """The JSON object of a line; LabelError naming `place` where it is none."""
    try:
        value = json.loads(line)
    except ValueError as error:
        raise LabelError(place, f"is not JSON ({error})") from error
    if not isinstance(value, dict):
        raise LabelError(place, "expected a JSON object")
    return value


def check_labels(labels: object, place: str) -> None:
    """Raise LabelError naming `place` unless each label is there, as 0 or 1."""
    if not isinstance(labels, dict) or set(labels) != set(LABELS):
        raise LabelError(place, f'expected "labels" with exactly {", ".join(LABELS)}')
    for name, value in labels.items():
        if type(value) is not int or value not in (0, 1):
            raise LabelError(place, f'label "{name}" is {value!r}, expected 0 or 1')
