"""The command line as its user started it: what is advised can be pasted."""

import os
import shutil
import sys
from pathlib import Path


def command_line() -> str:
    """`loadtest` where that is a command of the system, else by its path or by its interpreter."""
    program = sys.argv[0]
    if Path(program).name in {"__main__.py", "-m", "-c"}:
        return f"{_as_typed(sys.executable)} -m loadtest"
    return _as_typed(program)


def _as_typed(program: str) -> str:
    name = Path(program).name
    found = shutil.which(name)
    if found is not None and (program == name or Path(found) == Path(program)):
        return name
    relative = os.path.relpath(program)
    if relative.startswith(".."):
        return program
    return relative if "/" in relative else f"./{relative}"
