#!/bin/sh
# Renews locks/ from pyproject.toml: versions and hashes for every platform, no registry's address.
set -eu
cd "$(dirname "$0")/.."
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
.venv/bin/pip --quiet --disable-pip-version-check install --target "$tools" uv
compile="$tools/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes
    --no-emit-index-url --no-header --no-annotate"
echo 'setuptools>=77' | $compile - -o locks/build.txt
$compile pyproject.toml --group dev -o locks/dev.txt
$compile pyproject.toml --group bench -c locks/dev.txt -o locks/bench.txt
$compile --group loadtest -c locks/dev.txt -o locks/loadtest.txt
$compile pyproject.toml -c locks/dev.txt -o locks/service.txt
