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
# After a failed sync the log is written again, in pieces: it may have grown long.
LOG_PIECE_BYTES = 1_000_000
# An instance that ends waits this long for its checkpoint: a second sync on a slow disk.
CHECKPOINT_END_MAX_S = 0.2
# How long a file that was deleted under a running instance may stay unnoticed.
FILE_MOVED_CHECK_S = 1.0
