#!/bin/sh
# Does all of a release but the upload, and says what it skips: release_check.sh [TAG]. IMAGE=off builds no image.
set -eu
CDPATH='' cd "$(dirname "$0")/.."
version=$(cat VERSION)
tag=${1:-}
skipped=

fail() {
    echo "rinha: $*" >&2
    exit 1
}
skip() { skipped="$skipped
  skipped: $*"; }

[ -z "$tag" ] || [ "$tag" = "v$version" ] || fail "the tag is $tag, but VERSION has $version: name the tag v$version"
heading=$(grep -m 1 '^## ' CHANGELOG.md)
case $heading in
"## $version (unreleased)")
    [ -z "$tag" ] || fail "CHANGELOG.md calls $version unreleased: write its date there"
    skip "the date of the release: CHANGELOG.md calls $version unreleased" ;;
"## $version "*) ;;
*) fail "CHANGELOG.md begins with \"$heading\", but VERSION has $version" ;;
esac
for linter in actionlint zizmor; do
    if command -v $linter >/dev/null; then
        case $linter in
        actionlint) actionlint .github/workflows/*.yml ;;
        zizmor) zizmor --quiet --offline action.yml .github/workflows ;;
        esac
    else
        skip "the lint of action.yml and .github/workflows by $linter, which is not installed"
    fi
done

onefile/dist.sh
(cd dist && sha256sum --check --quiet SHA256SUMS)
machine=$(uname -m)
for name in rinha loadtest; do
    "dist/$name-$version-linux-$machine" --help >/dev/null || fail "dist/$name-$version-linux-$machine does not start"
done
venv=build/release
for package in "rinha_loadtest-$version-py3-none-any.whl" "rinha_loadtest-$version.tar.gz"; do
    rm -rf $venv
    "${PYTHON:-python3}" -m venv $venv
    stack/install.sh $venv locks/build.txt locks/loadtest.txt
    $venv/bin/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation "dist/$package"
    $venv/bin/loadtest --help >/dev/null || fail "the command of dist/$package does not start"
done

if [ "${IMAGE:-}" = off ]; then
    skip "the image, which IMAGE=off leaves to another job"
elif docker info >/dev/null 2>&1; then
    docker build --quiet --tag "rinha:$version" .
else
    skip "the image: no Docker engine answers"
fi
skip "attestations, and the image's SBOM: they need the identity of .github/workflows/release.yml"
skip "the upload"
echo "release $version is ready in dist/$skipped"
