#!/bin/sh
# mkdocs 1.6.1: `mkdocs build --strict --quiet` succeeds with a broken link.
#
# Expected: --strict turns a warning into a failure, and --quiet only prints less; the exit status is 1 with both.
# Observed: the exit status is 1 with --strict, and 0 with --strict --quiet.
# We do:    our documentation is built by Sphinx with --fail-on-warning, which fails with --quiet as well.
# Needs:    Python 3.11 or newer.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet mkdocs==1.6.1 || exit 2

mkdir docs
echo 'site_name: Example' > mkdocs.yml
echo '[A page that does not exist](missing.md)' > docs/index.md

status() {
	venv/bin/mkdocs build "$@" > output 2>&1 && echo 0 || echo $?
}

strict=$(status --strict)
quiet=$(status --strict --quiet)
echo "mkdocs build --strict          exit status $strict"
echo "mkdocs build --strict --quiet  exit status $quiet"
[ "$strict $quiet" = "1 0" ]
