"""Writes what another number of instances than two adds to the containers.

containers.sh runs it in the image, because a host may have no Python: `docker compose config` as
JSON on stdin, the value of INSTANCES as the argument. The first line of the output is a compose
file; the rest is nginx's instances.conf.
"""

import copy
import json
import sys
from typing import Any

from rinha import cores
from rinha.errors import RinhaError, SettingError
from rinha.settings import load
from stack.messages import fail
from stack.nginx.conf import instances_conf
from stack.parts import servers_of

# Compose counts in units of 2**20 bytes.
MEGABYTE = 2**20
# An instance takes 25 MB after its start, and more with its connections and its group of requests.
INSTANCE_MIN_MB = 40
# The instance that docker-compose.yml describes twice.
MODEL = ("api01", "api02")


def main() -> int:
    try:
        compose, conf = scaled(json.load(sys.stdin), sys.argv[1], cores.usable())
    except RinhaError as error:
        return fail(str(error))
    print(json.dumps(compose))
    print(conf, end="")
    return 0


def scaled(merged: dict[str, Any], instances: str, cpus: float) -> tuple[dict[str, Any], str]:
    """Returns the compose file to add, and the text of nginx's instances.conf.

    The limits of docker-compose.yml's two instances are shared out, so that the sums stay.
    """
    services = merged["services"]
    limits = {name: _limits(service) for name, service in services.items()}
    if instances.lower() == "auto":
        declared = sum(float(limits[name]["cpus"]) for name in (*MODEL, "nginx"))
        instances = str(cores.instances(min(cpus, declared)))
    names = servers_of(load({"INSTANCES": instances}))
    shared_cpus = sum(float(limits[name]["cpus"]) for name in MODEL)
    shared_mb = sum(int(limits[name]["memory"]) for name in MODEL) // MEGABYTE
    memory_mb = shared_mb // len(names)
    if memory_mb < INSTANCE_MIN_MB:
        raise SettingError(
            f"INSTANCES={instances}: {shared_mb} MB for all instances are {memory_mb} MB each, and "
            f"one needs {INSTANCE_MIN_MB}; give them more in docker-compose.override.yml, as "
            "docs/scaling.md shows"
        )
    share = {
        "resources": {
            # Rounded down, so that the sum stays below that of the two.
            "limits": {
                "cpus": f"{int(shared_cpus / len(names) * 1000 + 1e-6) / 1000:g}",
                "memory": f"{memory_mb}MB",
            }
        }
    }
    added: dict[str, Any] = {}
    for name, listen in names.items():
        environment = {"INSTANCES": str(len(names))}
        if name in MODEL:
            added[name] = {"environment": environment, "deploy": share}
            continue
        service = copy.deepcopy(services[MODEL[0]])
        service["environment"] |= {
            **environment,
            "RINHA_LISTEN": listen.replace("unix:", "unix:/ledger/"),
        }
        service["deploy"]["resources"]["limits"] |= share["resources"]["limits"]
        added[name] = service
    return {"services": added}, instances_conf(names)


def _limits(service: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = service.get("deploy", {}).get("resources", {}).get("limits", {})
    return found


if __name__ == "__main__":
    sys.exit(main())
