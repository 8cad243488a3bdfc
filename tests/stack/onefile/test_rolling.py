"""`./rinha up` beside its running stack: another file and other settings, while it answers."""

from tests.help.new_connections import NewConnections
from tests.stack.onefile.started import OneFile

RATE = 340


def test_another_file_and_other_settings_are_applied_under_load(onefile: OneFile) -> None:
    """A new file in place of the old one, and other settings, are applied; no request fails."""
    own = onefile.folder / "rinha"
    own.write_bytes(onefile.executable.read_bytes())
    own.chmod(0o755)
    onefile.executable = own
    assert onefile.run("up", AWS_REGION="a")[0] == 0
    onefile.wait_until_whole()
    with NewConnections(onefile.port, RATE, seed=1) as load:
        # Bytes after its end change a file, and not what it does.
        new = own.with_name("new")
        new.write_bytes(own.read_bytes() + b"of another version")
        new.chmod(0o755)
        new.replace(own)
        code, said = onefile.run("up", RINHA_LOG_LEVEL="debug")
        assert (code, "(changed while it served: the code, RINHA_LOG_LEVEL)" in said) == (0, True)
        code, said = onefile.run("up", INSTANCES="3", RINHA_LOG_LEVEL="debug")
        assert (code, "(changed while it served: INSTANCES)" in said) == (0, True)
        assert onefile.run("up")[0] == 0
    assert load.failed == []
    load.assert_explains_every_row(str(onefile.file))
    environ = (onefile.folder / "var" / "service" / "api01" / "command").read_text().split("\0")
    assert "unset=AWS_REGION" in environ
    assert onefile.run("status")[1].count("\n") == 4
    onefile.wait_until_whole()
    assert onefile.run("down")[0] == 0
    assert onefile.processes() == {}
