#!/usr/bin/env bash
# A Debian with systemd, journal and D-Bus in namespaces of its own, for the tests of the toolkit `server` and of the service.
#
#   systemd.sh build     makes the root file system, once, in the tools cache
#   systemd.sh boot      boots a copy-free view of it and stays in front; the first line on stdout is the pid of its systemd
#
# The place is $SWITCHBOARD_TEST_TOOLS, or ~/.cache/switchboard/tools. It needs root, an overlay file system and cgroup v2.
set -euo pipefail

tools=${SWITCHBOARD_TEST_TOOLS:-$HOME/.cache/switchboard/tools}
box=$tools/systemd
root=$box/root
packages=systemd,systemd-sysv,dbus,nftables,iproute2,procps

say() { printf 'systemd.sh: %s\n' "$*" >&2; }

fail() {
    printf 'systemd.sh: error: %s\nhint: %s\n' "$1" "$2" >&2
    exit 1
}

# unit NAME: writes stdin as a unit of the box
unit() { cat >"$root/etc/systemd/system/$1"; }

# The units that the tests start, stop and break.
write_units() {
    unit lab-steady.service <<'UNIT'
[Unit]
Description=A service that runs until it is stopped
[Service]
ExecStartPre=/bin/echo steady is up
ExecStart=/bin/sleep infinity
ExecReload=/bin/echo steady is reloaded
UNIT
    unit lab-broken.service <<'UNIT'
[Unit]
Description=A service that fails when it starts
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'echo the disk of the lab is missing >&2; exit 7'
UNIT
    unit lab-slow.service <<'UNIT'
[Unit]
Description=A service that takes a minute to start
[Service]
Type=notify
ExecStart=/bin/sleep infinity
TimeoutStartSec=60
UNIT
    unit lab-later.timer <<'UNIT'
[Unit]
Description=A timer that is a day away
[Timer]
OnActiveSec=1d
Unit=lab-steady.service
[Install]
WantedBy=timers.target
UNIT
    # it has no modules to load, and its failing is not ours
    ln -sfn /dev/null "$root/etc/systemd/system/systemd-modules-load.service"
    ln -sfn ../lab-later.timer "$root/etc/systemd/system/timers.target.wants/lab-later.timer"
}

# package NAME VERSION FOLDER: an empty Debian package
package() {
    local stage
    stage=$(mktemp -d)
    mkdir -p "$stage/DEBIAN" "$3"
    printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: lab <lab@localhost>\nDescription: an empty package\n' \
        "$1" "$2" >"$stage/DEBIAN/control"
    dpkg-deb --root-owner-group --build "$stage" "$3/$1_$2_all.deb" >/dev/null
    rm -rf "$stage"
}

# index FOLDER LABEL: makes a folder of packages a repository
index() {
    local file
    (
        cd "$1"
        for file in *.deb; do
            dpkg-deb --field "$file"
            printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$file" "$(stat -c %s "$file")" "$(sha256sum <"$file" | cut -d' ' -f1)"
        done >Packages
        printf 'Origin: Debian\nLabel: %s\nSuite: stable\nCodename: lab\nArchitectures: all amd64 arm64\nDate: %s\nSHA256:\n %s %s Packages\n' \
            "$2" "$(LC_ALL=C date -Ru)" "$(sha256sum <Packages | cut -d' ' -f1)" "$(stat -c %s Packages)" >Release
    )
}

