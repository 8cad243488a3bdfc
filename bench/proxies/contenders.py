"""This service behind nginx, Caddy and HAProxy, under the same limits, and two constant answers."""

import sys
from dataclasses import replace
from pathlib import Path

from bench.contender import Contender
from bench.crebitos.contenders import NORMAL, Parts, program, service
from bench.parts.behind_nginx import behind_nginx, with_changed_conf
from bench.proxies.plan import CAPACITY, EVERYTHING
from stack.part import Part

# The limits of nginx.conf that the others have too, as far as they have them.
BODY_MAX_BYTES = 4096
CADDYFILE = """\
{
    admin off
    auto_https off
    servers {
        max_header_size 4096
        timeouts {
            read_header 5s
            read_body 2s
            write 5s
            idle 75s
        }
    }
}
http://:%(port)d {
    bind 127.0.0.1
    request_body {
        max_size %(body)d
    }
    reverse_proxy %(servers)s {
        lb_policy least_conn
        transport http {
            dial_timeout 1s
            response_header_timeout 30s
            keepalive 1s
            keepalive_idle_conns_per_host 256
        }
    }
}
"""
HAPROXY = """\
global
    maxconn 9000
    nbthread 1
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 30s
    timeout http-request 5s
    timeout http-keep-alive 75s
    option http-buffer-request
    http-reuse always
    retry-on conn-failure
    option redispatch 1
frontend clients
    bind 127.0.0.1:%(port)d
    http-request deny deny_status 413 if { req.body_size gt %(body)d }
    default_backend instances
backend instances
    balance leastconn
    option httpchk GET /health
    default-server check inter 1s fall 2 rise 1
%(servers)s"""
GZIP = """access_log off;
    gzip on;
    gzip_types application/json;
    gzip_min_length 256;
    gzip_proxied any;
"""


def caddy(folder: Path, port: int) -> list[Part]:
    command = ["caddy", "run", "--config", "Caddyfile"]
    return _behind(folder, port, command, CADDYFILE, "unix/{socket} ")


def haproxy(folder: Path, port: int) -> list[Part]:
    command = ["haproxy", "-db", "-f", "haproxy.cfg"]
    return _behind(folder, port, command, HAPROXY, "    server {socket.stem} unix@{socket}\n")


def _behind(folder: Path, port: int, command: list[str], conf: str, server: str) -> list[Part]:
    """Returns the stack with another program in the place, and within the limits, of nginx.

    The last word of its command names the file of its configuration."""
    *instances, nginx = behind_nginx(folder, port, environment=NORMAL)
    sockets = [folder / f"{part.name}.sock" for part in instances]
    servers = "".join(server.format(socket=socket) for socket in sockets)
    text = conf % {"port": port, "body": BODY_MAX_BYTES, "servers": servers}
    proxy = replace(
        nginx,
        name=command[0],
        command=command,
        prepare=lambda: (folder / command[-1]).write_text(text),
        # It keeps no files outside of the folder.
        environment={**nginx.environment, "HOME": str(folder)},
    )
    return [*instances, proxy]


def with_gzip(folder: Path, port: int) -> list[Part]:
    *instances, nginx = behind_nginx(folder, port, environment=NORMAL)
    return [*instances, with_changed_conf(nginx, folder, "access_log off;\n", GZIP)]


def asyncio() -> Parts:
    return service([sys.executable, "-m", "bench.proxies.uvicorn_constant"])


CONTENDERS = {
    "nginx": Contender("nginx, as shipped", service(), EVERYTHING),
    "nginx_gzip": Contender("nginx, gzip", with_gzip, EVERYTHING),
    "haproxy": Contender("HAProxy", haproxy, EVERYTHING),
    "caddy": Contender("Caddy", caddy, EVERYTHING),
    "constant": Contender("no ledger, bjoern", service(program("constant")), CAPACITY),
    "asyncio": Contender("no ledger, uvicorn", asyncio(), CAPACITY),
}
