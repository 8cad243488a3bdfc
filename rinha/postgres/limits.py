"""Every limit of the engine, each with its reason."""

# An answer takes a millisecond, a failing standby's replacement a second or two. An instance does
# one thing at a time: this is also the longest that others, /health among them, wait behind one.
ANSWER_MAX_S = 3.0
# For a row that somebody holds by hand. The server gives up by itself, and nothing is written: past
# the limit above nobody would know.
LOCK_WAIT_S = 1.0
# To empty the ledger takes every row; nginx waits 30 s for it.
REWRITE_MAX_S = 20.0
# To connect, and to say what kind of server it is. Nobody waits for it but a start.
CONNECT_MAX_S = 2.0
# A command, or an instance that starts, gives a cluster this long to have a primary.
START_MAX_S = 5.0
# Between two looks at a host that is not the primary. A failover takes seconds.
LOOK_AGAIN_S = 0.1
# A server that only restarts, or a connection closed while it was idle, is found again sooner than
# this; a request waits so long after the loss, and not a moment when that is over.
LOSS_PATIENCE_S = 0.25
# Serialization failures and deadlocks come from others who write the same rows by hand.
TRIES_MAX = 10
# A server that names no standby by now may name one in a moment; but to lose a primary takes a
# cluster longer than this.
ALONE_MAX_S = 1.0
# The kernel gives up a peer that is silent for so long: 5 s idle and 3 questions, and as long for
# what was sent. Where a request waits the limits above come first.
KEEPALIVES_IDLE_S = 5
KEEPALIVES_INTERVAL_S = 2
KEEPALIVES_COUNT = 3
TCP_USER_TIMEOUT_MS = 10_000
