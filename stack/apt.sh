#!/bin/sh
# Installs PACKAGES by apt, as root or with sudo, without starting what they bring; or says in one line
# what to install: apt.sh PACKAGE...
set -eu

fail() {
    echo "rinha: $*" >&2
    exit 1
}

if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    as_root=sudo
else
    fail "missing on this system: $*; as root: apt-get install $*"
fi
command -v apt-get >/dev/null || fail "missing on this system, and there is no apt: $*"

echo "installing $*"
log=$(mktemp)
# Debian starts a new server at once, nginx on port 80; nobody asked for that one.
policy=/usr/sbin/policy-rc.d
trap 'exit 130' INT TERM
if [ -e $policy ]; then
    trap 'rm -f "$log"' EXIT
else
    trap 'rm -f "$log"; $as_root rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
    $as_root chmod 755 $policy
fi
{ $as_root apt-get -q update &&
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qy --no-install-recommends install "$@"
} >"$log" 2>&1 || {
    tail -n 5 "$log" >&2
    fail "apt-get could not install $*: its last words are above"
}
for service in nginx postgresql patroni etcd prometheus; do
    case " $* " in *" $service"*)
        $as_root systemctl disable $service >/dev/null 2>&1 || true ;;
    esac
done
