#!/bin/sh
# The stack in containers: stack.sh COMMAND, as `make COMMAND` calls it where a Docker engine answers.
set -eu
cd "$(dirname "$0")/.."
compose="docker compose"
url=http://localhost:$($compose config 2>/dev/null | sed -n 's/^ *published: "\([0-9]*\)"/\1/p' | head -n 1)

fail() {
    echo "rinha: $*" >&2
    exit 2
}

running() {
    [ -n "$($compose ps --quiet --status running "$@" 2>/dev/null)" ]
}

# Runs a command of docker and, when it fails, says what it failed at with the engine's last word.
try() {
    doing=$1
    shift
    log=$(mktemp)
    "$@" >"$log" 2>&1 && { rm -f "$log"; return; }
    word=$(grep -i -E 'error|fail|denied|unhealthy|allocated|in use|unable' "$log" | tail -n 1)
    rm -f "$log"
    case $word in
    *allocated* | *"in use"*)
        word="port ${url##*:} is in use: stop what listens there, or PORT=8888 make up" ;;
    *unhealthy*)
        word="an instance does not become healthy; its last word is above"
        $compose logs --no-color --no-log-prefix --tail 1 api01 api02 >&2 || true ;;
    esac
    fail "could not $doing: ${word:-no word from the engine}"
}

inside() {
    running api01 || fail "nothing runs: \`make up\` first"
    $compose exec -T api01 "$@"
}

up() {
    instances=${INSTANCES:-$(sed -n 's/^INSTANCES=\([0-9]*\).*/\1/p' .env 2>/dev/null || true)}
    [ "${instances:-2}" = 2 ] ||
        fail "INSTANCES=$instances: the containers are the contest's two; MODE=local runs any number"
    if running nginx && running api01 && running api02; then
        echo "rinha is up already: $url"
        return
    fi
    docker image inspect "${RINHA_IMAGE:-rinha}" >/dev/null 2>&1 || echo "building the image"
    [ -n "${RINHA_IMAGE:-}" ] || try "build the image" $compose build api01
    # On the host's network the engine maps no port, so nobody would miss it but nginx.
    if $compose config | grep -q 'network_mode: host'; then
        try_port='import socket; socket.create_server(("", 9999))'
        docker run --rm --network host "${RINHA_IMAGE:-rinha}" python -c "$try_port" 2>/dev/null ||
            fail "port 9999 is in use: stop what listens there, or NETWORK=bridge PORT=8888 make up"
    fi
    (try "start the stack" $compose up --detach --no-build --wait --wait-timeout 30) || {
        # Nothing stays half started.
        $compose down >/dev/null 2>&1
        exit 2
    }
    echo "rinha is up: $url (nginx, 2 instances, in containers; the ledger is the volume rinha_ledger)"
    echo "try:"
    echo "  curl $url/clientes/1/transacoes -d '{\"valor\": 1000, \"tipo\": \"c\", \"descricao\": \"abc\"}'"
    echo "  curl $url/clientes/1/extrato"
    echo "  make check    make sql    make status    make stats    make logs    make down"
}

stats() {
    running api01 || fail "nothing runs: \`make up\` first"
    docker stats --no-stream --format 'table {{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.PIDs}}' \
        $($compose ps --quiet)
    for service in api01 api02 nginx; do
        # The kernel's own count, where either version of its control groups keeps it.
        $compose exec -T "$service" sh -c \
            'cat /sys/fs/cgroup/cpu.stat /sys/fs/cgroup/cpu/cpu.stat 2>/dev/null' |
            awk -v name="$service" '/^nr_periods/ { p = $2 } /^nr_throttled/ { t = $2 }
                /^throttled_usec/ { ms = $2 / 1e3 } /^throttled_time/ { ms = $2 / 1e6 }
                END { printf "%s: throttled in %d of %d periods, %d ms in all\n", name, t, p, ms }'
    done
}

snapshot() {
    name=rinha-$(date -u +%Y%m%dT%H%M%SZ).db
    mkdir -p out
    inside rinha snapshot "/ledger/$name" >/dev/null
    try "copy the snapshot" $compose cp "api01:/ledger/$name" "out/$name"
    inside rm "/ledger/$name"
    echo "out/$name"
}

command=$1
shift
case $command in
up | stats | snapshot) $command ;;
down)
    $compose ps --quiet --all 2>/dev/null | grep -q . || { echo "rinha is not up"; exit 0; }
    try "stop the stack" $compose down
    echo "rinha is down; its ledger stays" ;;
status)
    running || { echo "rinha is not up"; exit 3; }
    $compose ps
    inside python /opt/rinha/ask.py GET /health ;;
logs) $compose logs --follow --tail 20 ;;
reset)
    answer=$(inside python /opt/rinha/ask.py POST /reset) || fail "$answer"
    echo "the ledger is empty" ;;
check) inside rinha check ;;
sql)
    running api01 || fail "nothing runs: \`make up\` first"
    if [ -t 0 ] && [ $# = 0 ]; then $compose exec api01 rinha sql; else inside rinha sql "$@"; fi ;;
*) fail "no such command: $command" ;;
esac
