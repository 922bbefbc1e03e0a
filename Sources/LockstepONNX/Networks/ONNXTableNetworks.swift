// SPDX-License-Identifier: Apache-2.0
// The networks of tables in ONNX: columns side by side, layers, and what becomes of their outputs.

public import LockstepNN

extension TabularModel: ONNXExportable {
    /// Adds the nodes that compute the output for categories `[N, categoricalCount]` and numbers `[N, continuousCount]`.
    public func onnx(_ inputs: [ONNXValue], in graph: ONNXGraph) throws(ONNXError) -> [ONNXValue] {
        // The last layers, which are functions of the options, are written from these.
        let layers = graph.parts(of: self, "layers").filter { !($0 is Apply) }
        let y = try graph.chain(layers, graph.row(inputs, of: self))
        return [graph.ended(y, options.outputRange, options.outputScale)]
    }
}

extension TabM: ONNXExportable {
    /// Adds the nodes that compute the prediction for categories `[N, categoricalCount]` and numbers `[N, continuousCount]`.
    public func onnx(_ inputs: [ONNXValue], in graph: ONNXGraph) throws(ONNXError) -> [ONNXValue] {
        let hidden = try graph.apply(self, "blocks", graph.row(inputs, of: self))
        let members = graph.ended(
            try graph.apply(self, "output", hidden), options.outputRange, options.outputScale)
        switch options.averages {
        case .numbers: return [graph.reduced("ReduceMean", members, [1], keepsAxes: false)]
        case .probabilities:
            let scores = graph.map("LogSoftmax", members, ["axis": 2])
            let sum = graph.reduced("ReduceLogSumExp", scores, [1], keepsAxes: false)
            return [graph.sum(sum, -options.logMembers)]
        }
    }
}

extension ONNXGraph {
    /// The vectors of categories and the numbers, side by side.
    fileprivate func row(_ inputs: [ONNXValue], of model: any TableNetwork) throws(ONNXError) -> ONNXValue {
        let (categories, numbers) = (model.categoricalCount, model.continuousCount)
        guard inputs.count == 2 || inputs.count == (categories > 0 ? 1 : 0) + (numbers > 0 ? 1 : 0) else {
            throw ONNXError(
                .inputs, at: place(of: model),
                "\(model.typeName) takes categories [N, \(categories)] and numbers [N, \(numbers)], not \(inputs.count) inputs"
            )
        }
        var columns: [ONNXValue] = []
        for (index, table) in parts(of: model, "embeds").enumerated() {
            columns.append(try apply(table, picked(inputs[0], axis: 1, index)))
        }
        if numbers > 0 {
            let values = inputs[inputs.count - 1]
            let norm = partIfAny(of: model, "bn_cont")
            columns.append(try norm.map { module throws(ONNXError) in try apply(module, values) } ?? values)
        }
        return joined(columns, axis: 1)
    }

    /// Outputs within bounds, or with the scale of the targets.
    fileprivate func ended(
        _ y: ONNXValue, _ range: ClosedRange<Double>?, _ scale: (mean: Double, deviation: Double)?
    ) -> ONNXValue {
        if let range { return sigmoid(y, within: range) }
        return scale.map { sum(product(y, $0.deviation), $0.mean) } ?? y
    }
}
