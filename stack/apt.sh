#!/bin/sh
# Installs PACKAGEs by apt, as root or with sudo, and starts none of their services. Without root and sudo it names
# them in one line: apt.sh PACKAGE...
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
command -v apt-get >/dev/null || fail "missing on this system, which has no apt: $*"

# Debian starts a new service at once, such as nginx on port 80. This policy file forbids it, but only while this
# script runs: a file left by kill -9 forbids nothing.
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

written_by() { sed -n "s|^$mark ||p" $policy 2>/dev/null; } # prints the writer's process id and start time
write_policy() { # atomically, and never over an existing file
    $as_root sh -c "cat >$policy.new && chmod 755 $policy.new && ln $policy.new $policy && rm $policy.new" <<EOF
#!/bin/sh
$mark $$ $(started_at $$)
[ "\$(cut -d ' ' -f 22 /proc/$$/stat 2>/dev/null)" != $(started_at $$) ] || exit 101
EOF
}
while :; do
    owner=$(written_by) || owner=
    if [ -n "$owner" ] && [ "$(started_at "${owner% *}")" = "${owner#* }" ]; then
        sleep 1 # another checkout is installing: its policy ends with it
        continue
    fi
    [ -z "$owner" ] || $as_root rm -f $policy
    # An administrator's own policy stays.
    [ ! -e $policy ] || break
    ours=yes
    write_policy && break
    ours=
done

echo "installing $*"
services="nginx postgresql patroni etcd prometheus redis-server pgbouncer"
log=$(mktemp)
before=
for service in $services; do
    [ ! -e $units/$service.service ] || before="$before $service "
done
{ $as_root apt-get -q update &&
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qy --no-install-recommends install "$@"
} >"$log" 2>&1 || {
    tail -n 5 "$log" >&2
    fail "apt-get cannot install $*: the end of its output is above"
}
# Services installed by this run do not start at the next boot either; those that were there before are unchanged.
for service in $services; do
    case $before in *" $service "*) continue ;; esac
    [ ! -e $units/$service.service ] || $as_root systemctl disable $service >/dev/null 2>&1 || true
done
