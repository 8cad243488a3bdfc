"""Runs parts as child processes: for the benchmark, the drill and the tests."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from stack.interrupts import delayed
from stack.part import Part, wait_until
from stack.paths import ROOT
from stack.run.limits import ControlGroups

# The arena waits this long for the first answer.
READY_MAX_S = 40.0
STOP_MAX_S = 5.0
# How much of a log an error message quotes.
LOG_END_CHARACTERS = 300


class StackFailedError(Exception):
    """A stack that does not start or ends too early; the text quotes its log."""


class Processes:
    """`with Processes(parts, folder) as running: ...` starts the parts, and stops them.

    `running["api01"]` is the process of a part.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        folder: Path,
        environment: Mapping[str, str] | None = None,
        groups: ControlGroups | None = None,
    ) -> None:
        self.parts = {part.name: part for part in parts}
        self.folder = folder
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})}
        self._groups = groups
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __getitem__(self, name: str) -> "subprocess.Popen[bytes]":
        return self._running[name]

    def start(self) -> None:
        """Starts each part when the parts before it are ready."""
        try:
            for part in self.parts.values():
                if part.prepare:
                    part.prepare()
            for part in self.parts.values():
                self.start_part(part.name)
                if part.is_ready:
                    self.wait(part.is_ready)
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def start_part(self, name: str) -> None:
        """Starts a part, or starts it again after it has ended."""
        part = self.parts[name]
        limits = []
        if self._groups and part.share:
            limits = self._groups.command_prefix(name, *part.share)
        with delayed(), self._log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(
                [*limits, *part.prefix, *part.command],
                cwd=self.folder / part.folder,
                env={**self._environment, **part.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C in the terminal reaches only this process, which then stops the parts; and
                # a part can be killed with its children.
                start_new_session=True,
            )

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def wait(self, is_ready: Callable[[], bool]) -> None:
        """Waits until this is true; fails if a part ends meanwhile."""

        def is_ready_or_ended() -> bool:
            if is_ready():
                return True
            self.assert_alive()
            return False

        if not wait_until(is_ready_or_ended, READY_MAX_S):
            raise StackFailedError(f"not ready after {READY_MAX_S:g} s")

    def wait_until_ready(self) -> None:
        for part in self.parts.values():
            if part.is_ready:
                self.wait(part.is_ready)

    def assert_alive(self) -> None:
        for name, process in self._running.items():
            if process.poll() is not None:
                log = self._log(name).read_text(errors="replace").strip()
                quoted = log[-LOG_END_CHARACTERS:]
                raise StackFailedError(f"{name} ended with {process.returncode}: {quoted}")

    def stop(self) -> list[str]:
        """Stops the parts in the reverse order of their start.

        Returns the names of those that did not end in time, and were killed.
        """
        late = []
        with delayed():
            self._signal(signal.SIGCONT, self._running)
            for name, process in reversed(self._running.items()):
                process.send_signal(self.parts[name].stop_signal)
                try:
                    process.wait(STOP_MAX_S)
                except subprocess.TimeoutExpired:
                    late.append(name)
            self.kill()
        return late

    def kill(self, *names: str) -> None:
        """Kills these parts at once, with their children; without a name all."""
        with delayed():
            killed = names or [*self._running]
            self._signal(signal.SIGKILL, killed)
            for name in killed:
                self._running[name].wait()

    def _signal(self, number: int, names: Iterable[str]) -> None:
        for name in names:
            with suppress(ProcessLookupError):
                os.killpg(self._running[name].pid, number)
