"""A contender that runs: its parts as child processes within their limits."""

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from bench.parts.usage import Usage, usage_of
from stack.part import Part, answers, listens
from stack.run.limits import ControlGroups
from stack.run.processes import READY_MAX_S, Processes, StackFailedError

HOST = "127.0.0.1"


class Running(Processes):
    """It is ready when a GET of `ready_path` is answered with 200 on its port."""

    def __init__(
        self,
        parts: Sequence[Part],
        folder: Path,
        port: int,
        ready_path: str,
        groups: ControlGroups,
    ) -> None:
        super().__init__(parts, folder, groups=groups)
        self.port = port
        self._answers = partial(answers, HOST, port, ready_path, READY_MAX_S)
        self.limit_cpu = groups.limit_cpu and any(part.share for part in parts)
        # How long the start took.
        self.ready_s = 0.0

    def start(self) -> None:
        if listens((HOST, self.port)):
            raise StackFailedError(f"port {self.port} is in use by another program")
        began_at = time.monotonic()
        super().start()
        self.ready_s = time.monotonic() - began_at

    def wait_until_ready(self) -> None:
        super().wait_until_ready()
        self.wait(self._answers)

    def usage(self) -> dict[str, Usage]:
        return {name: usage_of(self[name].pid) for name in self.parts}
