"""The command line as the user typed it, so that printed advice can be pasted."""

import os
import shutil
import sys
from pathlib import Path


def command_line() -> str:
    """Returns `loadtest` if that is on the PATH, else its path or the interpreter's command."""
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
