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

# Debian starts a new server at once, nginx on port 80; nobody asked for that one. The policy refuses only while
# this script lives: one that is left by kill -9 refuses nothing.
policy=/usr/sbin/policy-rc.d
units=/lib/systemd/system
mark="# Written by stack/apt.sh of rinha for the process"
started_at() { cut -d ' ' -f 22 "/proc/$1/stat" 2>/dev/null; }
log=
ours=
end() {
    trap '' HUP INT QUIT PIPE TERM
    [ -z "$ours" ] || $as_root rm -f $policy $policy.new
    [ -z "$log" ] || rm -f "$log"
}
# A signal that is not trapped ends the script without EXIT.
trap end EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 131' QUIT
trap 'exit 141' PIPE
trap 'exit 143' TERM

written_by() { sed -n "s|^$mark ||p" $policy 2>/dev/null; } # prints the process and when it started
write_policy() { # whole or not at all, and not over another one
    $as_root sh -c "cat >$policy.new && chmod 755 $policy.new && ln $policy.new $policy && rm $policy.new" <<EOF
#!/bin/sh
$mark $$ $(started_at $$)
[ "\$(cut -d ' ' -f 22 /proc/$$/stat 2>/dev/null)" != $(started_at $$) ] || exit 101
EOF
}
while :; do
    owner=$(written_by) || owner=
    if [ -n "$owner" ] && [ "$(started_at "${owner% *}")" = "${owner#* }" ]; then
        sleep 1 # another checkout installs: its policy ends with it
        continue
    fi
    [ -z "$owner" ] || $as_root rm -f $policy
    # An administrator has one of their own.
    [ ! -e $policy ] || break
    ours=yes
    write_policy && break
    ours=
done

echo "installing $*"
log=$(mktemp)
before=
for service in nginx postgresql patroni etcd prometheus; do
    [ ! -e $units/$service.service ] || before="$before $service "
done
{ $as_root apt-get -q update &&
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qy --no-install-recommends install "$@"
} >"$log" 2>&1 || {
    tail -n 5 "$log" >&2
    fail "apt-get could not install $*: its last words are above"
}
# What this run has brought is not to start at the next boot either; what was there is left as it is.
for service in nginx postgresql patroni etcd prometheus; do
    case $before in *" $service "*) continue ;; esac
    [ ! -e $units/$service.service ] || $as_root systemctl disable $service >/dev/null 2>&1 || true
done
