"""Two instances behind this project's nginx.conf, as most contenders have them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rinha import settings
from stack.part import Part, Share
from stack.parts import INSTANCE, Layout, parts_of

# As docker-compose.yml and stack/compose/replica.yml have them: nginx and each instance; the
# replica has its own beside the contest's sum.
SHARES = (Share(0.52, 310), Share(0.49, 120))
REPLICA_SHARE = Share(0.2, 100)


def behind_nginx(
    folder: Path,
    port: int,
    command: Sequence[str | Path] = INSTANCE,
    environment: Mapping[str, str] | None = None,
    shares: tuple[Share, Share] = SHARES,
) -> list[Part]:
    """The parts of a stack with these settings, whose instances are started by the command.

    The command listens on RINHA_LISTEN. The shares are those of nginx and of each instance."""
    environment = {"RINHA_LEDGER": "rinha.db", **(environment or {})}
    asked = {**environment, "PORT": str(port), "OPS_PORT": "off"}
    limits = {"nginx": shares[0], "replica": REPLICA_SHARE}
    found = []
    for part in parts_of(Layout(settings.load(asked), folder)):
        is_instance = part.kind == "instance"
        found.append(
            replace(
                part,
                command=command if is_instance else part.command,
                share=shares[1] if is_instance else limits.get(part.name),
                environment={**part.environment, **environment},
                # Not every contender has the path that nginx's check asks.
                is_ready=None if part.name == "nginx" else part.is_ready,
            )
        )
    return found


def with_changed_conf(nginx: Part, folder: Path, shipped: str, changed: str) -> Part:
    """Returns nginx with another text in place of one in nginx.conf."""

    def prepare() -> None:
        assert nginx.prepare
        nginx.prepare()
        conf = folder / "nginx.conf"
        conf.write_text(conf.read_text().replace(shipped, changed, 1))

    return replace(nginx, prepare=prepare)
