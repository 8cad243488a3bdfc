"""The systemd units of a stack, as `rinha install-service` writes them."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from rinha.settings import load
from stack import paths
from stack.nginx import conf
from stack.part import Part
from stack.systemd import install, units
from stack.systemd.hardening import hardening
from stack.systemd.quoting import ServiceError, quoted_argument, quoted_variable
from tests.help.checkout import Checkout
from tests.help.commands import run

# The highest exposure in tenths that `systemd-analyze security` may find.
EXPOSURE_MAX = 20
VARIABLES = {"PORT": "80", "INSTANCES": "3", "RINHA_REPLICA": "s3://bucket/ledger"}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment of `install-service`, without the settings of this machine."""
    for name in list(os.environ):
        if name.startswith(("RINHA_", "PG", "AWS_")):
            monkeypatch.delenv(name)
    monkeypatch.setattr(install, "_assert_startable", lambda *_: None)
    monkeypatch.setattr(install, "_assert_reachable", lambda *_: None)
    return monkeypatch


def written(root: Path, environment: pytest.MonkeyPatch, **variables: str) -> Path:
    """Writes the service of these settings; returns the folder of its units."""
    for name, value in variables.items():
        environment.setenv(name, value)
    assert install.install(load(os.environ), root) == 0
    return root / "etc/systemd/system"


