// SPDX-License-Identifier: Apache-2.0
// How gradients travel between nodes.

import ArgumentParser
import Lockstep

/// `--compression`.
struct CompressionOption: SettingGroup {
    enum Choice: String, CaseIterable, ExpressibleByArgument, SettingValue {
        case none, bf16
    }

    static let compression = Setting(
        "compression", Choice.none,
        help: "Send gradients between nodes as they are (none) or rounded, in half the bytes (bf16).", valueName: "how",
        onResume: .sameIfKnown)
    @Option(CompressionOption.compression) var compression: Choice?

    static var settings: [BoundSetting<Self>] { [BoundSetting(compression, \.compression)] }

    /// Whether anything is rounded.
    var isOn: Bool { compression ?? .none != .none }
    /// The same as the library says it.
    var value: GradientCompression { isOn ? .bf16 : .none }
}
