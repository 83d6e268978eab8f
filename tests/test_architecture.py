"""The house's rules: who may import whom, what is public, what is never done."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import moderation

PACKAGE = Path(moderation.__file__).parent


def loaded_by(code: str) -> set[str]:
    """Top-level names of the modules that are loaded after `code` ran in a fresh process."""
    script = (
        f"{code}\nimport sys\nprint(' '.join(sorted({{m.split('.')[0] for m in sys.modules}})))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(result.stdout.splitlines()[-1].split())


def test_scoring_loads_no_training_code() -> None:
    heavy = {"sklearn", "scipy", "joblib", "pandas", "lxml", "click", "msgspec", "defusedxml"}
    code = "import moderation; moderation.score('hello'); moderation.explain('hello')"
    assert not heavy & loaded_by(code)


def test_a_short_run_leaves_out_what_is_slow_to_import() -> None:
    code = (
        "import sys; sys.argv = ['moderation', 'score', 'Thank you, idi0t!', 'well-known (no)']\n"
        "from moderation.cli import main; main()"
    )
    script = f"{code}\nprint(' '.join(sorted(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = set(result.stdout.splitlines()[-1].split())
    slow = {"click", "numpy.ma", "moderation.records.threads", "moderation.training", "csv"}
    assert not slow & loaded


def test_help_loads_not_even_numpy() -> None:
    code = "from moderation.cli import cli\ntry: cli.main(['--help'])\nexcept SystemExit: pass"
    assert not {"numpy", "sklearn", "lxml", "msgspec"} & loaded_by(code)


def test_reading_threads_needs_no_model() -> None:
    code = "import moderation; list(moderation.read_threads(b'Hello'))"
    assert not {"sklearn", "scipy", "numpy"} & loaded_by(code)


def test_public_names() -> None:
    assert sorted(moderation.__all__) == moderation.__all__ or set(moderation.__all__)
    for name in moderation.__all__:
        value = getattr(moderation, name)
        assert value is not None
        assert name in dir(moderation)
    with pytest.raises(AttributeError, match="no_such_name"):
        moderation.no_such_name  # noqa: B018


def test_nothing_unpickles() -> None:
    banned = {"pickle", "joblib.load", "dill", "cloudpickle", "shelve", "marshal"}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            assert not banned & set(names), path


def test_every_module_says_what_it_is() -> None:
    for path in PACKAGE.rglob("*.py"):
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        assert docstring, path
        assert docstring.split("\n")[0].rstrip().endswith((".", ":", "?", "`")), path
