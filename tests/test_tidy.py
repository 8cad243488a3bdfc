"""Checks of the source: sizes, import directions, docstrings, locks and links."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 60
PACKAGES = ("rinha", "loadtest", "bench", "manual", "onefile", "stack", "ops", "pictures")

# Folders that each folder may import besides itself; a folder without others imports none. A file
# with its own entry has its own list, which does not extend to its neighbours.
MAY_IMPORT: dict[str, set[str]] = {
    # The folders of the load generator, from the lowest layer up. "loadtest" itself stands for its
    # limits here: every other file in it imports the folders, and would make a cycle.
    "loadtest/wire": {"loadtest"},
    "loadtest/measure": {"loadtest", "loadtest/wire"},
    "loadtest/measure/target": set(),
    "loadtest/drive": {"loadtest", "loadtest/measure", "loadtest/measure/target", "loadtest/wire"},
    "loadtest/report": {
        *("loadtest", "loadtest/drive", "loadtest/measure", "loadtest/measure/target"),
        "loadtest/wire",
    },
    "loadtest/league": {
        *("loadtest", "loadtest/measure", "loadtest/measure/target", "loadtest/report"),
        "loadtest/wire",
    },
    "loadtest/report/sets": {
        *("loadtest", "loadtest/measure", "loadtest/report", "loadtest/wire"),
    },
    "loadtest/gatling": {"loadtest/measure", "loadtest/report", "loadtest/wire"},
    "loadtest/judging": {
        *("loadtest", "loadtest/drive", "loadtest/gatling", "loadtest/measure"),
        *("loadtest/report", "loadtest/wire"),
    },
    "loadtest/arena": {
        *("loadtest", "loadtest/drive", "loadtest/judging", "loadtest/measure/target"),
        *("loadtest/report", "loadtest/wire"),
    },
    # An edition imports the machinery and no other edition.
    "loadtest/crebitos": {"loadtest", "loadtest/report", "loadtest/wire"},
    "loadtest/crebitos/history": {
        *("loadtest", "loadtest/crebitos", "loadtest/drive", "loadtest/measure", "loadtest/wire"),
    },
    "loadtest/crebitos/rules": {
        *("loadtest/crebitos", "loadtest/crebitos/history", "loadtest/judging", "loadtest/report"),
        "loadtest/wire",
    },
    "loadtest/crebitos/official": {
        *("loadtest", "loadtest/crebitos", "loadtest/drive", "loadtest/gatling"),
        *("loadtest/measure", "loadtest/report", "loadtest/wire"),
    },
    # Only this file imports all of its folders.
    "loadtest/crebitos/edition.py": {
        *("loadtest/crebitos", "loadtest/crebitos/history", "loadtest/crebitos/official"),
        *("loadtest/crebitos/rules", "loadtest/drive", "loadtest/judging", "loadtest/measure"),
        *("loadtest/report", "loadtest/wire"),
    },
    "loadtest/pessoas": {
        *("loadtest", "loadtest/drive", "loadtest/measure", "loadtest/report", "loadtest/wire"),
    },
    "loadtest/pessoas/rules": {
        *("loadtest/judging", "loadtest/pessoas", "loadtest/report", "loadtest/wire"),
    },
    "loadtest/pessoas/official": {
        *("loadtest", "loadtest/drive", "loadtest/gatling", "loadtest/measure", "loadtest/pessoas"),
        *("loadtest/report", "loadtest/wire"),
    },
    "loadtest/pessoas/edition.py": {
        *("loadtest", "loadtest/drive", "loadtest/judging", "loadtest/measure", "loadtest/pessoas"),
        *("loadtest/pessoas/official", "loadtest/pessoas/rules"),
        *("loadtest/report", "loadtest/wire"),
    },
    "loadtest/commands": {
        *("loadtest", "loadtest/arena", "loadtest/drive", "loadtest/gatling", "loadtest/judging"),
        *("loadtest/league", "loadtest/report", "loadtest/report/sets", "loadtest/wire"),
    },
    # The table of editions, and the entry point.
    "loadtest": {
        *("loadtest/commands", "loadtest/crebitos/edition.py", "loadtest/judging"),
        "loadtest/pessoas/edition.py",
    },
    "rinha": set(),
    "rinha/__main__.py": {
        "rinha",
        "rinha/crebitos",
        "rinha/metrics",
        "rinha/postgres",
        "rinha/replica",
        "rinha/sqlite",
        "rinha/wiring.py",
    },
    "rinha/wiring.py": {
        *("rinha", "rinha/crebitos", "rinha/crebitos/on_sqlite.py"),
        *("rinha/crebitos/on_sqlite_restore.py", "rinha/crebitos/on_postgres.py"),
        *("rinha/crebitos/on_sqlite_clientes.py", "rinha/crebitos/on_postgres_clientes.py"),
        *("rinha/pessoas", "rinha/pessoas/on_sqlite.py"),
        *("rinha/replica", "rinha/sqlite"),
    },
    "rinha/metrics": {"rinha", "rinha/replica"},
    "rinha/replica": {"rinha", "rinha/sqlite"},
    "rinha/sqlite": {"rinha"},
    "rinha/postgres": {"rinha"},
    "rinha/crebitos": {"rinha"},
    "rinha/crebitos/on_sqlite.py": {"rinha", "rinha/crebitos", "rinha/sqlite"},
    "rinha/crebitos/on_sqlite_restore.py": {
        *("rinha", "rinha/crebitos/on_sqlite.py", "rinha/replica", "rinha/sqlite"),
    },
    "rinha/crebitos/on_postgres.py": {
        *("rinha", "rinha/crebitos", "rinha/crebitos/on_postgres_audit.py", "rinha/postgres"),
    },
    "rinha/crebitos/on_postgres_audit.py": {"rinha", "rinha/crebitos", "rinha/postgres"},
    "rinha/crebitos/on_sqlite_clientes.py": {"rinha/crebitos", "rinha/crebitos/on_sqlite.py"},
    "rinha/crebitos/on_postgres_clientes.py": {
        *("rinha", "rinha/crebitos", "rinha/crebitos/on_postgres.py", "rinha/postgres"),
    },
    "rinha/pessoas": {"rinha"},
    "rinha/pessoas/on_sqlite.py": {"rinha", "rinha/pessoas", "rinha/sqlite"},
    "stack": {"rinha", "rinha/__main__.py", "ops", "stack/nginx", "stack/run", "stack/systemd"},
    "stack/nginx": {"rinha", "stack"},
    "stack/systemd": {"rinha", "stack", "stack/nginx"},
    "stack/cluster": {"stack", "stack/run"},
    "stack/run": {"stack"},
    "onefile": set(),
    "ops": {"rinha", "rinha/metrics"},
    "pictures": {"stack"},
    # One generator for both programs.
    "manual": {"loadtest/commands", "rinha", "stack"},
    "bench": {"bench/parts", "bench/results", "loadtest/report", "stack", "stack/run"},
    # It wires the editions.
    "bench/__main__.py": {
        *("bench", "bench/crebitos", "bench/parts", "bench/pessoas", "bench/proxies"),
        *("bench/results", "bench/scaling", "stack", "stack/run"),
    },
    "bench/parts": {"rinha", "stack", "stack/run"},
    # The names of before.
    "bench/parts/stack.py": {"bench", "stack", "stack/run"},
    "bench/results": {"bench", "loadtest/report"},
    "bench/crebitos": {
        *("bench", "bench/parts", "bench/results", "loadtest/crebitos", "loadtest/report"),
        *("rinha", "rinha/crebitos", "rinha/crebitos/on_sqlite.py", "stack", "stack/run"),
    },
    "bench/crebitos/programs": {
        *("bench/crebitos", "bench/parts", "rinha", "rinha/crebitos"),
        *("rinha/crebitos/on_sqlite.py", "rinha/sqlite"),
    },
    "bench/pessoas": {
        *("bench", "bench/parts", "bench/results", "loadtest/pessoas", "loadtest/report"),
        *("rinha", "rinha/pessoas", "rinha/pessoas/on_sqlite.py", "stack"),
    },
    "bench/pessoas/programs": {"bench/parts"},
    "bench/proxies": {
        *("bench", "bench/crebitos", "bench/parts", "bench/results", "stack", "stack/run"),
    },
    "bench/scaling": {
        *("bench", "bench/crebitos", "bench/parts", "bench/results", "rinha", "stack"),
    },
}


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
    """A file has under 300 lines, a function under 60, and a module has a docstring."""
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


MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PYTHON_FILES
    if is_product(path)
}


def imports_of_ours(module: str) -> set[str]:
    """Returns the modules of the project that this one imports, at the top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names} & set(MODULES)
            found |= inner or {node.module}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & set(MODULES)


