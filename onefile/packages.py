"""The wheels and sdists, by setuptools, and the manual: the same sources give the same bytes."""

import gzip
import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

from onefile.contents import ROOT

# The sources of each distribution, and the folder that has them.
DISTRIBUTIONS = {
    "rinha": (ROOT, ("pyproject.toml", "README.md", "LICENSE", "VERSION", "rinha")),
    "rinha-loadtest": (
        ROOT / "packages" / "loadtest",
        ("pyproject.toml", "README.md", "LICENSE", "VERSION", "loadtest"),
    ),
}
BUILD = "import sys; from setuptools import build_meta as b; b.build_{}(sys.argv[1])"


def build_packages(work: Path, made_at_s: int) -> list[Path]:
    return [path for name in DISTRIBUTIONS for path in build_package(name, work, made_at_s)]


def build_package(distribution: str, work: Path, made_at_s: int) -> list[Path]:
    """Builds a wheel and an sdist from a copy of the sources.

    setuptools writes folders beside the sources, and packs what an older build left in them.
    """
    folder, sources = DISTRIBUTIONS[distribution]
    copy, out = work / distribution / "sources", work / distribution / "packages"
    for made in (copy, out):
        made.mkdir(parents=True)
    for name in sources:
        _copy(folder / name, copy / name)
    _write_manual(copy / "share")
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(max(made_at_s, 315_532_800))}  # zip: 1980
    for kind in ("wheel", "sdist"):
        command: list[str | Path] = [sys.executable, "-c", BUILD.format(kind), out]
        subprocess.run(command, cwd=copy, env=environment, check=True, capture_output=True)
    (wheel,), (sdist,) = out.glob("*.whl"), out.glob("*.tar.gz")
    _normalise(sdist, made_at_s)
    return [wheel, sdist]


def build_manual(work: Path, version: str, made_at_s: int) -> Path:
    """Packs the man pages and completions of both commands, laid out as /usr/local/share is."""
    folder, packed = work / "share", work / f"rinha-manual-{version}.tar.gz"
    _write_manual(folder)
    with tarfile.open(packed, "w:gz") as made:
        for path in folder.iterdir():
            made.add(path, path.name)
    _normalise(packed, made_at_s)
    return packed


def _write_manual(folder: Path) -> None:
    command: list[str | Path] = [sys.executable, "-m", "manual", folder]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def _copy(source: Path, target: Path) -> None:
    """Copies a file or folder, with links resolved and modes that no umask changes."""
    if source.is_dir():
        if source.name not in ("__pycache__", "build"):
            target.mkdir()
            for inner in source.iterdir():
                _copy(inner, target / inner.name)
    else:
        target.write_bytes(source.read_bytes())
        target.chmod(0o644)


def _normalise(packed: Path, made_at_s: int) -> None:
    """Rewrites an archive with sorted members, one date and no owners.

    Otherwise all three are those on the disk.
    """
    with tarfile.open(packed) as found:
        members = [(member, found.extractfile(member)) for member in found.getmembers()]
        content = [(member, file.read() if file else b"") for member, file in members]
    with (
        packed.open("wb") as raw,
        gzip.GzipFile("", "wb", mtime=made_at_s, fileobj=raw) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.PAX_FORMAT) as made,
    ):
        for member, data in sorted(content, key=lambda one: one[0].name):
            plain = tarfile.TarInfo(member.name)
            plain.type, plain.size, plain.mtime = member.type, len(data), made_at_s
            plain.mode = 0o755 if member.isdir() else 0o644
            made.addfile(plain, io.BytesIO(data))
