"""An nginx.conf that its user has edited, and the messages about parts that do not start."""

import subprocess
import sys
from pathlib import Path

from stack import log_files
from tests.help.checkout import Checkout, processes_in
from tests.help.running import ROOT


def edit(checkout: Checkout, old: str, new: str, name: str = "nginx.conf") -> int:
    """Edits a configuration and returns the number of the changed line."""
    conf = checkout.folder / name
    before, found, after = conf.read_text(errors="surrogateescape").partition(old)
    assert found
    conf.write_text(f"{before}{new}{after}", errors="surrogateescape")
    return before.count("\n") + 1


def assert_refused(checkout: Checkout, *said: str) -> None:
    """Asserts that `up` refuses in one line, before it starts anything."""
    code, text = checkout.stack("up")
    assert (code, text.count("\n")) == (2, 1)
    assert all(words in text for words in said), text
    assert processes_in(checkout.folder) == {}
    assert not (checkout.folder / "var" / "service").exists()
    assert list((checkout.folder / "var").glob("log/*")) == []


def test_a_change_of_what_settings_are_for_is_refused(checkout: Checkout) -> None:
    """An edit of a line that settings control is refused with the names of these settings."""
    for name in ("listen.conf", "instances.conf"):
        edit(checkout, f"include {name};", "listen 127.0.0.1:9999;")
        assert_refused(checkout, name, "set BIND, PORT and INSTANCES")
        (checkout.folder / "nginx.conf").write_text((ROOT / "nginx.conf").read_text())


def test_a_typo_is_told_in_nginx_own_words(checkout: Checkout) -> None:
    """A typo is refused with nginx's message and the edited line; the corrected file starts."""
    for name, old, new in (
        ("nginx.conf", "    access_log off;", "    acces_log off;"),
        ("nginx.conf", "    tcp_nodelay on;", "    tcp_nodelay perhaps;"),
        ("stack/nginx/crebitos.conf", "size 4k;", "size much;"),
        ("stack/nginx/metrics.conf", "    root page;", "    rot page;"),
    ):
        line = edit(checkout, old, new, name)
        assert_refused(checkout, "[emerg]", f" {name}:{line}\n")
        edit(checkout, new, old, name)
    assert checkout.stack("up")[0] == 0


def test_comments_may_be_in_another_encoding(checkout: Checkout) -> None:
    """A comment that is not UTF-8 changes nothing, also where a message quotes its line."""
    for name in ("nginx.conf", "stack/nginx/crebitos.conf"):
        conf = checkout.folder / name
        conf.write_bytes(b"# servi\xe7o\n" + conf.read_bytes())
    line = edit(checkout, "    access_log off;", "    acess\udce3o off;")
    assert_refused(checkout, "[emerg]", f" nginx.conf:{line}\n")
    edit(checkout, "    acess\udce3o off;", "    access_log off;")
    assert checkout.stack("up")[0] == 0
    assert b"# servi\xe7o\n" in (checkout.folder / "var" / "nginx.conf").read_bytes()


def test_only_logs_of_this_stack_are_shown(checkout: Checkout) -> None:
    """Only logs of this stack's parts are shown, not those that earlier parts left."""
    old = checkout.folder / "var" / "log" / "replica"
    old.mkdir(parents=True)
    (checkout.folder / "var").chmod(0o700)
    (old / "current").write_text("of another day\n")
    assert checkout.stack("up")[0] == 0
    followed = subprocess.Popen(
        [sys.executable, "-m", "stack", "logs"],
        cwd=checkout.folder,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert followed.stdout
    # The existing lines come first, in the order of the names.
    shown = [followed.stdout.readline() for _ in range(4)]
    followed.kill()
    followed.communicate()
    assert [line for line in shown if line.startswith("==>")] == [
        "==> var/log/api01/current <==\n",
        "==> var/log/api02/current <==\n",
    ]
    found = subprocess.run(
        [sys.executable, "-c", "from stack.running import RUNIT; print(RUNIT.log_files())"],
        cwd=checkout.folder,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert found.count("current") == 3
    assert "replica" not in found


def test_the_last_words_are_of_this_start(tmp_path: Path) -> None:
    """Earlier lines of a log are left out, even if the log was rotated meanwhile."""
    log, other = tmp_path / "current", tmp_path / "other"
    log.write_text("old\n")
    before = log_files.sizes([log])
    assert log_files.lines_since(log, before) == []
    log.write_text("old\nnew\n")
    other.write_text("first\n")
    assert log_files.lines_since(log, before) == ["new"]
    assert log_files.lines_since(other, before) == ["first"]
    log.rename(tmp_path / "put away")
    log.write_text("longer than the old one\n")
    assert log_files.lines_since(log, before) == ["longer than the old one"]
