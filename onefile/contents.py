"""What goes into each of the two executables."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent


class Contents(NamedTuple):
    # The module whose `main` it is.
    main: str
    folders: tuple[str, ...]
    # Whatever it pins comes along.
    lock: str
    programs: tuple[Path, ...]

    @property
    def distributions(self) -> list[str]:
        text = (ROOT / "locks" / self.lock).read_text()
        return re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==", text, re.MULTILINE)


RUNIT = tuple(Path("/usr/bin", name) for name in ("runsvdir", "runsv", "sv", "svlogd"))
EXECUTABLES = {
    "rinha": Contents(
        "stack.plain", ("rinha", "stack"), "service.txt", (*RUNIT, Path("/usr/sbin/nginx"))
    ),
    "loadtest": Contents("loadtest.__main__", ("loadtest",), "loadtest.txt", ()),
}
