"""The files of an edition do not mention another edition."""

import re
from pathlib import Path

import pytest

from rinha.settings import EDITIONS
from rinha.wiring import EDITIONS_ON, RESTORES_ON
from tests.help.running import ROOT

# Words that belong to only one edition.
WORDS = {
    "crebitos": r"crebitos|clientes?\b|extrato|transac[ao]|saldo|debit|limite\b",
    "pessoas": r"pessoas?\b|apelido|nascimento|contagem",
}


@pytest.mark.parametrize("edition", EDITIONS)
def test_no_file_of_an_edition_mentions_another(edition: str) -> None:
    """No file of an edition contains a word of another edition."""
    others = re.compile("|".join(words for name, words in WORDS.items() if name != edition), re.I)
    folders = [ROOT / top / edition for top in ("rinha", "loadtest", "stack")]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    if edition == EDITIONS[0]:
        files += [ROOT / "schema.sql", ROOT / "docs" / "openapi.yaml", ROOT / "docker-compose.yml"]
    texts = [path for path in files if path.suffix != ".pyc"]
    assert len(texts) > 10
    for path in texts:
        assert not others.findall(Path(path).read_text()), path


def test_the_table_names_each_edition_and_what_it_can_restore() -> None:
    """Every edition has an engine on SQLite, and each restore has an edition and an engine."""
    assert {edition for edition, engine in EDITIONS_ON if engine == "sqlite"} == set(EDITIONS)
    assert RESTORES_ON.keys() <= EDITIONS_ON.keys()
