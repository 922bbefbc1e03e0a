// SPDX-License-Identifier: Apache-2.0
// What a learner prints as.

import LockstepData
import LockstepNN
import LockstepOptim
import LockstepTensor

extension Learner: CustomStringConvertible {
    /// What is trained, with what, and how far; ``summary()`` shows the layers.
    ///
    /// ```text
    /// model      Sequential, 9,610 parameters
    /// data       train 1438 items, 22 batches of 64, shuffled; valid 359 items, 6 batches of 64
    /// loss       CrossEntropyFlat
    /// optimizer  adam, lr 0.001
    /// metrics    accuracy
    /// callbacks  TrainEvalCallback, Recorder, ProgressCallback
    /// trained    5 epochs
    /// ```
    public var description: String {
        let summary = model.description.split(separator: "\n").last.map(String.init) ?? ""
        var rows = [
            ("model", "\(model.typeName), \(summary)"),
            ("data", dls.description),
            ("loss", lossFunction.description),
            ("optimizer", "\(optimizer?.rule.name ?? optimizerFactory.name), lr \(rate)"),
        ]
        if !metrics.isEmpty { rows.append(("metrics", metrics.map(\.name).joined(separator: ", "))) }
        if !callbacks.isEmpty { rows.append(("callbacks", runningOrder.map(\.typeName).joined(separator: ", "))) }
        rows.append(("trained", "\(epochsSeen) epoch\(epochsSeen == 1 ? "" : "s")"))
        return rows.map { name, text in
            name + String(repeating: " ", count: 11 - name.count) + text
        }.joined(separator: "\n")
    }

    private var rate: String { optimizerFactory.lr.map { "\($0)" } ?? lr.description }
}

extension Recorder: CustomStringConvertible {
    /// The rows of the fit, as they were printed.
    public var description: String {
        if rows.isEmpty { return "no epoch has been recorded" }
        let table = [metricNames] + rows.map(\.cells)
        let widths = metricNames.indices.map { column in
            table.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
        }
        return table.map { cells in
            TableLogger.line(cells, widths)
        }.joined(separator: "\n")
    }
}

extension EpochRow: CustomStringConvertible {
    public var description: String {
        "epoch \(epoch): \(NamedValues(zip(names, values).map { (name: $0, value: $1) }))"
    }
}

extension Plot: CustomStringConvertible {
    /// The curves, drawn in characters.
    public var description: String { text() }
}
