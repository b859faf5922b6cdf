#!/bin/sh
# The real parts that the tests run: Debian's packages. Installs what is missing where it may, otherwise says what is.
set -u
wanted="mosquitto influxdb victoria-metrics chromium fonts-noto-cjk gcc libc6-dev libmodbus-dev shellcheck systemd"
missing=""
for package in $wanted; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "These tests run real servers. Missing here:$missing. Install them with this system's package manager." >&2
    exit 1
fi
if [ "$(id -u)" -eq 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo"
else
    echo "These tests run real servers. Missing here:$missing. Install them: sudo apt-get install$missing" >&2
    exit 1
fi
# A server that Debian would start by itself is not wanted: every test starts its own.
policy=/usr/sbin/policy-rc.d
[ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null && $as_root chmod +x "$policy" && made=1; }
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive sh -c "apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing" >&2
status=$?
[ "${made:-}" = 1 ] && $as_root rm -f "$policy"
[ "$status" -eq 0 ] || echo "apt-get could not install:$missing" >&2
exit "$status"
