#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Finds public declarations without a documentation comment, and methods of the learner and callbacks that say nothing of ranks.
set -uo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: .ci/lint-docs.sh FOLDER…    (.ci/lint.sh calls it)"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rule=AllPublicDeclarationsHaveDocumentation
sed "s/\"rules\": *{/\"rules\": { \"$rule\": true,/" .swift-format > "$work/rules.json"

# FILE LINE of each public declaration that says nothing.
undocumented() {
    swift format lint --parallel --recursive --configuration "$work/rules.json" "$@" 2>&1 |
        sed -nE "s/^([^:]+):([0-9]+):.*\[$rule\].*/\1 \2/p"
}

# A rule that another version has renamed finds nothing: it is tried on what it has to find.
printf 'public struct Probe {\n    /// Said.\n    public var said: Int\n    public var unsaid: Int\n}\n' > "$work/Probe.swift"
if [ "$(undocumented "$work/Probe.swift" | cut -d ' ' -f 2 | tr '\n' ' ')" != "1 4 " ]; then
    echo "swift format has no rule $rule that finds what it is tried on: documentation was not checked"
    exit 1
fi

problems=0
while read -r file line; do
    # The declaration, below attributes on lines of their own.
    text=$(tail -n "+$line" "$file" | grep -m 1 -vE '^ *@[A-Za-z]+(\([^)]*\))? *$')
    # A name that only says another says enough, however long its attribute is.
    [[ $(tail -n "+$line" "$file" | head -n 2 | tr -d ' \n') != "@available(*,unavailable,"* ]] || continue
    # What `Configurable` and Swift ask of every type says the same everywhere.
    [[ ! $text =~ ^\ *public\ ((static|class)\ )?(let|var)\ (configuration|description)[:\ ] ]] || continue
    echo "$file:$line: no documentation: $(sed "s|^ *||" <<< "$text")"
    problems=1
done < <(undocumented "$@")

# Methods of the learner, and callbacks, say what happens on ranks above 0.
find "$@" -path '*LockstepLearner*' -name '*.swift' | sort | xargs -r awk '
    FNR == 1 { doc = ""; inLearner = 0 }
    /^(public )?extension Learner( |$)/ { inLearner = 1 }
    /^}/ { inLearner = 0 }
    /^ *\/\/\// { doc = doc $0; next }
    /^ *@available\(\*, unavailable/ { doc = "names another: not for ranks"; next }
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
