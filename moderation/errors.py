"""Every exception that a caller can be asked to handle.

    ModerationError            a user's mistake or bad data: one line, exit code 1
    ├── InputError             a file, line or record cannot be read (names file:line)
    ├── LabelError             a label file does not hold what the codebook allows
    ├── ModelError             a model file is missing, damaged, hostile or of another format
    └── CorpusError            a labelled corpus is missing or not what its registry entry says

The message of each is one line that names the thing, the place and the next step.
"""

from __future__ import annotations


class ModerationError(Exception):
    """Base of all errors of this package; `str(error)` is one line fit for a terminal."""


class InputError(ModerationError):
    """Input that cannot be read: `place` is `file`, `file:line` or `file:byte`."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}")
        self.place = place
        self.problem = problem


class LabelError(InputError):
    """A label record that is malformed or names an unknown label, comment or span."""


class ModelError(InputError):
    """A model file that is missing, damaged, hostile or written in another format."""


class CorpusError(InputError):
    """A labelled corpus that is missing or not what the registry says."""


def unreadable(error: OSError | UnicodeError) -> str:
    """Why a file cannot be read, and the next step: the problem that an InputError names."""
    if isinstance(error, UnicodeError):
        return "cannot be read: not UTF-8; convert the file to UTF-8"
    steps = {
        FileNotFoundError: "check the path",
        NotADirectoryError: "check the path",
        IsADirectoryError: "name a file in it",
        PermissionError: "ask for the right to read it",
    }
    step = steps.get(type(error), "try again, or with a copy of it")
    return f"cannot be read: {error.strerror or error}; {step}"
