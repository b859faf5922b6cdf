#!/bin/sh
# Install, or bring up to date, the WattProof agent on a gateway with systemd. Safe to run again at any time.
set -eu

usage() {
    cat <<'USAGE'
usage: install.sh [options]

  --wheel FILE       the WattProof wheel; by default the newest wattproof-*.whl in --wheels, in dist/ or here
  --wheels FOLDER    install offline: every wheel is taken from this folder, nothing from the network
  --requirements F   the hash-checked list of what it needs; by default requirements/edge.txt beside or above this script
  --python PROGRAM   Python 3.11 or newer (default: python3)
  --prefix FOLDER    install below this folder, without a user, udev or systemd: for images and tests
  --no-start         enable the service, but do not start it
  --dry-run          say what would be done, and do nothing
USAGE
}

here=$(cd "$(dirname "$0")" && pwd)
wheel="" wheels="" requirements="" python=python3 prefix="" start=yes dry=""
while [ $# -gt 0 ]; do
    case $1 in
        --wheel) wheel=${2:?--wheel needs a file} && shift ;;
        --wheels) wheels=${2:?--wheels needs a folder} && shift ;;
        --requirements) requirements=${2:?--requirements needs a file} && shift ;;
        --python) python=${2:?--python needs a program} && shift ;;
        --prefix) prefix=${2:?--prefix needs a folder} && shift ;;
        --no-start) start=no ;;
        --dry-run) dry=yes ;;
        -h | --help) usage && exit 0 ;;
        *) usage >&2 && exit 2 ;;
    esac
    shift
done

fail() {
    echo "install.sh: $*" >&2
    exit 1
}

# Do it, or say it.
run() {
    if [ -n "$dry" ]; then
        echo "would run: $*"
    else
        "$@"
    fi
}

first_of() {
    for candidate in "$@"; do
        [ -e "$candidate" ] && echo "$candidate" && return
    done
    return 0
}

newest_wheel() {
    for folder in "$wheels" "$here" "$here/../../dist"; do
        [ -n "$folder" ] || continue
        # Our own wheel's names hold no odd characters.
        # shellcheck disable=SC2012
        found=$(ls -t "$folder"/wattproof-*.whl 2>/dev/null | head -n 1)
        [ -n "$found" ] && echo "$found" && return
    done
    return 0
}

[ -n "$requirements" ] || requirements=$(first_of "$here/edge.txt" "$here/requirements/edge.txt" "$here/../../requirements/edge.txt")
[ -n "$wheel" ] || wheel=$(newest_wheel)
[ -f "$requirements" ] || fail "requirements/edge.txt not found. Name it: --requirements FILE"
[ -f "$wheel" ] || fail "no WattProof wheel found. Build one (python3 -m pip wheel --no-deps .) and name it: --wheel FILE"
[ -z "$wheels" ] || [ -d "$wheels" ] || fail "--wheels $wheels: no such folder"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    fail "$python is not Python 3.11 or newer. Name one: --python PROGRAM"
"$python" -c 'import ensurepip, venv' 2>/dev/null || fail "$python cannot make environments: apt-get install python3-venv"
if [ -z "$prefix" ] && [ -z "$dry" ]; then
    [ "$(id -u)" -eq 0 ] || fail "must run as root (or with --prefix, or with --dry-run)"
    command -v systemctl >/dev/null || fail "this system has no systemd; see the gateway's documentation for others"
fi

home=$prefix/opt/wattproof
etc=$prefix/etc/wattproof
data=$prefix/var/lib/wattproof
units=$prefix/etc/systemd/system
rules=$prefix/etc/udev/rules.d

if [ -z "$prefix" ]; then
    if ! id wattproof >/dev/null 2>&1; then
        run useradd --system --user-group --home-dir /var/lib/wattproof --no-create-home --shell /usr/sbin/nologin wattproof
    fi
    getent group dialout >/dev/null || run groupadd --system dialout
    run usermod --append --groups dialout wattproof
fi

pip_install() {
    run "$home/bin/python" -m pip install --disable-pip-version-check --quiet "$@"
}

# A folder for the service: only root may change the configuration, only the service its data.
folder() {
    if [ -n "$prefix" ]; then
        run install -d -m 0750 "$1"
    else
        run install -d -m 0750 --owner "$2" --group wattproof "$1"
    fi
}

[ -x "$home/bin/python" ] || run "$python" -m venv "$home"
if [ -n "$wheels" ]; then
    pip_install --no-index --find-links "$wheels" --require-hashes --requirement "$requirements"
else
    pip_install --require-hashes --requirement "$requirements"
fi
pip_install --no-index --no-deps --force-reinstall "$wheel"

folder "$etc" root
folder "$data" wattproof
run install -D -m 0644 "$here/wattproof-edge.service" "$units/wattproof-edge.service"
[ -e "$rules/99-wattproof-serial.rules" ] ||
    run install -D -m 0644 "$here/99-wattproof-serial.rules" "$rules/99-wattproof-serial.rules"

if [ -z "$prefix" ]; then
    run systemctl daemon-reload
    run systemctl enable wattproof-edge.service
    if [ "$start" = yes ]; then
        run systemctl restart wattproof-edge.service
    fi
fi
if [ ! -e "$etc/site.yaml" ]; then
    echo "next: write $etc/site.yaml ($home/bin/wattproof edge init helps), then: systemctl restart wattproof-edge"
fi
