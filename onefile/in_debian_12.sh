#!/bin/sh
# Builds dist/ in a temporary Debian 12, for root on another Debian or Ubuntu.
set -eu
CDPATH='' cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || {
    echo "rinha: dist/ is built on Debian 12; on another Debian or Ubuntu, root can build it in a temporary one" >&2
    exit 1
}
command -v debootstrap >/dev/null || stack/apt.sh debootstrap debian-archive-keyring
root=$(mktemp -d /var/tmp/rinha-dist-XXXXXX)
trap 'umount "$root/proc" 2>/dev/null || true; rm -rf --one-file-system "$root"' EXIT
trap 'exit 130' INT TERM
echo "making a Debian 12 in $root"
debootstrap --variant=minbase --include=python3,ca-certificates bookworm "$root" >"$root.log" 2>&1 || {
    tail -n 5 "$root.log" >&2
    exit 1
}
rm -f "$root.log"
mirror=http://deb.debian.org
cat >"$root/etc/apt/sources.list" <<END
deb $mirror/debian bookworm main
deb $mirror/debian bookworm-updates main
deb $mirror/debian-security bookworm-security main
END
cp /etc/resolv.conf /etc/hosts "$root/etc/"
# Local certificates, if the network needs them to reach the registries.
if [ -d /usr/local/share/ca-certificates ]; then
    cp -r /usr/local/share/ca-certificates "$root/usr/local/share/"
fi
mount -t proc proc "$root/proc"
mkdir "$root/rinha"
tar --exclude=./.git --exclude='./.venv*' --exclude=./build --exclude=./var --exclude=./dist -c . | tar -xC "$root/rinha"
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct 2>/dev/null || date -r CHANGELOG.md +%s)}"
export SOURCE_DATE_EPOCH
chroot "$root" sh -c 'update-ca-certificates >/dev/null 2>&1
    apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -qy upgrade' >"$root/apt.log" 2>&1 || {
    tail -n 5 "$root/apt.log" >&2
    exit 1
}
chroot "$root" /rinha/onefile/dist.sh
mkdir -p dist
cp "$root"/rinha/dist/* dist/
