"""Limits of replication, each with its reason."""

# Replication interval: a lost disk takes what was committed since the last sync.
SYNC_S = 1.0
# Litestream keeps each state of the last minutes, one each half minute of the last week, and a
# snapshot a day.
L0_RETENTION_S = 300.0
SNAPSHOT_RETENTION_DAYS = 7
# The replica is behind from this lag on: a sync takes milliseconds, on a slow network a second.
BEHIND_S = 5.0
# Timeouts: a restore over a slow network takes minutes; Litestream's socket answers at once.
TRANSFER_MAX_S = 600.0
ANSWER_MAX_S = 10.0
# Interval of the watchdog's requests to Litestream: each takes a millisecond of CPU time.
STATUS_EVERY_S = 1.0
# A Litestream that has not answered for this long is killed.
SILENT_MAX_S = 60.0
# Interval of the check whether Litestream is stopped, perhaps while it holds SQLite's lock. Less
# than the default of RINHA_LOCK_WAIT_MS.
STOPPED_CHECK_EVERY_S = 0.2
# Changes that cannot be sent stay on the ledger's own disk. Beyond this size, plus the ledger's,
# they are deleted, and a snapshot is sent once that is possible.
UNSENT_MAX_BYTES = 500_000_000
# Litestream's limits. It uses 35 MB and a hundredth of a core; beyond the last limit it ends and is
# started again.
NICENESS = 5
MEMORY_SOFT_MAX = "64MiB"
MEMORY_MAX_BYTES = 250_000_000
# Time to send the last changes at a stop. `make down` waits a little longer.
LAST_SYNC_S = 2.0
