#!/usr/bin/env bash
# Container engines for the tests of the toolkit `docker`: a real Docker and a real Podman in namespaces of their own.
#
#   engines.sh build           makes the root file system with both, once, in the tools cache
#   engines.sh boot ENGINE     starts `docker` or `podman` over a copy-free view of it and stays in front; the first line on
#                              stdout is the pid of its first process
#
# The place is $SWITCHBOARD_TEST_TOOLS, or ~/.cache/switchboard/tools. It needs root, an overlay file system and control groups.
# In there: the engine on /run/docker.sock or /run/podman.sock, an image `lab:1` made of busybox, an empty /srv,
# $SWITCHBOARD_LAB_BIN as /opt/lab, and beside Docker an empty registry on port 5000. When its stdin closes, all of it is gone.
set -euo pipefail

tools=${SWITCHBOARD_TEST_TOOLS:-$HOME/.cache/switchboard/tools}
box=$tools/engines
root=$box/root
packages=docker.io,docker-cli,docker-compose,docker-buildx,podman,crun,netavark,aardvark-dns,iptables,nftables,iproute2,busybox-static,procps,docker-registry
# what runs in the containers has a short list of commands
applets="sh ls cat echo sleep httpd ps id hostname ip true false env touch mkdir seq wget nc sync kill trap"

say() { printf 'engines.sh: %s\n' "$*" >&2; }

fail() {
    printf 'engines.sh: error: %s\nhint: %s\n' "$1" "$2" >&2
    exit 1
}

# An image needs no registry: it is a folder with busybox.
write_image() {
    local stage applet
    stage=$(mktemp -d)
    chmod 755 "$stage"
    mkdir -p "$stage"/{bin,etc,tmp,proc,sys,dev,data}
    cp "$root/bin/busybox" "$stage/bin/"
    for applet in $applets; do ln -s busybox "$stage/bin/$applet"; done
    printf 'root:x:0:0::/:/bin/sh\nworker:x:1000:1000::/:/bin/sh\n' >"$stage/etc/passwd"
    tar -C "$stage" -c . >"$root/opt/lab.tar"
    rm -rf "$stage"
}

write_settings() {
    mkdir -p "$root/etc/containers"
    # in namespaces nobody may raise a limit
    cat >"$root/etc/containers/containers.conf" <<'CONF'
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
CONF
    # an empty registry on the machine itself, which Docker trusts without TLS
    cat >"$root/etc/lab-registry.yml" <<'CONF'
version: 0.1
storage:
  filesystem:
    rootdirectory: /var/lib/registry
http:
  addr: 127.0.0.1:5000
CONF
}

build() {
    local stamp mirror
    stamp=$(sha256sum <"${BASH_SOURCE[0]}")
    [[ -f $box/.stamp && $(<"$box/.stamp") == "$stamp" ]] && return
    [[ $(id -u) -eq 0 ]] || fail "the engines are built by root" "run this as root"
    command -v mmdebstrap >/dev/null || fail "mmdebstrap not found" "apt-get install mmdebstrap"
    # the mirror that this Debian itself uses, so that proxies and local mirrors are kept
    mirror=$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 2>/dev/null | grep -v -e security -e updates | grep '/debian/*$' | cut -d' ' -f2 | head -n1)
    say "building a Debian with Docker and Podman in $root"
    rm -rf "$box"
    mkdir -p "$box"
    mmdebstrap --quiet --variant=minbase --include="$packages" trixie "$root" ${mirror:+"$mirror"} >&2 ||
        fail "mmdebstrap could not make $root" "is the Debian mirror within reach?"
    rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/usr/share/doc
    write_settings
    write_image
    mkdir -p "$root/opt/lab" "$root/srv"
    printf '%s' "$stamp" >"$box/.stamp"
}

