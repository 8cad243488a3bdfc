# shellcheck shell=sh
# Checks of the Docker engine and of compose; to be sourced by containers.sh.

# Fails where no engine answers.
assert_engine() {
    command -v docker >/dev/null || fail "$(message NO_DOCKER)"
    docker compose version >/dev/null 2>&1 || fail "$(message NO_COMPOSE)"
    answer=$(docker info 2>&1) || case $answer in
    *"permission denied"*) fail "$(message NO_RIGHT)" ;;
    *) fail "$(message NO_ENGINE)" ;;
    esac
}

# The first compose that has `up --wait-timeout`, and the oldest engine that the stack was measured on. Its API is
# compared, because another engine with this API, such as Podman, counts its versions otherwise.
COMPOSE_MIN=2.17 ENGINE_MIN=20.10 ENGINE_API_MIN=1.41

# Fails with older versions than these. An unknown version is accepted.
assert_new_enough() {
    found=$(docker compose version --short 2>/dev/null) || found=
    ! older "$found" $COMPOSE_MIN || fail "$(message OLD_COMPOSE "$found" $COMPOSE_MIN)"
    found=$(docker version --format '{{.Server.APIVersion}} {{.Server.Version}}' 2>/dev/null) || found=
    ! older "${found% *}" $ENGINE_API_MIN || fail "$(message OLD_ENGINE "${found#* }" $ENGINE_MIN)"
}

older() { # VERSION LEAST
    echo "${1#v} $2" | awk '/^[0-9]+\.[0-9]/ { split($1, found, /[^0-9]/); split($2, least, ".")
            is_older = found[1] < least[1] || (found[1] == least[1] && found[2] + 0 < least[2] + 0) }
        END { exit !is_older }'
}
