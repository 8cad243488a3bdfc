#!/bin/sh
# Builds dist/ on Debian 12, whose C library is old enough for newer systems and for others of its time. On
# another system, root builds it in a Debian 12 made by debootstrap.
set -eu
CDPATH='' cd "$(dirname "$0")/.."
# shellcheck disable=SC1091 # every Linux has it
. /etc/os-release
if [ "${ID:-} ${VERSION_ID:-}" != "debian 12" ]; then
    exec onefile/in_debian_12.sh
fi
stack/setup.sh dist
# The date of the sources, not of the build: the same sources give the same bytes.
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct 2>/dev/null || date -r CHANGELOG.md +%s)}"
export SOURCE_DATE_EPOCH
# A compiled module contains the order of its sets, which the hash seed decides.
PYTHONHASHSEED=0 build/venv/bin/python -m onefile.dist
