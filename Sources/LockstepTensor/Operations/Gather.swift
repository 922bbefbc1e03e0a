// SPDX-License-Identifier: Apache-2.0
// Reading and adding at positions given by index tensors.

import CLockstepKernels

extension Tensor {
    /// The positions `index` of one axis, in that order; positions may repeat.
    ///
    /// - Shape: `[*, n, *]` with an index `[m]` → `[*, m, *]`.
    /// - Gradient: added up at the positions it was read from.
    public func indexSelect(
        axis: Int, index: Tensor, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let axis = shape.axis(axis, of: "indexSelect", file: file, line: line)
        require(
            index.rank == 1, "indexSelect: the index has shape \(index.shape); it must be a vector", file: file,
            line: line)
        let places = index.checkedIndices(below: shape[axis], "indexSelect", file: file, line: line)
        let result = detached.rows(at: places, axis: axis)
        guard node != nil, isRecordingGradients else { return result }
        let (shape, dtype) = (shape, dtype)
        return result.recording("indexSelect", from: [self]) { dy, flow in
            let done = flow.accumulate(into: 0) { destination, beta in
                if beta == 0 { destination.fillMemory(0) }
                destination.addRows(dy, at: places, axis: axis)
            }
            if done { return }
            let gradient = Tensor.zeros(shape, dtype: dtype)
            gradient.addRows(dy, at: places, axis: axis)
            flow.send(0, gradient)
        }
    }

    /// Along `axis`, the element whose position `index` names, for every element of `index`.
    ///
    /// `result[i][j] = self[index[i][j]][j]` for axis 0 of a matrix, and so on.
    /// - Shape: `index` has the same rank and is not larger along the other axes → the shape of `index`.
    /// - Gradient: added up at the positions it was read from.
    public func gather(axis: Int, index: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let axis = shape.axis(axis, of: "gather", file: file, line: line)
        requireAligned(index, axis, "gather", file, line)
        let places = index.checkedIndices(below: shape[axis], "gather", file: file, line: line)
        let result = Tensor.uninitialized(index.shape, dtype: dtype)
        var iterator = ElementIterator(result, places, column(of: index.shape, axis))
        lsk_gather_elements(dtype.kernelType, &iterator.raw, body.strides[axis])
        guard node != nil, isRecordingGradients else { return result }
        let (shape, dtype) = (shape, dtype)
        return result.recording("gather", from: self) { dy in
            let gradient = Tensor.zeros(shape, dtype: dtype)
            gradient.addElements(dy, at: places, axis: axis)
            return gradient
        }
    }

    /// This tensor with `source` added at the positions of `axis` that `index` names; positions may repeat.
    ///
    /// `result[index[i][j]][j] += source[i][j]` for axis 0 of a matrix, and so on.
    /// - Gradient: `ȳ`, and `ȳ` gathered at `index`.
    public func scatterAdd(
        axis: Int, index: Tensor, source: Tensor, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let (axis, places) = scatterPlaces(axis, index, source, "scatterAdd", file, line)
        let type = Tensor.arithmeticType(dtype, source.dtype)
        let (base, values) = (to(type), source.to(type))
        let result = Tensor.uninitialized(shape, dtype: type)
        Tensor.copy(base, into: result)
        result.addElements(values, at: places, axis: axis)
        return result.recording("scatterAdd", from: base, values) { dy, needs in
            (needs.0 ? dy : nil, needs.1 ? dy.gather(axis: axis, index: places) : nil)
        }
    }

    /// The elements, or the parts along leading axes, for which `mask` is true, in order.
    ///
    /// - Shape: `mask` has the shape of this tensor or of its leading axes: `[a, b, *]` with `[a, b]` → `[count, *]`.
    /// - Gradient: `ȳ` where they came from, zero elsewhere.
    public func selected(mask: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        require(
            mask.dtype == .bool && mask.rank > 0 && mask.rank <= rank
                && shape.prefix(mask.rank).elementsEqual(mask.shape),
            "selected: a mask of \(mask.dtype) \(mask.shape) does not fit the leading axes of \(shape)", file: file,
            line: line)
        let rows = mask.rank == 1 ? self : flattened(to: mask.rank - 1)
        return rows.indexSelect(axis: 0, index: mask.positions())
    }

    /// The elements for which `mask` is true, in row-major order; tensor and mask broadcast together.
    ///
    /// - Shape: `[*]` and a mask `[*]` → `[count]`. For parts along leading axes use ``selected(mask:file:line:)``.
    /// - Gradient: `ȳ` where they came from, zero elsewhere.
    /// - Note: PyTorch: `torch.masked_select`.
    public func maskedSelect(_ mask: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        guard mask.dtype == .bool, let target = Shape.broadcast(shape, mask.shape) else {
            stop(
                "maskedSelect: a mask of \(mask.dtype) \(mask.shape) does not broadcast with \(shape)", file: file,
                line: line)
        }
        let chosen = mask.detached.expanded(to: target)
        return expanded(to: target).flattened().indexSelect(axis: 0, index: chosen.positions())
    }

