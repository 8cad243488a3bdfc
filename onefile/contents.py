"""What goes into each of the two executables."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent


class Contents(NamedTuple):
    # The module whose `main` it is.
    main: str
    # Ours: folders, and files of folders that do not come whole.
    sources: tuple[str, ...]
    # Whatever they pin comes along.
    locks: tuple[str, ...]
    programs: tuple[Path, ...]
    # Of Python's own extension modules those that come although they need others' libraries.
    with_libraries: tuple[str, ...]

    @property
    def distributions(self) -> list[str]:
        texts = [(ROOT / "locks" / name).read_text() for name in self.locks]
        found = re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==", "".join(texts), re.MULTILINE)
        return list(dict.fromkeys(found))


RUNIT = tuple(Path("/usr/bin", name) for name in ("runsvdir", "runsv", "sv", "svlogd"))
OPS = ("ops/__init__.py", "ops/ops.conf", "ops/page", "ops/watch.py")
# `watch` draws with what the judge draws with.
DRAWS = tuple(
    f"loadtest/{name}" for name in ("__init__.py", "limits.py", "report", "measure", "wire")
)
EXECUTABLES = {
    "rinha": Contents(
        "stack.plain",
        (*("rinha", "stack"), *OPS, *DRAWS),
        ("ops.txt", "loadtest.txt"),
        (*RUNIT, Path("/usr/sbin/nginx")),
        # prometheus-client imports it, and nginx brings what it needs.
        ("_ssl",),
    ),
    "loadtest": Contents("loadtest.__main__", ("loadtest",), ("loadtest.txt",), (), ()),
}
