"""The limits of a cluster, each with its reason: first the times that detect a lost node."""

# A primary that does not renew its lock within the ttl is replaced. Patroni requires
# loop_wait + 2 * retry_timeout <= ttl: this is the least ttl for the least of both. Newer versions
# document 20 s as the minimum, and use that instead of a lower value. A needless failover costs
# seconds and no money: the old primary can confirm nothing without its standby.
TTL_S = 7
LOOP_WAIT_S = 1
RETRY_TIMEOUT_S = 3
# When only PostgreSQL died, a standby takes over at once: sooner than a recovery in place.
PRIMARY_START_TIMEOUT_S = 0
# The interval at which a standby tries to reach a new primary. PostgreSQL's default is 5 s, and
# commits wait meanwhile.
STANDBY_RETRY_MS = 500
# A silent standby is disconnected after this time. Commits stop waiting for it once Patroni has
# named another.
STANDBY_SILENT_S = 4
# Connections of 16 instances on each of several machines, and lost ones that the server still
# counts.
CONNECTIONS_MAX = 200
# A first start on a busy machine: initdb and two base backups.
UP_MAX_S = 90.0
# A node makes a checkpoint before it stops.
STOP_MAX_S = 30
# The lifetime of the certificates of etcd: a hundred years, so that no cluster outlives them.
CERTIFICATE_DAYS = 36_500
# The first port of `make cluster`. Each kind of port has three consecutive numbers.
FIRST_PORT = 25432
ANSWER_MAX_S = 3.0
POLL_S = 0.1
# In containers: the last number of the first address, and the timeout of a docker command. The
# longest one builds the image, and fetches all Debian packages for it.
FIRST_CONTAINER = 11
BUILD_MAX_S = 600.0
