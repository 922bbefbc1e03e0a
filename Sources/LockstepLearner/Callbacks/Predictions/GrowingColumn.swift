// SPDX-License-Identifier: Apache-2.0
// Rows that come piece by piece, in one tensor from the start: nothing is held twice.

import LockstepTensor

/// One column of a prediction run.
///
/// Where it is known how many rows will come, pieces are copied to their place as they come. Otherwise, and along other axes
/// than the first, they are kept and joined at the end.
struct GrowingColumn {
    private let axis: Int
    private let expected: Int?
    private var whole: Tensor?
    private var filled = 0
    private var pieces: [Tensor] = []

    /// - Parameter expected: Rows that will come.
    init(axis: Int, expected: Int?) {
        (self.axis, self.expected) = (axis, axis == 0 ? expected : nil)
    }

    /// Adds rows.
    mutating func append(_ piece: Tensor) {
        guard let expected, pieces.isEmpty, let rows = piece.shape.first, filled + rows <= expected, fits(piece) else {
            if let whole { pieces.append(whole[0..<filled]) }
            whole = nil
            return pieces.append(piece)
        }
        var shape = piece.shape
        shape[0] = expected
        let target = whole ?? .uninitialized(shape, dtype: piece.dtype)
        whole = target
        if rows > 0 { Tensor.copy(piece.detached, into: target[filled..<filled + rows]) }
        filled += rows
    }

    private func fits(_ piece: Tensor) -> Bool {
        guard let whole else { return true }
        return piece.dtype == whole.dtype && piece.shape.dimensions.dropFirst() == whole.shape.dimensions.dropFirst()
    }

    /// All rows; nil when there were no pieces.
    ///
    /// - Parameter order: The number of each row in turn, when rows are to be sorted by it; rows of other numbers stay as
    ///   they came.
    mutating func finish(order: [Int]?) -> Tensor? {
        let all = whole.map { filled == $0.shape[0] ? $0 : $0[0..<filled] } ?? joined()
        let isOurs = whole != nil
        (whole, pieces) = (nil, [])
        guard let all, let order, all.rank > axis, all.shape[axis] == order.count else { return all }
        let sources = order.indices.sorted { (order[$0], $0) < (order[$1], $1) }
        guard isOurs else { return withNoGrad { all.indexSelect(axis: axis, index: Tensor(sources)) } }
        Self.permute(all, sources)
        return all
    }

    private func joined() -> Tensor? {
        pieces.count > 1 ? .concatenated(pieces, axis: axis) : pieces.first
    }

    /// Puts row `sources[i]` in place `i`, for all i, within the tensor's memory.
    private static func permute(_ rows: Tensor, _ sources: [Int]) {
        let width = rows.count / max(1, sources.count) * rows.dtype.byteCount
        guard width > 0 else { return }
        let base = rows.unsafePointer
        let saved = UnsafeMutableRawPointer.allocate(byteCount: width, alignment: 16)
        defer { saved.deallocate() }
        var isDone = [Bool](repeating: false, count: sources.count)
        for start in sources.indices where !isDone[start] && sources[start] != start {
            saved.copyMemory(from: base + start * width, byteCount: width)
            var place = start
            while sources[place] != start {
                (base + place * width).copyMemory(from: base + sources[place] * width, byteCount: width)
                isDone[place] = true
                place = sources[place]
            }
            (base + place * width).copyMemory(from: saved, byteCount: width)
            isDone[place] = true
        }
    }
}
