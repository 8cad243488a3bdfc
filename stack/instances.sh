# shellcheck shell=sh
# The instances in containers: their start, and any number of them; to be sourced by containers.sh.

# What another number of instances than two adds; it is there until `make down`.
scaled=out/$project-instances
unscaled=$COMPOSE_FILE
count() { echo "$instances" | wc -w | tr -d ' '; }
use_scaled() {
    COMPOSE_FILE=$unscaled instances="api01 api02"
    [ -s "$scaled.json" ] || return 0
    COMPOSE_FILE=$unscaled:$scaled.json
    instances=$(sed -n 's/^server unix:\(.*\)\.sock .*/\1/p' "$scaled.conf" | paste -s -d ' ' -)
}

# Writes the files of another number of instances than two.
scale() {
    if [ "$INSTANCES" = 2 ]; then
        rm -f "$scaled.json" "$scaled.conf"
    else
        mkdir -p out
        # The limits to share out are those of two.
        output=$(COMPOSE_FILE=$unscaled && compose config --format json | docker run --rm --interactive --user 0 \
            --network none --volume "$PWD:/checkout:ro" --workdir /checkout "$image" \
            python -m stack.container_instances "$INSTANCES") || exit 2
        echo "$output" | sed 1d >"$scaled.conf"
        echo "$output" | sed 1q >"$scaled.json"
    fi
    use_scaled
}

# Without dependencies: nginx names api02, which one instance does not have. And compose takes a container that was made
# with its dependencies for another one than roll.sh makes.
start() {
    set -- --detach --no-build --no-deps --wait --wait-timeout 30
    # shellcheck disable=SC2086 # one argument for each name
    compose up "$@" $instances && compose up "$@" nginx
}
