#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sourced by the tests that set up machines: makes them root, finds the build, counts verdicts.

# shellcheck disable=SC2034  # for those who source this
bin=$(cd "${BIN:-.build/release}" && pwd) || exit 66
if [ "$(id -u)" -ne 0 ]; then
    exec sudo --preserve-env=PATH,BIN,LD_LIBRARY_PATH "$PWD/Tests/Scripts/$(basename "$0")" "$@"
fi
source Tests/Scripts/packages.sh
# shellcheck source=Tests/Scripts/verdicts.sh
source Tests/Scripts/verdicts.sh
