"""Holds the house in shape: sizes, import directions, docstrings. Imports nothing of ours."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 60
PACKAGES = ("rinha", "loadtest", "bench")

# What each module may import of ours: one way, no cycles.
MAY_IMPORT: dict[str, set[str]] = {
    "rinha/__init__.py": set(),
    "rinha/errors.py": set(),
    "rinha/settings.py": {"errors"},
    "rinha/messages.py": {"errors", "settings"},
    "rinha/logs.py": {"messages", "settings"},
    "rinha/lock.py": {"errors", "settings"},
    "rinha/ledger.py": {"errors", "lock", "messages", "settings"},
    "rinha/checkpoint.py": {"errors", "lock", "logs", "settings"},
    "rinha/server.py": {"errors", "logs", "settings"},
    "rinha/app.py": {"errors", "ledger", "logs", "messages", "settings"},
    "rinha/__main__.py": {
        *("app", "checkpoint", "errors", "ledger", "logs", "messages", "server", "settings"),
    },
    "loadtest/__init__.py": set(),
    "loadtest/__main__.py": {
        *(
            "arguments",
            "baselines",
            "commands",
            "compare",
            "compare_text",
            "gatling_run",
            "judgement",
        ),
        *("limits", "official_plan", "plan", "report", "report_html", "report_json", "report_text"),
        *("score", "screen"),
        "view",
    },
    "loadtest/aftermath.py": {"contract", "history", "history_sums", "notes", "probe"},
    "loadtest/arguments.py": {"limits", "thresholds"},
    "loadtest/baselines.py": {"report", "report_json"},
    "loadtest/charts.py": set(),
    "loadtest/commands.py": {
        *("aftermath", "conduct", "conformance", "contract", "crew", "health", "judgement"),
        *("limits", "official", "official_plan", "outcome", "plan", "probe", "report"),
        *("thresholds", "verdict", "view", "worker"),
    },
    "loadtest/compare.py": {"histogram", "report"},
    "loadtest/compare_text.py": {"compare"},
    "loadtest/conduct.py": {"crew", "limits", "notes", "tally", "target_usage", "view"},
    "loadtest/conformance.py": {
        *("contract", "mix", "outcome", "probe", "rules_burst", "rules_fields", "rules_ledger"),
        "suite",
    },
    "loadtest/contract.py": set(),
    "loadtest/crew.py": {"limits", "notes"},
    "loadtest/engine.py": {"http_parser", "limits", "mix", "outcome"},
    "loadtest/gatling_log.py": {"report_json"},
    "loadtest/gatling_run.py": set(),
    "loadtest/health.py": {"limits", "outcome", "tally"},
    "loadtest/histogram.py": set(),
    "loadtest/history.py": {"contract", "history_breaks", "history_walk", "limits", "notes"},
    "loadtest/history_breaks.py": {"contract", "notes"},
    "loadtest/history_sums.py": {"limits", "notes"},
    "loadtest/history_walk.py": {"contract", "history_sums", "notes"},
    "loadtest/http_parser.py": {"limits"},
    "loadtest/judge.py": {
        *("limits", "mix", "official_checks", "outcome", "probe", "recorder"),
    },
    "loadtest/judgement.py": {"limits", "outcome", "report", "thresholds"},
    "loadtest/limits.py": set(),
    "loadtest/loops.py": {"engine", "limits", "mix", "outcome", "recorder", "watch"},
    "loadtest/mix.py": {"contract", "limits", "outcome"},
    "loadtest/notes.py": {"contract", "limits", "mix"},
    "loadtest/official.py": {
        *("contract", "crew", "engine", "judge", "limits", "loops", "mix", "official_plan"),
        *("official_steps", "outcome", "probe", "recorder", "watch"),
    },
    "loadtest/official_checks.py": {"contract", "probe"},
    "loadtest/official_plan.py": {"mix", "outcome", "schedule"},
    "loadtest/official_steps.py": {
        *("contract", "judge", "mix", "official_checks", "outcome", "probe"),
    },
    "loadtest/outcome.py": set(),
    "loadtest/page_style.py": set(),
    "loadtest/plan.py": set(),
    "loadtest/probe.py": {"contract", "engine", "limits", "mix", "outcome", "recorder"},
    "loadtest/recorder.py": {"histogram", "limits", "mix", "outcome"},
    "loadtest/report.py": {"histogram", "outcome", "tally"},
    "loadtest/report_charts.py": {"charts", "histogram", "report"},
    "loadtest/report_html.py": {
        "histogram",
        "page_style",
        "report",
        "report_charts",
        "report_text",
    },
    "loadtest/report_json.py": {"report"},
    "loadtest/report_text.py": {"histogram", "report"},
    "loadtest/rules_burst.py": {
        *("aftermath", "contract", "mix", "notes", "outcome", "probe", "suite"),
    },
    "loadtest/rules_fields.py": {"contract", "mix"},
    "loadtest/rules_ledger.py": {"contract", "mix", "outcome", "suite"},
    "loadtest/schedule.py": set(),
    "loadtest/score.py": {
        "gatling_log",
        "histogram",
        "judgement",
        "limits",
        "official_plan",
        "outcome",
        "report",
        "report_json",
        "tally",
        "verdict",
    },
    "loadtest/screen.py": {"histogram", "limits", "outcome", "report", "tally"},
    "loadtest/suite.py": {"contract", "mix", "outcome", "probe"},
    "loadtest/tally.py": {"histogram", "outcome"},
    "loadtest/target_containers.py": set(),
    "loadtest/target_processes.py": {"target_containers"},
    "loadtest/target_usage.py": {"target_containers", "target_processes"},
    "loadtest/thresholds.py": {"report"},
    "loadtest/verdict.py": {"limits"},
    "loadtest/view.py": {"limits", "tally"},
    "loadtest/watch.py": {"contract", "mix", "notes", "recorder"},
    "loadtest/worker.py": {
        *("crew", "engine", "limits", "loops", "mix", "plan", "recorder", "schedule", "watch"),
    },
    "bench/__init__.py": set(),
    "bench/__main__.py": {
        *("guard", "limits", "machine", "pictures", "plan", "results", "rounds", "stack", "table"),
    },
    "bench/behind_nginx.py": {"stack"},
    "bench/cell.py": set(),
    "bench/disk.py": set(),
    "bench/drive.py": {"cell", "plan", "processes", "stack"},
    "bench/figures.py": {"results"},
    "bench/growth.py": set(),
    "bench/guard.py": {"figures", "results"},
    "bench/ledger_alone.py": {"cell", "limits", "processes", "stack"},
    "bench/limits.py": set(),
    "bench/machine.py": {"disk", "stack"},
    "bench/pictures.py": {"figures", "plan", "results", "svg"},
    "bench/plan.py": set(),
    "bench/postgres.py": {"stack"},
    "bench/processes.py": set(),
    "bench/results.py": {"cell"},
    "bench/rounds.py": {
        *("cell", "disk", "drive", "ledger_alone", "limits", "plan", "results", "stack"),
    },
    "bench/stack.py": {"limits", "plan", "processes"},
    "bench/svg.py": set(),
    "bench/table.py": {"figures", "plan", "results"},
}
# A stack is added by one file, and not by a line here too.
STACK_MAY_IMPORT = {"behind_nginx", "growth", "plan", "postgres", "stack"}


def project_files(*suffixes: str) -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    names = [name for name in listed.stdout.splitlines() if name.endswith(suffixes)]
    return [ROOT / name for name in names if (ROOT / name).exists()]


def is_product(path: Path) -> bool:
    return path.relative_to(ROOT).parts[0] in PACKAGES


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


def imports_of_ours(path: Path, package: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == package:
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name.removeprefix(f"{package}.") for name in found if is_ours(name, package, path)}


def is_ours(name: str, package: str, path: Path) -> bool:
    return name.startswith(f"{package}.") or (path.parent / f"{name}.py").exists()


@pytest.mark.parametrize(
    "name", [str(path.relative_to(ROOT)) for path in PYTHON_FILES if is_product(path)]
)
def test_imports_run_one_way(name: str) -> None:
    """A module imports what the plan of the house lets it, and nothing else of ours."""
    is_stack = name.startswith("bench/stacks/")
    assert is_stack or name in MAY_IMPORT, "a new module says here what it may import"
    may_import = STACK_MAY_IMPORT if is_stack else MAY_IMPORT[name]
    assert imports_of_ours(ROOT / name, name.split("/", maxsplit=1)[0]) <= may_import


def test_the_plan_itself_has_no_cycle() -> None:
    """What is allowed to be imported never leads back to where it came from."""
    for package in PACKAGES:
        plan = {
            Path(name).stem: needed
            for name, needed in MAY_IMPORT.items()
            if name.startswith(f"{package}/")
        }
        done: set[str] = set()
        while ready := {name for name in set(plan) - done if plan[name] <= done}:
            done |= ready
        assert done == set(plan)


def test_sql_stays_in_the_ledger() -> None:
    """Only the ledger speaks SQL; only it, what moves its log and the command know the database."""
    for path in PYTHON_FILES:
        if path.parent.name == "rinha" and path.name != "ledger.py":
            text = path.read_text()
            assert not re.search(r"\b(SELECT|INSERT|UPDATE|DELETE|BEGIN|COMMIT) ", text), path
            assert "apsw" not in text or path.name in ("checkpoint.py", "__main__.py"), path


def test_locks_name_no_registry() -> None:
    """Dependencies are locked by version and hash, from wherever the user gets packages."""
    locks = list((ROOT / "locks").glob("*.txt"))
    assert locks
    for lock in locks:
        text = lock.read_text()
        assert "://" not in text
        assert "index-url" not in text
        pinned = [line for line in text.splitlines() if "==" in line]
        assert text.count("--hash=sha256:") >= len(pinned) > 0


def test_runtime_dependencies_are_four() -> None:
    """The service needs falcon, bjoern, msgspec and apsw, and nothing behind them."""
    text = (ROOT / "locks" / "service.txt").read_text()
    names = [line.split("==")[0] for line in text.splitlines() if "==" in line]
    assert names == ["apsw", "bjoern", "falcon", "msgspec"]


@pytest.mark.parametrize("path", project_files(".md"), ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    """A page of this project that names a file of it is right about where that is."""
    for target in re.findall(r"\]\(([^):#]+)\)", path.read_text()):
        assert (path.parent / target).exists(), target
