"""Every limit of the engine, each with its reason."""

# A turn takes some 20 us, being put to sleep and woken costs more: first stand aside this often.
LOCK_TRIES_BEFORE_SLEEP = 100
# Where other programs want the CPU too, who stands aside is back after their turns, of 3 ms each.
LOCK_STAND_ASIDE_MAX_S = 0.001
# After one request waited in vain the next ones ask only briefly, until one gets through: a queue
# of requests must not wait one after the other for a neighbour that hangs.
LOCK_WAIT_AFTER_REFUSAL_S = 0.01
# The alarm that ends a wait rings again this soon, in case it rang before the wait began.
LOCK_ALARM_REPEAT_S = 0.01
# Between two looks at a lock held by something other than an instance, such as a shell.
FOREIGN_LOCK_PAUSE_S = 0.001
# Start-up is patient: the neighbour may be recovering a large write-ahead log.
START_LOCK_WAIT_S = 20.0
# A transaction touches few rows: small pages copy and checksum less than SQLite's usual 4096.
PAGE_SIZE_BYTES = 1024
# The write-ahead log is moved into the file when it has so many pages, a transaction having two or
# three; then, under a load that never pauses, under the write lock, so that it ends; and past the
# last number by the writers, as nobody else did.
LOG_PAGES_LONG = 1000
LOG_PAGES_LOCKED = 2500
LOG_PAGES_MAX = 6500
# Of 512 bytes, as the kernel counts. With so many moved and not synced, a megabyte, the sync is not
# left to the step under the lock: a million clients' 8 MB take 20 ms there.
FILE_BLOCKS_UNSYNCED = 2048
# After a failed sync the WAL is checked and written again, in pieces: it may have grown long.
WAL_PIECE_BYTES = 1_000_000
# An instance that ends waits this long for its checkpoint: a second sync on a slow disk.
CHECKPOINT_END_MAX_S = 0.2
# How long a file that was deleted under a running instance may stay unnoticed.
FILE_MOVED_CHECK_S = 1.0

# The copy that follows. How often what is new is sent to it: what a lost disk may take.
REPLICA_SYNC_S = 1.0
# Each moment of the last minutes, half minutes of the last week, and a whole copy a day.
REPLICA_FINE_S = 300.0
REPLICA_KEPT_DAYS = 7
# Told as behind from then on: a sync takes milliseconds, a slow network a second.
REPLICA_BEHIND_S = 5.0
# To bring one back from a far place may take its time; Litestream itself answers at once.
REPLICA_TRANSFER_MAX_S = 600.0
REPLICA_ANSWER_MAX_S = 10.0
# Each question costs a millisecond of the CPU that requests want too.
REPLICA_ASK_S = 1.0
# One that answered nothing for so long is ended.
REPLICA_SILENT_MAX_S = 60.0
# An instance that moves the log is done in milliseconds, on a slow disk in a second.
REPLICA_TURN_MAX_S = 5.0
# Between two looks whether Litestream stands still, perhaps with SQLite's lock in its hand: less
# than RINHA_LOCK_WAIT_MS.
REPLICA_LOOK_S = 0.2
# What could not be sent for hours waits on the ledger's own disk: beyond this, and the size of the
# ledger, it is thrown away, and a whole copy is sent when that can be.
REPLICA_WAITING_MAX_BYTES = 500_000_000
# Its share: it uses 35 MB and a hundredth of a core; past these it is ended and begun anew.
REPLICA_NICE = 5
REPLICA_MEMORY_SOFT = "64MiB"
REPLICA_MEMORY_MAX_BYTES = 250_000_000
# At a stop, for what came last. `make down` waits a little longer.
REPLICA_LAST_SYNC_S = 2.0
