"""Limits of the PostgreSQL engine, each with its reason."""

# An answer takes a millisecond; to replace a failed standby takes a second or two. An instance
# serves one request at a time, so others, also /health, wait at most this long behind one.
ANSWER_MAX_S = 3.0
# Timeout for a row that another session has locked. The server gives up by itself and writes
# nothing. After ANSWER_MAX_S the outcome would be unknown.
LOCK_WAIT_S = 1.0
# Emptying the ledger locks every row; nginx waits 30 s for it.
REWRITE_MAX_S = 20.0
# The server ends a statement of it by itself before that. It would go on without a client, with
# every row locked: after REWRITE_MAX_S the outcome would be unknown, and the service stopped.
REWRITE_STATEMENT_MAX_S = 18.0
# Timeout to connect and to check the server. Only a start waits for it.
CONNECT_MAX_S = 2.0
# A command or a starting instance waits this long for a cluster to have a primary.
START_MAX_S = 5.0
# The tables are made or upgraded in one transaction, and every request waits behind a lock that it
# waits for. So it tries for less than LOCK_WAIT_S, three locks in turn, and pauses.
MAKING_LOCK_WAIT_S = 0.2
MAKING_PAUSE_S = 0.3
# Pause between two tries of a host that is not the primary. A failover takes seconds.
LOOK_AGAIN_S = 0.1
# Requests wait for a new connection until this long after the loss, and no longer. A restarted
# server, or one that closed an idle connection, is found sooner.
RECONNECT_TIMEOUT_S = 0.25
# Serialization failures and deadlocks come from other programs that write the same rows.
TRIES_MAX = 10
# A check that the server names no standby is valid for this long. It may name one at any time, but
# a failover takes a cluster longer than this.
ALONE_MAX_S = 1.0
# The kernel drops a peer that is silent for 5 s and 3 probes, or that leaves sent data unconfirmed
# for as long. Where a request waits, the limits above apply first.
KEEPALIVES_IDLE_S = 5
KEEPALIVES_INTERVAL_S = 2
KEEPALIVES_COUNT = 3
TCP_USER_TIMEOUT_MS = 10_000
