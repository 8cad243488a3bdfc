#!/bin/sh
# Builds dist/ on Debian 12, which is old enough for what is built to run on newer systems and on others of
# its time. On another one root has a Debian 12 made for it.
set -eu
cd "$(dirname "$0")/.."
# shellcheck disable=SC1091 # every Linux has it
. /etc/os-release
if [ "${ID:-} ${VERSION_ID:-}" != "debian 12" ]; then
    exec onefile/in_debian_12.sh
fi
stack/setup.sh dist
# The date of what is built, and not of the build: the same sources make the same bytes.
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct 2>/dev/null || date -r CHANGELOG.md +%s)}"
export SOURCE_DATE_EPOCH
# The order in a set is part of a compiled module.
PYTHONHASHSEED=0 build/venv/bin/python -m onefile.dist
