// SPDX-License-Identifier: Apache-2.0
// A table of a model's layers with the shapes they put out.

public import LockstepTensor

extension Module {
    /// Runs the model on `inputs` in evaluation mode and lists its innermost layers in the order in which they put
    /// something out: type, shape of the output, parameters and whether they train; then the totals.
    ///
    /// ```text
    /// layer         output    parameters  trainable
    /// Linear(1, 4)  [2, 4]             8  yes
    /// ReLU          [2, 4]
    /// Linear(4, 3)  [2, 3]            15  yes
    /// parameters: 23, trainable: 23, not trainable: 0
    /// ```
    ///
    /// A layer appears once for every call. The modes of all layers are as they were afterwards.
    public final func summary(_ inputs: Tensor...) -> String { summary(inputs) }

    /// ``summary(_:)`` for inputs in an array.
    public final func summary(_ inputs: [Tensor]) -> String {
        let parts = modules()
        let modes = parts.map { ($0, $0.isTraining) }
        eval()
        defer { for (module, mode) in modes { module.setOwnMode(mode) } }
        var rows: [[String]] = [["layer", "output", "parameters", "trainable"]]
        let observers = parts.filter { $0.children().isEmpty }.map { module in
            (module, module.addOutputObserver { module, output in rows.append(summaryRow(module, output)) })
        }
        defer { for (module, id) in observers { module.removeOutputObserver(id) } }
        _ = withNoGrad { forward(inputs) }

        let widths = (0..<4).map { column in rows.map { $0[column].count }.max() ?? 0 }
        var text = ""
        for row in rows {
            var cells = row.indices.map { row[$0].padded(to: widths[$0], onTheLeft: $0 == 2) }.joined(separator: "  ")
            while cells.last == " " { cells.removeLast() }
            text += cells + "\n"
        }
        let (all, trainable) = (parameterCount, trainableParameterCount)
        return text
            + "parameters: \(grouped(all)), trainable: \(grouped(trainable)), not trainable: \(grouped(all - trainable))"
    }
}

private func summaryRow(_ module: Module, _ output: Tensor) -> [String] {
    let count = module.parameterCount
    let trainable = module.trainableParameterCount
    let trains = count == 0 ? "" : trainable == count ? "yes" : trainable == 0 ? "no" : "partly"
    return [module.label, "\(output.shape)", count == 0 ? "" : grouped(count), trains]
}
