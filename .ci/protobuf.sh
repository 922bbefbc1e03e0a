#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the Swift of Sources/*/Proto/*.proto; needed only when one of those changes. The results are committed.
set -euo pipefail

usage() {
    echo "usage: .ci/protobuf.sh PLUGIN"
    echo "  PLUGIN is protoc-gen-swift: 'swift build -c release --product protoc-gen-swift' in a checkout of"
    echo "  https://github.com/apple/swift-protobuf at the version that Package.swift names; protoc is Debian's protobuf-compiler"
}

if [ "${1:-}" = "--help" ]; then
    usage
    exit 0
fi
if [ $# -ne 1 ]; then
    usage >&2
    exit 64
fi
plugin=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# PROTO SWIFT
generate() {
    protoc --plugin="protoc-gen-swift=$plugin" --swift_out="$work" --swift_opt=Visibility=Internal \
        --proto_path="$(dirname "$1")" "$(basename "$1")"
    {
        echo "// SPDX-License-Identifier: Apache-2.0"
        echo "// The messages of $(basename "$1") by .ci/protobuf.sh; protoc writes one file for a .proto, of the format's length."
        cat "$work/$(basename "$1" .proto).pb.swift"
    } > "$(dirname "$1")/$2"
}

generate Sources/LockstepONNX/Proto/onnx.proto ONNXMessages.swift
generate Sources/LockstepTensorBoard/Proto/tensorboard.proto TensorBoardMessages.swift