def test_every_part_has_a_unit(
    tmp_path: Path, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each part has a unit that the target starts; a removed part loses unit and counters."""
    folder = written(tmp_path, environment, **VARIABLES)
    names = [f"rinha-{name}.service" for name in ("replica", "api01", "api02", "api03", "nginx")]
    assert {path.name for path in folder.glob("rinha-*")} == {*names, units.RESTART}
    assert f"Wants={' '.join(names)}\n" in (folder / "rinha.target").read_text()
    foreign = folder / "rinha-backup.service"
    foreign.write_bytes("# Cópia\n[Service]\nExecStart=/bin/true\n".encode("latin-1"))
    (folder / "rinha-gone.service").symlink_to(tmp_path / "gone")
    counters = [tmp_path / "run/rinha" / f"{name}.counts" for name in ("api02", "api03")]
    counters[0].parent.mkdir(parents=True)
    for file in counters:
        file.touch()
    written(tmp_path, environment, INSTANCES="2", RINHA_REPLICA="")
    kept = {*names, units.RESTART, foreign.name, "rinha-gone.service"} - {names[0], names[3]}
    assert {path.name for path in folder.glob("rinha-*")} == kept
    assert [file.exists() for file in counters] == [True, False]
    out = capsys.readouterr().out
    removed = "systemctl stop rinha-api03.service rinha-replica.service"
    assert out.endswith(f"  systemctl reload rinha-nginx\n  {removed}\n")
    assert out.count("systemd-sysusers") == 1, "of the first installation"


@pytest.mark.starts
@pytest.mark.needs("nginx")
def test_a_wrong_nginx_conf_is_refused(tmp_path: Path, environment: pytest.MonkeyPatch) -> None:
    """On this machine nginx tests its configuration before a file is written."""
    edited = Path(shutil.copytree(Path(str(conf.HERE)), tmp_path / "nginx"))
    (edited / "nginx.conf").write_text((edited / "nginx.conf").read_text() + "nonsense;\n")
    environment.setattr(install, "below", lambda *_: pytest.fail("a file of the system"))
    environment.setattr(conf, "HERE", edited)
    with pytest.raises(conf.ConfError, match="nonsense"):
        install.install(load(os.environ), Path("/"))


def test_parts_stop_in_the_reverse_order(tmp_path: Path, environment: pytest.MonkeyPatch) -> None:
    """nginx starts after the instances, and they after the replica; instances start together."""
    folder = written(tmp_path, environment, **VARIABLES)
    nginx, api02 = ((folder / f"rinha-{name}.service").read_text() for name in ("nginx", "api02"))
    assert "After=rinha-replica.service\n" in api02
    assert "After=rinha-api01.service" not in api02
    assert "After=rinha-api01.service\n" in nginx
    assert "KillSignal=SIGQUIT\n" in nginx


def test_a_restart_replaces_one_part_after_the_other(
    tmp_path: Path, environment: pytest.MonkeyPatch
) -> None:
    """The present code opens the ledger first, as the account; only systemctl runs as root."""
    folder = written(tmp_path, environment, **VARIABLES)
    text = (folder / units.RESTART).read_text()
    commands = [line for line in text.splitlines() if line.startswith("ExecStart=")]
    assert commands[0].endswith(' "-m" "rinha" "init"')
    names = ("api01", "api02", "api03", "replica")
    restarts = [f"ExecStart=+/bin/systemctl restart rinha-{name}.service" for name in names]
    assert commands[1:] == restarts
    assert "Type=oneshot\nUser=rinha\n" in text


def test_a_port_that_is_switched_off_leaves_no_file(
    tmp_path: Path, environment: pytest.MonkeyPatch
) -> None:
    """nginx would include the operator's listener as long as its file is there."""
    folder = written(tmp_path, environment, OPS_PORT="9990")
    assert (tmp_path / "etc/rinha/nginx/metrics.conf").exists()
    written(tmp_path, environment, OPS_PORT="off")
    assert not (tmp_path / "etc/rinha/nginx/metrics.conf").exists()
    assert (
        'ExecStartPre=/bin/sh -c "rm -f *.conf && ' in (folder / "rinha-nginx.service").read_text()
    )


def test_credentials_are_read_by_root_alone(
    tmp_path: Path, environment: pytest.MonkeyPatch
) -> None:
    """Settings and keys are in a file of root's; a key that no part needs is not in it."""
    keys = {"AWS_SECRET_ACCESS_KEY": 'a$b"c', "PGPASSWORD": "unused"}
    written(tmp_path, environment, **VARIABLES, **keys)
    file = tmp_path / "etc/rinha/env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    assert 'AWS_SECRET_ACCESS_KEY="a\\$b\\"c"\n' in text
    assert 'RINHA_LEDGER="/var/lib/rinha/rinha.db"\n' in text
    # The file would win over the number that the description has resolved.
    assert "INSTANCES" not in text
    assert "PGPASSWORD" not in text


def test_only_who_needs_the_network_has_it(tmp_path: Path, environment: pytest.MonkeyPatch) -> None:
    """An instance on a file has no network; one capability opens a low port, for nginx alone."""
    folder = written(tmp_path, environment, **VARIABLES)
    texts = {path.stem: path.read_text() for path in folder.glob("rinha-*")}
    isolated = {name for name, text in texts.items() if "PrivateNetwork=yes" in text}
    assert isolated == {"rinha-api01", "rinha-api02", "rinha-api03", "rinha-restart"}
    capable = {name for name, text in texts.items() if "AmbientCapabilities=CAP" in text}
    assert capable == {"rinha-nginx"}


def test_a_ledger_elsewhere_is_writable(tmp_path: Path, environment: pytest.MonkeyPatch) -> None:
    """The folders of a ledger and a replica are opened for the parts that write there.

    systemd starts no part whose folder is missing. A relative path is refused.
    """
    replica = "file:///home/ana/copy"
    folder = written(tmp_path, environment, RINHA_LEDGER="/srv/a b/x.db", RINHA_REPLICA=replica)
    texts = [
        (folder / f"rinha-{name}.service").read_text() for name in ("replica", "api01", "nginx")
    ]
    assert ['ReadWritePaths="/srv/a b"\n' in text for text in texts] == [True, True, False]
    assert ['BindPaths="/home/ana/copy"\n' in text for text in texts] == [True, False, False]
    assert "ProtectHome=tmpfs\n" in texts[0]
    with pytest.raises(ServiceError, match="absolute path"):
        written(tmp_path, environment, RINHA_LEDGER="here/x.db")


def test_a_ledger_in_var_is_the_services_own(
    tmp_path: Path, environment: pytest.MonkeyPatch
) -> None:
    """The default ledger is in the service's folder, also where var/ is a symbolic link."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "var").symlink_to(tmp_path / "disk")
    environment.chdir(tmp_path)
    for name in ({}, {"RINHA_LEDGER": "var/rinha.db"}):
        written(tmp_path / "root", environment, **name)
        text = (tmp_path / "root/etc/rinha/env").read_text()
        assert 'RINHA_LEDGER="/var/lib/rinha/rinha.db"\n' in text


def test_a_program_in_a_home_is_bound() -> None:
    """Homes are hidden; only the folder of the program is visible in them."""
    lines = list(hardening(Part("api01", ["x"]), [Path("/home/ana/rinha")]))
    assert "ProtectHome=tmpfs" in lines
    assert 'BindReadOnlyPaths="/home/ana/rinha"' in lines
    assert "ProtectHome=yes" in hardening(Part("api01", ["x"]), [Path("/opt/rinha")])


def test_values_are_quoted_for_systemd() -> None:
    """No value begins a specifier, a variable or another setting."""
    assert quoted_argument('a "b" $c %d \\') == '"a \\"b\\" $$c %%d \\\\"'
    assert quoted_variable("a`b$c%d") == '"a\\`b\\$c%d"'
    with pytest.raises(ServiceError, match="control"):
        quoted_argument("a\nExecStart=/bin/sh")


def test_the_command_says_what_it_wrote_or_why_not(checkout: Checkout) -> None:
    """`install-service` prints the next commands; an error is one line and exit code 2."""
    checkout.folder.chmod(0o755)
    root = checkout.folder / "image"
    code, text = checkout.stack(f"install-service --root {root}")
    assert code == 0, text
    assert text.startswith(f"the service is installed: units in {root}/etc/systemd/system, ")
    assert "systemctl enable --now rinha.target\n" in text
    assert f'PORT="{checkout.port}"\n' in (root / "etc/rinha/env").read_text()
    assert not (checkout.folder / "var").exists()
    (checkout.folder / "file").touch()
    code, text = checkout.stack("install-service --root file")
    where = f"{checkout.folder}/file/etc/systemd/system"
    assert (code, text) == (2, f"rinha: cannot write {where}: Not a directory\n")


def test_a_program_that_the_account_cannot_read_is_refused(tmp_path: Path) -> None:
    """A service that could not start is not written."""
    tmp_path.chmod(0o700)
    with pytest.raises(ServiceError, match=f"{units.ACCOUNT} may not read it: chmod"):
        install._assert_startable([], [tmp_path])


def test_a_program_that_no_unit_reaches_is_refused(tmp_path: Path) -> None:
    """The folders above a program count too, but those of a home, which the unit does not need."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(ServiceError, match=f"{closed}: the account rinha may not enter it"):
        install._assert_reachable([closed / "rinha"])
    for folder in ("/tmp", "/var/tmp"):
        with pytest.raises(ServiceError, match=f"a service has a {folder} of its own"):
            install._assert_reachable([Path(folder, "rinha")])
    install._assert_reachable([Path("/opt/rinha"), Path("/root/rinha"), Path("/home/ana/rinha")])


@pytest.mark.parametrize("variables", [{}, VARIABLES, {"RINHA_LEDGER": "postgresql://a@b/c"}])
@pytest.mark.tools
@pytest.mark.needs("systemd-analyze")
def test_systemd_finds_the_units_sound_and_safe(
    tmp_path: Path, environment: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    """systemd verifies each unit without a complaint, and rates its exposure 2.0 at most."""
    folder = written(tmp_path, environment, **variables)
    names = sorted(folder.glob("rinha*"))
    found = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *names],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stderr) == (0, "")
    for path in folder.glob("*.service"):
        rated = subprocess.run(
            ["systemd-analyze", "security", "--offline=yes", f"--threshold={EXPOSURE_MAX}", path],
            capture_output=True,
            text=True,
            check=False,
        )
        assert rated.returncode == 0, rated.stdout


