#!/bin/sh
# Installs into VENV what each LOCK says: by version and hash, and asks no resolver: install.sh VENV LOCK...
set -eu
pip="$1/bin/python -m pip --disable-pip-version-check"
shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT

for lock in "$@"; do
    # What is built from source (bjoern) is built with the locked tools, not with the newest ones.
    $pip install --quiet --no-deps --require-hashes --use-pep517 --no-build-isolation -r "$lock" >"$log" 2>&1 || {
        # The last error, and which package the hashes are of.
        reason=$(sed 's/ (from versions:[^)]*)//' "$log" | grep -A 1 '^ERROR' | tail -n 2 | tr -s '\n ' ' ')
        echo "rinha: $lock cannot be installed: $reason" >&2
        exit 1
    }
done
$pip check >"$log" 2>&1 || {
    echo "rinha: the locks are not closed ($*): $(head -n 1 "$log")" >&2
    exit 1
}