def place_of(module: str) -> str:
    """Returns the module's folder, or its file if MAY_IMPORT has an entry for the file."""
    path = MODULES[module].relative_to(ROOT)
    return str(path) if str(path) in MAY_IMPORT else str(path.parent)


@pytest.mark.parametrize("module", MODULES)
def test_folders_import_one_way(module: str) -> None:
    """A folder imports only those folders of the project that MAY_IMPORT lists."""
    place = place_of(module)
    others = {place_of(imported) for imported in imports_of_ours(module)} - {place}
    assert others <= MAY_IMPORT[place]


def test_no_import_leads_back() -> None:
    """The imports between modules have no cycle."""
    left = {module: imports_of_ours(module) - {module} for module in MODULES}
    while ready := {module for module, needed in left.items() if not needed & set(left)}:
        left = {module: needed for module, needed in left.items() if module not in ready}
    assert not left


def test_sql_stays_with_its_engine() -> None:
    """Only engines, and editions' files on an engine, contain SQL or a database library."""
    for path in PYTHON_FILES:
        name = str(path.relative_to(ROOT))
        engine = r"rinha/(sqlite/|replica/|postgres/|\w+/on_(sqlite|postgres)\w*\.py)"
        if name.startswith("rinha/") and not re.match(engine, name):
            text = path.read_text()
            assert not re.search(r"\b(SELECT|INSERT|UPDATE|DELETE|BEGIN|COMMIT) ", text), path
            assert not re.search("apsw|psycopg", text), path


