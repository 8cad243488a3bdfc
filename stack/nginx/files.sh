# shellcheck shell=sh
# The files that nginx reads in containers; to be sourced by containers.sh. conf.py writes those of plain processes.

# Copies of the checkout's, which nginx.yml and metrics.yml mount; they are there until `make down`.
export NGINX_FILES=./out/$project-nginx

# Writes the files into a folder; succeeds if that changed one. A file stays the same inode, because a container has
# each of them mounted by itself.
write_nginx_files() { # FOLDER
    unchanged=1
    mkdir -p "$1"
    for name in nginx.conf edition.conf instances.conf listen.conf metrics.conf metrics-listen.conf; do
        source=stack/nginx/$name
        case $name in
        edition.conf) source=stack/nginx/$edition.conf ;;
        metrics-listen.conf) source=stack/nginx/metrics-listen.$NETWORK.conf ;;
        instances.conf) [ ! -s "$scaled.conf" ] || source=$scaled.conf ;;
        esac
        cmp -s "$source" "$1/$name" || {
            cp "$source" "$1/$name" || fail "cannot write $1/$name"
            unchanged=0
        }
    done
    # The user of nginx in its container is another one.
    chmod -R a+rX "$1"
    return $unchanged
}

# Tests the files of a folder in a container of its own, so that nginx never reads broken ones.
assert_nginx_starts() { # FOLDER
    tested=$(NGINX_FILES=$1 compose run --rm --no-deps -T nginx -t </dev/null 2>&1) ||
        fail "$(echo "$tested" | sed -n 's/^.*\[emerg\] \([0-9#]*: \)\{0,1\}//p' | sed "s|/etc/nginx/edition|stack/nginx/$edition|
            s|/etc/nginx/nginx|nginx|; s|/etc/nginx/|stack/nginx/|" | head -n 1)"
}
