"""A PostgreSQL server with its synchronous standby, and a ledger that is connected to it."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

from rinha.address import ServerUrl
from rinha.crebitos.on_postgres import PostgresLedger
from rinha.errors import StoreUnavailableError
from rinha.postgres.limits import START_MAX_S
from tests.help.postgres import Server

WAITS = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
T = TypeVar("T")


class Pair(NamedTuple):
    primary: Server
    standby: Server
    name: str
    ledger: PostgresLedger

    @property
    def address(self) -> ServerUrl:
        return ServerUrl(self.primary.address(self.name, self.standby))

    def on_the_new(self) -> PostgresLedger:
        """Returns another instance, which was only ever connected to the promoted standby."""
        return PostgresLedger(ServerUrl(self.standby.address(self.name)))


@contextlib.contextmanager
def servers() -> Iterator[tuple[Server, Server]]:
    """Yields a primary, and the standby that confirms its commits."""
    with contextlib.ExitStack() as stack:
        primary = Server()
        stack.callback(primary.stop)
        standby = primary.standby()
        stack.callback(standby.stop)
        yield primary, standby


@contextlib.contextmanager
def paired(primary: Server, standby: Server) -> Iterator[Pair]:
    """Yields an empty database on these servers, and a ledger connected to it."""
    name = primary.new_name()
    with opened(primary.address(name, standby)) as ledger:
        yield Pair(primary, standby, name, ledger)


@contextlib.contextmanager
def opened(address: str) -> Iterator[PostgresLedger]:
    with contextlib.closing(PostgresLedger(ServerUrl(address))) as ledger:
        yield ledger


def take_over(pair: Pair) -> None:
    """Promotes the standby, as a cluster's manager would. Nothing confirms the old primary's
    commits any more."""
    pair.standby.promote()
    pair.standby.set("synchronous_standby_names", "")


def eventually(act: Callable[[], T]) -> T:
    """Repeats a call until a primary is found, and returns its result."""
    deadline = time.monotonic() + START_MAX_S
    while True:
        try:
            return act()
        except StoreUnavailableError:
            assert time.monotonic() < deadline
            time.sleep(0.02)
