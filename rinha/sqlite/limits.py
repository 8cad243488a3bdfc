"""Limits of the SQLite engine, each with its reason."""

# A request that is alone holds the lock for some 20 us, and to sleep and wake up takes longer. So a
# process first yields this often. A group holds it ten times as long: more yields only take CPU.
LOCK_TRIES_BEFORE_SLEEP = 5
# It yields no longer than this: on a busy CPU other programs run for 3 ms each time.
LOCK_YIELD_MAX_S = 0.001
# After a timeout the next requests wait only this long, until one gets the lock. Queued requests
# must not each wait the full time for an instance that hangs.
LOCK_WAIT_AFTER_REFUSAL_S = 0.01
# The alarm that ends a wait repeats this soon, in case it came before the wait began.
LOCK_ALARM_REPEAT_S = 0.01
# A request that comes this long after the one before has no others beside it: 340 requests/s come
# every 3 ms, and a busy instance has the next one within 0.1 ms.
GROUP_ALONE_S = 0.0007
# A group holds the write lock until its commit. This many requests take 2 ms; a larger group saves
# no more, and the other instance waits.
GROUP_TRANSACTIONS_MAX = 64
# With FULL a group waits this share of a sync for more requests: half of an instance's clients send
# their next request right after the last sync. With a sync of 3 ms that is a third more requests
# with 14 connections; on a fast disk it is 0.05 ms, which costs nothing.
GROUP_WAIT_SHARE = 0.25
GROUP_WAIT_S_MAX = 0.001
# The wait is this many pauses, after each of which the instance reads what has arrived. Asking all
# the time would take the CPU from nginx, through which the next requests come.
GROUP_PAUSES = 5
# The sync is expected to take as long as the last ones on average.
SYNCS_AVERAGED = 8
# A group ends after this time even if none of its clients reads its answer.
GROUP_S_MAX = 0.05
# Pause between two tries for a lock that has no queue, such as one that a shell holds.
FOREIGN_LOCK_PAUSE_S = 0.001
# A start waits longer: another instance may be recovering a large WAL.
START_LOCK_WAIT_S = 20.0
# Interval of the check that a second is over, whose name a file has already.
SECOND_OVER_CHECK_S = 0.1
# Interval in which an instance tries to upgrade a file that older programs use. A start and
# `rinha init` try at once.
UPGRADE_TRY_EVERY_S = 10.0
# The snapshot before an upgrade leaves this much of the disk free. The WAL, which grows meanwhile,
# has 7 MB when the writers begin to run its checkpoints.
UPGRADE_SPACE_LEFT_BYTES = 20_000_000
# An instance that ends waits this long for its upgrade to be interrupted.
UPGRADE_END_MAX_S = 0.2
# A transaction changes few rows: small pages copy and checksum less than SQLite's usual 4096.
PAGE_SIZE_BYTES = 1024
# Pages in the WAL; a transaction adds two or three. From the first limit on the thread runs a
# checkpoint. From the second on, under a load that never pauses, it finishes the checkpoint under
# the write lock. From the third on the writers run it, as the thread did not.
WAL_PAGES_LONG = 1000
WAL_PAGES_LOCKED = 2500
WAL_PAGES_MAX = 6500
# Blocks of 512 bytes, as the kernel counts: 1 MB. If more was copied without a sync, the file is
# synced before the step under the lock. With a million clients 8 MB wait, which takes 20 ms there.
FILE_BLOCKS_UNSYNCED = 2048
# After a failed sync the WAL is checked and written again, in pieces: it may have grown long.
WAL_PIECE_BYTES = 1_000_000
# An instance that ends waits this long for its checkpoint, which may sync twice on a slow disk.
CHECKPOINT_END_MAX_S = 0.2
# Interval of the check that the file was not deleted or replaced under a running instance.
FILE_MOVED_CHECK_S = 1.0
# Timeout for taking checkpoints over from the instances: one takes milliseconds, on a slow disk a
# second.
TAKE_OVER_MAX_S = 5.0