def test_the_one_file_runs_a_program_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """systemd starts the one file under the name of the program that it carries."""
    monkeypatch.setattr(paths, "ONE_FILE", True)
    monkeypatch.setattr(sys, "executable", "/opt/rinha")
    text = units.unit(Part("nginx", ["nginx", "-p", "."]), [], [Path("/opt/rinha")])
    assert 'ExecStart="@/opt/rinha" "nginx" "-p" "."\n' in text
    text = units.unit(Part("api01", ["/opt/rinha", "-m", "rinha"]), [], [])
    assert 'ExecStart="/opt/rinha" "-m" "rinha"\n' in text
    assert "PYTHONPATH" not in text


@pytest.mark.parametrize("one_file", [True, False])
def test_a_program_may_have_any_path(monkeypatch: pytest.MonkeyPatch, one_file: bool) -> None:
    """A percent sign in the program's path begins no specifier, and a dollar sign stays one."""
    monkeypatch.setattr(paths, "ONE_FILE", one_file)
    monkeypatch.setattr(sys, "executable", "/a%b $c/rinha")
    command = ["nginx", "$d"] if one_file else [sys.executable, "$d"]
    text = units.unit(Part("nginx", command), [], [])
    given = '"@/a%%b $c/rinha" "nginx" "$$d"' if one_file else '"/a%%b $c/rinha" "$$d"'
    assert f"ExecStart={given}\n" in text


WITHOUT_LITESTREAM = """
import sys
from stack import __main__ as stack, paths
paths.LITESTREAM = paths.ROOT / "missing"
sys.argv[1:] = ["install-service", "--root", "root"]
sys.exit(stack.main())
"""


def test_a_replica_gets_its_program(checkout: Checkout) -> None:
    """`install-service` installs Litestream for a replica, readable for the service's account."""
    setup = checkout.folder / "stack" / "setup.sh"
    setup.write_text('#!/bin/sh\necho "$1" >installed\n')
    place = {"RINHA_REPLICA": f"file://{checkout.folder}/replica"}
    done = run(sys.executable, "-c", WITHOUT_LITESTREAM, cwd=checkout.folder, env=place)
    installed = checkout.folder / "installed"
    assert installed.read_text() == "replica\n", done.text
    assert stat.S_IMODE(installed.stat().st_mode) == 0o644
