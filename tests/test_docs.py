"""The README runs: every Python example, every command, every file that it names."""

from __future__ import annotations

import doctest
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from moderation.cli import COMMANDS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_python_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    source = "\n".join(blocks("python"))
    test = doctest.DocTestParser().get_doctest(source, {}, "README.md", "README.md", 0)
    assert len(test.examples) >= 10
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    report: list[str] = []
    runner.run(test, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(report)


def moderation_commands() -> list[list[str]]:
    lines = [
        line for block in blocks("bash") for line in block.splitlines() if line.startswith("moder")
    ]
    return [shlex.split(line) for line in lines]


def test_commands(tmp_path: Path) -> None:
    """In the README's order, since one may read what another wrote."""
    (tmp_path / "seeds").symlink_to(ROOT / "seeds")
    commands = moderation_commands()
    assert len(commands) >= 5
    for command in commands:
        expanded: list[str] = []
        for word in command[1:]:
            matches = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.glob(word))
            expanded += matches if "*" in word else [word]
        result = subprocess.run(
            [sys.executable, "-m", "moderation", *expanded],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, (command, result.stderr)
        assert "Traceback" not in result.stderr


def test_every_command_is_mentioned() -> None:
    for name in COMMANDS:
        assert f"moderation {name}" in README, name


def test_every_file_that_is_named_exists() -> None:
    for name in re.findall(r"`((?:seeds|models|moderation|tests|bench)/[\w./-]+\.\w+)`", README):
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_shows_an_example(name: str) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "moderation", *([name] if name else []), "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Example" in result.stdout
    assert "moderation " in result.stdout
