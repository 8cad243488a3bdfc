"""Schema of an edition's files: what identifies a file, and the way from an older version."""

from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

import apsw

from rinha.errors import StoreUnusableError
from rinha.schema_versions import after, up_to

READ_SCHEMA = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
READ_KIND = (
    "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)"
    " FROM pragma_application_id, pragma_user_version"
)


class Schema(NamedTuple):
    """An edition's tables, and the application id and version that identify its files."""

    noun: str
    sql: Traversable
    application_id: int
    version: int

    def definitions(self, version: int) -> set[tuple[str, str, str]]:
        """Returns type, name and SQL of all that a file of this version has."""
        shipped = apsw.Connection(":memory:")
        shipped.execute(up_to(version, self.sql.read_text("utf-8")))
        return set(shipped.execute(READ_SCHEMA))

    def create(self, connection: apsw.Connection) -> None:
        connection.execute(f"BEGIN IMMEDIATE; {self.sql.read_text('utf-8')}; COMMIT")

    def upgrade(self, connection: apsw.Connection, version: int) -> None:
        """Adds what the file lacks, in one transaction."""
        added = after(version, self.sql.read_text("utf-8"))
        connection.execute(
            f"BEGIN IMMEDIATE; {added}; PRAGMA user_version = {self.version}; COMMIT"
        )


def version_of(connection: apsw.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").get)


class Kind(NamedTuple):
    """Version of a file's schema, and how many objects it has: none in a new file."""

    version: int
    objects: int


def assert_is_ours(
    connection: apsw.Connection, path: Path, schema: Schema, *, create: bool = False
) -> Kind:
    """Refuses other programs' databases, other editions and newer versions."""
    application, version, objects = connection.execute(READ_KIND).get
    if application == schema.application_id and not 1 <= version <= schema.version:
        raise StoreUnusableError(
            f"{path}: a {schema.noun} of version {version}, this program knows {schema.version} "
            "and older ones: use a newer program"
        )
    if application != schema.application_id and (application or objects or not create):
        raise StoreUnusableError(
            f"{path}: an SQLite database, but not a {schema.noun}: another program's, or "
            "another edition's; it was left as it is"
        )
    return Kind(version, objects)
