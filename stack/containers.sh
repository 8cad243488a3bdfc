#!/bin/sh
# Runs the stack in containers: containers.sh COMMAND, as `make COMMAND` calls it where a Docker engine answers.
set -eu
CDPATH='' cd "$(dirname "$0")/.."
. stack/dotenv.sh
read_dotenv
lower() { tr '[:upper:]' '[:lower:]'; }
case $(echo "${RINHA_EDITION:-crebitos}" | lower) in
crebitos | 2024q1) edition=crebitos ;;
pessoas | 2023q3) edition=pessoas ;;
*) fail "RINHA_EDITION must be one of crebitos, pessoas, 2024q1, 2023q3" ;;
esac
# .env.example shows the default of each setting.
while IFS='=' read -r name value; do eval ": \"\${$name:=\$value}\""; done <<EOF
$(sed -n 's/^\(# \)\{0,1\}\([A-Z_]*=\)/\2/p' .env.example)
EOF
RINHA_EDITION=$edition
# One spelling of each value: compose would take another one for another setting.
for name in OPS_PORT RINHA_AUDIT_EVERY RINHA_LOG_LEVEL RINHA_RESET; do eval "$name=\$(echo \"\$$name\" | lower)"; done
RINHA_SYNCHRONOUS=$(echo "$RINHA_SYNCHRONOUS" | tr '[:lower:]' '[:upper:]')
image=${RINHA_IMAGE:-rinha}

# The settings decide what is added to the contest's stack.
export COMPOSE_FILE=docker-compose.yml
add() { [ ! -e "stack/compose/$1.yml" ] || COMPOSE_FILE=$COMPOSE_FILE:stack/compose/$1.yml; }
add $edition
add nginx
page="switched off" RINHA_METRICS=off
[ "$OPS_PORT" = off ] || { add metrics && page=http://localhost:$OPS_PORT RINHA_METRICS=on; }
[ -z "$RINHA_REPLICA" ] || { add replica && add $edition-replica; }
# Compose's own name for a user's changes. A plain `docker compose up` reads it too.
[ ! -e docker-compose.override.yml ] || COMPOSE_FILE=$COMPOSE_FILE:docker-compose.override.yml
project=${COMPOSE_PROJECT_NAME:-rinha}
# One command at a time starts or stops the stack. macOS has no flock.
case ${1:-} in up | restart | down)
    lock=out/$project.lock
    { mkdir -p out && (: >>"$lock"); } 2>/dev/null || fail "cannot write to $PWD/out: clone into a folder of your own"
    exec 9>>"$lock"
    ! command -v flock >/dev/null || flock 9 ;;
esac
. stack/nginx/files.sh
. stack/instances.sh
use_scaled
case $RINHA_REPLICA in file://*) export REPLICA_FOLDER="${RINHA_REPLICA#file://}" ;; esac
# Compose does not read .env itself: all settings are in the environment.
compose() { docker compose --env-file /dev/null "$@"; }

. stack/engine.sh
. stack/roll.sh
assert_engine
echo "$BIND" | grep -Eqx '[0-9]{1,3}(\.[0-9]{1,3}){3}|\[[0-9A-Fa-f:.]+\]' ||
    fail "BIND='$BIND' must be an address of this machine, such as 127.0.0.1 or [::1]"

# Prints what each container was made with, as lines SERVICE.NAME=VALUE.
made_with() {
    unscaled=docker-compose.yml:stack/compose/replica.yml
    use_scaled
    # shellcheck disable=SC2046 # the ids are words
    docker inspect --format '{{$of := index .Config.Labels "com.docker.compose.service"}}
        {{- range .Config.Env}}{{$of}}.{{println .}}{{end}}
        {{- $of}}.RINHA_IMAGE={{println .Config.Image}}{{$of}}.NETWORK={{println .HostConfig.NetworkMode}}
        {{- range index .HostConfig.PortBindings "9999/tcp"}}
            {{- $of}}.PORT={{println .HostPort}}{{$of}}.BIND={{println (or .HostIp "0.0.0.0")}}{{end}}
        {{- range index .HostConfig.PortBindings "9990/tcp"}}{{$of}}.OPS_PORT={{println .HostPort}}{{end}}' \
        $(compose ps --quiet --all 2>/dev/null)
}

given() { made_with | sed -n "s/^$1=//p" | head -n 1; } # SERVICE.NAME

