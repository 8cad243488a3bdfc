#!/bin/sh
# Boots systemd in namespaces of its own, on a writable copy of this root, and runs a script there.
# Run by `unshare --mount --pid --fork --uts --ipc --net` with: an empty folder, the service's root, the script, and
# the file for its output.
set -e
top=$1 service=$2 script=$3 output=$4
ip link set lo up
mount --make-rprivate /
mount -t tmpfs tmpfs "$top"
mkdir "$top/upper" "$top/work" "$top/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$top/upper,workdir=$top/work" "$top/root"
cp -r "$service/etc/." "$top/root/etc/"
cp "$script" "$top/root/script.sh"
cd "$top/root"
mount -t proc proc proc
mount -t sysfs sysfs sys
umount sys/fs/cgroup 2>/dev/null || :
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount --rbind /dev dev
mount -t tmpfs tmpfs run
cat >etc/systemd/system/booted.target <<END
[Unit]
Requires=systemd-journald.service rinha.target script.service
After=systemd-journald.service
END
cat >etc/systemd/system/script.service <<END
[Unit]
After=rinha-nginx.service
[Service]
Type=oneshot
ExecStart=/bin/sh /script.sh
StandardOutput=file:/script.out
StandardError=file:/script.out
ExecStopPost=/bin/systemctl exit
END
: >script.out
: >"$output"
mount --bind "$output" script.out
chroot . systemd-sysusers /etc/sysusers.d/rinha.conf
pivot_root . mnt
umount -l /mnt
exec env -i container=rinha PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --unit=booted.target --log-target=null --show-status=0
