#!/bin/sh
# The stack in containers: containers.sh COMMAND, as `make COMMAND` calls it where a Docker engine answers.
set -eu
cd "$(dirname "$0")/.."
. stack/dotenv.sh
read_dotenv
case $(echo "${RINHA_EDITION:-crebitos}" | tr '[:upper:]' '[:lower:]') in
crebitos | 2024q1) edition=crebitos ;;
pessoas | 2023q3) edition=pessoas ;;
*) fail "RINHA_EDITION must be one of crebitos, pessoas, 2024q1, 2023q3" ;;
esac
OPS_PORT=$(echo "${OPS_PORT:-9990}" | tr '[:upper:]' '[:lower:]')
# Compose has no reader of its own here: all that .env sets is in the environment.
compose="docker compose --env-file /dev/null --file docker-compose.yml"
# The operator's page and metrics are put beside the contest's stack, unless they are switched off.
ops="switched off"
[ "$OPS_PORT" = off ] || {
    export OPS_PORT
    compose="$compose --file stack/compose/metrics.yml"
    ops=http://localhost:$OPS_PORT
}
# What is different for an edition stands in its folder here.
[ ! -e "stack/compose/$edition.yml" ] || compose="$compose --file stack/compose/$edition.yml"
# So is the copy that follows.
replica=${RINHA_REPLICA:-}
if [ -n "$replica" ]; then
    compose="$compose --file stack/compose/replica.yml"
    [ ! -e "stack/compose/$edition-replica.yml" ] || compose="$compose --file stack/compose/$edition-replica.yml"
    case $replica in file://*) export REPLICA_FOLDER="${replica#file://}" ;; esac
fi
# Each that may be missing has its own way out.
command -v docker >/dev/null || fail "$(message NO_DOCKER)"
docker compose version >/dev/null 2>&1 || fail "$(message NO_COMPOSE)"
answer=$(docker info 2>&1) || case $answer in
*"permission denied"*) fail "$(message NO_RIGHT)" ;;
*) fail "$(message NO_ENGINE)" ;;
esac
case ${BIND:=0.0.0.0} in
0.0.0.0) host=localhost ;;
*)
    echo "$BIND" | grep -Eqx '[0-9]{1,3}(\.[0-9]{1,3}){3}|\[[0-9A-Fa-f:.]+\]' ||
        fail "BIND='$BIND' must be an address of this machine, such as 127.0.0.1 or [::1]"
    export BIND
    host=$BIND ;;
esac
url=http://$host:$($compose config 2>/dev/null | sed -n 's/^ *published: "\([0-9]*\)"/\1/p' | head -n 1)

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
        # On the machine of the engine, which is not always this one.
        case $word in *:"${ops##*:}"*) refuse_ports "" "${ops##*:}" ;; *) refuse_ports "${url##*:}" "" ;; esac ;;
    *unhealthy*)
        word="an instance does not become healthy; its last word is above"
        $compose logs --no-color --no-log-prefix --tail 1 api01 api02 >&2 || true ;;
    esac
    fail "could not $doing: ${word:-no word from the engine}"
}

listened() { # PORT: by anybody, as the kernel of this machine says where it is Linux
    grep -Eqi "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$1") [0-9A-F:]+ 0A " /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

free_port() { # FIRST OTHER: the first from there that is free, and not the other one
    port=$1
    while listened "$port" || [ "$port" = "$2" ]; do port=$((port + 1)); done
    echo "$port"
}

# With settings that work together, and name all of them: what was set for one command is not lost.
refuse_ports() { # PORT OPS_PORT: those in use
    port=${PORT:-9999}
    ops_port=$OPS_PORT
    [ -z "$1" ] || port=$(free_port 8888 "$ops_port")
    [ -z "$2" ] || ops_port=$(free_port 8990 "$port")
    others="PORT=$port OPS_PORT=$ops_port"
    [ "$BIND" = 0.0.0.0 ] || others="BIND=$BIND $others"
    if [ -n "$1" ] && [ -n "$2" ]; then fail "$(message PORTS_IN_USE "$1" "$2" "$others")"; fi
    fail "$(message PORT_IN_USE "$1$2" "$others")"
}

require_ports() {
    [ "${PORT:-9999}" != "$OPS_PORT" ] || fail "$(message ONE_PORT "$OPS_PORT")"
    port=${PORT:-9999}
    listened "$port" || port=
    ops_port=$OPS_PORT
    { [ "$ops_port" != off ] && listened "$ops_port"; } || ops_port=
    [ -z "$port$ops_port" ] || refuse_ports "$port" "$ops_port"
}

require_running() {
    running api01 || fail "$(message NOTHING_RUNS)"
}

inside() {
    require_running
    $compose exec -T api01 "$@"
}

