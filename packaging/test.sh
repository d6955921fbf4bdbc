#!/usr/bin/env bash
# Installs the .deb into a fresh Debian, boots its systemd in namespaces of its own, starts the service, calls a tool,
# stops it, purges the package, and asks that nothing is left. Then does the same with install.sh and the archive.
# Needs root, mmdebstrap and Debian's packages.
set -euo pipefail
cd "$(dirname "$0")/.."

out=${CARGO_TARGET_DIR:-$HOME/.cache/switchboard/target}/package
[ "$(id -u)" = 0 ] || { echo "the package test boots a system of its own: run it as root" >&2; exit 1; }
command -v mmdebstrap > /dev/null || { echo "mmdebstrap is missing: apt-get install mmdebstrap" >&2; exit 1; }
deb=$(ls "$out"/*.deb)
archive=$(ls "$out"/*.tar.gz)

work=$(mktemp -d)
root=$work/root
box=
cleanup() {
    if [ -n "$box" ]; then kill -KILL "$box" 2> /dev/null || true; wait "$box" 2> /dev/null || true; fi
    rm -rf --one-file-system "$work"
}
trap cleanup EXIT
step() { echo "== $*"; }

step "a fresh Debian"
mmdebstrap --quiet --variant=minbase --include=systemd,dbus,curl,ca-certificates,procps,man-db,iproute2 bookworm "$root"
cp "$deb" "$archive" "$out/SHA256SUMS" packaging/install.sh "$root/opt/"
inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"; }
files() { (cd "$root" && find etc usr var opt root -xdev \( -path var/cache -o -path var/log -o -path var/lib/dpkg \
    -o -path var/lib/apt -o -path var/lib/systemd -o -path root/.cache \) -prune -o -print | sort); }

step "the unit is sound"
files > "$work/before"
inside dpkg --install "/opt/$(basename "$deb")" > /dev/null
inside systemd-analyze verify /usr/lib/systemd/system/switchboard.service
inside systemd-analyze security --offline=true --threshold=30 switchboard.service | tail -n 1

step "boot"
unshare --mount --pid --net --uts --ipc --cgroup --fork --propagation private --kill-child \
    bash -c 'root=$1
        mount --bind "$root" "$root"
        mount -t proc proc "$root/proc"; mount -t sysfs sysfs "$root/sys"
        mount -t tmpfs tmpfs "$root/run"; mount -t tmpfs tmpfs "$root/tmp"
        mkdir -p "$root/sys/fs/cgroup"; mount -t cgroup2 none "$root/sys/fs/cgroup"
        mount -t tmpfs tmpfs "$root/dev"
        for device in null zero full random urandom tty; do
            touch "$root/dev/$device"; mount --bind "/dev/$device" "$root/dev/$device"
        done
        mkdir "$root/dev/pts" "$root/dev/shm"; mount -t devpts devpts "$root/dev/pts"
        # the root is moved rather than changed, or services could have no namespaces of their own
        mkdir -p "$root/.old"; cd "$root"; pivot_root . .old; umount --lazy .old; rmdir .old
        exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
            /lib/systemd/systemd --log-target=console --show-status=0' box "$root" > "$work/boot.log" 2>&1 &
box=$!
# the one process below unshare is init, and its namespaces are those of the system
enter() { init=$(pgrep -P "$box" | head -n 1); nsenter -t "$init" -m -p -n -u -i -C -r -w env -i \
    PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"; }
for _ in $(seq 1 100); do
    case $(enter systemctl is-system-running 2> /dev/null || true) in running | degraded) break ;; esac
    sleep 0.2
done
enter ip link set lo up 2> /dev/null || true

step "start, call, reload, restart"
begin=$(date +%s%N)
# what a service that does not come up has to say
explain() { enter systemctl status --no-pager switchboard >&2 || true; enter journalctl --no-pager --lines=30 --unit=switchboard >&2 || true; exit 1; }
enter systemctl start switchboard || explain
ask() { enter curl --silent --show-error --fail --retry 10 --retry-delay 1 --retry-connrefused --retry-all-errors "$@"; }
ask http://127.0.0.1:3100/healthz || explain
enter switchboard status
enter switchboard call switchboard_list_servers --url http://127.0.0.1:3100/mcp
echo "from start to the first answer: $((($(date +%s%N) - begin) / 1000000)) ms"
enter systemctl reload switchboard
enter systemctl restart switchboard
ask http://127.0.0.1:3100/healthz; echo
[ "$(enter stat -c %U "/proc/$(enter systemctl show -p MainPID --value switchboard)")" != root ]

step "purge leaves nothing"
enter dpkg --purge switchboard > /dev/null
if enter pgrep -x switchboard; then echo "a process is left" >&2; exit 1; fi
files > "$work/after"
diff "$work/before" "$work/after"

step "install.sh and back"
enter sh /opt/install.sh --from "/opt/$(basename "$archive")" --sums /opt/SHA256SUMS --dir /usr/local --yes
enter /usr/local/bin/switchboard version
enter sh /opt/install.sh --uninstall --dir /usr/local --yes
files > "$work/after"
diff "$work/before" "$work/after"
echo "packages: all of it holds"
