"""Writes dist/: two executables and their SBOMs, two wheels and sdists, the manual, and checksums.

Runs in build/venv, which dist.sh makes.
"""

import hashlib
import os
import platform
import shutil
import sys

from onefile.blobs import TooNewError
from onefile.build import build
from onefile.contents import EXECUTABLES, ROOT
from onefile.packages import build_manual, build_packages
from onefile.sbom import sbom

WORK = ROOT / "build" / "onefile"
MEGABYTE = 1_000_000


def main() -> int:
    version = (ROOT / "VERSION").read_text().strip()
    made_at_s = int(os.environ["SOURCE_DATE_EPOCH"])
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    made = []
    for name in EXECUTABLES:
        executable = WORK / f"{name}-{version}-linux-{platform.machine()}"
        try:
            parts = build(name, executable, WORK / name)
        except TooNewError as error:
            print(f"rinha: {error}: build on Debian 12", file=sys.stderr)
            return 1
        bom = executable.with_name(f"{executable.name}.cdx.json")
        bom.write_text(sbom(executable, version, made_at_s, parts))
        made += [executable, bom]
    made += [*build_packages(WORK, made_at_s), build_manual(WORK, version, made_at_s)]
    sums = "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in made
    )
    (WORK / "SHA256SUMS").write_text(sums)
    (ROOT / "dist").mkdir(exist_ok=True)
    for path in (*made, WORK / "SHA256SUMS"):
        # Replaced atomically: a running executable keeps its old file.
        shutil.copy2(path, ROOT / "dist" / ".new")
        (ROOT / "dist" / ".new").replace(ROOT / "dist" / path.name)
        print(f"dist/{path.name}: {path.stat().st_size / MEGABYTE:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
