"""A root with a shell and a C library, and nothing else: no interpreter, no nginx, no users."""

import re
import shutil
import subprocess
from pathlib import Path

# Libraries that a shell and a program linked to the C library need.
LIBRARIES = ("libc.so.6", "libm.so.6")
DEVICES = {"null": "3", "urandom": "9"}
# Separate processes, which end with the first one, and a network where every port is free.
SPACES = ("unshare", "--mount", "--pid", "--net", "--fork", "--kill-child")
SET_UP = """set -e
ip link set lo up
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
"""
ENTER = f'{SET_UP}exec chroot . /bin/sh -c "$2"\n'
# The root is read-only; the only writable folder belongs to an unknown user and is noexec.
ENTER_CLOSED = f"""{SET_UP}
mount -t tmpfs -o noexec,nosuid,nodev,mode=700,uid=4242,gid=4242,size={{size}} tmpfs data
mount -o remount,ro,bind "$1"
exec chroot --userspec=4242:4242 . /bin/sh -c "cd /data; $2"
"""
LEFT = """
for process in /proc/[0-9]*; do
    (read -r name <"$process/comm" && echo "left: $name") 2>/dev/null
done
"""
TIMEOUT_S = 300


class BareRoot:
    def __init__(self, path: Path, executables: dict[str, Path]) -> None:
        self.path = path
        path.chmod(0o755)
        for folder in ("bin", "dev", "proc", "data", "work"):
            (path / folder).mkdir()
        shutil.copy(Path("/bin/sh").resolve(), path / "bin" / "sh")
        said = subprocess.run(["ldd", "/bin/sh"], check=True, capture_output=True, text=True).stdout
        (loader,) = re.findall(r"^\t(/\S+)", said, re.MULTILINE)
        (libc,) = re.findall(r"libc\.so\.6 => (\S+)", said)
        for source in (Path(loader), *(Path(libc).with_name(name) for name in LIBRARIES)):
            target = path / source.relative_to("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
        for name, minor in DEVICES.items():
            subprocess.run(["mknod", "-m", "666", path / "dev" / name, "c", "1", minor], check=True)
        for name, executable in executables.items():
            shutil.copy2(executable, path / "work" / name)

    def run(self, script: str) -> str:
        """Runs a script as root beside the executables; the last lines list what still runs."""
        return self._run(ENTER, f"cd /work\n{script}{LEFT}")

    def run_closed(self, script: str, size: str = "64m") -> str:
        """Runs a script as a user unknown to this root, in an empty folder."""
        return self._run(ENTER_CLOSED.format(size=size), f"{script}{LEFT}")

    def run_as_stranger(self, script: str) -> str:
        """Runs a script as an unknown user, on a root that is writable, but not for that user."""
        enter = ENTER.replace("exec chroot", "exec chroot --userspec=4242:4242")
        return self._run(enter, f"cd /work\n{script}{LEFT}")

    def run_without_proc(self, script: str) -> str:
        return self._run(ENTER.replace("mount -t proc proc proc\n", ""), f"cd /work\n{script}")

    def _run(self, enter: str, script: str) -> str:
        done = subprocess.run(
            [*SPACES, "sh", "-c", enter, "sh", self.path, script],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        print(done.stdout)
        return done.stdout
