#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks the C of the kernels: who uses whom (.ci/lint-kernels.py), and the format where clang-format is there. In CI both have to be.
set -uo pipefail

# Versions lay code out differently, so that only this one is asked.
version=23.1.5
if [ "${1:-}" = "--help" ]; then
    echo "usage: .ci/lint-c.sh [--format]    (make lint calls it; make format with --format, which rewrites)"
    echo "  the format is checked by clang-format $version of pip, which CI installs into .build; without it that is left out"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

folder=.build/clang-format-$version
formatter=
for candidate in clang-format "$folder/clang_format/data/bin/clang-format"; do
    ! "$candidate" --version 2> /dev/null | grep -qw "$version" || formatter=$candidate
done
if [ -z "$formatter" ] && [ -n "${CI:-}" ]; then
    python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-deps \
        --target "$folder" "clang-format==$version" > /dev/null 2>&1 && formatter=$folder/clang_format/data/bin/clang-format
fi

mapfile -t sources < <(find Sources/CLockstepKernels -name '*.[ch]' | sort)
if [ -z "$formatter" ]; then
    echo "the format of the C sources was left out: pip install clang-format==$version brings what it takes"
    [ -z "${CI:-}" ] || problem=yes
elif [ "${1:-}" = "--format" ]; then
    "$formatter" -i "${sources[@]}"
else
    "$formatter" --dry-run -Werror "${sources[@]}" 2>&1 || problem=yes
fi
[ "${1:-}" != "--format" ] || exit 0

if command -v python3 > /dev/null; then
    .ci/lint-kernels.py || problem=yes
    .ci/lint-kernels.py --self-test || problem=yes
else
    echo "the layers of the kernels were left out: there is no python3"
    [ -z "${CI:-}" ] || problem=yes
fi
[ -z "${problem:-}" ]