# The host's network costs least: no request goes through the engine's port mapping. The bridge works everywhere.
choose_network() {
    case $(uname -s):$(docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null) in
    Linux: | Linux:unix://*) ;;
    *) reason="the engine is on another machine" ;;
    esac
    case $(docker info --format '{{.OperatingSystem}} {{.SecurityOptions}}' 2>/dev/null) in
    *"Docker Desktop"*) reason="Docker Desktop is a machine of its own" ;;
    *rootless*) reason="the engine is rootless" ;;
    esac
    [ "$BIND" = 0.0.0.0 ] || reason="BIND=$BIND"
    [ "$PORT" = 9999 ] || reason="PORT=$PORT"
    case $OPS_PORT in 9990 | off) ;; *) reason="OPS_PORT=$OPS_PORT" ;; esac
    NETWORK=bridge
    [ -n "$reason" ] || NETWORK=host
}
reason='' asked_network=$NETWORK
if [ -z "$NETWORK" ]; then
    NETWORK=$(given nginx.NETWORK 2>/dev/null)
    # A running stack keeps its network, unless `up` asks for another port or address.
    [ -n "$NETWORK" ] && [ "$NETWORK ${1:-}" != "host up" ] || choose_network
fi
export NETWORK
host=localhost port=9999
[ "$BIND" = 0.0.0.0 ] || host=$BIND
[ "$NETWORK" = host ] || port=$PORT
url=http://$host:$port

running() { [ -n "$(compose ps --quiet --status running "$@" 2>/dev/null)" ]; }
inside() { compose exec -T api01 "$@"; }

# Runs a command of docker. If it fails, prints what failed and the engine's last error.
try() { # WHAT COMMAND...
    what=$1
    shift
    output=$("$@" 2>&1) && return
    error=$(echo "$output" | grep -v '^Error: failed to start containers' |
        grep -i -E 'error|fail|denied|unhealthy|allocated|in use|unable' | tail -n 1)
    case $error in
    *allocated* | *"in use"*) case $error in *:"$OPS_PORT"*) check_ports OPS_PORT ;; *) check_ports PORT ;; esac ;;
    *unhealthy*)
        error="an instance does not become healthy; its last log line is above"
        compose logs --no-color --no-log-prefix --tail 1 $instances >&2 || true ;;
    esac
    fail "could not $what: ${error:-the engine gives no reason}"
}

# Refuses ports that are in use. The Python of the image checks: this machine may have none.
check_ports() { # [NAME]: the setting whose port the engine found in use
    docker run --rm --user 0 --network host --volume "$PWD:/checkout:ro" --workdir /checkout \
        --env BIND="$BIND" --env NETWORK="$NETWORK" --env OPS_PORT="$OPS_PORT" --env PORT="$PORT" \
        --env OUR_PORTS="${our_ports:-}" \
        "$image" python -m stack.ports "$@" || exit 2
}

build_image() {
    [ -z "${RINHA_IMAGE:-}" ] || return 0
    docker image inspect "$image" >/dev/null 2>&1 || echo "building the image"
    try "build the image" compose build api01
}

up() {
    assert_new_enough
    [ "$RINHA_LEDGER" = var/rinha.db ] ||
        fail "RINHA_LEDGER is not for containers, which keep the ledger in their volume: MODE=local takes it"
    [ "$NETWORK" != host ] || [ "$BIND" = 0.0.0.0 ] || fail "$(message BIND_NEEDS_BRIDGE "$BIND")"
    # shellcheck disable=SC2086 # one argument for each name
    if running nginx && running $instances; then
        roll
        return
    fi
    build_image
    running nginx || check_ports
    scale
    write_nginx_files "$NGINX_FILES" || true
    if [ -n "$RINHA_REPLICA" ]; then
        prepare_replica
        # Refuses to make an empty ledger where the replica has one.
        output=$(run replica rinha init </dev/null) || { echo "$output" >&2; exit 2; }
    fi
    (try "start the stack" start) || {
        compose down >/dev/null 2>&1
        forget_files
        exit 2
    }
    # The stack serves without its replica too.
    [ -z "$RINHA_REPLICA" ] || try "start the replica" compose up --detach --no-build --no-deps replica
    on="the host's network"
    [ "$NETWORK" = host ] || on="the engine's bridge${reason:+, because $reason}"
    [ "$(count)" = 1 ] && what="1 instance" || what="$(count) instances"
    message UP "$url" "nginx, $what, in containers on $on; the ledger is the volume rinha_ledger" "$page" \
        "$(message "TRY_$edition" "$url" "$url")" \
        "make check    make sql    make status    make stats    make logs    make down"
}

