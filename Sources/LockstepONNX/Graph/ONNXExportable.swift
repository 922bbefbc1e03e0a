// SPDX-License-Identifier: Apache-2.0
// What a module does to be written as ONNX.

public import LockstepNN

/// A module that says what it computes in ONNX, as it computes in evaluation.
///
/// Every layer and network of this package is one. A module of your own is one with a few lines, of what its parts give:
///
/// ```text
/// extension Net: ONNXExportable {
///     func onnx(_ inputs: [ONNXValue], in graph: ONNXGraph) throws(ONNXError) -> [ONNXValue] {
///         let hidden = try graph.apply(body, inputs)
///         return [graph.add("Relu", hidden, shape: hidden[0].shape)]
///     }
/// }
/// ```
public protocol ONNXExportable: Module {
    /// Adds the nodes that compute the outputs for these inputs.
    func onnx(_ inputs: [ONNXValue], in graph: ONNXGraph) throws(ONNXError) -> [ONNXValue]
}

/// A module of one input and one output in ONNX.
protocol ONNXLayer: ONNXExportable {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue
}

extension ONNXLayer {
    /// Adds the nodes that compute the output for one input.
    public func onnx(_ inputs: [ONNXValue], in graph: ONNXGraph) throws(ONNXError) -> [ONNXValue] {
        guard inputs.count == 1 else {
            throw ONNXError(
                .inputs, at: graph.place(of: self), "\(typeName) takes one input, and is given \(inputs.count)")
        }
        return [try onnx(inputs[0], in: graph)]
    }
}