up() {
    [ "${INSTANCES:-2}" = 2 ] ||
        fail "INSTANCES=$INSTANCES: the containers are the contest's two; MODE=local runs any number"
    [ "${RINHA_LEDGER:-var/rinha.db}" = var/rinha.db ] ||
        fail "RINHA_LEDGER is not for containers, which keep the ledger in their volume: MODE=local takes it"
    if running nginx && running api01 && running api02; then
        others=$(differences | sort -u | sed -n 'H; $ { x; s/\n//; s/\n/, /g; p; }')
        port=$(published 9999)
        url=http://$host:${port:-9999}
        [ -z "$others" ] || fail "$(message UP_OTHERWISE "$url" "$others")"
        [ -z "$replica" ] || running replica ||
            try "start the copy" $compose up --detach --no-build --no-deps replica
        message UP_ALREADY "$url"
        return
    fi
    if $compose config 2>/dev/null | grep -q 'network_mode: host'; then
        [ "$BIND" = 0.0.0.0 ] || fail "$(message BIND_NEEDS_BRIDGE "$BIND")"
    elif ! running nginx; then
        require_ports
    fi
    docker image inspect "${RINHA_IMAGE:-rinha}" >/dev/null 2>&1 || echo "building the image"
    [ -n "${RINHA_IMAGE:-}" ] || try "build the image" $compose build api01
    if [ -n "$replica" ]; then
        prepare_replica
        # An empty ledger is not made, and then followed, where the copy holds one.
        said=$(in_a_new_one replica rinha init </dev/null) || { echo "$said" >&2; exit 2; }
    fi
    # On the host's network the engine maps no port, so nobody would miss it but nginx.
    if $compose config | grep -q 'network_mode: host'; then
        try_port='import socket; socket.create_server(("", 9999))'
        docker run --rm --network host "${RINHA_IMAGE:-rinha}" python -c "$try_port" 2>/dev/null ||
            fail "$(message PORT_IN_USE 9999 "NETWORK=bridge PORT=$(free_port 8888 "$OPS_PORT") OPS_PORT=$OPS_PORT")"
    fi
    (try "start the stack" $compose up --detach --no-build --wait --wait-timeout 30 api01 api02 nginx) || {
        # Nothing stays half started.
        $compose down >/dev/null 2>&1
        exit 2
    }
    # It serves without a copy too, so nobody waits for that.
    [ -z "$replica" ] || try "start the copy" $compose up --detach --no-build --no-deps replica
    message UP "$url" "nginx, 2 instances, in containers; the ledger is the volume rinha_ledger" "$ops" \
        "$(message "TRY_$edition" "$url" "$url")" "make check    make sql    make status    make stats    make logs    make down"
}

container_of() { # SERVICE: its container, also where the settings of now would start none
    docker compose --env-file /dev/null --file docker-compose.yml --file stack/compose/replica.yml \
        ps --quiet --all "$1" 2>/dev/null
}

given() { # SERVICE NAME: what its container got in its environment
    docker inspect --format '{{range .Config.Env}}{{println .}}{{end}}' "$(container_of "$1")" 2>/dev/null |
        sed -n "s/^$2=//p"
}

published_at() { # the address of the machine that leads to nginx; none where it is every one
    docker inspect --format '{{range index .HostConfig.PortBindings "9999/tcp"}}{{println .HostIp}}{{end}}' \
        "$(container_of nginx)" | head -n 1
}

published() { # PORT: the port of the machine that leads to this one of nginx; none on the host's network
    docker inspect --format "{{range index .HostConfig.PortBindings \"$1/tcp\"}}{{println .HostPort}}{{end}}" \
        "$(container_of nginx)" | head -n 1
}

# The names of the settings in which the containers that run differ from what is asked for.
differences() {
    is_same() { # NAME GIVEN: .env.example shows what holds without a setting
        eval "asked=\${$1:-}"
        [ -n "$asked" ] || asked=$(sed -n "s/^\(# \)\{0,1\}$1=//p" .env.example)
        [ "$(echo "$asked" | tr '[:upper:]' '[:lower:]')" = "$(echo "$2" | tr '[:upper:]' '[:lower:]')" ] || echo "$1"
    }
    names="RINHA_LOCK_WAIT_MS RINHA_LOG_LEVEL RINHA_RESET RINHA_SYNCHRONOUS"
    [ "$OPS_PORT" = off ] || names="$names RINHA_AUDIT_EVERY"
    for service in api01 api02; do
        for name in $names; do is_same "$name" "$(given "$service" "$name")"; done
        runs=$(given "$service" RINHA_EDITION)
        [ "${runs:-crebitos}" = "$edition" ] || echo RINHA_EDITION
    done
    case $(given api01 RINHA_METRICS):$OPS_PORT in on:off | off:[!o]* | :[!o]*) echo OPS_PORT ;; esac
    network=$(docker inspect --format '{{.HostConfig.NetworkMode}}' "$(container_of nginx)")
    asked=$($compose config | sed -n 's/^    network_mode: //p' | grep -v none)
    if [ "$network" != "$asked" ]; then
        echo NETWORK
    elif [ "$network" != host ]; then
        [ "$(published 9999)" = "${PORT:-9999}" ] || echo PORT
        at=$(published_at)
        [ "${at:-0.0.0.0}" = "$(echo "$BIND" | tr -d '[]')" ] || echo BIND
        [ "$OPS_PORT" = off ] || [ "$(published 9990)" = "$OPS_PORT" ] || echo OPS_PORT
    fi
    [ "$(docker inspect --format '{{.Config.Image}}' "$(container_of api01)")" = "${RINHA_IMAGE:-rinha}" ] || echo RINHA_IMAGE
    [ "${MODE:-docker}" = docker ] || echo MODE
    [ "$(given replica RINHA_REPLICA)" = "$replica" ] || echo RINHA_REPLICA
    [ -z "$replica" ] || for name in AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_REGION; do
        eval "asked=\${$name:-}"
        [ "$(given replica "$name")" = "$asked" ] || echo "$name"
    done
}

