#!/bin/sh
# Every test is a line of its own: a command, and what it means when it fails.
set -eu
cd "$(dirname "$0")/.."

check() {
    what=$1
    shift
    if "$@"; then echo "ok: $what"; else echo "not ok: $what" >&2; exit 1; fi
}

check "the project says what it is" test -s README.md
check "the project says who may use it" test -s LICENSE
