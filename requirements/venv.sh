#!/bin/sh
# Make a virtual environment. Debian packs the part of Python that does it separately; it is installed where it may be.
# Usage: requirements/venv.sh PYTHON FOLDER
set -u
python=$1
folder=$2
command -v "$python" >/dev/null 2>&1 || { echo "$python was not found; install Python 3.11 or newer" >&2; exit 1; }
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11) and "WattProof needs Python 3.11 or newer")' || exit 1

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "$python lacks the modules venv and ensurepip; install them with this system's package manager" >&2
        exit 1
    elif [ "$(id -u)" -eq 0 ]; then
        as_root=""
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        as_root="sudo"
    else
        echo "$python cannot make virtual environments here. Install what is missing: sudo apt-get install python3-venv" >&2
        exit 1
    fi
    $as_root env DEBIAN_FRONTEND=noninteractive sh -c \
        "apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv" >/dev/null || exit 1
fi
exec "$python" -m venv "$folder"
