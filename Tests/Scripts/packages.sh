#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sourced by the tests that need more than the library: `need COMMAND PACKAGE` installs what is missing.

need() {
    ! command -v "$1" > /dev/null || return 0
    command -v apt-get > /dev/null ||
        { echo "$0: $1 is missing; on Debian and Ubuntu it is in the package $2" >&2; exit 69; }
    echo "Installing $2 …"
    local quiet=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120) log
    log=$(mktemp)
    # The package lists of a fresh container are empty.
    if ! "${quiet[@]}" install --yes --no-install-recommends "$2" > "$log" 2>&1 < /dev/null; then
        "${quiet[@]}" update > "$log" 2>&1 < /dev/null || true
        "${quiet[@]}" install --yes --no-install-recommends "$2" > "$log" 2>&1 < /dev/null ||
            { tail -n 3 "$log" >&2; echo "$0: apt-get could not install $2; the lines above say why" >&2; exit 69; }
    fi
    rm -f "$log"
}
