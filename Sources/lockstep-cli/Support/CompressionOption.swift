// SPDX-License-Identifier: Apache-2.0
// How gradients travel between nodes.

import ArgumentParser
import Lockstep

/// `--compression`.
struct CompressionOption: ParsableArguments {
    enum Choice: String, CaseIterable, ExpressibleByArgument {
        case none, bf16
    }

    @Option(
        help: ArgumentHelp(
            "Send gradients between nodes as they are (none) or rounded, in half the bytes (bf16).", valueName: "how"))
    var compression = Choice.none

    /// Whether anything is rounded.
    var isOn: Bool { compression != .none }
    /// The same as the library says it.
    var value: GradientCompression { isOn ? .bf16 : .none }
}
