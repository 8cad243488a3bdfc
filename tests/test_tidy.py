"""Holds the house in shape: sizes, import directions, docstrings. Imports nothing of ours."""

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 60

MAY_IMPORT: dict[str, set[str]] = {
    "rinha/__init__.py": set(),
}


def project_files(*suffixes: str) -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    names = [name for name in listed.stdout.splitlines() if name.endswith(suffixes)]
    return [ROOT / name for name in names if (ROOT / name).exists()]


PYTHON_FILES = project_files(".py")


@pytest.mark.parametrize("path", PYTHON_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_python_files_are_small_and_introduce_themselves(path: Path) -> None:
    """A file stays under 300 lines, a function under 60, and a module says what it is."""
    text = path.read_text()
    tree = ast.parse(text)
    assert len(text.splitlines()) < FILE_LINES_MAX
    assert not text.strip() or ast.get_docstring(tree), "a module opens with a docstring"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines < FUNCTION_LINES_MAX, f"{node.name} has {lines} lines"


@pytest.mark.parametrize(
    "path",
    [path for path in PYTHON_FILES if path.name.startswith("test_")],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_every_test_states_the_rule_it_protects(path: Path) -> None:
    """Each test has a docstring with the rule it protects."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            assert ast.get_docstring(node), f"{node.name} states no rule"