as_list() { sort -u | paste -s -d , - | sed 's/,/, /g'; }

forget_files() { rm -rf "$scaled.json" "$scaled.conf" "$NGINX_FILES" "$NGINX_FILES.new"; }

# Prints the names of the settings in which the running containers differ from those asked for.
differences() {
    made=$(made_with)
    RINHA_IMAGE=$image BIND=$(echo "$BIND" | tr -d '[]')
    instance="RINHA_EDITION RINHA_IDEMPOTENCY_HOURS RINHA_IMAGE RINHA_LOCK_WAIT_MS RINHA_LOG_LEVEL RINHA_METRICS"
    instance="$instance RINHA_RESET RINHA_SYNCHRONOUS"
    proxy=NETWORK replica=RINHA_REPLICA port=OPS_PORT
    if [ "$OPS_PORT" = off ]; then port=; else instance="$instance RINHA_AUDIT_EVERY"; fi
    # On the host's network no port is mapped; if NETWORK is empty, PORT and BIND decide on the network.
    case "$asked_network $(given nginx.NETWORK)" in
    " "*) proxy="BIND PORT $port" ;;
    *host*) ;;
    *) proxy="NETWORK BIND PORT $port" ;;
    esac
    [ -z "$RINHA_REPLICA" ] ||
        replica="$replica AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_REGION"
    case $INSTANCES in
    [Aa][Uu][Tt][Oo] | "$(count)") ;;
    *) echo INSTANCES ;;
    esac
    differing api01 lower $instance
    [ "$(count)" = 1 ] || differing api02 lower $instance
    differing nginx lower $proxy
    differing replica cat $replica
    [ "$MODE" = docker ] || echo MODE
}

differing() { # SERVICE FILTER NAME...
    service=$1 filter=$2
    shift 2
    for name; do
        eval "asked=\${$name:-}"
        given=$(echo "$made" | sed -n "s/^$service\.$name=//p")
        # A container of an older version, or without metrics, lacks settings.
        [ -n "$given" ] || given=$(sed -n "s/^\(# \)\{0,1\}$name=//p" .env.example)
        [ "$(echo "$given" | $filter)" = "$(echo "$asked" | $filter)" ] || echo "$name" | sed 's/RINHA_METRICS/OPS_PORT/'
    done
}

prepare_replica() {
    try "build the image with Litestream" compose build replica
    [ -z "${REPLICA_FOLDER:-}" ] || [ -d "$REPLICA_FOLDER" ] || {
        # The engine would make it root's.
        mkdir -p "$REPLICA_FOLDER"
        try "hand over $REPLICA_FOLDER" docker run --rm --user 0 --volume "$REPLICA_FOLDER:$REPLICA_FOLDER" \
            "$image" chown 10001:10001 "$REPLICA_FOLDER"
    }
}

# Runs a command in a container of its own, and prints its output without that of compose.
run() { # SERVICE ARGUMENT...
    code=0
    output=$(compose run --rm --no-deps -T "$@" 2>&1) || code=$?
    echo "$output" | grep -v -E '^ *(Container|Network|Volume|time=)' || true
    return $code
}

restore() {
    running && fail "$(message IN_USE)"
    build_image
    case ${1:-} in
    "" | --at)
        [ -n "$RINHA_REPLICA" ] || fail "RINHA_REPLICA is not set: it says where the replica is"
        prepare_replica
        run replica rinha restore "$@" </dev/null ;;
    *)
        [ -f "$1" ] || fail "$1: no such file"
        # The file may be its owner's alone, whom no user of a container is: it goes through the volume.
        # shellcheck disable=SC2016 # the shell of the container expands it
        run api01 sh -c 'trap "rm -f \"$1\"" EXIT; cat >"$1" && rinha restore "$1"' \
            sh "/ledger/incoming-$(basename "$1")" <"$1" ;;
    esac
}

