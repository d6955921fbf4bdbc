#!/usr/bin/env bash
# Installs the real MCP clients, servers, APIs, shells and the conformance suite that the tests of crates/e2e drive, and the
# Python programs that the toolkit `dev_env` is tried with. Everything is pinned by the lock files beside the tests; a second
# run with the same locks does nothing.
# The place is $SWITCHBOARD_TEST_TOOLS, or ~/.cache/switchboard/tools.
set -euo pipefail

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
clients=$project/crates/e2e/clients
apis=$project/crates/e2e/apis
tools=${SWITCHBOARD_TEST_TOOLS:-$HOME/.cache/switchboard/tools}
export npm_config_loglevel=error npm_config_update_notifier=false
export PIP_DISABLE_PIP_VERSION_CHECK=1

say() { printf 'setup-tests: %s\n' "$*" >&2; }

fail() {
    printf 'setup-tests: error: %s\nhint: %s\n' "$1" "$2" >&2
    exit 1
}

digest() { cat "$@" | sha256sum | cut -d' ' -f1; }

# is_fresh FOLDER STAMP: the folder was installed completely from these very locks.
is_fresh() { [[ -f $1/.stamp && $(<"$1/.stamp") == "$2" ]]; }

find_python() {
    local candidate
    for candidate in python3.14 python3.13 python3.12 python3; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    fail "no python 3.10 or newer found" "install python3 with its venv module"
}

# install_npm NAME SOURCE: the packages that SOURCE locks, and the pinned Node where it is among them.
install_npm() {
    local folder=$tools/$1 source=$2 stamp
    stamp=$(digest "$source/package.json" "$source/package-lock.json")
    if ! is_fresh "$folder" "$stamp"; then
        command -v npm >/dev/null || fail "npm not found" "install Node.js with npm; the pinned Node itself comes from the lock file"
        say "installing the packages of $source into $folder"
        rm -rf "$folder"
        mkdir -p "$folder"
        cp "$source/package.json" "$source/package-lock.json" "$folder/"
        (cd "$folder" && npm ci --no-audit --no-fund) ||
            fail "npm ci failed in $folder" "check the network and the npm registry setting, then run this again"
        [[ ! -d $folder/node_modules/node ]] || "$folder/node_modules/node/bin/node" --version >/dev/null ||
            fail "the pinned Node does not start" "was the install script of the npm package \`node\` blocked?"
        printf '%s' "$stamp" >"$folder/.stamp"
    fi
    ln -sfn "$folder/node_modules" "$source/node_modules"
}

# install_venv NAME LOCK
install_venv() {
    local folder=$tools/$1 lock=$2 stamp python
    stamp=$(digest "$lock")
    is_fresh "$folder" "$stamp" && return
    python=$(find_python)
    say "installing $lock into $folder with $python"
    rm -rf "$folder"
    "$python" -m venv "$folder" ||
        fail "could not create a virtual environment in $folder" "install the venv module of $python"
    "$folder/bin/pip" install --quiet --requirement "$lock" ||
        fail "pip install failed in $folder" "check the network and the package index setting, then run this again"
    printf '%s' "$stamp" >"$folder/.stamp"
}

# install_programs NAME...: what the system's own packages bring
install_programs() {
    local program missing=()
    for program in "$@"; do command -v "$program" >/dev/null || missing+=("$program"); done
    [[ ${#missing[@]} -eq 0 ]] && return
    if [[ $(id -u) -eq 0 ]] && command -v apt-get >/dev/null; then
        say "installing ${missing[*]}"
        apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive \
            apt-get install -qq --yes --no-install-recommends "${missing[@]}" >/dev/null && return
    fi
    fail "missing: ${missing[*]}" "apt-get install ${missing[*]}, or what your system calls it"
}

mkdir -p "$tools"
exec 9>"$tools/.lock"
flock 9
install_programs faketime fish mmdebstrap strace tmux zsh
command -v valkey-server >/dev/null || install_programs redis-server
install_npm npm "$clients"
install_npm npm-apis "$apis"
install_venv python-mcp2 "$clients/requirements-mcp2.txt"
install_venv python-mcp1 "$clients/requirements-mcp1.txt"
install_venv python-apis "$apis/requirements.txt"
install_venv python-grpc "$clients/requirements-grpc.txt"
install_venv python-openapi "$apis/requirements-openapi.txt"
install_venv python-dev-env "$project/crates/toolkit-dev-env/tests/dev_env/requirements.txt"
"$project/scripts/lab/systemd.sh" build
"$project/scripts/lab/engines.sh" build
say "ready in $tools"
