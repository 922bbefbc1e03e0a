// SPDX-License-Identifier: Apache-2.0
// Changing the element type of a whole model.

public import LockstepTensor

extension Module {
    /// Converts all floating-point parameters and buffers to `dtype`; gradients are forgotten.
    ///
    /// `float64` is for checking gradients. `bfloat16` is for storage: layers and optimizers compute in float32 and round
    /// what they store; gradients and moments in an optimizer's arena are float32. An optimizer holds the parameters' memory,
    /// so one that was made before is to be made anew; a learner's next fit does so.
    public final func convert(to dtype: DType, file: StaticString = #fileID, line: UInt = #line) {
        require(dtype.isFloatingPoint, "convert: parameters cannot be \(dtype)", file: file, line: line)
        for parameter in parameters() { parameter.convert(to: dtype) }
        for buffer in buffers() where buffer.value.dtype.isFloatingPoint {
            buffer.wrappedValue = buffer.value.to(dtype)
        }
    }

    /// Converts each floating-point parameter and buffer to the type of the tensor of its name; others stay as they are.
    package final func convert(toTypesOf state: [(name: String, tensor: Tensor)]) {
        let types = Dictionary(
            state.filter { $0.tensor.dtype.isFloatingPoint }.map { ($0.name, $0.tensor.dtype) },
            uniquingKeysWith: { first, _ in first })
        for (name, parameter) in namedParameters() { types[name].map(parameter.convert) }
        for (name, buffer) in namedBuffers() where buffer.value.dtype.isFloatingPoint {
            if let dtype = types[name], dtype != buffer.value.dtype { buffer.wrappedValue = buffer.value.to(dtype) }
        }
    }
}

extension Parameter {
    /// Gives the parameter memory of its own in another type; its gradient is forgotten.
    fileprivate func convert(to dtype: DType) {
        if value.dtype == dtype { return }
        arena = nil
        leaf.move(to: nil)
        leaf.reset()
        adopt(value.to(dtype))
    }
}
