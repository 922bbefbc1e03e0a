// SPDX-License-Identifier: Apache-2.0
// The values of events: scalars, histograms and texts, as TensorBoard's plug-ins take them.

import Foundation
import LockstepTensor

extension Tensorboard_Summary.Value {
    static func scalar(_ tag: String, _ number: Double) -> Self {
        var value = Self()
        (value.tag, value.simpleValue) = (tag, Float(number))
        return value
    }

    static func histogram(_ tag: String, _ bins: Tensorboard_HistogramProto) -> Self {
        var value = Self()
        (value.tag, value.histo) = (tag, bins)
        return value
    }

    /// Markdown.
    static func text(_ tag: String, _ text: String) -> Self {
        var value = Self()
        value.tag = tag
        value.metadata.pluginData.pluginName = "text"
        value.tensor.dtype = 7  // DT_STRING
        value.tensor.stringVal = [Data(text.utf8)]
        return value
    }
}

/// A copy of a tensor's values that another thread may read.
struct HeldValues: Sendable {
    let floats: [Float]
    init(_ tensor: Tensor) { floats = tensor.floats }
}

/// A table as Markdown has it.
enum MarkdownTable {
    static func text(_ header: [String], _ rows: [(String, String)]) -> String {
        func line(_ cells: [String]) -> String {
            let safe = cells.map {
                $0.replacing("|", with: "\\|").replacing("\n", with: " ").replacing("\r", with: " ")
            }
            return "| " + safe.joined(separator: " | ") + " |\n"
        }
        return line(header) + line(header.map { _ in "---" }) + rows.map { line([$0, $1]) }.joined()
    }
}
