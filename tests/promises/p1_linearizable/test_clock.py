"""The instances' clock jumps an hour back and forth under load."""

import itertools
import operator
import random
import time
from pathlib import Path
from typing import Any

import apsw

from tests.help.commands import assert_sound
from tests.help.effort import drawn_seed, effort
from tests.help.running import ROOT, Stack
from tests.help.transaction_load import TransactionLoad

SECONDS = effort(4, 60, 300)
STEP_EVERY_S = 0.5
HOUR_S = 3600


def test_the_order_does_not_hang_on_the_clock(tmp_path: Path) -> None:
    """Clock jumps of an hour cause no 5xx, lose nothing and change no order."""
    offset = tmp_path / "offset"
    offset.write_text("0")
    # The folder holds a sitecustomize.py, which shifts the clock of the instances.
    paths = f"{ROOT / 'tests' / 'help' / 'wrong_clock'}:{ROOT}"
    seed = drawn_seed()
    rng = random.Random(seed)
    with Stack(tmp_path, PYTHONPATH=paths, CLOCK_OFFSET_FILE=str(offset)) as stack:
        with TransactionLoad(stack.port, 340, seed) as load:
            ends_at = time.monotonic() + SECONDS
            while time.monotonic() < ends_at:
                offset.write_text(str(rng.choice((-HOUR_S, 0, HOUR_S))))
                time.sleep(STEP_EVERY_S)
        assert load.failed == []
        load.assert_explains_every_row(stack.ledger)
        assert_order(stack, load)
    assert_sound(stack.ledger)


def assert_order(stack: Stack, load: TransactionLoad) -> None:
    """A transaction answered before another was sent precedes it, whatever the clock said."""
    connection = apsw.Connection(str(stack.file), flags=apsw.SQLITE_OPEN_READONLY)
    rows: list[Any] = connection.execute(
        "SELECT cliente, descricao, realizada_em_us FROM transacoes ORDER BY cliente, sequencia"
    ).fetchall()
    connection.close()
    outcomes = {outcome.descricao: outcome for outcome in load.outcomes}
    jumps = 0
    for _, mine in itertools.groupby(rows, key=operator.itemgetter(0)):
        latest_sent_s, last_us = 0.0, 0
        for _, name, moment_us in mine:
            outcome = outcomes[name]
            assert outcome.sent_at_s + outcome.after_s >= latest_sent_s, "stands too late"
            latest_sent_s = max(latest_sent_s, outcome.sent_at_s)
            jumps += moment_us < last_us
            last_us = moment_us
    print(f"{len(rows)} rows, {jumps} of them an hour or two before the one they follow")
    assert jumps > 0, "the clock never went back"
