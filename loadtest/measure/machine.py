"""The machine of a run: figures of different machines do not compare."""

import os
import platform
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

CPU_INFO = Path("/proc/cpuinfo")


class Machine(Struct, frozen=True):
    """A machine by its processor, the number of its cores, and its kernel."""

    cpu: str
    cores: int
    kernel: str

    def __str__(self) -> str:
        return f"{self.cpu}, {self.cores} {'core' if self.cores == 1 else 'cores'}, {self.kernel}"


def this_machine() -> Machine:
    kernel = f"{platform.system()} {platform.release()}"
    return Machine(_cpu_model(), os.cpu_count() or 1, kernel)


def _cpu_model() -> str:
    """Returns the model's name, or the architecture where the kernel gives no name, as on ARM."""
    with suppress(OSError, UnicodeDecodeError):
        for line in CPU_INFO.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name" and value.strip():
                return value.strip()
    return platform.machine() or "unknown processor"