# A file of clients goes through the volume, under its own name, which errors show. Ctrl-C ends only the command on
# this side: the container sees the end of the file, and must not take the half that came for the whole.
cliente() {
    case "$#:${1:-} ${2:-}" in
    "3:add --csv") file=$3 ;;
    "2:add --csv="*) file=${2#--csv=} ;;
    *) inside rinha cliente "$@"; return ;;
    esac
    [ -f "$file" ] && [ -r "$file" ] || fail "$file: no such file, or it cannot be read"
    # shellcheck disable=SC2016 # the shell of the container expands it
    inside sh -c 'folder=$(mktemp -d /ledger/incoming-XXXXXX) && trap "rm -rf $folder" EXIT && cd "$folder" &&
        cat >"$1" || exit
        [ "$(wc -c <"$1")" -eq "$2" ] || { echo "rinha: $1 arrived in part: nothing is added" >&2; exit 2; }
        rinha cliente add --csv="$1"' sh "$(basename "$file")" "$(wc -c <"$file")" <"$file"
}

stats() {
    # shellcheck disable=SC2046 # the ids are words
    docker stats --no-stream --format 'table {{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.PIDs}}' $(compose ps --quiet)
    for service in $instances nginx; do
        # The kernel's own count, from either version of its control groups.
        docker exec "$(compose ps --quiet "$service")" \
            sh -c 'cat /sys/fs/cgroup/cpu.stat /sys/fs/cgroup/cpu/cpu.stat 2>/dev/null' |
            awk -v name=$service '/^nr_periods/ { p = $2 } /^nr_throttled/ { t = $2 }
                /^throttled_usec/ { ms = $2 / 1e3 } /^throttled_time/ { ms = $2 / 1e6 }
                END { printf "%s: throttled in %d of %d periods, %d ms in all\n", name, t, p, ms }'
    done
}

snapshot() {
    umask 077
    mkdir -p out
    time=$(date -u +%Y%m%dT%H%M%SZ) number=
    # Creates the file only if it is not there, so that no other snapshot takes the same name.
    until name=rinha-$time$number.db && (set -C && : >"out/$name") 2>/dev/null; do
        [ -e "out/$name" ] || fail "cannot write to out/"
        number=$((number - 1))
    done
    trap 'rm -f "out/$name"' EXIT
    # A signal that is not trapped ends the script without EXIT.
    trap 'exit 130' INT
    trap 'exit 129' HUP
    trap 'exit 143' TERM
    # shellcheck disable=SC2016 # the shell of the container expands it
    inside sh -c 'trap "rm -f $1" EXIT; rinha snapshot "$1" >/dev/null && cat "$1"' sh "/ledger/$name" >"out/$name"
    trap - EXIT
    echo "out/$name"
}

command=$1
shift
case $command in
restart | logs | stats | reset | check | sql | cliente | snapshot | watch) running api01 || fail "$(message NOTHING_RUNS)" ;;
esac
case $command in
up | restart | stats | snapshot) $command ;;
restore) restore "$@" ;;
down)
    compose ps --quiet --all 2>/dev/null | grep -q . || { message NOT_UP; exit 0; }
    # A replica is stopped even if RINHA_REPLICA is not set any more.
    try "stop the stack" compose down --remove-orphans
    forget_files
    message DOWN ;;
status)
    running || { message NOT_UP; exit 3; }
    compose ps
    [ -z "$RINHA_REPLICA" ] || compose exec -T replica rinha replicate state || true
    inside python /opt/rinha/ask.py GET /health ;;
logs) compose logs --follow --tail 20 ;;
reset)
    answer=$(inside python /opt/rinha/ask.py POST /reset) || fail "${answer:-no instance answered}"
    message EMPTY ;;
check) inside rinha check ;;
cliente) cliente "$@" ;;
url) echo "$url" ;;
sql)
    # The output goes to a terminal, which the container cannot see.
    [ ! -t 1 ] || set -- --escape "$@"
    if [ -t 0 ] && [ -t 1 ] && [ $# = 1 ]; then compose exec api01 rinha sql "$@"; else inside rinha sql "$@"; fi ;;
watch)
    [ "$(given api01.RINHA_METRICS)" = on ] || fail "$(message NOT_WATCHED)"
    port=$(given nginx.OPS_PORT)
    exec .venv/bin/python -m ops.watch "http://127.0.0.1:${port:-9990}" ;;
*) fail "no such command: $command" ;;
esac
