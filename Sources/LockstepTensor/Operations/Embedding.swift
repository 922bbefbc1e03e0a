// SPDX-License-Identifier: Apache-2.0
// Rows of a table by index.

/// The rows of `weight` that `indices` name.
///
/// - Parameters:
///   - weight: The table, `[rows, width]`.
///   - indices: Integers of any shape.
///   - paddingIndex: A row that receives no gradient; negative counts from the back.
/// - Shape: `indices` `[*]` → `[*, width]`.
/// - Gradient: rows of `ȳ` added up at their indices, straight into the parameter's gradient.
/// - Note: PyTorch: `torch.nn.functional.embedding`.
public func embedding(
    _ weight: Tensor, _ indices: Tensor, paddingIndex: Int? = nil, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
    require(
        weight.rank == 2, "embedding: a weight of shape \(weight.shape); it must be [rows, width]", file: file,
        line: line)
    let rows = weight.shape[0]
    let padding = paddingIndex.map { $0 < 0 ? $0 + rows : $0 }
    require(
        padding.map { $0 >= 0 && $0 < rows } ?? true,
        "embedding: padding index \(paddingIndex ?? 0) is out of bounds for \(rows) rows", file: file, line: line)
    let places = indices.checkedIndices(below: rows, "embedding", file: file, line: line).reshaped(
        Shape([indices.count]))
    var target = indices.shape
    target.append(weight.shape[1])
    let result = weight.detached.indexSelect(axis: 0, index: places).reshaped(target)
    guard weight.node != nil, isRecordingGradients else { return result }
    let (shape, dtype) = (weight.shape, weight.dtype)
    return result.recording("embedding", from: [weight]) { dy, flow in
        let done = flow.accumulate(into: 0) { destination, beta in
            if beta == 0 { destination.fillMemory(0) }
            destination.addRows(dy, at: places, axis: 0, skipping: padding)
        }
        if done { return }
        let gradient = Tensor.zeros(shape, dtype: dtype)
        gradient.addRows(dy, at: places, axis: 0, skipping: padding)
        flow.send(0, gradient)
    }
}
