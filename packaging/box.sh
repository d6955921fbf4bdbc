# shellcheck shell=bash
# A Debian of its own, booted with its systemd in namespaces of its own. Sourced by test.sh, as root.
# It owns the root folder `$root`, the process `$box` and the way in; what is tried out there is not its business.

# The system below `$root`, made anew; further arguments are packages of it.
box_make() {
    mmdebstrap --quiet --variant=minbase --include="$(IFS=,; echo "$*")" bookworm "$root"
}

# Boots it, and waits until its services are up.
box_boot() {
    unshare --mount --pid --net --uts --ipc --cgroup --fork --propagation private --kill-child \
        bash -euc "$(declare -f box_init); box_init \"\$1\"" box "$root" > "$root.log" 2>&1 &
    box=$!
    local state
    for _ in $(seq 1 150); do
        state=$(box_enter systemctl is-system-running 2> /dev/null || true)
        case $state in running | degraded) box_enter ip link set lo up; return 0 ;; esac
        sleep 0.2
    done
    echo "the system did not boot: $state" >&2
    tail -n 20 "$root.log" >&2
    return 1
}

# The first process of the box: what a machine has mounted, and then its init.
box_init() {
    local root=$1 device
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount -t sysfs sysfs "$root/sys"
    mount -t tmpfs tmpfs "$root/run"
    mount -t tmpfs tmpfs "$root/tmp"
    mkdir -p "$root/sys/fs/cgroup"
    mount -t cgroup2 none "$root/sys/fs/cgroup"
    mount -t tmpfs tmpfs "$root/dev"
    for device in null zero full random urandom tty; do
        touch "$root/dev/$device"
        mount --bind "/dev/$device" "$root/dev/$device"
    done
    mkdir "$root/dev/pts" "$root/dev/shm"
    mount -t devpts devpts "$root/dev/pts"
    # without it, PrivateDevices= of any service fails with 226/NAMESPACE
    ln -s pts/ptmx "$root/dev/ptmx"
    # the root is moved rather than changed, or services could have no namespaces of their own
    mkdir -p "$root/.old"
    cd "$root" || return
    pivot_root . .old
    umount --lazy .old
    rmdir .old
    exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        /lib/systemd/systemd --log-target=console --show-status=0
}

# Its init: the one process below unshare, whose namespaces are those of the system.
box_init_process() { pgrep -P "$box" | head -n 1; }

# Runs a command in it.
box_enter() {
    nsenter --target "$(box_init_process)" --mount --pid --net --uts --ipc --cgroup --root --wd env -i \
        PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"
}

# Runs a program of this machine that sees nothing of it but its network.
box_network() { nsenter --target "$(box_init_process)" --net "$@"; }

# Its files, without what systems write while they run and what package managers keep.
box_files() {
    (cd "$root" && find etc usr var opt root home -xdev \( -path var/cache -o -path var/log -o -path var/lib/dpkg \
        -o -path var/lib/apt -o -path var/lib/systemd -o -path var/lib/rpm -o -path root/.cache -o -path root/.rpmdb \) -prune -o -print | sort)
}

box_end() {
    [ -n "${box:-}" ] || return 0
    kill -KILL "$(box_init_process)" 2> /dev/null || true
    kill -KILL "$box" 2> /dev/null || true
    wait "$box" 2> /dev/null || true
    box=
}
