"""Ctrl-C in commands that move a file to or from a container, with a docker that does the least."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.help.checkout import Checkout
from tests.help.commands import interruptible, run, wait_until
from tests.help.running import ANSWER_MAX_S

DOCKER = """#!/bin/sh
case " $* " in
*" ps "*) echo api01 ;;
*" exec "*)
    {before}
esac
"""
SENDS_A_HALF = "printf 'SQLite format 3'; exec sleep 60 ;;"
# The container of an interrupted command gets the beginning of the file, and then its end.
GETS_SOME = """until [ "$1" = -c ]; do shift; done
    script=$(echo "$2" | sed "s|/ledger|{folder}|")
    shift 2
    head -c {size} | sh -c "$script" "$@" ;;"""
RINHA = '#!/bin/sh\necho added "$(wc -l <"${3#--csv=}")"\n'


def programs(folder: Path, **texts: str) -> dict[str, str]:
    for name, text in texts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def test_an_interrupted_snapshot_leaves_no_file(checkout: Checkout, tmp_path: Path) -> None:
    """Half a snapshot has no name that looks like a whole one."""
    path = programs(tmp_path, docker=DOCKER.format(before=SENDS_A_HALF))
    out = checkout.folder / "out"
    with interruptible():
        snapshot = subprocess.Popen(
            ["stack/containers.sh", "snapshot"],
            cwd=checkout.folder,
            env={**os.environ, **path},
            process_group=0,
        )
        wait_until(lambda: any(file.stat().st_size for file in out.glob("*.db")))
        os.killpg(snapshot.pid, signal.SIGINT)
        assert snapshot.wait(ANSWER_MAX_S) in (130, -signal.SIGINT)
    assert not [*out.glob("*.db")]


@pytest.mark.parametrize(
    ("missing", "ended"),
    [
        (0, (0, "added 3\n", "")),
        (3, (2, "", "rinha: some.csv arrived in part: nothing is added\n")),
    ],
)
def test_part_of_a_list_of_clients_adds_none(
    checkout: Checkout, tmp_path: Path, missing: int, ended: tuple[int, str, str]
) -> None:
    """A last line that was cut off may be valid, with another limit."""
    some = tmp_path / "some.csv"
    some.write_text("cliente,limite\n6,100000\n7,100000\n")
    gets = GETS_SOME.format(folder=tmp_path, size=some.stat().st_size - missing)
    path = programs(tmp_path, docker=DOCKER.format(before=gets), rinha=RINHA)
    words = ("stack/containers.sh", "cliente", "add", "--csv", some)
    assert run(*words, cwd=checkout.folder, env=path) == ended