prepare_replica() {
    try "build the image with Litestream" $compose build replica
    [ -z "${REPLICA_FOLDER:-}" ] || [ -d "$REPLICA_FOLDER" ] || {
        # The engine would make it root's.
        mkdir -p "$REPLICA_FOLDER"
        try "hand over $REPLICA_FOLDER" docker run --rm --user 0 --volume "$REPLICA_FOLDER:$REPLICA_FOLDER" \
            "${RINHA_IMAGE:-rinha}" chown 10001:10001 "$REPLICA_FOLDER"
    }
}

# A command in a container of its own; the engine's own words are left out.
in_a_new_one() { # SERVICE WORD...
    log=$(mktemp)
    code=0
    $compose run --rm --no-deps -T "$@" >"$log" 2>&1 || code=$?
    grep -v -E '^ *(Container|Network|Volume|time=)' "$log" || true
    rm -f "$log"
    return $code
}

restore() {
    [ -n "$($compose ps --quiet --status running 2>/dev/null)" ] && fail "$(message IN_USE)"
    docker image inspect "${RINHA_IMAGE:-rinha}" >/dev/null 2>&1 || try "build the image" $compose build api01
    case ${1:-} in
    "" | --at)
        [ -n "$replica" ] || fail "RINHA_REPLICA is not set: it says where the copy is kept"
        prepare_replica
        in_a_new_one replica rinha restore "$@" </dev/null ;;
    *)
        [ -f "$1" ] || fail "$1: there is no such file"
        # By way of the volume: the file is for its owner alone, and no user of a container is that one.
        in_a_new_one api01 sh -c 'trap "rm -f \"$1\"" EXIT; cat >"$1" && rinha restore "$1"' \
            sh "/ledger/incoming-$(basename "$1")" <"$1" ;;
    esac
}

stats() {
    require_running
    # shellcheck disable=SC2046 # the names are words
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
    umask 077
    mkdir -p out
    time=$(date -u +%Y%m%dT%H%M%SZ) number=
    # Makes the file if it is not there, so that no other snapshot takes the same name.
    until (set -C && : >"out/rinha-$time$number.db") 2>/dev/null; do
        [ -e "out/rinha-$time$number.db" ] || fail "cannot write to out/"
        number=$((number - 1))
    done
    name=rinha-$time$number.db
    trap 'rm -f "out/$name"' EXIT
    inside rinha snapshot "/ledger/$name" >/dev/null
    try "copy the snapshot" $compose cp "api01:/ledger/$name" "out/$name"
    trap - EXIT
    inside rm "/ledger/$name"
    echo "out/$name"
}

command=$1
shift
case $command in
up | stats | snapshot) $command ;;
restore) restore "$@" ;;
down)
    $compose ps --quiet --all 2>/dev/null | grep -q . || { message NOT_UP; exit 0; }
    # Where RINHA_REPLICA is not set any more, what followed is stopped all the same.
    try "stop the stack" $compose down --remove-orphans
    message DOWN ;;
status)
    running || { message NOT_UP; exit 3; }
    $compose ps
    [ -z "$replica" ] || $compose exec -T replica rinha replicate state || true
    inside python /opt/rinha/ask.py GET /health ;;
logs)
    require_running
    $compose logs --follow --tail 20 ;;
reset)
    require_running
    answer=$(inside python /opt/rinha/ask.py POST /reset) || fail "${answer:-no instance answered}"
    message EMPTY ;;
check) inside rinha check ;;
url) echo "$url" ;;
sql)
    require_running
    # A terminal here is none in there.
    [ ! -t 1 ] || set -- --escape "$@"
    if [ -t 0 ] && [ -t 1 ] && [ $# = 1 ]; then $compose exec api01 rinha sql "$@"; else inside rinha sql "$@"; fi ;;
watch)
    require_running
    [ "$(given api01 RINHA_METRICS)" = on ] || fail "$(message NOT_WATCHED)"
    port=$(published 9990)
    exec .venv/bin/python -m ops.watch "http://127.0.0.1:${port:-9990}" ;;
*) fail "no such command: $command" ;;
esac
