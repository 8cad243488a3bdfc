"""The contents of the two executables."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent


class Contents(NamedTuple):
    # The module whose `main` the executable runs.
    main: str
    # Sources of this project: whole folders, and single files of other folders.
    sources: tuple[str, ...]
    # The executable carries every package that these locks pin.
    locks: tuple[str, ...]
    programs: tuple[Path, ...]
    # Standard extension modules to carry although they need third-party libraries.
    with_libraries: tuple[str, ...]

    @property
    def distributions(self) -> list[str]:
        texts = [(ROOT / "locks" / name).read_text() for name in self.locks]
        found = re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==", "".join(texts), re.MULTILINE)
        return list(dict.fromkeys(found))


RUNIT = tuple(Path("/usr/bin", name) for name in ("runsvdir", "runsv", "sv", "svlogd"))
OPS = ("ops/__init__.py", "ops/page", "ops/watch.py")
EXECUTABLES = {
    "rinha": Contents(
        "stack.__main__",
        (*("rinha", "stack"), *OPS),
        ("ops.txt", "loadtest.txt"),
        (*RUNIT, Path("/usr/sbin/nginx")),
        # prometheus-client imports _ssl, whose libraries nginx needs anyway.
        ("_ssl",),
    ),
    # For https:// targets.
    "loadtest": Contents("loadtest.__main__", ("loadtest",), ("loadtest.txt",), (), ("_ssl",)),
}
