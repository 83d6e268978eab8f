"""What is said of files that cannot be read: one line with the next step."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

import pytest

from moderation.cli import main
from moderation.errors import unreadable

CASES = [
    (OSError(errno.ENOENT, "No such file or directory"), "check the path"),
    (OSError(errno.ENOTDIR, "Not a directory"), "check the path"),
    (OSError(errno.EISDIR, "Is a directory"), "name a file in it"),
    (OSError(errno.EACCES, "Permission denied"), "ask for the right to read it"),
    (OSError(errno.EIO, "Input/output error"), "try again, or with a copy of it"),
    (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), "convert the file to UTF-8"),
]


@pytest.mark.parametrize(("error", "step"), CASES)
def test_an_unreadable_file_comes_with_the_next_step(
    error: OSError | UnicodeError, step: str
) -> None:
    said = unreadable(error)
    assert said.startswith("cannot be read: ")
    assert said.endswith(f"; {step}")
    assert "\n" not in said


@pytest.mark.parametrize("command", [["score", "--input"], ["extract"], ["labels", "check"]])
def test_commands_say_so_in_one_line(
    command: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "none.jsonl"
    monkeypatch.setattr(sys, "argv", ["moderation", *command, str(path)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert f"{path}: cannot be read: " in line
    assert line.endswith("; check the path")
