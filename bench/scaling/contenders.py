"""Stacks that differ in their number of instances and in what they may use of the machine."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.contender import Contender
from bench.crebitos.contenders import NORMAL, Parts, program
from bench.parts.behind_nginx import SHARES, behind_nginx
from bench.scaling.plan import SHORT
from rinha import settings
from rinha.cores import INSTANCES_MAX
from stack.part import Part, Share
from stack.parts import INSTANCE, Layout, instances

FULL = {"RINHA_SYNCHRONOUS": "FULL"}
CORES = len(os.sched_getaffinity(0))
NUMBERS = sorted({1, 2, 4, min(CORES, INSTANCES_MAX)})


def limited(number: int) -> Parts:
    """Returns a stack within the contest's limits, of which two instances' are shared out."""
    nginx, instance = SHARES
    share = Share(2 * instance.cpus / number, 2 * instance.memory_mb // number)
    wanted = {**FULL, "INSTANCES": str(number)}
    return lambda folder, port: behind_nginx(folder, port, INSTANCE, wanted, (nginx, share))


def unlimited(
    number: int, environment: dict[str, str], command: Sequence[str | Path] = INSTANCE
) -> Parts:
    wanted = {**environment, "INSTANCES": str(number)}

    def parts(folder: Path, port: int) -> list[Part]:
        found = behind_nginx(folder, port, command, wanted)
        return [replace(part, share=None) for part in found]

    return parts


def without_nginx(folder: Path, port: int) -> list[Part]:
    environment = {**FULL, "RINHA_LEDGER": "rinha.db", "INSTANCES": "1"}
    [instance] = instances(Layout(settings.load(environment), folder))
    listen = {"RINHA_LISTEN": f"127.0.0.1:{port}"}
    changed = {**instance.environment, **environment, **listen}
    return [replace(instance, environment=changed, is_ready=None)]


def _numbered(number: int) -> str:
    return f"{number} instance{'s' if number > 1 else ''}"


CONTENDERS = {
    "no_nginx": Contender("1 instance, no nginx", without_nginx, SHORT),
    **{
        f"full_{number}": Contender(_numbered(number), unlimited(number, FULL))
        for number in NUMBERS
    },
    **{
        f"normal_{number}": Contender(
            f"{_numbered(number)}, NORMAL", unlimited(number, NORMAL), SHORT
        )
        for number in NUMBERS
    },
    **{
        f"constant_{number}": Contender(
            f"{_numbered(number)}, no ledger",
            unlimited(number, NORMAL, program("constant")),
            SHORT,
        )
        for number in NUMBERS
    },
    **{
        f"limited_{number}": Contender(f"{_numbered(number)}, 1.5 CPU", limited(number))
        for number in NUMBERS
    },
}
