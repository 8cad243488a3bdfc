#!/bin/sh
# Installs the packages of each LOCK into VENV, by version and hash, without a resolver: install.sh VENV LOCK...
set -eu
pip="$1/bin/python -m pip --disable-pip-version-check"
shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT

for lock in "$@"; do
    # bjoern is built from source with the locked build tools, not with the newest ones.
    $pip install --quiet --no-deps --require-hashes --use-pep517 --no-build-isolation -r "$lock" >"$log" 2>&1 || {
        # The last error, with the package whose hash is wrong.
        reason=$(sed 's/ (from versions:[^)]*)//' "$log" | grep -A 1 '^ERROR' | tail -n 2 | tr -s '\n ' ' ')
        echo "rinha: cannot install $lock: $reason" >&2
        exit 1
    }
done
$pip check >"$log" 2>&1 || {
    echo "rinha: the locks are incomplete ($*): $(head -n 1 "$log")" >&2
    exit 1
}
