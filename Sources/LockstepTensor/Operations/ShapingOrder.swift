// SPDX-License-Identifier: Apache-2.0
// Elements in another order, parts of matrices set to zero, and classes as unit vectors.

import CLockstepKernels

extension Tensor {
    /// The elements moved `count` positions along one axis; those pushed over the end come back at the start.
    ///
    /// - Gradient: moved back.
    public func rolled(by count: Int, axis: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let axis = shape.axis(axis, of: "rolled", file: file, line: line)
        let size = shape[axis]
        let shift = size == 0 ? 0 : (count % size + size) % size
        if shift == 0 { return self }
        let parts = split(sizes: [size - shift, shift], axis: axis)
        return Tensor.concatenated([parts[1], parts[0]], axis: axis)
    }

    /// The given axes read backward; a view.
    ///
    /// - Gradient: read backward.
    public func flipped(axes: [Int], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let chosen = axes.map { shape.axis($0, of: "flipped", file: file, line: line) }
        require(
            Set(chosen).count == chosen.count, "flipped: \(axes) names an axis of shape \(shape) twice", file: file,
            line: line)
        var strides = body.strides
        var offset = 0
        for axis in chosen where shape[axis] > 0 {
            offset += (shape[axis] - 1) * strides[axis]
            strides[axis] = -strides[axis]
        }
        let result = view(shape, strides: strides, offset: count == 0 ? 0 : offset)
        return result.recording("flipped", from: self) { dy in dy.flipped(axes: chosen) }
    }

    /// The last two axes with everything above diagonal `k` set to zero; `k` counts from the main diagonal upward.
    ///
    /// - Gradient: `ȳ` with the same part set to zero.
    public func tril(_ k: Int = 0, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        band("tril", low: -shape.elementCount - Swift.abs(k), high: k, file, line)
    }

    /// The last two axes with everything below diagonal `k` set to zero; `k` counts from the main diagonal upward.
    ///
    /// - Gradient: `ȳ` with the same part set to zero.
    public func triu(_ k: Int = 0, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        band("triu", low: k, high: shape.elementCount + Swift.abs(k), file, line)
    }

    /// Keeps columns `j` of row `i` with `low <= j − i <= high`.
    private func band(_ name: StaticString, low: Int, high: Int, _ file: StaticString, _ line: UInt) -> Tensor {
        require(rank >= 2, "\(name): shape \(shape) has no rows and columns", file: file, line: line)
        func kept(_ source: Tensor) -> Tensor {
            let result = Tensor.uninitialized(source.shape, dtype: source.dtype)
            Tensor.copy(source.detached, into: result)
            let (rows, columns) = (source.shape[rank - 2], source.shape[rank - 1])
            if result.count > 0 {
                lsk_keep_band(
                    result.count / (rows * columns), rows, columns, source.dtype.byteCount, result.unsafePointer, low,
                    high)
            }
            return result
        }
        return kept(self).recording(name, from: self, kept)
    }

    /// Every index as a vector that is 1 at the index and 0 elsewhere.
    ///
    /// - Parameter dtype: The type of the vectors. The default is `float32` (PyTorch: `int64`).
    /// - Shape: `[*]` → `[*, classes]`.
    public func oneHot(
        classes: Int, dtype: DType = .float32, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let places = checkedIndices(below: classes, "oneHot", file: file, line: line)
        var target = shape
        target.append(classes)
        let result = Tensor.zeros(target, dtype: dtype)
        for i in 0..<count {
            let offset = i * classes + Int(places.indexPointer[i])
            lsk_fill(1, result.unsafePointer + offset * dtype.byteCount, dtype.kernelType, 1)
        }
        return result
    }
}