# Two installed packages; a repository has a newer one of each, one of them as a security update.
write_packages() {
    local repositories=$root/srv/lab
    package lab-plain 1.0 "$repositories/old"
    package lab-urgent 1.0 "$repositories/old"
    package lab-plain 1.1 "$repositories/plain"
    package lab-urgent 1.1 "$repositories/security"
    index "$repositories/plain" Debian
    index "$repositories/security" Debian-Security
    rm -f "$root"/etc/apt/sources.list "$root"/etc/apt/sources.list.d/*
    printf 'deb [trusted=yes] file:/srv/lab/plain ./\ndeb [trusted=yes] file:/srv/lab/security ./\n' >"$root/etc/apt/sources.list"
    chroot "$root" dpkg --install /srv/lab/old/lab-plain_1.0_all.deb /srv/lab/old/lab-urgent_1.0_all.deb >/dev/null
    chroot "$root" apt-get update -qq
}

build() {
    local stamp mirror
    stamp=$(sha256sum <"${BASH_SOURCE[0]}")
    [[ -f $box/.stamp && $(<"$box/.stamp") == "$stamp" ]] && return
    [[ $(id -u) -eq 0 ]] || fail "the systemd box is built by root" "run this as root"
    command -v mmdebstrap >/dev/null || fail "mmdebstrap not found" "apt-get install mmdebstrap"
    # the mirror that this Debian itself uses, so that proxies and local mirrors are kept
    mirror=$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 2>/dev/null | grep -v -e security -e updates | grep '/debian/*$' | cut -d' ' -f2 | head -n1)
    say "building a Debian with systemd in $root"
    rm -rf "$box"
    mkdir -p "$box"
    mmdebstrap --quiet --variant=minbase --include="$packages" trixie "$root" ${mirror:+"$mirror"} >&2 ||
        fail "mmdebstrap could not make $root" "is the Debian mirror within reach?"
    write_units
    write_packages
    mkdir -p "$root/var/log/journal" "$root/opt/lab"
    : >"$root/etc/machine-id"
    printf '%s' "$stamp" >"$box/.stamp"
}

# In the new namespaces: mounts what systemd needs over the root and becomes it.
inside() {
    local view=$1 device
    mount -t tmpfs tmpfs "$view"
    mkdir -p "$view"/{upper,work,root}
    mount -t overlay overlay -o "lowerdir=$root,upperdir=$view/upper,workdir=$view/work" "$view/root"
    cd "$view/root"
    if [[ -n ${SWITCHBOARD_LAB_BIN:-} ]]; then mount --rbind "$SWITCHBOARD_LAB_BIN" opt/lab; fi
    mount -t proc proc proc
    mount -t sysfs sysfs sys
    mount -t tmpfs tmpfs run
    mount -t tmpfs tmpfs tmp
    mount -t cgroup2 cgroup2 sys/fs/cgroup
    mount -t tmpfs tmpfs dev
    for device in null zero full random urandom tty; do
        touch "dev/$device"
        mount --bind "/dev/$device" "dev/$device"
    done
    mkdir dev/pts dev/shm
    mount -t devpts devpts dev/pts
    hostname lab
    # not only a chroot: services with namespaces of their own are looked up from the root of the mounts
    mkdir -p old
    pivot_root . old
    cd /
    exec env -i container=lab PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        sh -c 'umount -l /old; exec /lib/systemd/systemd --log-target=journal --show-status=0'
}

boot() {
    [[ -d $root ]] || fail "there is no $root" "scripts/setup-tests.sh builds it"
    view=$(mktemp -d)
    unshare --mount --pid --net --uts --ipc --cgroup --fork --propagation private --kill-child \
        "${BASH_SOURCE[0]}" inside "$view" </dev/null >&2 &
    outer=$!
    trap 'kill -KILL $outer 2>/dev/null || :; wait $outer 2>/dev/null || :; rmdir "$view" 2>/dev/null || :' EXIT
    local pid=""
    # the namespace's first process is the only child of unshare; it can be asked once it has its socket
    until pid=$(cat "/proc/$outer/task/$outer/children" 2>/dev/null) && [[ -n $pid && -S /proc/${pid// /}/root/run/systemd/private ]]; do
        kill -0 $outer 2>/dev/null || fail "the namespaces could not be made" "are you root, and may you mount?"
        read -rt 0.05 <> <(:) || :
    done
    printf '%s\n' "${pid// /}"
    # whoever started the box stops it by closing its stdin
    cat >/dev/null
}

case ${1:-} in
build) build ;;
boot) boot ;;
inside) inside "$2" ;;
*) fail "unknown act: ${1:-none}" "say \`build\` or \`boot\`" ;;
esac
