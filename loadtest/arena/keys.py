"""Keys that docker compose does not know, such as `limits` at the wrong depth."""

from collections.abc import Iterator

from loadtest.arena.nodes import MapNode, Place

_SERVICE = frozenset(
    {
        *("annotations", "attach", "blkio_config", "build", "cap_add", "cap_drop", "cgroup"),
        *("cgroup_parent", "command", "configs", "container_name", "cpu_count", "cpu_percent"),
        *("cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_shares", "cpus"),
        *("cpuset", "credential_spec", "depends_on", "deploy", "develop", "device_cgroup_rules"),
        *("devices", "dns", "dns_opt", "dns_search", "domainname", "entrypoint", "env_file"),
        *("environment", "expose", "extends", "external_links", "extra_hosts", "gpus"),
        *("group_add", "healthcheck", "hostname", "image", "init", "ipc", "isolation"),
        *("label_file", "labels", "links", "logging", "mac_address", "mem_limit"),
        *("mem_reservation", "mem_swappiness", "memswap_limit", "models", "network_mode"),
        *("networks", "oom_kill_disable", "oom_score_adj", "pid", "pids_limit", "platform"),
        *("ports", "post_start", "pre_stop", "privileged", "profiles", "provider"),
        *("pull_policy", "read_only", "restart", "runtime", "scale", "secrets", "security_opt"),
        *("shm_size", "stdin_open", "stop_grace_period", "stop_signal", "storage_opt", "sysctls"),
        *("tmpfs", "tty", "ulimits", "use_api_socket", "user", "userns_mode", "uts", "volumes"),
        *("volumes_from", "working_dir"),
    }
)
_DEPLOY = frozenset(
    {
        *("endpoint_mode", "labels", "mode", "placement", "replicas", "resources"),
        *("restart_policy", "rollback_config", "update_config"),
    }
)
_RESOURCES = frozenset({"limits", "reservations"})
_LIMITS = frozenset({"cpus", "memory", "pids"})


def unknown_keys(service: MapNode) -> Iterator[tuple[Place, str]]:
    """Returns the keys of a service and of its limits that docker compose does not know."""
    deploy = service.mapping_or_empty("deploy")
    resources = deploy.mapping_or_empty("resources")
    limits = resources.mapping_or_empty("limits")
    for prefix, node, known in (
        ("", service, _SERVICE),
        ("deploy.", deploy, _DEPLOY),
        ("deploy.resources.", resources, _RESOURCES),
        ("deploy.resources.limits.", limits, _LIMITS),
    ):
        for key, entry in node.entries.items():
            if key not in known and not key.startswith("x-"):
                yield entry.place, f"{prefix}{key}"
