"""CPU and memory limits of the parts that `processes.py` runs: control groups of version 1 or 2."""

import os
import time
from pathlib import Path

CONTROL_GROUPS = Path("/sys/fs/cgroup")
OWN_GROUPS = Path("/proc/self/cgroup")
# The period that Docker sets for `cpus`, and so the arena's.
PERIOD_US = 100_000
MEGABYTE = 1_000_000
# The kernel releases a group shortly after its last process.
REMOVE_MAX_S = 2.0


class ControlGroups:
    """Makes a control group for each part, and removes them; `remark` names limits that cannot be
    set, with the reason."""

    def __init__(self, root: Path = CONTROL_GROUPS, own_groups: Path = OWN_GROUPS) -> None:
        self._name = f"rinha-{os.getpid()}"
        self._tops: dict[str, Path] = {}
        self._made: list[Path] = []
        self._unified = (root / "cgroup.controllers").exists()
        reasons = dict.fromkeys(("cpu", "memory"), "no control groups here")
        for controller in reasons:
            try:
                self._tops[controller] = self._make_top(root, controller, own_groups)
            except OSError as error:
                reasons[controller] = str(error.strerror or error)
        self.limit_cpu = "cpu" in self._tops
        self.remark = "; ".join(
            f"{controller} was measured but not limited: {why}"
            for controller, why in reasons.items()
            if controller not in self._tops
        )

    def _make_top(self, root: Path, controller: str, own_groups: Path) -> Path:
        if self._unified:
            top = root / self._name
            if controller not in (root / "cgroup.subtree_control").read_text().split():
                raise OSError(f"the {controller} controller is not delegated")
            self._make(top)
            (top / "cgroup.subtree_control").write_text(f"+{controller}")
            return top
        # This process is in a group that another program made to account for it: it stays there.
        own = {
            name: path
            for _, names, path in (
                line.split(":", 2) for line in own_groups.read_text().splitlines()
            )
            for name in names.split(",")
        }
        if own.get(controller) != "/":
            raise OSError("another program keeps this process in a group")
        self._make(root / controller / self._name)
        return root / controller / self._name

    def _make(self, group: Path) -> None:
        if group not in self._made:
            group.mkdir()
            self._made.append(group)

    def command_prefix(self, part: str, cpus: float, memory_mb: int) -> list[str]:
        """Returns the arguments in front of a command that start it within its limits."""
        files = []
        for controller, top in self._tops.items():
            group = top / part
            self._make(group)
            for file, value in self._values(controller, cpus, memory_mb).items():
                (group / file).write_text(value)
            files.append(str(group / "cgroup.procs"))
        if not files:
            return []
        # The shell joins the group and then becomes the command, so that no child is outside.
        join = "; ".join(f"echo $$ >{file}" for file in dict.fromkeys(files))
        return ["/bin/sh", "-ec", f'{join}; exec "$@"', "limits"]

    def _values(self, controller: str, cpus: float, memory_mb: int) -> dict[str, str]:
        quota_us, memory_bytes = round(cpus * PERIOD_US), memory_mb * MEGABYTE
        if self._unified and controller == "cpu":
            return {"cpu.max": f"{quota_us} {PERIOD_US}"}
        if self._unified:
            return {"memory.max": str(memory_bytes)}
        if controller == "cpu":
            return {"cpu.cfs_period_us": str(PERIOD_US), "cpu.cfs_quota_us": str(quota_us)}
        return {"memory.limit_in_bytes": str(memory_bytes)}

    def remove(self) -> None:
        deadline = time.monotonic() + REMOVE_MAX_S
        while self._made:
            try:
                self._made[-1].rmdir()
                self._made.pop()
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
