// SPDX-License-Identifier: Apache-2.0
// Dropout whose mask is computed, not stored.

import CLockstepKernels

extension Tensor {
    /// Each element zeroed with probability `p`, the others scaled by `1 / (1 − p)`.
    ///
    /// What is dropped is a pure function of the generator's seed, stream and counter and of the element's position in
    /// memory. The mask is not stored: the pullback computes it again.
    /// - Gradient: `ȳ` dropped and scaled alike.
    public func dropout(
        _ p: Double, using generator: inout PhiloxGenerator, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        require(p >= 0 && p <= 1, "dropout: a probability of \(p) is not in 0...1", file: file, line: line)
        require(dtype.isFloatingPoint, "dropout: a tensor of \(dtype) cannot be scaled", file: file, line: line)
        let x = to(Tensor.arithmeticType(dtype, dtype))
        let at = generator.take(words: count)
        if p == 0 { return x }
        let scale = p == 1 ? 0 : 1 / (1 - p)
        let result = x.detached.droppedOut(at, p, scale, inOrderOf: x.body.isDense ? x.memoryOrder : nil)
        let order = result.memoryOrder
        return result.recording("dropout", from: x) { dy in dy.droppedOut(at, p, scale, inOrderOf: order) }
    }

    private func droppedOut(_ at: lsk_philox, _ p: Double, _ scale: Double, inOrderOf order: Shape?) -> Tensor {
        let result = Tensor.uninitialized(shape, inOrderOf: order, dtype: dtype)
        var source = detached
        if body.strides != result.body.strides && !(isContiguous && result.isContiguous) {
            source = Tensor.uninitialized(shape, inOrderOf: order, dtype: dtype)
            Tensor.copy(detached, into: source)
        }
        lsk_dropout(at, count, dtype.kernelType, result.unsafePointer, source.unsafePointer, p, scale)
        return result
    }
}
