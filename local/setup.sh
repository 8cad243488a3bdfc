#!/bin/sh
# Makes .venv ready for LOCK (service, loadtest, bench or dev) and installs by apt what the system lacks.
# Where it may not install, it says in one line what to install.
set -eu
cd "$(dirname "$0")/.."
lock=locks/$1.txt
# The system's own interpreter is built with optimizations, one from pyenv usually is not: 17%.
python=${PYTHON:-/usr/bin/python3}
is_new='import sys; sys.exit(sys.version_info < (3, 11))'
[ -n "${PYTHON:-}" ] || "$python" -c "$is_new" 2>/dev/null || python=python3
PATH=$PATH:/usr/sbin:/sbin

# One at a time: two that make the same .venv at once get in each other's way.
mkdir -p var
exec 9>var/setup.lock
flock 9

fail() {
    echo "rinha: $*" >&2
    exit 1
}

install() {
    if [ "$(id -u)" = 0 ]; then
        as_root=
    elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
        as_root=sudo
    else
        fail "missing on this system: $*; as root: apt-get install $*"
    fi
    command -v apt-get >/dev/null || fail "missing on this system, and there is no apt: $*"
    echo "installing $*"
    # Debian starts a new server at once, nginx on port 80; nobody asked for that one.
    policy=/usr/sbin/policy-rc.d
    [ -e $policy ] && policy= || printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
    if [ -n "$policy" ]; then
        trap '$as_root rm -f /usr/sbin/policy-rc.d' EXIT
        trap 'exit 130' INT TERM
        $as_root chmod 755 $policy
    fi
    log=$(mktemp)
    status=0
    { $as_root apt-get -q update &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qy --no-install-recommends install "$@"
    } >"$log" 2>&1 || status=$?
    [ -z "$policy" ] || $as_root rm -f $policy
    [ $status = 0 ] || { tail -n 5 "$log" >&2; fail "apt-get could not install $*, see $log"; }
    rm -f "$log"
    for service in nginx postgresql; do
        case " $* " in *" $service"*)
            $as_root systemctl disable $service >/dev/null 2>&1 || true ;;
        esac
    done
}

command -v "$python" >/dev/null || fail "there is no $python: install Python 3.11 or newer"
"$python" -c "$is_new" || fail \
    "$("$python" -V) is too old, 3.11 or newer is needed: PYTHON=/path/to/python3.12 make ..."

missing=
if [ "$1" != loadtest ]; then
    command -v nginx >/dev/null || missing="$missing nginx-light"
    command -v runsvdir >/dev/null || missing="$missing runit"
fi
if [ "$1" = bench ]; then
    set -- "$1" /usr/lib/postgresql/*/bin/postgres
    command -v postgres >/dev/null || [ -x "$2" ] || missing="$missing postgresql"
fi
wanted=$(cat locks/build.txt "$lock" pyproject.toml)
if [ "$wanted" != "$(cat ".venv/$1.made-for" 2>/dev/null)" ]; then
    version=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
    "$python" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing $version-venv"
    if [ "$1" != loadtest ]; then
        "$python" -c 'import os, sysconfig as s, sys
sys.exit(not os.path.exists(os.path.join(s.get_path("include"), "Python.h")))' ||
            missing="$missing $version-dev"
        command -v gcc >/dev/null && [ -e /usr/include/stdio.h ] || missing="$missing gcc libc6-dev"
        [ -e /usr/include/ev.h ] || [ -e /usr/local/include/ev.h ] ||
            missing="$missing libev-dev"
    fi
fi
# shellcheck disable=SC2086 # the names are words
[ -z "$missing" ] || install $missing

if [ "$wanted" != "$(cat ".venv/$1.made-for" 2>/dev/null)" ]; then
    echo "making .venv"
    [ -x .venv/bin/pip ] || "$python" -m venv .venv
    pip=".venv/bin/pip --quiet --disable-pip-version-check"
    # What is built from source (bjoern) is built with the locked tools, not with the newest ones.
    $pip install --require-hashes -r locks/build.txt
    $pip install --require-hashes --use-pep517 --no-build-isolation -r "$lock"
    $pip install --no-deps --no-build-isolation --editable .
    echo "$wanted" >".venv/$1.made-for"
fi
