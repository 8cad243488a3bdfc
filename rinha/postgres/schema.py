"""Creates an edition's tables on a server, identifies them, and compares them with the schema."""

import time
from importlib.resources.abc import Traversable
from typing import NamedTuple

from rinha.errors import StoreUnusableError
from rinha.postgres.limits import MAKING_LOCK_WAIT_S, MAKING_PAUSE_S, START_MAX_S
from rinha.postgres.session import LOCK_NOT_AVAILABLE, RefusedError, Session
from rinha.schema_versions import after, up_to

# Advisory lock, so that of several starting instances only one creates the tables: "rinh".
BEGIN_MAKING = f"""
    BEGIN; SET LOCAL lock_timeout TO {int(MAKING_LOCK_WAIT_S * 1000)};
    SELECT pg_advisory_xact_lock({0x72696E68})
"""
# The namespace of the table {marked}. It is not always the first one of the search path: a schema
# that has the role's name may have been added later.
NAMESPACE = """
    SELECT relnamespace FROM pg_class WHERE relname = '{marked}' AND pg_table_is_visible(oid)
"""
USE_NAMESPACE = f"""
    SELECT set_config('search_path', quote_ident(nspname), true) FROM pg_namespace
    WHERE oid = ({NAMESPACE})
"""  # noqa: S608 - only our own constants are put in
# Everything that decides which rows are valid and what a view returns. The owner may add indexes.
DESCRIPTION = f"""
    WITH ours AS (
        SELECT oid, relname, relkind FROM pg_class WHERE relnamespace = ({NAMESPACE})
    )
    SELECT relname, concat_ws(' ', 'column', attnum, attname, format_type(atttypid, atttypmod),
                              attnotnull, pg_get_expr(adbin, adrelid))
    FROM ours JOIN pg_attribute ON attrelid = oid
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE relkind IN ('r', 'v') AND attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT relname, concat_ws(' ', 'constraint', convalidated, pg_get_constraintdef(c.oid))
    FROM ours JOIN pg_constraint AS c ON conrelid = ours.oid
    UNION ALL
    SELECT relname, 'view ' || pg_get_viewdef(oid) FROM ours WHERE relkind = 'v'
    UNION ALL
    SELECT relname, 'trigger ' || pg_get_triggerdef(t.oid)
    FROM ours JOIN pg_trigger AS t ON tgrelid = ours.oid WHERE NOT tgisinternal
    UNION ALL
    SELECT relname, 'rule ' || pg_get_ruledef(r.oid)
    FROM ours JOIN pg_rewrite AS r ON ev_class = ours.oid WHERE rulename <> '_RETURN'
"""  # noqa: S608 - only our own constants are put in


class Schema(NamedTuple):
    """An edition's tables. The comment of the table `marked` has their kind and version."""

    noun: str
    sql: Traversable
    marked: str
    version: int

    @property
    def mark(self) -> str:
        return f"rinha {self.noun}, version "

    def make_if_needed(self, session: Session, where: str, *, create: bool) -> int:
        """Makes the tables, or upgrades those of an older version. Returns the version there is."""
        found = self._version(session, where)
        if found == self.version or (found and not create):
            return found
        if not create:
            raise StoreUnusableError(
                f"{where}: there is no {self.noun} here; `make up` makes one, or `rinha init`"
            )
        until = time.monotonic() + START_MAX_S
        while True:
            try:
                self._define(session, where)
            except RefusedError as error:
                session.run("ROLLBACK", START_MAX_S)
                if error.sqlstate != LOCK_NOT_AVAILABLE:
                    raise StoreUnusableError(f"{where}: no {self.noun} was made: {error}") from None
            else:
                return self.version
            if time.monotonic() > until:
                raise StoreUnusableError(
                    f"{where}: its tables are in use, such as by a backup or an audit, and were "
                    "not changed: try again after it"
                )
            time.sleep(MAKING_PAUSE_S)

    def _define(self, session: Session, where: str) -> None:
        session.run(BEGIN_MAKING, START_MAX_S)
        found = self._version(session, where)
        if found < self.version:
            session.run(USE_NAMESPACE.format(marked=self.marked), START_MAX_S)
            session.run(after(found, self.sql.read_text("utf-8")), START_MAX_S)
            mark = f"{self.mark}{self.version}"
            session.run(f"COMMENT ON TABLE {self.marked} IS '{mark}'", START_MAX_S)
        session.run("COMMIT", START_MAX_S)

    def _version(self, session: Session, where: str) -> int:
        """Returns the version of the tables, or 0 if there are none."""
        # Not to_regclass, which may miss a table that was created while this session waited.
        question = "SELECT obj_description(oid, 'pg_class') FROM pg_class WHERE relname = "
        question += f"'{self.marked}' AND pg_table_is_visible(oid)"
        tables = session.run(question, START_MAX_S)
        if not tables:
            return 0
        found = (tables[0][0] or b"").decode()
        if not found.startswith(self.mark):
            raise StoreUnusableError(
                f"{where}: its table {self.marked} is not a {self.noun}'s; it was left as it is"
            )
        version = found.removeprefix(self.mark)
        if version not in map(str, range(1, self.version + 1)):
            raise StoreUnusableError(
                f"{where}: a {found.removeprefix('rinha ')}, this program knows {self.version} and "
                "older ones: use a newer program"
            )
        return int(version)

    def problems(self, session: Session, version: int) -> list[str]:
        """Compares the tables with those that the schema makes, temporarily, on the same server."""
        timeout_s, description = None, DESCRIPTION.format(marked=self.marked)
        try:
            session.run("BEGIN; SET LOCAL search_path TO pg_temp", timeout_s)
            session.run(up_to(version, self.sql.read_text("utf-8")), timeout_s)
            shipped = set(session.run(description, timeout_s))
        finally:
            session.roll_back()
        names = {name for name, _ in shipped}
        there = {row for row in session.run(description, timeout_s) if row[0] in names}
        wrong = sorted({(name or b"").decode() for name, _ in shipped ^ there})
        return [f"schema: {name} is not as this program ships it" for name in wrong]
