// SPDX-License-Identifier: Apache-2.0
// A model of any type, called: `learner.model(x)`.

public import LockstepTensor

extension Module {
    /// The output for these inputs, of a model whose type is not known further, as that of `learner.model`.
    ///
    /// ```swift
    /// let model: Module = Linear(4, 3)
    /// print(model(Tensor.ones([2, 4])).shape)    // [2, 3]
    /// ```
    /// A `callAsFunction` of the model's own type comes first.
    /// - Precondition: there is one output; ``forward(_:)`` gives any number.
    @_disfavoredOverload
    public final func callAsFunction(
        _ inputs: Tensor..., file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let outputs = forward(inputs)
        require(
            outputs.count == 1, "\(typeName): it has \(outputs.count) outputs; forward([x]) gives all of them",
            file: file, line: line)
        return outputs[0]
    }
}

extension Tensor {
    /// Each element zeroed with probability `p`, the others scaled by `1 / (1 − p)`, as ``Dropout`` does it: what is dropped
    /// depends on the item's place in the global batch and never on the rank.
    ///
    /// ```swift
    /// let y = model.isTraining ? x.dropout(0.5) : x
    /// ```
    /// - Note: PyTorch: `torch.nn.functional.dropout`, whose `training=` is up to the caller.
    public func dropout(_ p: Double, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        require(p >= 0 && p <= 1, "dropout: a probability of \(p) is not in 0...1", file: file, line: line)
        require(p == 0 || rank > 0, "dropout: a scalar has no items", file: file, line: line)
        return p > 0 ? droppedByItem(p, itemAxis: 0) : self
    }
}
