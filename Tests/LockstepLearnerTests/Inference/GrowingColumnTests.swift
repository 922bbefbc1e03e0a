// SPDX-License-Identifier: Apache-2.0
// Tests of columns that grow piece by piece: any pieces, any number expected, any order.

import LockstepTensor
import Testing

@testable import LockstepLearner

@Suite("Growing columns") struct GrowingColumnTests {
    /// Rows of two numbers, of which the first is the row's own.
    private static func rows(_ range: Range<Int>, dtype: DType = .float32) -> Tensor {
        Tensor(range.flatMap { [Float($0), Float(-$0)] }, shape: [range.count, 2]).to(dtype)
    }

    @Test("rows are joined in order, whatever number was expected", arguments: [nil, 0, 4, 7, 100] as [Int?])
    func joins(expected: Int?) throws {
        var column = GrowingColumn(axis: 0, expected: expected)
        for range in [0..<3, 3..<3, 3..<4, 4..<7] { column.append(Self.rows(range)) }
        let joined = column.finish(order: nil)
        let all = try #require(joined)
        #expect(all.shape == [7, 2] && all.floats == Self.rows(0..<7).floats)
        let again = column.finish(order: nil)
        #expect(again == nil)
    }

    @Test("rows are sorted by their numbers, equal ones as they came", arguments: [nil, 6, 9] as [Int?])
    func sorts(expected: Int?) throws {
        for order in [
            [3, 1, 5, 0, 2, 4], [0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [2, 2, 0, 0, 1, 1], [1, 0, 2, 4, 5, 3],
        ] {
            for dtype in [DType.float32, .int64, .uint8] {
                var column = GrowingColumn(axis: 0, expected: expected)
                column.append(Self.rows(0..<2).to(dtype))
                column.append(Self.rows(2..<6).to(dtype))
                let sources = order.indices.sorted { (order[$0], $0) < (order[$1], $1) }
                let wanted = Self.rows(0..<6).to(dtype).indexSelect(axis: 0, index: Tensor(sources))
                let sorted = column.finish(order: order)
                let found = try #require(sorted)
                #expect(found.doubles == wanted.doubles, "\(order) \(dtype)")
            }
        }
        var column = GrowingColumn(axis: 0, expected: expected)
        column.append(Self.rows(0..<6))
        let others = column.finish(order: [1, 0])
        #expect(others?.floats == Self.rows(0..<6).floats, "numbers of other rows")
    }

    @Test("along another axis, and without one, pieces are joined at the end") func otherAxes() {
        var column = GrowingColumn(axis: 1, expected: 2)
        column.append(Tensor([1, 2] as [Float], shape: [2, 1]))
        column.append(Tensor([3, 4] as [Float], shape: [2, 1]))
        let sorted = column.finish(order: [1, 0])
        #expect(sorted?.floats == [3, 1, 4, 2])
        var empty = GrowingColumn(axis: 0, expected: 3)
        let nothing = empty.finish(order: nil)
        empty.append(Self.rows(0..<0))
        let none = empty.finish(order: nil)
        #expect(nothing == nil && none?.shape == [0, 2])
    }
}
