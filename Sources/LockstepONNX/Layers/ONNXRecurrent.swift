// SPDX-License-Identifier: Apache-2.0
// Recurrent layers in ONNX, whose gates stand in another order there.

import LockstepNN
import LockstepTensor

extension ONNXGraph {
    /// The layers of `layer`, each over the output of the one before. Every call begins at states of zeros: a graph keeps nothing.
    ///
    /// - Parameters:
    ///   - gates: Where the gates of ONNX stand here.
    func recurrent(
        _ layer: Recurrent, _ x: ONNXValue, _ op: String, gates: [Int],
        _ attributes: [(name: String, value: ONNXAttribute)] = []
    ) throws(ONNXError) -> ONNXValue {
        guard x.rank == 3 else {
            throw ONNXError(.inputs, at: place(of: layer), "\(layer.typeName) takes [T, N, width], not \(x.shape)")
        }
        var y = layer.batchFirst ? transposed(x, [1, 0, 2]) : x
        for number in 0..<layer.layers { y = try recurrent(layer, number, y, op, gates, attributes) }
        return layer.batchFirst ? transposed(y, [1, 0, 2]) : y
    }

    private func recurrent(
        _ layer: Recurrent, _ number: Int, _ x: ONNXValue, _ op: String, _ gates: [Int],
        _ attributes: [(name: String, value: ONNXAttribute)]
    ) throws(ONNXError) -> ONNXValue {
        let suffixes = layer.bidirectional ? ["l\(number)", "l\(number)_reverse"] : ["l\(number)"]
        let hidden = layer.hiddenSize
        /// The rows of a parameter by gates in ONNX's order, for each direction.
        func ordered(_ names: [String]) throws(ONNXError) -> ONNXValue {
            var directions: [Tensor] = []
            for suffix in suffixes {
                var parts: [Tensor] = []
                for name in names {
                    guard let tensor = tensor(of: layer, "\(name)_\(suffix)") else {
                        throw ONNXError(.unsupported, at: place(of: layer), "it has no parameter “\(name)_\(suffix)”")
                    }
                    parts += gates.map { tensor[$0 * hidden..<($0 + 1) * hidden] }
                }
                directions.append(.concatenated(parts, axis: 0))
            }
            let prefix = String(place(of: layer).dropFirst("model.".count))
            let name = "\(names[0])_l\(number).\(op)"
            return once(for: layer, name) {
                constant(Tensor.stacked(directions, axis: 0), name: (prefix.isEmpty ? "" : prefix + ".") + name)
            }
        }
        let bias = layer.hasBias ? try ordered(["bias_ih", "bias_hh"]) : nil
        let options: [(name: String, value: ONNXAttribute)] =
            attributes + [
                ("hidden_size", .int(hidden)),
                ("direction", .string(layer.bidirectional ? "bidirectional" : "forward")),
            ]
        let shape = [x.shape[0], .size(suffixes.count), x.shape[1], .size(hidden)]
        let y = add(
            op, [x, try ordered(["weight_ih"]), try ordered(["weight_hh"]), bias], options, shapes: [shape])[0]
        // [T, directions, N, hidden] → [T, N, directions · hidden].
        let lead = transposed(y, [0, 2, 1, 3])
        return reshaped(lead, [x.shape[0], x.shape[1], .size(suffixes.count * hidden)], keeping: 2)
    }
}

extension LSTM: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        // Here i, f, g, o; there i, o, f, c, whose c is g.
        try graph.recurrent(self, x, "LSTM", gates: [0, 3, 1, 2])
    }
}

extension GRU: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        // Here r, z, n; there z, r, h. The reset gate acts on the product, not on the state.
        try graph.recurrent(self, x, "GRU", gates: [1, 0, 2], [("linear_before_reset", 1)])
    }
}
