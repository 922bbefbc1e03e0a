#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes sure that Swift and the system libraries are there; installs the missing Debian packages, and only those.
set -euo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: .ci/setup.sh    (make run, make test and make build call it; it is quiet when all is there)"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() { echo "lockstep: $*" >&2; exit 1; }

# MARK: Swift

command -v swift > /dev/null ||
    fail "Swift is not installed (or not in PATH): get Swift 6.3 or newer from https://www.swift.org/install"

# MARK: System libraries

library() { pkg-config --exists "$1" 2> /dev/null; }

missing=()
command -v pkg-config > /dev/null || missing+=(pkg-config)
library ompi-c || missing+=(libopenmpi-dev)
command -v mpirun > /dev/null || missing+=(openmpi-bin)
library openblas || missing+=(libopenblas-dev)
library zlib || missing+=(zlib1g-dev)

have_onednn() {
    [ -e /usr/include/oneapi/dnnl/dnnl.h ] || [ -e /usr/local/include/oneapi/dnnl/dnnl.h ] ||
        [ -n "${LOCKSTEP_NO_ONEDNN:-}" ]
}
have_images() {
    { [ -e /usr/include/png.h ] || [ -e /usr/local/include/png.h ]; } &&
        { [ -e /usr/include/jpeglib.h ] || [ -e /usr/local/include/jpeglib.h ]; } || [ -n "${LOCKSTEP_NO_IMAGES:-}" ]
}
# oneDNN makes convolutions faster, libpng and libjpeg read images, and nothing depends on them, so they are tried once a
# clone and never a reason to stop.
tried=.build/onednn-tried
if [ ${#missing[@]} -eq 0 ] && { { have_onednn && have_images; } || [ -e "$tried" ]; }; then
    exit 0
fi

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 "$@" < /dev/null
}
updated=no
# The package lists of a fresh container are empty, those of an old machine stale: look again before giving up.
install() {
    apt install --yes --no-install-recommends "$@" > "$log" 2>&1 && return
    if [ $updated = no ]; then
        updated=yes
        apt update > "$log" 2>&1 || true
        apt install --yes --no-install-recommends "$@" > "$log" 2>&1 && return
    fi
    return 1
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

if [ ${#missing[@]} -gt 0 ]; then
    command -v apt-get > /dev/null ||
        fail "please install Open MPI (with mpirun), OpenBLAS, zlib and pkg-config with their headers;" \
            "on Debian and Ubuntu these are: ${missing[*]}"
    [ ${#as_root[@]} -eq 0 ] || command -v sudo > /dev/null ||
        fail "these packages are missing and there is no sudo to install them with: as root, apt-get install ${missing[*]}"
    echo "Installing ${missing[*]} …"
    # Ask for the password here, where the question can be seen.
    [ ${#as_root[@]} -eq 0 ] || sudo true || fail "not allowed to install: ask for apt-get install ${missing[*]}"
    if ! install "${missing[@]}"; then
        grep -E '^(E|W|Err)' "$log" >&2 || tail -n 3 "$log" >&2
        fail "apt-get could not install ${missing[*]}; the lines above say why"
    fi
fi

if { ! have_onednn || ! have_images; } && command -v apt-get > /dev/null; then
    if [ ${#as_root[@]} -eq 0 ] || sudo -n true 2> /dev/null; then
        have_onednn || install libdnnl-dev || true
        have_images || install libpng-dev libjpeg-dev || true
    fi
fi
mkdir -p .build
touch "$tried"
