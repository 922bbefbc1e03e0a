#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks of the Swift sources that swift format does not know: names of files, and what stands in one place only.
set -uo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: .ci/lint-swift.sh    (make lint calls it)"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

problems=0
complain() { echo "$1"; problems=$((problems + 1)); }

# A file is called as the type it declares or as what its functions are about; Type+Concern extends a type, or goes on with the
# file of that name beside it.
while IFS= read -r file; do
    name=$(basename "$file" .swift)
    [ "$name" != main ] || continue
    [[ $name =~ ^[A-Z][A-Za-z0-9]*(\+[A-Z][A-Za-z0-9]*)?$ ]] ||
        complain "$file: a file is called Type.swift, Topic.swift or Type+Concern.swift"
    case "$name" in
        *+*)
            type=${name%%+*}
            [ -f "$(dirname "$file")/$type.swift" ] ||
                grep -qE "\b(extension|class|struct|enum|protocol|actor) ([A-Za-z]+\.)*$type\b" "$file" ||
                complain "$file: it neither extends $type nor is there a $type.swift beside it"
            ;;
    esac
done < <(find Sources -name '*.swift' | sort)

# Which items are whose is worked out once.
while IFS= read -r line; do
    complain "$line: shares of items are Partition's"
done < <(grep -rnE '\b(rank|shard) \* [A-Za-z.]+ / ' Sources --include=*.swift | grep -v '/Partition.swift:')

# Loaders are asked for what they can.
while IFS= read -r line; do
    complain "$line: ask for an IndexedBatchSource, or of BatchSource what you need"
done < <(grep -rnE '\bas[?!]? DataLoader\b' Sources --include=*.swift)

# Ranks know no callback by its type: callbacks say what they need.
while IFS= read -r line; do
    complain "$line: callbacks say what they need (gradientNeeds)"
done < <(grep -rnE '\b(as|is)[?!]? (any )?[A-Za-z]*(Callback|Clip|Accumulation|Precision|MixUp|CutMix)\b' \
    Sources/LockstepDistributed --include=*.swift | grep -v 'is DistributedCallback')

# Words that meant several things, which docs/words.md tells apart.
while IFS= read -r line; do
    complain "$line: a word that is retired; docs/words.md has others"
done < <(
    grep -rnE '\b([Ss]ettle[A-Za-z]*|[A-Za-z]*[Dd]ebts?|[Mm]eet(s|ing)?[A-Za-z]*\(|[A-Za-z]*Meeting[A-Za-z]*)\b|case meets|\.meets\b|(let|var|func) (gate|slope|pay|note)\b' \
        Sources --include=*.swift |
        grep -vE 'func note\((step: Int, event: String|_ text: String|_ record: LauncherRecord|_ rank: String\?)|LeakyReLU|Activations\.swift')
[ $problems -eq 0 ]
