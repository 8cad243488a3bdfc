"""Third-party parts of an executable: Debian packages and Python distributions, with licences."""

import re
import subprocess
from collections.abc import Sequence
from importlib.metadata import distribution
from pathlib import Path
from typing import NamedTuple

from onefile.contents import ROOT, Contents
from onefile.modules import STDLIB, pinned

SEE_TEXT = "see the output of `licences`"


class Part(NamedTuple):
    name: str
    version: str
    # The package URL.
    purl: str
    licence: str
    text: str


def parts_of(contents: Contents, files: Sequence[Path]) -> list[Part]:
    """Returns the parts that own these files and the standard library, and the distributions."""
    others = [path.resolve() for path in (*files, STDLIB / "os.py", STDLIB / "colorsys.py")]
    packages = {_package(str(path)) for path in others if path.is_relative_to("/usr/")}
    parts = [_of_debian(package) for package in sorted(packages)]
    parts += [_of_python(name) for name in contents.distributions]
    if "apsw" in contents.distributions:
        parts.append(_sqlite())
    if "ops/page" in contents.sources:
        parts.append(_uplot())
    return parts


def licences(parts: Sequence[Part]) -> str:
    """Returns all licences as one text; parts with the same text share it."""
    texts: dict[str, list[str]] = {}
    for part in parts:
        texts.setdefault(part.text, []).append(f"{part.name} {part.version}")
    line = "=" * 100
    return "".join(
        f"{line}\n{', '.join(names)}\n{line}\n\n{text.strip()}\n\n" for text, names in texts.items()
    )


def _package(path: str) -> str:
    """Returns the Debian package of a file. dpkg knows some files by their path before usrmerge."""
    for name in (path, path.removeprefix("/usr")):
        command = ["dpkg-query", "--search", name]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        if found.returncode == 0:
            return found.stdout.split(": ")[0]
    raise LookupError(f"no Debian package has {path}")


def _of_debian(package: str) -> Part:
    form = "${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}"
    command = ["dpkg-query", "--show", f"--showformat={form}", package]
    output = subprocess.check_output(command, text=True)
    name, version, architecture, source, source_version = output.split("\t")
    text = Path("/usr/share/doc", name, "copyright").read_text(errors="replace")
    # The licence of the package's own files. Others, such as that of debian/, are only in the text.
    found = re.search(r"^Files: \*$(?:\n.+)*?\nLicense: *(.+)$", text, re.MULTILINE)
    purl = f"pkg:deb/debian/{name}@{version}?arch={architecture}&distro=debian-12"
    if source != name:
        purl += f"&upstream={source}@{source_version}"
    return Part(name, version, purl, found[1] if found else SEE_TEXT, text)


def _of_python(name: str) -> Part:
    found = distribution(name)
    about = found.metadata.json
    licence = str(about.get("license_expression") or about.get("license") or SEE_TEXT)
    texts = [
        path.read_text(errors="replace")
        for path in pinned(name)
        if re.match(r"(LICEN[CS]E|COPYING|NOTICE)", path.name, re.IGNORECASE)
        and ".dist-info" in str(path)
    ]
    purl = f"pkg:pypi/{name.lower()}@{found.version}"
    return Part(name, found.version, purl, licence.splitlines()[0], "\n\n".join(texts))


def _sqlite() -> Part:
    """Returns SQLite, which is inside the wheel of apsw, as a part of its own."""
    import apsw  # noqa: PLC0415 - only installed where it is carried

    version = apsw.sqlite_lib_version()
    text = "SQLite is in the public domain."
    return Part("sqlite", version, f"pkg:generic/sqlite@{version}", "blessing", text)


def _uplot() -> Part:
    """Returns uPlot, which draws the page's charts and is stored in the repository."""
    page = ROOT / "ops" / "page"
    (version,) = re.findall(r"npm package uplot ([\d.]+)", (page / "uplot.md").read_text())
    text = (page / "uplot.LICENSE").read_text()
    return Part("uplot", version, f"pkg:npm/uplot@{version}", "MIT", text)
