"""The replica is in the folder that RINHA_REPLICA names, whatever characters its name has."""

from pathlib import Path

from tests.help.following import Following, restore
from tests.help.running import finish, rinha


def test_a_folder_is_the_one_that_is_named(folder: Path) -> None:
    """A replica is written to the folder of its name and no other, and is restored from there."""
    place = f"file://{folder}/my cópia 100%"
    ledger = folder / "ledger" / "rinha.db"
    code, _, err = finish(rinha("init", RINHA_LEDGER=str(ledger)))
    assert code == 0, err
    with Following(ledger.parent, place) as following:
        following.wait_until_follows()
    assert {path.name for path in folder.iterdir()} == {"ledger", "my cópia 100%"}
    assert restore(folder / "restored.db", place)[0] == 0
    code, _, err = finish(rinha("init", RINHA_LEDGER=f"{folder}/new.db", RINHA_REPLICA=place))
    assert code == 2
    assert f"{place} is a replica of a ledger" in err
