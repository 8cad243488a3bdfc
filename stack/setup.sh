#!/bin/sh
# Prepares .venv for SET: service, replica, postgres, cluster, loadtest, profile, bench, lint, dev, browser or tools.
# The set `ledger` is service or postgres, as RINHA_LEDGER needs; `dist` prepares build/venv. Missing system packages
# are installed by apt; without root and sudo it names them in one line.
set -eu
CDPATH='' cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin
. stack/dotenv.sh
[ "$1" != ledger ] || read_dotenv

fail() {
    echo "rinha: $*" >&2
    exit 1
}

locks_of() {
    case $1 in
    service) echo locks/build.txt locks/ops.txt ;;
    replica) echo locks/replica.txt ;;
    profile | tools) echo locks/profile.txt ;;
    postgres | cluster) echo locks/build.txt locks/ops.txt locks/postgres.txt ;;
    loadtest) echo locks/loadtest.txt ;;
    bench) echo locks/build.txt locks/service.txt locks/bench.txt ;;
    dist) echo locks/build.txt locks/ops.txt locks/loadtest.txt ;;
    lint) echo locks/build.txt locks/dev.txt locks/lock.txt ;;
    dev | browser) echo locks/build.txt locks/ops.txt locks/dev.txt locks/lock.txt ;;
    *) fail "no such set: $1" ;;
    esac
}
if [ "$1" = ledger ]; then
    # psycopg is installed only for a ledger on PostgreSQL.
    case ${RINHA_LEDGER:-} in
    postgres://* | postgresql://*) set -- postgres ;;
    *) set -- service ;;
    esac
fi
locks=$(locks_of "$1")
venv=.venv
if [ "$1" = dist ]; then
    # A venv of its own, with the interpreter that the executables carry.
    venv=build/venv
    PYTHON=/usr/bin/python3.11
fi

range=$(sed -n 's/^requires-python = ">=3\.\([0-9]*\),<3\.\([0-9]*\)"/\1, \2/p' pyproject.toml)
supported="Python 3.${range%,*} to 3.$((${range#*, } - 1))"
fits() { "$1" -c "import sys; sys.exit(sys.version_info[:2] not in [(3, n) for n in range($range)])" 2>/dev/null; }
if [ -n "${PYTHON:-}" ]; then
    python=$PYTHON
else
    # The interpreter of .venv, else the system's own: it is built with optimizations, while one from pyenv
    # usually is not, which costs 17%.
    python=$(readlink -f $venv/bin/python || true)
    fits "$python" || python=/usr/bin/python3
    fits "$python" || python=python3
fi
command -v "$python" >/dev/null || fail "$python is not found: install $supported"
fits "$python" ||
    fail "this is $("$python" -V 2>&1), $supported are supported: PYTHON=/path/to/python3.12 make ..."

# The lock lets one run at a time change .venv. Only the user may read var/.
mask=$(umask)
umask 077
why=$(mkdir -p var 2>&1) && why=$( (: >>var/setup.lock) 2>&1) ||
    fail "cannot write to $PWD/var (${why##*: }), where the stack keeps its data: clone into a folder of your own"
exec 9>>var/setup.lock
umask "$mask"
# Ctrl-C also ends the program that runs; its message is of no use.
trap 'exit 130' INT
flock 9

