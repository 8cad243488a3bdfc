"""How fast a cluster sees that a node is gone, and every other limit, each with its reason."""

# A primary that does not renew its lock for so long is replaced. Patroni's rule is
# loop_wait + 2 * retry_timeout <= ttl: this is the least that holds with the least of both. It is
# below the 20 s that newer versions document as their least, and take in its place. A node that is
# replaced by mistake costs seconds and no money: it can confirm nothing without its standby.
TTL_S = 7
LOOP_WAIT_S = 1
RETRY_TIMEOUT_S = 3
# Where PostgreSQL alone died, another one takes over at once: sooner than it recovers in place.
PRIMARY_START_TIMEOUT_S = 0
# A standby tries so often to reach a new primary; by itself it would every 5 s, and all wait.
STANDBY_RETRY_MS = 500
# A standby that is silent for so long is not waited for any more, once another one is named.
STANDBY_SILENT_S = 4
# 16 instances on each of several machines, and what they lost and the server does not know yet.
CONNECTIONS_MAX = 200
# From nothing, on a busy machine: initdb and two copies.
UP_MAX_S = 90.0
# A node that stops writes everything down first.
DOWN_MAX_S = 30
# The certificates of etcd: as long as anybody will keep a cluster that is made to try it.
CERTIFICATE_DAYS = 36_500
# Of the cluster that `make cluster` makes; there are three ports of each kind, one after another.
FIRST_PORT = 25432
ANSWER_MAX_S = 3.0
LOOK_AGAIN_S = 0.1
# In containers: the last number of the first one's address, and how long their image may take, with
# all of Debian's packages to fetch.
FIRST_CONTAINER = 11
BUILD_MAX_S = 600.0
