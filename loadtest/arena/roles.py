"""Roles of services that their images and names give away: balancer, database, helper."""

import re
from enum import Enum

BALANCERS = frozenset(
    {
        *("nginx", "openresty", "haproxy", "envoy", "traefik", "caddy", "kong", "httpd", "angie"),
        *("tengine", "varnish"),
    }
)
MEMORY_ONLY = frozenset(
    {"redis", "valkey", "keydb", "dragonfly", "dragonflydb", "memcached", "garnet"}
)
DATABASES = frozenset(
    {
        *("postgres", "postgresql", "postgis", "timescaledb", "timescale", "mysql", "mariadb"),
        *("percona", "mongo", "mongodb", "cassandra", "scylla", "scylladb", "couchdb", "couchbase"),
        *("cockroach", "cockroachdb", "arangodb", "rethinkdb", "mssql", "oracle", "db2"),
        *("firebird", "clickhouse", "rqlite", "dgraph", "surrealdb", "yugabyte", "tigerbeetle"),
        *("immudb", "neo4j", "influxdb", "questdb", "sqld", "libsql", "etcd", "ravendb"),
        *("dynamodb", "citus", "edgedb", "ferretdb", "tarantool", "hazelcast", "ignite"),
        *("aerospike", "kvrocks"),
    }
)
HELPERS = frozenset(
    {
        *("flyway", "liquibase", "adminer", "pgadmin", "pgadmin4", "phpmyadmin", "prometheus"),
        *("grafana", "k6", "gatling", "cadvisor", "jaeger", "zipkin", "rabbitmq", "nats", "kafka"),
        *("zookeeper", "redpanda", "pgbouncer", "pgcat", "pgpool", "odyssey", "migrate"),
        *("migration", "migrations", "busybox", "portainer", "mosquitto", "consul", "vector"),
        *("loki", "promtail", "tempo"),
    }
)
# Words of a service's name; `api-db` is taken for an API.
BALANCER_NAMES = BALANCERS | {
    *("lb", "loadbalancer", "balancer", "balance", "balanceador", "proxy", "gateway", "yarp"),
}
DATABASE_NAMES = DATABASES | MEMORY_ONLY | {"db", "database", "banco", "cache"}
API_NAMES = {"api", "app", "apis", "backend", "server", "web", "servidor"}


class Role(Enum):
    """The role of a service in an entry, as far as its image and its name tell."""

    BALANCER = "load balancer"
    DATABASE = "database"
    HELPER = "helper"
    OTHER = "API, or not known"


def program_of(image: str) -> str:
    """Returns the first word of an image's name, without registry, owner, tag and digest."""
    parts = image.partition("@")[0].lower().split("/")
    name = parts[-1].partition(":")[0]
    if name == "server" and len(parts) > 1:  # as in mcr.microsoft.com/mssql/server
        name = parts[-2]
    return re.split(r"[^a-z0-9]", name)[0]


def role_of(service: str, image: str) -> Role:
    """Returns the role of a service: by its image, or else by its own name."""
    program = program_of(image)
    if "exporter" in image or program in HELPERS:
        return Role.HELPER
    if program in DATABASES | MEMORY_ONLY:
        return Role.DATABASE
    if program in BALANCERS:
        return Role.BALANCER
    words = {word.rstrip("0123456789") for word in re.split(r"[^a-z0-9]+", service.lower())}
    if words & API_NAMES:
        return Role.OTHER
    for names, role in (
        (DATABASE_NAMES, Role.DATABASE),
        (BALANCER_NAMES, Role.BALANCER),
        (HELPERS, Role.HELPER),
    ):
        if words & names:
            return role
    return Role.OTHER
