"""Another edition is a folder and its name: no file of the ones that are there changes."""

import re
from pathlib import Path

import pytest

from rinha.settings import EDITIONS
from tests.help.checkout import Checkout
from tests.help.running import ROOT, Client

FILES = {
    "__init__.py": '"""An edition of a few lines: notes by name."""\n',
    "schema.sql": """\
PRAGMA application_id = 7;
PRAGMA user_version = 1;
CREATE TABLE notes (name TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
""",
    "on_sqlite.py": '''\
"""Notes on SQLite."""

from pathlib import Path

from rinha.errors import NotFoundError
from rinha.sqlite.file import Schema, SqliteFile


class Audit(list):
    problems = property(list)

    def lines(self, where):
        return [f"{where}: {len(self)} problems"]


class Notes:
    def __init__(self, knobs, create):
        schema = Schema("notebook", Path(__file__).with_name("schema.sql"), 7, 1)
        how = {"synchronous": knobs.synchronous, "lock_wait_s": knobs.lock_wait_s}
        self.engine = SqliteFile(knobs.ledger, schema, create=create, **how)

    def put(self, name, text):
        with self.engine.writing:
            self.engine.execute("INSERT INTO notes VALUES (?, ?)", (name, text))

    def find(self, name):
        for (text,) in self.engine.read("SELECT text FROM notes WHERE name = ?", (name,)):
            return text
        raise NotFoundError(f"there is no note {name}")

    def reset(self):
        with self.engine.writing:
            self.engine.execute("DELETE FROM notes")

    def assert_readable(self):
        self.engine.assert_readable("SELECT 1 FROM notes")

    def levels(self):
        return self.engine.levels()

    def overview(self):
        rows = self.engine.read("SELECT name, text FROM notes ORDER BY name LIMIT 20")
        return {"notes": [{"name": name, "text": text} for name, text in rows]}

    def audit(self):
        return Audit(self.engine.problems())


def open_store(knobs, *, create):
    return Notes(knobs, create)
''',
    "routes.py": '''\
"""Their paths."""

import falcon

from rinha.bodies import decoder_of, encode

decode_note = decoder_of(dict[str, str], {}, "a note is an object with a text")


class OneNote:
    def __init__(self, notes):
        self._notes = notes

    def on_post(self, req, resp, name):
        self._notes.put(name, decode_note(req.stream.read())["text"])
        resp.status = falcon.HTTP_201

    def on_get(self, _req, resp, name):
        resp.data = encode(self._notes.find(name))


def add_routes(app, notes):
    app.add_route("/notes/{name}", OneNote(notes))
''',
}
# The two places that list the editions, and belong to none.
LISTS = {
    "rinha/settings.py": (r"EDITIONS = \(([^)]*)\)", r'EDITIONS = (\1, "notes")'),
    "stack/sentences": (r"\Z", "TRY_notes=  curl %s/notes/a\\n  curl %s/health\n"),
}


def test_a_third_edition_rides_on_everything(checkout: Checkout) -> None:
    """A folder of four files, and its name in two lists: up, requests, check, reset, snapshot, and
    the operator's page."""
    folder = checkout.folder / "rinha" / "notes"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    for name, (place, change) in LISTS.items():
        path = checkout.folder / name
        path.write_text(re.sub(place, change.replace("\\n", "\\\\n", 1), path.read_text(), count=1))
    code, said = checkout.stack("up", RINHA_EDITION="notes")
    assert (code, "/notes/a" in said) == (0, True), said
    client = Client(checkout.port)
    assert client("POST", "/notes/a", {"text": "first"}).status == 201
    assert client("GET", "/notes/a").json == "first"
    assert client("GET", "/notes/b").json == {"error": "there is no note b"}
    assert client("GET", "/clientes/1/extrato").status == 404
    seen = Client(checkout.ops_port)("GET", "/state").json
    assert seen["kept"] == {"notes": [{"name": "a", "text": "first"}]}
    assert checkout.stack("check") == (0, "var/notes.db: 0 problems\n")
    assert checkout.stack("sql SELECT/**/text/**/FROM/**/notes") == (0, "first\n")
    copy = checkout.folder / checkout.stack("snapshot")[1].strip()
    assert copy.read_bytes().startswith(b"SQLite format 3")
    assert checkout.stack("reset")[0] == 0
    assert client("GET", "/notes/a").status == 404
    assert checkout.stack("down")[0] == 0


# What only one edition has a word for.
WORDS = {
    "crebitos": r"crebitos|clientes?\b|extrato|transac[ao]|saldo|debit|limite\b",
    "pessoas": r"pessoas?\b|apelido|nascimento|contagem",
}


@pytest.mark.parametrize("edition", EDITIONS)
def test_no_file_of_an_edition_mentions_another(edition: str) -> None:
    """Whoever reads one of them never meets the other."""
    others = re.compile("|".join(words for name, words in WORDS.items() if name != edition), re.I)
    folders = [ROOT / top / edition for top in ("rinha", "loadtest", "stack")]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    if edition == EDITIONS[0]:
        files += [ROOT / "schema.sql", ROOT / "docs" / "openapi.yaml", ROOT / "docker-compose.yml"]
    texts = [path for path in files if path.suffix != ".pyc"]
    assert len(texts) > 10
    for path in texts:
        assert not others.findall(Path(path).read_text()), path
