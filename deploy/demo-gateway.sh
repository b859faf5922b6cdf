#!/bin/sh
# A virtual factory and its gateway, together in one container: a pseudo-terminal, the factory's RS-485 line, does not
# leave the container it was made in. The gateway is the process that counts; the factory ends with the container.
set -eu

folder=${1:?usage: demo-gateway.sh FOLDER}
site=$folder/site.yaml
ready=$folder/ready

rm -f "$ready" "$site"
mkfifo "$ready"
wattproof simulate --site-file "$site" >"$ready" &
if ! read -r links <"$ready"; then
    echo "demo-gateway: the virtual factory did not start" >&2
    exit 3
fi
rm -f "$ready"
echo "demo-gateway: the virtual factory answers: $links" >&2
exec wattproof edge run "$site" --data-dir "$folder"
