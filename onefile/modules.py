"""The zip archive of modules: the standard library, pinned packages and this project."""

import importlib._bootstrap_external as bootstrap
import io
import sysconfig
import zipfile
from collections.abc import Iterator
from importlib.metadata import distribution
from importlib.util import source_hash
from pathlib import Path

from onefile.contents import ROOT, Contents

STDLIB = Path(sysconfig.get_path("stdlib"))
# Standard modules that need a screen, a compiler or an extension module that is not carried, and
# tests. They are a large part of the standard library.
NOT_CARRIED = {
    *("ctypes", "curses", "dbm", "distutils", "ensurepip", "idlelib", "lib2to3", "pydoc_data"),
    *("sqlite3", "test", "tests", "tkinter", "turtledemo", "turtle.py", "unittest", "venv"),
    *("bench", "testing", "lib-dynload", "dist-packages", "site-packages", "__pycache__"),
    # Parts of pygments, which rich uses only to highlight source code.
    *("lexers", "styles", "formatters"),
}
# Files that this machine's Python or Maven wrote, and shell scripts.
BY_PATTERN = ("config-*", "_sysconfigdata_*", "sitecustomize.py", "build", "*.sh")
# The earliest date that a zip file can store.
EPOCH = (1980, 1, 1, 0, 0, 0)


def archive(contents: Contents, texts: dict[str, str]) -> bytes:
    """Returns the archive: the same bytes for the same modules, at any time and in any folder."""
    members: dict[str, bytes] = {name: text.encode() for name, text in texts.items()}
    for base, path in _files(contents):
        name = str(path.relative_to(base))
        members[f"{name}c" if path.suffix == ".py" else name] = _content(name, path)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        for name, content in sorted(members.items()):
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            made.writestr(info, content)
    return buffer.getvalue()


def _files(contents: Contents) -> Iterator[tuple[Path, Path]]:
    yield from ((STDLIB, path) for path in _carried(STDLIB, STDLIB) if path.suffix == ".py")
    for name in contents.distributions:
        for path in pinned(name):
            if path.suffix == ".py" and _is_carried(path.relative_to(SITE)):
                yield SITE, path
    for source in contents.sources:
        yield from ((ROOT, path) for path in _carried(ROOT / source, ROOT))
    for name in ("__init__.py", "boot.py"):
        yield ROOT, ROOT / "onefile" / name


SITE = Path(sysconfig.get_path("platlib"))


def pinned(name: str) -> list[Path]:
    """Returns all files that a distribution has installed."""
    return [Path(str(file.locate())) for file in distribution(name).files or ()]


def _carried(source: Path, base: Path) -> Iterator[Path]:
    for path in [source] if source.is_file() else sorted(source.rglob("*")):
        if path.is_file() and _is_carried(path.relative_to(base)):
            yield path


def _is_carried(path: Path) -> bool:
    if set(path.parts) & NOT_CARRIED:
        return False
    return not any(Path(part).match(pattern) for part in path.parts for pattern in BY_PATTERN)


def _content(name: str, path: Path) -> bytes:
    data = path.read_bytes()
    if path.suffix != ".py":
        return data
    code = compile(data, name, "exec", dont_inherit=True, optimize=0)
    # Unchecked: the archive does not have the sources to check it against.
    made: bytes = bootstrap._code_to_hash_pyc(code, source_hash(data), False)  # type: ignore[attr-defined]
    return made