# Prints the interpreter and the locks of a set. A .venv made of others, or left unfinished, is made again, so that no
# old package stays in it. The stack may serve from the old one, which stays until the new one is complete, and gives
# it the sets that a stack needs.
wanted() {
    "$python" -V
    # shellcheck disable=SC2046 # one argument for each name
    cat stack/install.sh $(locks_of "$1")
}
is_made() { [ "$(cat "$venv/$1.made-for" 2>/dev/null)" = "$(wanted "$1")" ]; }
new=
for made in "$venv"/*.made-for; do
    { [ -e "$made" ] && is_made "$(basename "$made" .made-for)"; } || new=$venv.new
done
sets=$1
[ -z "$new" ] || for other in service postgres replica; do
    [ "$other" = "$1" ] || [ ! -e "$venv/$other.made-for" ] || sets="$sets $other" locks="$locks $(locks_of $other)"
done
is_complete() { [ -z "$new" ] && is_made "$1"; }

missing=
need() { # PACKAGE TEST...: adds the package to `missing` unless the test succeeds
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}
need_program() { need "${2:-$1}" command -v "$1"; }
case $1 in service | postgres | cluster | bench | dev | browser)
    need_program nginx nginx-light
    need_program runsvdir runit
    need_program curl
    need_program sqlite3 ;;
esac
case $1 in postgres | cluster | dev | browser)
    need_program psql postgresql-client ;;
esac
case $1 in cluster | dev | browser)
    need_program patroni
    # Debian's patroni may depend on the client of another store than etcd.
    need python3-etcd /usr/bin/python3 -c 'import etcd'
    need_program etcd etcd-server ;;
esac
case $1 in cluster | bench | dev | browser)
    has_postgres() {
        set -- /usr/lib/postgresql/*/bin/postgres
        { [ -x "$1" ] || command -v postgres; } && id postgres
    }
    need postgresql has_postgres ;;
esac
case $1 in bench | tools)
    need_program redis-server
    need_program pgbouncer ;;
esac
if [ "$1" = tools ]; then
    # The tests start systemd in namespaces of their own.
    need_program systemd-sysusers systemd
    need_program groff groff-base
    need_program zsh
    need_program fish
    need_program jq
fi
if [ "$1" = dist ]; then
    need_program nginx
    need_program runsvdir runit
    need_program objdump binutils
    need_program patchelf
    need libpython3.11-dev ls /usr/lib/python3.11/config-3.11-*/libpython3.11.a
    need libexpat1-dev ls /usr/lib/*/libexpat.a
    need zlib1g-dev ls /usr/lib/*/libz.a
    # Also needed to make build/venv.
    need_program gcc
    need libc6-dev [ -e /usr/include/stdio.h ]
fi
case $1 in cluster | dev | browser)
    need_program openssl ;;
esac
case $1 in dev | browser)
    need_program strace
    need_program ip iproute2 ;;
esac
if [ "$1" = browser ]; then
    need_program promtool prometheus
    need_program chromium
    need_program chromedriver chromium-driver
fi
if ! is_complete "$1"; then
    version=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
    need "$version-venv" "$python" -c 'import ensurepip, venv'
    case " $locks " in *" locks/service.txt "* | *" locks/ops.txt "*)
        need "$version-dev" "$python" -c 'import os, sysconfig
os.stat(os.path.join(sysconfig.get_path("include"), "Python.h"))'
        need_program gcc
        need libc6-dev [ -e /usr/include/stdio.h ]
        need libev-dev [ -e /usr/include/ev.h -o -e /usr/local/include/ev.h ] ;;
    esac
fi
# shellcheck disable=SC2086 # one argument for each name
[ -z "$missing" ] || stack/apt.sh $missing

if ! is_complete "$1"; then
    echo "making $venv"
    into=${new:-$venv}
    if [ -n "$new" ]; then
        rm -rf $venv.new $venv.old
        output=$("$python" -m venv $new 2>&1) || fail "cannot make $venv: $(echo "$output" | tail -n 1)"
    fi
    # shellcheck disable=SC2046,SC2086 # one argument for each name
    stack/install.sh $into $(echo $locks | tr ' ' '\n' | awk '!seen[$0]++')
    for each in $sets; do wanted $each >"$into/$each.made-for"; done
    if [ -n "$new" ]; then
        # Scripts name their interpreter by its path.
        grep -lIF $new $new/bin/* | while read -r script; do sed -i "s|$new|$venv|g" "$script"; done
        [ ! -e $venv ] && [ ! -L $venv ] || mv -T $venv $venv.old
        mv -T $new $venv
        rm -rf $venv.old
    fi
fi
