"""The entry, deployed as a compose project of its own: images, start, containers, removal."""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from loadtest.arena.container import PROJECT, Container, containers_of
from loadtest.arena.docker import Ended, begin, docker, kill
from loadtest.limits import (
    BUILD_MAX_S,
    DOWN_MAX_S,
    DOWN_TIMES_MAX,
    LOG_BYTES_MAX,
    LOG_LINES_SHOWN,
    PULL_MAX_S,
    STOP_WAIT_S,
)
from loadtest.wire.outcome import printable


class EntryError(Exception):
    """A compose file that compose cannot read; the text has its reason."""


class NoImageError(Exception):
    """An image of the entry cannot be had; the text names it and says why."""


class Start:
    """A running `docker compose up`, which waits for health checks where the entry asks it to."""

    def __init__(self, args: list[str]) -> None:
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - open until `close`
        self._process = begin(*args, stdout=self._output.fileno(), stderr=subprocess.STDOUT)

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def error(self) -> str:
        """Returns the reason of a failed start, or an empty text."""
        if not self._process.poll():
            return ""
        self._output.seek(0)
        text = self._output.read(LOG_BYTES_MAX).decode(errors="replace")
        return Ended(1, text, "").reason

    def close(self) -> None:
        if not self.has_ended:
            kill(self._process)
        self._output.close()


class Deployment:
    """The entry's compose files under a project name of their own: no other is touched."""

    def __init__(self, files: Sequence[Path]) -> None:
        self.files, self.name = files, project_name(files[0])
        self._label = f"label={PROJECT}={self.name}"

    def services(self) -> Mapping[str, Mapping[str, Any]]:
        """Returns the services as compose reads the file."""
        done = self._compose("config", "--format", "json")
        if done.code != 0:
            raise EntryError(f"compose does not take {self.files[0]}: {done.reason}")
        services = json.loads(done.out).get("services") or {}
        return {str(name): service for name, service in services.items()}

    def get_images(self) -> None:
        """Pulls the images that this machine does not have, and builds those of Dockerfiles."""
        services = self.services()
        images = {str(one.get("image")) for one in services.values() if not one.get("build")}
        for image in sorted(images):
            if docker("image", "inspect", image).code != 0:
                _tell(f"pulling {image}")
                done = docker("pull", "--quiet", image, timeout_s=PULL_MAX_S)
                if done.code != 0:
                    raise NoImageError(f"image {image} cannot be had: {done.reason}")
        built = sorted(name for name, one in services.items() if one.get("build"))
        if built:
            _tell(f"building {', '.join(built)}")
            done = self._compose("build", timeout_s=BUILD_MAX_S)
            if done.code != 0:
                raise NoImageError(f"an image cannot be built: {done.reason}")

    def start(self) -> Start:
        return Start(self._args("up", "--detach", "--no-build"))

    def containers(self) -> list[Container]:
        ids = docker("ps", "--all", "--quiet", "--no-trunc", "--filter", self._label).out.split()
        # One that has gone since is left out of the answer, whose exit code then says so.
        return containers_of(json.loads(docker("inspect", *ids).out or "[]")) if ids else []

    def log(self, container: Container) -> list[str]:
        """Returns the last lines that a container has written, as printable text."""
        done = docker("logs", "--tail", str(LOG_LINES_SHOWN), container.id)
        lines = (done.out[-LOG_BYTES_MAX:] + done.err[-LOG_BYTES_MAX:]).splitlines()
        return [printable(line) for line in lines if line.strip()][-LOG_LINES_SHOWN:]

    def remove(self) -> None:
        """Removes containers, networks and volumes of this project, and of no other.

        A container that was being created when its start was cut short appears later.
        """
        for _ in range(DOWN_TIMES_MAX):
            args = ("down", "--volumes", "--remove-orphans", "--timeout", f"{STOP_WAIT_S:.0f}")
            if self._compose(*args, timeout_s=DOWN_MAX_S).code != 0:
                self._remove_by_label()
            if not self.containers():
                return
        _tell(f"containers of project {self.name} are left: docker compose -p {self.name} down -v")

    def _remove_by_label(self) -> None:
        """Removes what compose cannot, such as after the file was changed during the run."""
        for listed, removal in (
            (("ps", "--all", "--quiet"), ("rm", "--force", "--volumes")),
            (("volume", "ls", "--quiet"), ("volume", "rm", "--force")),
            (("network", "ls", "--quiet"), ("network", "rm")),
        ):
            names = docker(*listed, "--filter", self._label).out.split()
            if names:
                docker(*removal, *names, timeout_s=DOWN_MAX_S)

    def _args(self, *args: str) -> list[str]:
        files = [arg for file in self.files for arg in ("--file", str(file))]
        return ["compose", "--ansi", "never", "--project-name", self.name, *files, *args]

    def _compose(self, *args: str, timeout_s: float = DOWN_MAX_S) -> Ended:
        return docker(*self._args(*args), timeout_s=timeout_s)


def project_name(file: Path) -> str:
    """Returns the same name for the same file, so that a later run finds what an earlier left."""
    path = file.resolve()
    folder = re.sub(r"[^a-z0-9]+", "-", path.parent.name.lower()).strip("-")
    return f"loadtest-arena-{folder or 'entry'}-{sha256(str(path).encode()).hexdigest()[:8]}"


def _tell(line: str) -> None:
    print(printable(line), file=sys.stderr, flush=True)
