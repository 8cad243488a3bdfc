"""Invented distributions: newer releases, as a package index may have in a year."""

import base64
import contextlib
import hashlib
import re
import zipfile
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

from tests.help.running import ROOT

LOCKS = sorted(path.name for path in (ROOT / "locks").glob("*.txt"))
PIN = re.compile(r"^(?P<name>[\w.-]+)(?P<extras>\[.*?\])?==(?P<version>[^ ]+)", re.MULTILINE)
NEWER = "9999"


def pins(lock: Path) -> list[re.Match[str]]:
    return list(PIN.finditer(lock.read_text()))


def newer_releases(folder: Path) -> None:
    """Makes a newer release of each package that a lock pins, and of pip, setuptools and wheel."""
    names = {pin["name"] for name in LOCKS for pin in pins(ROOT / "locks" / name)}
    for name in sorted(names | {"pip", "setuptools", "wheel"}):
        wheel(folder, name, NEWER)


def wheel(folder: Path, name: str, version: str) -> str:
    """Makes an empty distribution with the dependencies of the real one; returns its hash."""
    head = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    with contextlib.suppress(PackageNotFoundError):
        real = metadata(name)
        for field in ("Provides-Extra", "Requires-Dist"):
            head += [f"{field}: {value}" for value in real.get_all(field) or ()]
    files = {
        "METADATA": "\n".join(head),
        "WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any",
    }
    stem = f"{name.replace('-', '_')}-{version}"
    path = folder / f"{stem}-py3-none-any.whl"
    record = [f"{stem}.dist-info/RECORD,,"]
    with zipfile.ZipFile(path, "w") as archive:
        # ZipInfo has a fixed time, so that the same distribution always has the same hash.
        for file, text in files.items():
            archive.writestr(zipfile.ZipInfo(f"{stem}.dist-info/{file}"), text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()
            record.append(f"{stem}.dist-info/{file},sha256={digest.rstrip('=')},{len(text)}")
        archive.writestr(zipfile.ZipInfo(f"{stem}.dist-info/RECORD"), "\n".join(record))
    return hashlib.sha256(path.read_bytes()).hexdigest()
