#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sourced by tests that need a machine with little on it: a bare Debian in $root, made once, and commands that run in it.

need debootstrap debootstrap

# made COMMAND…: a step on the way to the bare root.
made() {
    "$@" > "$log" 2>&1 < /dev/null ||
        { tail -n 5 "$log" >&2; echo "$(basename "$0" .sh): the bare root could not be made" >&2; exit 69; }
}
# make_root PROGRAM PACKAGE…: the root with packages, of which PROGRAM comes with the last.
make_root() {
    local program=$1 suite
    shift
    suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
    [ -x "$root/usr/bin/apt-get" ] ||
        made debootstrap --variant=minbase "$suite" "$root" "${MIRROR:-http://deb.debian.org/debian}"
    [ -x "$root/usr/bin/$program" ] ||
        made chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends "$@"
}
# mount_system: what programs expect of a system; unmount_system takes it away.
mount_system() {
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev" && mount --make-rslave "$root/dev"
}
unmount_system() {
    umount -R "$root/proc" 2> /dev/null
    umount -R "$root/dev" 2> /dev/null
}

# check WHAT COMMAND…: has to end well there, which is where there() says.
check() {
    local what=$1 status
    shift
    there "$@"
    status=$?
    if [ $status -eq 0 ]; then verdict "$what" ""; else verdict "$what" "status $status"; fi
}
# losses RUN: epoch and losses of a run in $runs, to four digits.
losses() { awk -F, 'NR > 1 { printf "%s %.4f %.4f\n", $1, $2, $3 }' "$runs/$1/history.csv"; }