# Control groups of our own place, seen as if there were no others: version 2, or every controller of version 1 that there is.
mount_control_groups() {
    local controllers folder pid
    if [[ -f /sys/fs/cgroup/cgroup.controllers ]]; then
        mount -t cgroup2 cgroup2 sys/fs/cgroup
        # a group that passes controllers on has no processes of its own
        mkdir sys/fs/cgroup/init
        while read -r pid; do echo "$pid" >sys/fs/cgroup/init/cgroup.procs; done <sys/fs/cgroup/cgroup.procs
        sed -e 's/ / +/g' -e 's/^/+/' <sys/fs/cgroup/cgroup.controllers >sys/fs/cgroup/cgroup.subtree_control
        return
    fi
    mount -t tmpfs tmpfs sys/fs/cgroup
    while IFS=: read -r _ controllers _; do
        [[ -n $controllers ]] || continue
        folder=sys/fs/cgroup/${controllers#name=}
        mkdir "$folder"
        mount -t cgroup -o "$([[ $controllers != name=* ]] || echo none,)$controllers" cgroup "$folder"
    done </proc/self/cgroup
}

# In the new namespaces: mounts what an engine needs over the root, and starts it there.
inside() {
    local engine=$1 view=$2 device
    mount -t tmpfs tmpfs "$view"
    mkdir -p "$view"/{upper,work,root}
    mount -t overlay overlay -o "lowerdir=$root,upperdir=$view/upper,workdir=$view/work" "$view/root"
    cd "$view/root"
    if [[ -n ${SWITCHBOARD_LAB_BIN:-} ]]; then mount --rbind "$SWITCHBOARD_LAB_BIN" opt/lab; fi
    mount -t proc proc proc
    mount -t sysfs sysfs sys
    mount -t tmpfs tmpfs run
    mount -t tmpfs tmpfs tmp
    # engines keep images and containers on overlays of their own, which do not stack on ours
    mount -t tmpfs tmpfs var/lib
    mkdir -p var/lib/docker var/lib/containers
    mount_control_groups
    mount -t tmpfs tmpfs dev
    for device in null zero full random urandom tty; do
        touch "dev/$device"
        mount --bind "/dev/$device" "dev/$device"
    done
    mkdir dev/pts dev/shm
    mount -t devpts devpts dev/pts -o newinstance,ptmxmode=0666
    ln -s pts/ptmx dev/ptmx
    ln -s /proc/self/fd dev/fd
    hostname lab
    ip link set lo up
    # no chroot: what an engine starts finds its way by the root of the namespace, which would be that of the machine
    mkdir old
    pivot_root . old
    cd /
    export PATH=/usr/sbin:/usr/bin:/sbin:/bin
    umount --lazy /old
    exec env -i PATH="$PATH" HOME=/root /bin/bash -s "$engine" <<'INIT'
# the first process of the namespaces: starts the engine and tells when it is ready
engine=$1
case $engine in
docker)
    docker-registry serve /etc/lab-registry.yml >/tmp/registry.log 2>&1 &
    dockerd --host unix:///run/docker.sock --exec-opt native.cgroupdriver=cgroupfs >/tmp/engine.log 2>&1 &
    ;;
podman) podman system service --time 0 unix:///run/podman.sock >/tmp/engine.log 2>&1 & ;;
esac
daemon=$!
until [[ -S /run/$engine.sock ]] && case $engine in
    docker) docker version && docker import /opt/lab.tar lab:1 ;;
    podman) podman import /opt/lab.tar lab:1 ;;
    esac >/dev/null 2>&1; do
    kill -0 "$daemon" || { cat /tmp/engine.log; exit 1; }
    read -rt 0.05 <> <(:)
done
>/run/ready
wait "$daemon"
INIT
}

# The folders of all hierarchies of control groups.
hierarchies() {
    if [[ -f /sys/fs/cgroup/cgroup.controllers ]]; then echo /sys/fs/cgroup; else awk '$3 == "cgroup" { print $2 }' /proc/mounts; fi
}

# Moves this shell into a new group in every hierarchy; what it starts can be found and removed beneath it.
enter_group() {
    local folder
    for folder in $(hierarchies); do
        mkdir "$folder/$group"
        if [[ -f $folder/$group/cpuset.cpus ]]; then
            cat "$folder/cpuset.cpus" >"$folder/$group/cpuset.cpus" 2>/dev/null || :
            cat "$folder/cpuset.mems" >"$folder/$group/cpuset.mems" 2>/dev/null || :
        fi
        echo "$BASHPID" >"$folder/$group/cgroup.procs"
    done
}

boot() {
    [[ -d $root ]] || fail "there is no $root" "scripts/setup-tests.sh builds it"
    group=switchboard-lab-$$
    view=$(mktemp -d)
    (
        enter_group
        exec unshare --mount --pid --net --uts --ipc --cgroup --fork --propagation private --kill-child \
            "${BASH_SOURCE[0]}" inside "$1" "$view" </dev/null >&2
    ) &
    outer=$!
    trap stop EXIT
    pid=""
    # the namespace's first process is the only child of unshare
    until pid=$(cat "/proc/$outer/task/$outer/children" 2>/dev/null) && pid=${pid// /} && [[ -n $pid && -e /proc/$pid/root/run/ready ]]; do
        kill -0 $outer 2>/dev/null || fail "the engine \`$1\` did not start" "what it said stands above; are you root, and may you mount?"
        read -rt 0.05 <> <(:) || :
    done
    printf '%s\n' "$pid"
    # whoever started the engine stops it by closing its stdin
    cat >/dev/null
}

# Takes everything down: with their first process the namespaces go, and all that is in them; then the empty control groups.
stop() {
    kill -KILL "$outer" 2>/dev/null || :
    wait "$outer" 2>/dev/null || :
    rmdir "$view"
    local folder
    for folder in $(hierarchies); do
        for _ in {1..100}; do
            [[ -d $folder/$group ]] || break
            find "$folder/$group" -depth -type d -exec rmdir {} \; 2>/dev/null || :
            read -rt 0.05 <> <(:) || :
        done
    done
}

case ${1:-} in
build) build ;;
boot) boot "${2:-docker}" ;;
inside) inside "$2" "$3" ;;
*) fail "unknown act: ${1:-none}" "say \`build\` or \`boot\`" ;;
esac
