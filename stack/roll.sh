# shellcheck shell=sh
# Replaces the parts of a running stack one after the other, while it serves; to be sourced by containers.sh.

# Brings a running stack to the present code and settings.
roll() {
    others=$(differences | sort -u)
    refused=$(echo "$others" | grep -x -e MODE -e RINHA_EDITION | as_list)
    case $refused in
    "") ;;
    MODE) refuse UP_NEEDS_STOP "$refused" "plain processes cannot take over from containers" ;;
    *) refuse UP_NEEDS_STOP "$refused" "the old and the new instances would serve two editions" ;;
    esac
    build_image
    code=
    ! is_image_new || code="the code"
    ! are_nginx_files_new || code="the code"
    check_new_ports
    [ -z "$RINHA_REPLICA" ] || prepare_replica
    # Reports an error of the code, of a setting, or of the ledger, before an instance ends.
    [ -z "$code$others" ] || assert_ledger_opens
    is_replaced='' had=$(count) had_network=$(given nginx.NETWORK) had_ops_port=$(given nginx.OPS_PORT)
    scale
    [ "$had $(count)" != "1 1" ] || [ -z "$code$others" ] || warn_of_gap
    for name in $instances; do running "$name" || bring_up "$name" $healthy; done
    # Without the new instances nginx would have none while the only old one is replaced.
    [ "$had" != 1 ] || roll_nginx
    for name in $instances; do bring_up "$name" $healthy; done
    roll_nginx
    [ -z "$RINHA_REPLICA" ] || bring_up replica
    remove_others
    # Completes the upgrade of a ledger that an older program used until now. In a container of its own: it would take
    # CPU from an instance that has the write lock.
    [ -z "$code" ] || assert_ledger_opens
    if [ -n "$is_replaced$others" ]; then
        others=$(echo "$others" | as_list)
        [ -n "$others" ] || code="the code"
        message ROLLED "$url" "$code${code:+${others:+, }}$others"
    else
        message UP_ALREADY "$url"
    fi
}

# Replaces each instance by a container of the present image.
restart() {
    others=$(differences | grep -vx RINHA_IMAGE | as_list)
    [ -z "$others" ] || refuse RESTART_OTHERWISE "$others"
    build_image
    # Reports an error of the present code, or of the ledger, before an instance ends.
    assert_ledger_opens
    [ "$(count)" != 1 ] || warn_of_gap
    for name in $instances; do bring_up "$name" $healthy --force-recreate; done
    message RESTARTED "$url" "$(count)"
}

refuse() { # MESSAGE NAMES [REASON]
    port=$(given nginx.PORT)
    name=$1
    shift
    fail "$(message "$name" "http://$host:${port:-9999}" "$@")"
}

# Refuses a port that is in use, before the old nginx ends.
check_new_ports() {
    echo "$others" | grep -qx -e BIND -e NETWORK -e OPS_PORT -e PORT || return 0
    if [ "$(given nginx.NETWORK)" != host ]; then
        our_ports="$(given nginx.PORT) $(given nginx.OPS_PORT)"
    elif [ "$(given api01.RINHA_METRICS)" = on ]; then
        our_ports="9999 9990"
    else
        our_ports=9999
    fi
    check_ports
}

# shellcheck disable=SC2046,SC2086 # the names and ids are words
is_image_new() {
    [ "$(docker inspect --format '{{.Image}}' $(compose ps --quiet $instances) | sort -u)" != "$(id_of_image "$image")" ]
}

id_of_image() { docker image inspect --format '{{.Id}}' "$1" 2>/dev/null || true; }

# Tests what nginx would read, and tells if it differs from what it has.
are_nginx_files_new() {
    rm -rf "$NGINX_FILES.new"
    [ ! -d "$NGINX_FILES" ] || cp -R "$NGINX_FILES" "$NGINX_FILES.new"
    ! write_nginx_files "$NGINX_FILES.new" || assert_nginx_starts "$NGINX_FILES.new"
    rm -rf "$NGINX_FILES.new"
    # One of the files depends on the network, which is a setting.
    [ "$NETWORK" = "$(given nginx.NETWORK)" ] && return $unchanged
}