    /// The row-major positions of the true elements.
    package func positions() -> Tensor {
        let flags = detached.to(.bool).contiguous()
        let places = Tensor.uninitialized([Swift.max(1, count)], dtype: .int64)
        let found = lsk_nonzero(
            count, flags.unsafePointer.assumingMemoryBound(to: UInt8.self), places.indexPointer)
        return places.view([found], strides: [1])
    }
}

// MARK: - Machinery

extension Tensor {
    package var indexPointer: UnsafeMutablePointer<Int64> { unsafePointer.assumingMemoryBound(to: Int64.self) }

    /// The indices as contiguous int64, each known to be in `0..<limit`.
    package func checkedIndices(
        below limit: Int, _ name: StaticString, file: StaticString, line: UInt
    ) -> Tensor {
        require(
            dtype.isInteger, "\(name): indices of \(dtype); they must be integers", file: file, line: line)
        let places = detached.to(.int64).contiguous()
        let bad = lsk_find_bad_index(places.count, places.indexPointer, Int64(limit))
        if bad >= 0 {
            let sentence = "\(name): index \(places.indexPointer[bad]) is out of bounds for an axis of size \(limit)"
            // An empty axis has no index that would do.
            if limit == 0 { stop(sentence, file: file, line: line) }
            DataMistakes.report(sentence, file: file, line: line)
            return .zeros(places.shape, dtype: .int64)
        }
        return places
    }

    /// The axis and the checked indices of a source that is written, or added, at the positions of an index.
    func scatterPlaces(
        _ axis: Int, _ index: Tensor, _ source: Tensor, _ name: StaticString, _ file: StaticString, _ line: UInt
    ) -> (axis: Int, places: Tensor) {
        let axis = shape.axis(axis, of: name, file: file, line: line)
        requireAligned(index, axis, name, file, line)
        require(
            source.shape == index.shape, "\(name): the source has shape \(source.shape), the index \(index.shape)",
            file: file, line: line)
        return (axis, index.checkedIndices(below: shape[axis], name, file: file, line: line))
    }

    private func requireAligned(
        _ index: Tensor, _ axis: Int, _ name: StaticString, _ file: StaticString, _ line: UInt
    ) {
        let fits = index.rank == rank && (0..<rank).allSatisfy { $0 == axis || index.shape[$0] <= shape[$0] }
        require(
            fits, "\(name): an index of shape \(index.shape) does not fit \(shape) beside axis \(axis)", file: file,
            line: line)
    }

    /// A view in the shape of an index that stands still along `axis`.
    func column(of shape: Shape, _ axis: Int) -> Tensor {
        var strides = body.strides
        strides[axis] = 0
        return view(shape, strides: strides)
    }

    private func addElements(_ source: Tensor, at places: Tensor, axis: Int) {
        if source.count == 0 { return }
        if dtype == .bfloat16 { return addingWide { $0.addElements(source, at: places, axis: axis) } }
        var iterator = ElementIterator(column(of: places.shape, axis), places, source.detached.to(dtype))
        lsk_scatter_add_elements(dtype.kernelType, &iterator.raw, body.strides[axis])
    }

    /// The axes from outermost to innermost in memory, when the memory is gapless.
    private var axesInMemory: [Int]? {
        if isContiguous || !body.isDense { return nil }
        return (0..<rank).sorted { (body.strides[$0], -$0) > (body.strides[$1], -$1) }
    }

    /// Copies rows at memory speed; channels-last stays channels-last.
    private func rows(at places: Tensor, axis: Int) -> Tensor {
        if let order = axesInMemory {
            let position = order.firstIndex(of: axis) ?? 0
            let inner = permuted(order).contiguous().rows(at: places, axis: position)
            return inner.permuted((0..<rank).map { order.firstIndex(of: $0) ?? 0 })
        }
        let source = contiguous()
        var target = shape
        target[axis] = places.count
        let result = Tensor.uninitialized(target, dtype: dtype)
        if result.count > 0 {
            let (outer, row) = extents(around: axis)
            lsk_gather_rows(
                outer, places.count, shape[axis], row * dtype.byteCount, result.unsafePointer, source.unsafePointer,
                places.indexPointer)
        }
        return result
    }

    /// Adds rows into this contiguous memory.
    package func addRows(_ source: Tensor, at places: Tensor, axis: Int, skipping: Int? = nil) {
        if dtype == .bfloat16 { return addingWide { $0.addRows(source, at: places, axis: axis, skipping: skipping) } }
        let values = source.detached.to(dtype).contiguous()
        if values.count == 0 { return }
        let (outer, row) = extents(around: axis)
        lsk_scatter_add_rows(
            dtype.kernelType, outer, places.count, shape[axis], row, unsafePointer, values.unsafePointer,
            places.indexPointer, Int64(skipping ?? -1))
    }

    /// Adds in float32 and rounds once: a sum of many small numbers would stand still in 16 bits.
    private func addingWide(_ add: (Tensor) -> Void) {
        let wide = to(.float32)
        add(wide)
        Tensor.copy(wide, into: self)
    }

    /// Products of the sizes before and after an axis.
    private func extents(around axis: Int) -> (Int, Int) {
        (shape[..<axis].reduce(1, *), shape[(axis + 1)...].reduce(1, *))
    }
}
