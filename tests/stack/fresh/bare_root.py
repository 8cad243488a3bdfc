"""A minimal Debian as a new machine, made by debootstrap.

It is entered in namespaces of its own, so that its processes end with it.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.help.running import ROOT

PACKAGES = "python3,make,git,ca-certificates"
MIRROR = "http://deb.debian.org/debian"
# Path of the clone, and of the newer releases of every locked package.
CHECKOUT = "/home/rinha"
NEWER = "/newer"
# Variables for the way to the registries; no other variable of this machine is passed on.
NETWORK = ("http_proxy", "https_proxy", "no_proxy", "PIP_INDEX_URL", "PIP_TRUSTED_HOST")
# The first process reaps orphans, as on any machine.
INIT = "while :; do sleep 0.1; done"
# chroot alone is not enough: inside it no user may make namespaces.
ENTER = """set -e
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mount -t tmpfs tmpfs run
pivot_root . mnt
umount --lazy /mnt
exec chroot . /bin/sh -c "$2"
"""
TIMEOUT_S = 900


class BareRoot:
    """A root that the constructor starts to make; after `wait` it can run commands."""

    def __init__(self, suite: str) -> None:
        self._top = Path(tempfile.mkdtemp(prefix=f"rinha-{suite}-", dir="/var/tmp"))
        self.path = self._top / "root"
        self._log = self._top / "debootstrap.log"
        with self._log.open("w") as log:
            command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", suite]
            self._making = subprocess.Popen([*command, self.path, MIRROR], stdout=log, stderr=log)
        self._init: subprocess.Popen[bytes] | None = None

    def wait(self) -> None:
        if self._making.wait():
            raise RuntimeError(f"debootstrap: {self._log.read_text()[-2000:]}")
        certificates = Path("/usr/local/share/ca-certificates")
        if certificates.is_dir():
            shutil.copytree(
                certificates, self.path / certificates.relative_to("/"), dirs_exist_ok=True
            )
        shutil.copy("/etc/resolv.conf", self.path / "etc" / "resolv.conf")
        shutil.copy("/etc/hosts", self.path / "etc" / "hosts")
        clone = ["git", "clone", "--quiet", str(ROOT), f"{self.path}{CHECKOUT}"]
        subprocess.run(clone, check=True)
        (self.path / NEWER.lstrip("/")).mkdir()
        spaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        self._init = subprocess.Popen([*spaces, "sh", "-c", ENTER, "sh", self.path, INIT])
        # Wait until the first process has the new root.
        while not any(Path(f"/proc/{pid}/root{CHECKOUT}").exists() for pid in self._children()):
            assert self._init.poll() is None, "a root of one's own cannot be entered here"
            time.sleep(0.05)
        self.run("update-ca-certificates")

    def _children(self) -> list[str]:
        assert self._init is not None
        path = Path(f"/proc/{self._init.pid}/task/{self._init.pid}/children")
        return path.read_text().split() if path.exists() else []

    def run(self, command: str, **environment: str) -> str:
        """Runs a command in the checkout, shows its output as it comes, and checks its code."""
        (inside,) = self._children()
        words = ["nsenter", "--target", inside, "--mount", "--pid", "--root", "--", "/bin/sh", "-c"]
        print(f"$ {command}", flush=True)
        started = time.monotonic()
        process = subprocess.Popen(
            [*words, f"cd {CHECKOUT} && {{ {command}\n}} 2>&1"],
            cwd="/",
            env=self._environment(environment),
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            sys.stdout.write(f"  {line}")
            said.append(line)
        code = process.wait(TIMEOUT_S)
        print(f"  ({time.monotonic() - started:.1f} s)", flush=True)
        assert code == 0, f"exit code {code}: {command}\n{''.join(said[-40:])}"
        return "".join(said)

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        return {
            "HOME": "/root",
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            # A resolver that does not keep to the locks would install these made-up releases.
            "PIP_FIND_LINKS": NEWER,
            **{name: os.environ[name] for name in NETWORK if name in os.environ},
            **more,
        }

    def remove(self) -> None:
        self._making.kill()
        self._making.wait()
        if self._init:
            self._init.kill()
            self._init.wait()
        shutil.rmtree(self._top, ignore_errors=True)
