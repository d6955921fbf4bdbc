#!/usr/bin/env bash
# Tries the packages out on a fresh Debian that is booted in namespaces of its own: the .deb with its service, the .rpm with
# rpm's own scripts, the installer with an archive from an address, and the image's files without an engine. Each is
# installed, started, called by MCP clients, and taken out, and then nothing may be left. How long a newcomer waits is
# printed, and has bounds. Needs root, mmdebstrap and Debian's packages.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/box.sh

# From the package to the first answer of a tool, and from the start of what is installed to it, in milliseconds.
FROM_PACKAGE_MS_MAX=300000
FROM_START_MS_MAX=10000

out=${CARGO_TARGET_DIR:-$HOME/.cache/switchboard/target}/package
tools=${SWITCHBOARD_TEST_TOOLS:-$HOME/.cache/switchboard/tools}/npm/node_modules
[ "$(id -u)" = 0 ] || { echo "the package test boots a system of its own: run it as root" >&2; exit 1; }
command -v mmdebstrap > /dev/null || { echo "mmdebstrap is missing: apt-get install mmdebstrap" >&2; exit 1; }
deb=$(ls "$out"/*.deb)
archive=$(ls "$out"/*.tar.gz)
rpm=$(ls "$out"/*.rpm 2> /dev/null || true)

work=$(mktemp -d)
root=$work/root
box=
server=
cleanup() {
    [ -z "$server" ] || kill "$server" 2> /dev/null || true
    box_end
    rm -rf --one-file-system "$work"
}
trap cleanup EXIT
step() { echo "== $*"; }
now_ms() { echo $(($(date +%s%N) / 1000000)); }
# What a time is of, when it began, and its bound.
within() {
    local took=$(($(now_ms) - $2))
    echo "stopwatch: $1: $took ms"
    [ "$took" -lt "$3" ] || { echo "that is more than $3 ms" >&2; exit 1; }
}
fail() { echo "$1" >&2; exit 1; }
# What a service that does not come up has to say.
explain() {
    box_enter systemctl status --no-pager switchboard >&2 || true
    box_enter journalctl --no-pager --lines=30 --unit=switchboard >&2 || true
    exit 1
}
address=http://127.0.0.1:3100
healthy() {
    for _ in $(seq 1 200); do
        box_enter curl --silent --fail --output /dev/null "$address/healthz" && return 0
        sleep 0.05
    done
    return 1
}
# The first answer of a tool, through an MCP client.
call() { box_enter "${1:-switchboard}" call list_servers --server switchboard --url "$address/mcp" > /dev/null; }
# The same through the official Inspector, where `make tools` has installed it.
inspect() {
    [ -x "$tools/.bin/mcp-inspector" ] || { echo "not asked with the Inspector: it is not installed"; return 0; }
    box_network "$tools/node/bin/node" "$tools/.bin/mcp-inspector" --cli "$address/servers/$1/mcp" --transport http \
        --method tools/call --tool-name "$2" 2> /dev/null | grep -q '"content"' || fail "the Inspector got no result"
    echo "called by the Inspector: $2 of $1"
}
# What the manual's page of installation tells to type in its shell block number $1, in the line that begins with $2.
typed() {
    local line
    line=$(awk -v block="$1" '/^```sh$/ { n++; on = 1; next } /^```$/ { on = 0 } on && n == block' \
        docs/src/installation.md | sed 's,^sudo ,,' | grep -- "^$2")
    echo "typed: $line"
    box_enter env -C /opt DEBIAN_FRONTEND=noninteractive sh -c "$line" > "$work/typed.log" 2>&1 ||
        { cat "$work/typed.log" >&2; return 1; }
}
same_as_before() { box_files > "$work/after"; diff "$work/before" "$work/after"; }

step "a fresh Debian"
box_make systemd dbus curl ca-certificates procps man-db iproute2 rpm
cp "$deb" "$archive" ${rpm:+"$rpm"} "$out/SHA256SUMS" packaging/install.sh "$root/opt/"
box_boot
box_files > "$work/before"

step "the .deb: install, start, call"
begin=$(now_ms)
typed 1 apt
started=$(now_ms)
typed 1 systemctl || explain
healthy || explain
call || explain
typed 1 switchboard
within "from the start of the service to the first answer of a tool" "$started" "$FROM_START_MS_MAX"
within "from the .deb to the first answer of a tool" "$begin" "$FROM_PACKAGE_MS_MAX"
inspect switchboard list_servers

step "the service is as little allowed as its unit says"
box_enter systemd-analyze verify /usr/lib/systemd/system/switchboard.service
box_enter systemd-analyze security --threshold=30 switchboard.service | tail -n 1
pid=$(box_enter systemctl show --property MainPID --value switchboard)
status() { box_enter awk -v key="$1:" '$1 == key { print $2 }' "/proc/$pid/status"; }
[ "$(box_enter stat -c %U "/proc/$pid")" != root ] || fail "the service runs as root"
[ "$(status NoNewPrivs) $(status Seccomp) $(status CapBnd)" = "1 2 0000000000000000" ] || fail "the service may too much"

step "reload hands over to a new process, which takes a server over under the same rules"
printf '[servers.inner]\ncommand = "/usr/bin/switchboard"\nargs = ["stdio", "--server", "switchboard"]\n' >> "$root/etc/switchboard/switchboard.toml"
box_enter systemctl reload switchboard
inner() { box_enter switchboard call inner_list_servers --url "$address/mcp" > /dev/null; }
for _ in $(seq 1 50); do inner 2> /dev/null && break || sleep 0.1; done
inner || explain
inspect inner list_servers
successor=$(box_enter systemctl show --property MainPID --value switchboard)
[ "$successor" != "$pid" ] || fail "reload did not hand over"
box_enter test -d "/proc/$successor" || fail "the successor is gone"

step "restart, stop, purge: nothing is left"
box_enter systemctl restart switchboard
healthy || explain
box_enter systemctl stop switchboard
box_enter systemctl start switchboard
box_enter systemctl disable switchboard 2> /dev/null
box_enter apt-get purge --yes switchboard > /dev/null
if box_enter pgrep -x switchboard; then fail "a process is left"; fi
same_as_before

if [ -n "$rpm" ]; then
    step "the .rpm: the same files, its scripts, start, call, erase"
    diff <(dpkg-deb --fsys-tarfile "$deb" | tar -t | sed -n 's,^\.\(/.*[^/]\)$,\1,p' | sort) \
        <(box_enter rpm --query --package --queryformat '[%{FILEMODES:perms} %{FILENAMES}\n]' "/opt/$(basename "$rpm")" \
            | sed -n 's,^-[^ ]* ,,p' | sort)
    begin=$(now_ms)
    # the libraries it wants are there, but not as packages that rpm knows
    box_enter rpm --force-debian --install --nodeps "/opt/$(basename "$rpm")"
    box_enter systemctl start switchboard || explain
    healthy || explain
    call || explain
    within "from the .rpm to the first answer of a tool" "$begin" "$FROM_PACKAGE_MS_MAX"
    box_enter rpm --force-debian --erase switchboard
    if box_enter pgrep -x switchboard; then fail "a process is left"; fi
    # rpm leaves what a service has kept, as is its custom
    rm -rf "$root/var/lib/private/switchboard" "$root/var/lib/switchboard"
    same_as_before
fi

step "install.sh from an address: install, start, call, and back"
box_network python3 -m http.server --bind 127.0.0.1 --directory "$out" 8765 > "$work/server.log" 2>&1 &
server=$!
from=http://127.0.0.1:8765/$(basename "$archive")
begin=$(now_ms)
box_enter curl --silent --fail --retry 50 --retry-delay 0 --retry-all-errors --output /dev/null "$(dirname "$from")/SHA256SUMS"
box_enter sh /opt/install.sh --from "$from" --yes
started=$(now_ms)
box_enter sh -c 'exec /usr/local/bin/switchboard serve 2> /tmp/serve.log' &
node=$!
healthy
call /usr/local/bin/switchboard
within "from the start of the program to the first answer of a tool" "$started" "$FROM_START_MS_MAX"
within "from install.sh to the first answer of a tool" "$begin" "$FROM_PACKAGE_MS_MAX"
inspect switchboard list_servers
box_enter pkill -TERM -x switchboard
wait "$node"
typed 2 'sh install.sh --uninstall'
typed 2 'sh install.sh --from'
typed 2 'sh install.sh --uninstall'
rm -rf "$root/root/.local"
same_as_before

step "install.sh refuses what is not what its checksum says, and an address that could be anybody's"
cp "$archive" "$work/$(basename "$archive")"
printf x >> "$work/$(basename "$archive")"
cp "$work/$(basename "$archive")" "$root/opt/"
refused() {
    if box_enter sh /opt/install.sh "$@" --yes 2> "$work/refused"; then fail "it was installed"; fi
    grep '^error: ' "$work/refused"
}
refused --from "/opt/$(basename "$archive")" --sums /opt/SHA256SUMS
refused --from "http://example.org/$(basename "$archive")"
same_as_before

step "the image's files, without an engine"
packaging/docker/test.sh "$archive"
echo "packages: all of it holds"
