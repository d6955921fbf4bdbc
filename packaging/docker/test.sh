#!/usr/bin/env bash
# Tries the image out with the program of an archive: the files of its last stage, its user, its variables, its read-only
# root, its command and its health check; without an engine, and with podman where that is installed. The build stage of the
# Dockerfile is not tried.
# usage: test.sh ARCHIVE, as root
set -euo pipefail
archive=$1
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT

# What the base image holds: the C library, certificates, a user without a shell.
base() {
    mmdebstrap --quiet --variant=extract --include=libc6,libgcc-s1,ca-certificates bookworm "$1"
    rm -rf "${1:?}"/{bin,sbin} "${1:?}"/usr/{bin,sbin}
    mkdir -p "$1"/{usr/bin,etc/switchboard,home/nonroot,proc}
    chown 65532:65532 "$1/home/nonroot"
    echo "nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin" > "$1/etc/passwd"
}
base "$work/root"
tar -C "$work/root" -cf "$work/base.tar" .
tar -xzf "$archive" -C "$work"
cp "$work"/switchboard-*/usr/bin/switchboard "$work/root/usr/bin/"
cp "$work"/switchboard-*/etc/switchboard/switchboard.toml "$work/root/etc/switchboard/"

# How the Dockerfile says that it is run.
words() { sed -n "s/^$1 *//p" Dockerfile | tr -d '[],"'; }
program=$(words "ENTRYPOINT")
command=$(words "CMD")
health=$(words "HEALTHCHECK.*CMD")
variables=$(words "ENV")

# The container: namespaces of its own, a root that cannot be written, a user who may nothing.
contained() {
    local root=$1 program=$2 command=$3 health=$4 variables=$5
    ip link set lo up
    mount --bind "$root" "$root"
    mount -t tmpfs -o uid=65532,gid=65532,mode=700 tmpfs "$root/home/nonroot"
    mount -t proc proc "$root/proc"
    mount -o remount,bind,ro "$root"
    # shellcheck disable=SC2206
    local words=($variables) inside
    inside=(setpriv --no-new-privs env -i PATH="$PATH" HOME=/home/nonroot "${words[@]}"
        chroot --userspec=65532:65532 --groups= "$root")
    # shellcheck disable=SC2086
    {
        "${inside[@]}" $program $command 2> "$root.log" &
        for _ in $(seq 1 100); do "${inside[@]}" $health > /dev/null 2>&1 && break || sleep 0.1; done
        "${inside[@]}" $health > /dev/null || { cat "$root.log" >&2; exit 1; }
        "${inside[@]}" $program call list_servers --server switchboard > /dev/null
    }
    if touch "$root/written" 2> /dev/null; then echo "the root can be written" >&2; exit 1; fi
    kill -TERM $!
    wait $!
}
unshare --mount --pid --net --ipc --uts --fork --kill-child --propagation private \
    bash -euc "$(declare -f contained); contained \"\$@\"" container \
    "$work/root" "$program" "$command" "$health" "$variables"
echo "image: the program answers as nonroot on a read-only root, and its health check agrees"

# The same by an engine: the last stage, on an image of the same files, as the Compose file runs it.
engine() { podman --root "$work/images" --runroot "$work/run" --storage-driver vfs "$@"; }
if command -v podman > /dev/null; then
    trap 'engine rm --force --all --volumes > /dev/null 2>&1 || true
        rm -rf --one-file-system "$work"' EXIT
    mkdir -p "$work/context/out/usr/bin"
    cp "$work"/switchboard-*/usr/bin/switchboard "$work/context/out/usr/bin/"
    cp "$work"/switchboard-*/etc/switchboard/switchboard.toml "$work/context/out/"
    base=$(sed -n 's/^FROM \([^ ]*\)$/\1/p' Dockerfile)
    awk -v base="$base" '$1 == "FROM" { on = $2 == base } on' Dockerfile | sed 's,--from=build /out/,out/,' > "$work/context/Dockerfile"
    engine import --quiet --change 'USER 65532:65532' "$work/base.tar" "$base" > /dev/null
    engine build --quiet --pull=never --format docker --tag switchboard "$work/context" > /dev/null
    engine run --detach --name node --network none --read-only --cap-drop all --security-opt no-new-privileges \
        --volume "$work/context/out/switchboard.toml:/etc/switchboard/switchboard.toml:ro" \
        --volume state:/home/nonroot switchboard > /dev/null 2>&1
    for _ in $(seq 1 100); do engine healthcheck run node > /dev/null 2>&1 && break || sleep 0.1; done
    engine healthcheck run node > /dev/null || { engine logs node >&2; exit 1; }
    engine exec node "$program" call list_servers --server switchboard > /dev/null
    engine stop --time 10 node > /dev/null
    [ "$(engine inspect --format '{{.State.ExitCode}}' node)" = 0 ] || { echo "it did not end well" >&2; exit 1; }
    echo "image: podman builds it ($(engine images --format '{{.Size}}' switchboard)), and it runs there as well"
fi

# The Compose file, by what would run it.
if docker compose version > /dev/null 2>&1; then
    docker compose --file compose.yaml config --quiet
    echo "compose.yaml: docker compose has nothing against it"
else
    echo "compose.yaml: not checked, docker compose is not installed"
fi
