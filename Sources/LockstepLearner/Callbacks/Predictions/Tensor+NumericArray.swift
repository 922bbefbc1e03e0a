// SPDX-License-Identifier: Apache-2.0
// Tensors to and from the arrays of files.

public import LockstepData
public import LockstepTensor

extension NumericArray {
    /// The elements of `tensor`, row-major; bfloat16 becomes float32, which NumPy can read.
    public init(_ tensor: Tensor) {
        let elements: Elements =
            switch tensor.dtype {
            case .float32, .bfloat16: .float32(tensor.floats)
            case .float64: .float64(tensor.doubles)
            case .int32: .int32(tensor.ints.map { Int32(truncatingIfNeeded: $0) })
            case .int64: .int64(tensor.ints.map(Int64.init))
            case .uint8: .uint8(tensor.ints.map { UInt8(truncatingIfNeeded: $0) })
            case .bool: .bool(tensor.bools)
            }
        guard let array = NumericArray(shape: tensor.shape.dimensions, elements: elements) else {
            stop(
                "NumericArray: \(elements.count) elements for a tensor of shape \(tensor.shape)", file: #fileID,
                line: #line)
        }
        self = array
    }
}

extension Tensor {
    /// The array as a tensor of the type nearest to its own: 8- and 16-bit integers become int32.
    public init(_ array: NumericArray) {
        let shape = Shape(array.shape)
        switch array.elements {
        case .bool(let values): self.init(values, shape: shape)
        case .uint8(let values): self.init(values, shape: shape)
        case .int8(let values): self.init(values.map(Int32.init), shape: shape)
        case .int16(let values): self.init(values.map(Int32.init), shape: shape)
        case .int32(let values): self.init(values, shape: shape)
        case .int64(let values): self.init(values, shape: shape)
        case .float32(let values): self.init(values, shape: shape)
        case .float64(let values): self.init(values, shape: shape)
        }
    }
}