assert_ledger_opens() {
    output=$(run api01 rinha init </dev/null) || { echo "$output" >&2; exit 2; }
}

warn_of_gap() { echo "rinha: $(message ONLY_INSTANCE)" >&2; }

healthy="--wait --wait-timeout 30"

# Starts a part, or replaces it where it differs.
bring_up() { # SERVICE OPTION...
    service=$1
    shift
    before=$(compose ps --quiet "$service")
    try "start the present $service" compose up --detach --no-build --no-deps "$@" "$service"
    [ "$(compose ps --quiet "$service")" = "$before" ] || is_replaced=yes
}

# Removes instances above the present number, and a replica that is not set any more.
remove_others() {
    docker ps --filter "label=com.docker.compose.project=$project" \
        --format '{{.ID}} {{.Label "com.docker.compose.service"}}' |
        while read -r id service; do
            case " $instances ${RINHA_REPLICA:+replica} " in *" $service "*) continue ;; esac
            case $service in api[0-9][0-9] | replica) end "$id" ;; esac
        done
}

end() { docker stop "$@" >/dev/null 2>&1 && docker rm "$@" >/dev/null 2>&1; }

# Reloads nginx. Replaces its container instead, if compose would make a different one now.
roll_nginx() {
    files=old
    ! write_nginx_files "$NGINX_FILES" || files=new
    # What an interrupted command left.
    compose rm --force nginx >/dev/null 2>&1 || true
    old=$(compose ps --quiet nginx)
    number=$(($(echo "$old" | wc -l) + 1))
    try "make another nginx" compose up --no-start --no-build --no-deps --no-recreate --scale nginx=$number nginx
    new=$(compose ps --all --quiet nginx | grep -vxF "$old")
    if [ "$(made_from "$new")" != "$(made_from "$old")" ]; then
        replace_nginx
        is_replaced=yes
        return
    fi
    docker rm "$new" >/dev/null
    [ $files = new ] || return 0
    # Not `docker kill`: the engine would take that as a wish to stop, and not restart an nginx that dies.
    try "reload nginx" docker exec "$(first_of "$old")" sh -c 'kill -HUP 1'
    is_replaced=yes
}

# shellcheck disable=SC2086 # the ids are words
made_from() { docker inspect --format '{{.Image}} {{index .Config.Labels "com.docker.compose.config-hash"}}' $1; }

# The new container is there before the old one ends, so that a pause is short. On the host's network, without a port
# mapping, it starts before that: two nginx can share a port (`reuseport`).
# shellcheck disable=SC2086 # the ids are words
replace_nginx() {
    if ! share_ports || ! start_nginx "$new" 2>/dev/null; then
        echo "rinha: $(message NGINX_REPLACED)" >&2
        docker stop $old $new >/dev/null
        (try "start another nginx; the old one serves" start_nginx "$new") || {
            docker rm --force "$new" >/dev/null
            start_nginx "$(first_of "$old")" || true
            exit 2
        }
    fi
    end $old
}

# The listener for operators has `reuseport` in newer versions only.
share_ports() {
    [ "$NETWORK $had_network" = "host host" ] || return 1
    [ -z "$had_ops_port" ] ||
        docker exec "$(first_of "$old")" grep -q reuseport /etc/nginx/metrics-listen.conf 2>/dev/null
}

first_of() { echo "$1" | head -n 1; }

# nginx writes its pid when it listens.
start_nginx() { # CONTAINER
    docker start "$1" >/dev/null &&
        docker exec "$1" timeout 10 sh -c 'until [ -s /tmp/nginx.pid ]; do sleep 0.1; done'
}
