#!/bin/sh
# Updates locks/ from pyproject.toml to the newest versions, with extras and with hashes for every platform, without
# the address of a registry.
set -eu
CDPATH='' cd "$(dirname "$0")/.."
oldest=$(sed -n 's/^requires-python = ">=\(3\.[0-9]*\).*/\1/p' pyproject.toml)
compile=".venv/bin/uv pip compile --quiet --upgrade --universal --python-version $oldest --generate-hashes --no-strip-extras
    --no-emit-index-url --no-header --no-annotate"
echo uv | $compile - -o locks/lock.txt
grep -o 'setuptools>=[0-9]*' pyproject.toml | $compile - -o locks/build.txt
# dev.txt has no bjoern, whose build needs a compiler: format, lint and types do not need it.
$compile pyproject.toml --extra ops --group dev --no-emit-package bjoern -o locks/dev.txt
$compile --group bench -c locks/dev.txt -o locks/bench.txt
$compile --group loadtest -c locks/dev.txt -o locks/loadtest.txt
$compile --group profile -o locks/profile.txt
$compile --group replica -c locks/dev.txt -o locks/replica.txt
$compile pyproject.toml -c locks/dev.txt -o locks/service.txt
$compile pyproject.toml --extra ops -c locks/dev.txt -o locks/ops.txt
# postgres.txt is installed beside service.txt, so it has only its own packages.
sed -n 's/^postgres = \["\(.*\)"\]/\1/p' pyproject.toml | $compile - -c locks/dev.txt -o locks/postgres.txt
