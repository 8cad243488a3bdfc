"""This service's Falcon application and ledger, as Granian imports it in place of bjoern.

GroupCommit relies on the order in which bjoern reads and writes, so here each request is its own
commit. Granian calls it in one thread: a ledger is used by one at a time.
"""

import contextlib
import os

from rinha import settings
from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.crebitos.routes import add_routes
from rinha.http import create_app

ledger = SqliteLedger.open(settings.load(os.environ), create=True)
# Ends with the process.
exits = contextlib.ExitStack()
exits.enter_context(ledger.engine.serving())
app = create_app(ledger, add_routes, reset=False)
