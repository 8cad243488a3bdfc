"""Wheels of the packages that the tests' own environment has, so that pip installs offline."""

import hashlib
import re
import zipfile
from importlib.metadata import Distribution, distribution
from pathlib import Path

from tests.help.invented_packages import pins


def offline(folder: Path) -> dict[str, str]:
    """Returns pip's variables for an index that has only the wheels in a folder."""
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": "/dev/null"}


def lock_of_wheels(lock: Path, folder: Path) -> str:
    """Packs the packages of a lock into wheels; returns the lock with the hashes of these."""
    lines = []
    for pin in pins(lock):
        path = _pack(distribution(pin["name"]), folder)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        lines.append(f"{pin['name']}=={pin['version']} --hash=sha256:{digest}\n")
    return "".join(lines)


def _pack(found: Distribution, folder: Path) -> Path:
    tag = re.search(r"^Tag: (.*)", found.read_text("WHEEL") or "", re.MULTILINE)
    assert tag
    stem = re.sub("[-_.]+", "_", found.name)
    path = folder / f"{stem}-{found.version}-{tag[1]}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file in found.files or ():
            # Scripts are made again, and compiled modules too.
            if ".." not in file.parts and "__pycache__" not in file.parts:
                archive.write(str(file.locate()), str(file))
    return path
