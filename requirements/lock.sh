#!/bin/sh
# Renew the hash-checked locks; they name no index, so they work with any. Usage: requirements/lock.sh path/to/python
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$1" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check uv
lock() {
    output=$1
    shift
    "$folder/bin/uv" pip compile pyproject.toml "$@" --upgrade --universal --python-version 3.11 --generate-hashes \
        --no-emit-package wattproof --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
        --quiet --output-file "requirements/$output.txt"
}
printf 'uv\n' | "$folder/bin/uv" pip compile - --upgrade --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet \
    --output-file requirements/installer.txt
lock edge --extra edge
lock server --extra server
lock demo --extra demo
lock dev --extra demo --group dev
