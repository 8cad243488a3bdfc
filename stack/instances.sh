# shellcheck shell=sh
# The instances in containers: their start, any number of them, their replacement; to be sourced by containers.sh.

# What another number of instances than two adds; it is there until `make down`.
scaled=out/${COMPOSE_PROJECT_NAME:-rinha}-instances
instances="api01 api02"
count() { echo "$instances" | wc -w | tr -d ' '; }
use_scaled() {
    [ -s "$scaled.json" ] || return 0
    COMPOSE_FILE=$COMPOSE_FILE:$scaled.json
    instances=$(sed -n 's/^server unix:\(.*\)\.sock .*/\1/p' "$scaled.conf")
}

# Writes the files of another number of instances than two.
scale() {
    [ "$INSTANCES" != 2 ] || return 0
    mkdir -p out
    output=$(compose config --format json | docker run --rm --interactive --user 0 --network none \
        --volume "$PWD:/checkout:ro" --workdir /checkout "$image" \
        python -m stack.container_instances "$INSTANCES" "./$scaled.conf") || exit 2
    echo "$output" | sed 1d >"$scaled.conf"
    # The user of nginx in its container is another one.
    chmod 644 "$scaled.conf"
    echo "$output" | sed 1q >"$scaled.json"
    use_scaled
}

start() {
    set -- --detach --no-build --wait --wait-timeout 30
    # shellcheck disable=SC2086 # one argument for each name
    if [ ! -s "$scaled.json" ]; then
        compose up "$@" $instances nginx
    else
        # Without dependencies: nginx names api02, which one instance does not have.
        compose up "$@" --no-deps $instances && compose up "$@" --no-deps nginx
    fi
}

# Replaces the instances one after the other by containers of the present image.
restart() {
    refuse_other_settings RINHA_IMAGE
    build_image
    # Reports an error of the present code, or of the ledger, before an instance ends.
    output=$(run api01 rinha init </dev/null) || { echo "$output" >&2; exit 2; }
    [ "$(count)" != 1 ] || echo "rinha: $(message ONLY_INSTANCE)" >&2
    for name in $instances; do
        try "replace $name" compose up --detach --no-build --no-deps --force-recreate --wait --wait-timeout 30 "$name"
    done
    message RESTARTED "$url" "$(count)"
}
