#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Finds public symbols without a documentation comment, and methods of the learner and callbacks that say nothing of ranks.
set -uo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: .ci/lint-docs.sh FOLDER…    (.ci/lint.sh calls it)"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

rules=$(mktemp)
found=$(mktemp)
trap 'rm -f "$rules" "$found"' EXIT
sed 's/"rules": *{/"rules": { "AllPublicDeclarationsHaveDocumentation": true,/' .swift-format > "$rules"
swift format lint --parallel --recursive --configuration "$rules" "$@" 2>&1 |
    sed -nE 's/^([^:]+):([0-9]+):.*\[AllPublicDeclarationsHaveDocumentation\].*/\1 \2/p' > "$found"

problems=0

# What fulfils a requirement of a protocol has the protocol's documentation: the names that ours require, and
# those of the standard library's.
find Sources -name '*.swift' -exec awk '
    FNR == 1 { inside = 0 }
    /^ *public protocol / { inside = 1 }
    inside && match($0, /(func|var) [A-Za-z]+/) { print substr($0, RSTART, RLENGTH) }
    /^}/ { inside = 0 }
' {} + | awk '
    FILENAME == "-" { split($0, word, " "); required[word[2]] = 1; next }
    { wanted[$1] = wanted[$1] " " $2 " "; files[$1] = 1 }
    END {
        split("description debugDescription hash encode == errorDescription", standard, " ")
        for (key in standard) required[standard[key]] = 1
        for (file in files) {
            number = pending = 0
            while ((getline line < file) > 0) {
                number++
                if (index(wanted[file], " " number " ")) pending = number
                if (!pending || line ~ /^ *@[A-Za-z]+(\([^)]*\))? *$/) continue  # an attribute on a line of its own
                pending = 0
                if (line ~ /@available\(\*, unavailable/) continue
                name = line
                sub(/^.*(func|var|let|case) /, "", name)
                sub(/[^A-Za-z0-9_=].*$/, "", name)
                if (line ~ /(func|var|let) / && name in required) continue
                if (line ~ /init\((from|floatLiteral|integerLiteral|stringLiteral|arrayLiteral)/) continue
                sub(/^ +/, "", line)
                print file ":" number ": no documentation: " line
                missing++
            }
        }
        exit (missing > 0)
    }
' - "$found" || problems=1

# Methods of the learner, and callbacks, say what happens on ranks above 0.
find "$@" -path '*LockstepLearner*' -name '*.swift' | sort | xargs -r awk '
    FNR == 1 { doc = ""; inLearner = 0 }
    /^(public )?extension Learner( |$)/ { inLearner = 1 }
    /^}/ { inLearner = 0 }
    /^ *\/\/\// { doc = doc $0; next }
    /^ *@/ && !/(func|class) / { next }
    {
        method = inLearner && $0 ~ /^ *public (static )?func /
        callback = $0 ~ /^(public|open) (final )?class [A-Za-z]+: ([A-Za-z]*Callback|Tracker|MixHandler)([ ,]|$)/
        if ((method || callback) && tolower(doc) !~ /rank|collective/) {
            sub(/^ +/, "")
            print FILENAME ":" FNR ": says nothing of ranks above 0: " $0
            missing++
        }
        doc = ""
    }
    END { exit (missing > 0) }
' || problems=1
exit $problems