def test_locks_name_no_registry() -> None:
    """Dependencies are locked by version and hash, and no lock names a registry."""
    locks = list((ROOT / "locks").glob("*.txt"))
    assert locks
    for lock in locks:
        text = lock.read_text()
        assert "://" not in text
        assert "index-url" not in text
        pinned = [line for line in text.splitlines() if "==" in line]
        assert text.count("--hash=sha256:") >= len(pinned) > 0


def test_runtime_dependencies_are_four() -> None:
    """The service depends on falcon, bjoern, msgspec and apsw, and on no other package."""
    text = (ROOT / "locks" / "service.txt").read_text()
    names = [line.split("==")[0] for line in text.splitlines() if "==" in line]
    assert names == ["apsw", "bjoern", "falcon", "msgspec"]


def anchors_of(page: Path) -> set[str]:
    """Returns GitHub's anchors of the headings: lower case, hyphens, no punctuation."""
    headings = re.findall(r"^#+ (.*)", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", project_files(".md"), ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    """A link to a file of the project, or to a heading in it, has a target that exists."""
    for target, anchor in re.findall(r"\]\(([^):#]*)(?:#([^)]+))?\)", path.read_text()):
        page = path.parent / target if target else path
        assert page.exists(), target
        assert not anchor or anchor in anchors_of(page), f"{target}#{anchor}"
