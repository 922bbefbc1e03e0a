// SPDX-License-Identifier: Apache-2.0
// Changing the element type of a whole model.

public import LockstepTensor

extension Module {
    /// Converts all floating-point parameters and buffers to `dtype`; gradients are forgotten.
    ///
    /// `float64` is for checking gradients. Convert before an optimizer is made: it holds the parameters' memory.
    public final func convert(to dtype: DType, file: StaticString = #fileID, line: UInt = #line) {
        require(dtype.isFloatingPoint, "convert: parameters cannot be \(dtype)", file: file, line: line)
        for parameter in parameters() where parameter.value.dtype != dtype {
            parameter.arena = nil
            parameter.leaf.move(to: nil)
            parameter.leaf.reset()
            parameter.adopt(parameter.value.to(dtype))
        }
        for buffer in buffers() where buffer.value.dtype.isFloatingPoint {
            buffer.wrappedValue = buffer.value.to(dtype)
        }
    }
}
