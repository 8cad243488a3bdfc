"""Limits of the SQLite engine, each with its reason."""

# The lock is held for some 20 us, and to sleep and wake up takes longer. So a process first yields
# this often.
LOCK_TRIES_BEFORE_SLEEP = 100
# It yields no longer than this: on a busy CPU other programs run for 3 ms each time.
LOCK_STAND_ASIDE_MAX_S = 0.001
# After a timeout the next requests wait only this long, until one gets the lock. Queued requests
# must not each wait the full time for an instance that hangs.
LOCK_WAIT_AFTER_REFUSAL_S = 0.01
# The alarm that ends a wait repeats this soon, in case it came before the wait began.
LOCK_ALARM_REPEAT_S = 0.01
# Pause between two tries for a lock that has no queue, such as one that a shell holds.
FOREIGN_LOCK_PAUSE_S = 0.001
# A start waits longer: another instance may be recovering a large WAL.
START_LOCK_WAIT_S = 20.0
# A transaction changes few rows: small pages copy and checksum less than SQLite's usual 4096.
PAGE_SIZE_BYTES = 1024
# Pages in the WAL; a transaction adds two or three. From the first limit on the thread runs a
# checkpoint. From the second on, under a load that never pauses, it finishes the checkpoint under
# the write lock. From the third on the writers run it, as the thread did not.
LOG_PAGES_LONG = 1000
LOG_PAGES_LOCKED = 2500
LOG_PAGES_MAX = 6500
# Blocks of 512 bytes, as the kernel counts: 1 MB. If more was copied without a sync, the file is
# synced before the step under the lock. With a million clients 8 MB wait, which takes 20 ms there.
FILE_BLOCKS_UNSYNCED = 2048
# After a failed sync the WAL is checked and written again, in pieces: it may have grown long.
WAL_PIECE_BYTES = 1_000_000
# An instance that ends waits this long for its checkpoint, which may sync twice on a slow disk.
CHECKPOINT_END_MAX_S = 0.2
# Interval of the check that the file was not deleted or replaced under a running instance.
FILE_MOVED_CHECK_S = 1.0

# Replication interval: a lost disk takes what was committed since the last sync.
REPLICA_SYNC_S = 1.0
# Litestream keeps each state of the last minutes, one each half minute of the last week, and a
# snapshot a day.
REPLICA_FINE_S = 300.0
REPLICA_KEPT_DAYS = 7
# The replica is behind from this lag on: a sync takes milliseconds, on a slow network a second.
REPLICA_BEHIND_S = 5.0
# Timeouts: a restore over a slow network takes minutes; Litestream's socket answers at once.
REPLICA_TRANSFER_MAX_S = 600.0
REPLICA_ANSWER_MAX_S = 10.0
# Interval of the watcher's requests to Litestream: each takes a millisecond of CPU time.
REPLICA_ASK_S = 1.0
# A Litestream that has not answered for this long is killed.
REPLICA_SILENT_MAX_S = 60.0
# Timeout for taking the WAL over: a checkpoint takes milliseconds, on a slow disk a second.
REPLICA_TURN_MAX_S = 5.0
# Interval of the check whether Litestream is stopped, perhaps while it holds SQLite's lock. Less
# than the default of RINHA_LOCK_WAIT_MS.
REPLICA_LOOK_S = 0.2
# Changes that cannot be sent wait on the ledger's own disk. Beyond this size, plus the ledger's,
# they are deleted, and a snapshot is sent once that is possible.
REPLICA_WAITING_MAX_BYTES = 500_000_000
# Litestream's limits. It uses 35 MB and a hundredth of a core; beyond the last limit it ends and is
# started again.
REPLICA_NICE = 5
REPLICA_MEMORY_SOFT = "64MiB"
REPLICA_MEMORY_MAX_BYTES = 250_000_000
# Time to send the last changes at a stop. `make down` waits a little longer.
REPLICA_LAST_SYNC_S = 2.0
