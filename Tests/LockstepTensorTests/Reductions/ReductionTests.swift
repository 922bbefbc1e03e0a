// SPDX-License-Identifier: Apache-2.0
// Reductions over every set of axes, in every layout, against a plain loop in Double.
import Foundation
import LockstepTensor
import Testing

/// Groups the row-major elements of `shape` by their place in the result, in row-major order of the result.
func groups(_ values: [Double], _ shape: Shape, _ axes: [Int]) -> [[Double]] {
    var kept = shape
    for axis in axes { kept[axis] = 1 }
    var result = [[Double]](repeating: [], count: kept.elementCount)
    for (flat, value) in values.enumerated() {
        var (rest, place, step) = (flat, 0, 1)
        for axis in (0..<shape.rank).reversed() {
            let index = rest % shape[axis]
            rest /= shape[axis]
            if !axes.contains(axis) {
                place += index * step
                step *= shape[axis]
            }
        }
        result[place].append(value)
    }
    return result
}

@Suite("Reductions") struct ReductionTests {
    static let shapes: [Shape] = [
        [1], [7], [16], [17], [129], [1000], [3, 5], [1, 17], [200, 3], [130, 16], [5, 600], [4, 3, 5], [2, 17, 16],
        [2, 3, 4, 5], [3, 1, 5, 2], [150, 2, 3],
    ]

    static func subsets(_ rank: Int) -> [[Int]] {
        (1..<(1 << rank)).map { bits in (0..<rank).filter { bits & (1 << $0) != 0 } }
    }

    static func total(_ values: [Double]) -> Double { values.reduce(0.0, +) }
    static func average(_ values: [Double]) -> Double { total(values) / Double(values.count) }
    static func firstGreatest(_ values: [Double]) -> Int { values.indices.max { values[$0] < values[$1] } ?? 0 }
    static func firstLeast(_ values: [Double]) -> Int { values.indices.min { values[$0] < values[$1] } ?? 0 }

    func close(_ a: [Double], _ b: [Double], _ tolerance: Double) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance * Swift.max(1, abs($1)) }
    }

    @Test("agree with a plain loop for all axes, shapes and layouts", arguments: shapes)
    func values(_ shape: Shape) {
        let elements = spread(shape.elementCount).map { Double(Float($0)) }
        for axes in Self.subsets(shape.rank) {
            let expected = groups(elements, shape, axes)
            let sums = expected.map(Self.total)
            for type in [DType.float32, .float64] {
                for (layout, x) in layouts(elements, shape, dtype: type) {
                    let note = "\(type), \(shape), axes \(axes), \(layout)"
                    #expect(close(x.sum(axes: axes).doubles, sums, 1.2e-7), "sum, \(note)")
                    #expect(
                        close(x.mean(axes: axes).doubles, expected.map(Self.average), 1.2e-7),
                        "mean, \(note)")
                    #expect(x.max(axes: axes).doubles == expected.map { $0.max()! }, "max, \(note)")
                    #expect(x.min(axes: axes).doubles == expected.map { $0.min()! }, "min, \(note)")
                    var kept = shape
                    for axis in axes { kept[axis] = 1 }
                    #expect(x.sum(axes: axes, keepDims: true).shape == kept)
                }
            }
        }
    }

    @Test("integers and booleans add up in int64", arguments: [DType.int32, .int64, .uint8])
    func integers(_ type: DType) {
        let elements = (0..<300).map { Double($0 * 37 % 101) }
        for axes in Self.subsets(2) {
            for (layout, x) in layouts(elements, [100, 3], dtype: type) {
                let expected = groups(elements, [100, 3], axes)
                #expect(x.sum(axes: axes).doubles == expected.map(Self.total), "\(type), \(layout)")
                #expect(x.sum(axes: axes).dtype == .int64)
                #expect(x.max(axes: axes).doubles == expected.map { $0.max()! })
                #expect(x.min(axes: axes).dtype == type)
            }
        }
        #expect(Tensor([true, false, true]).sum().item() == 2)
        #expect(Tensor([2, 3, 4] as [Int32]).product().item() == 24)
        #expect(Tensor([1, 2, 6] as [Int32]).mean().item() == 3)
    }

    @Test("a float32 sum of a million elements is the exact sum, rounded")
    func accuracy() {
        let elements = spread(1_000_003).map { Float($0 + 1) }
        let exact = Self.total(elements.map { Double($0) })
        #expect(Tensor(elements).sum().floats[0] == Float(exact))
        let tenths = Double(Float(0.1)) * 999_999
        #expect(Tensor([Float](repeating: 0.1, count: 999_999)).sum().floats[0] == Float(tenths))
    }

    @Test("argmax and argmin name the first of equals, in every layout and type")
    func indices() {
        for shape in Self.shapes {
            let elements = spread(shape.elementCount).map { ($0 * 4).rounded() + 4 }
            for axis in 0..<shape.rank {
                let expected = groups(elements, shape, [axis])
                for type in [DType.float32, .float64, .int32, .int64, .uint8] {
                    for (layout, x) in layouts(elements, shape, dtype: type) {
                        #expect(
                            x.argmax(axis: axis - shape.rank).ints == expected.map(Self.firstGreatest),
                            "\(type), \(shape), \(axis), \(layout)")
                        #expect(
                            x.argmin(axis: axis, keepDims: true).ints == expected.map(Self.firstLeast))
                    }
                }
            }
            #expect(Int(Tensor(elements, shape: shape).argmax().item()) == elements.firstIndex(of: elements.max()!))
        }
        #expect(Tensor([1, .nan, 3, .nan] as [Float]).argmax(axis: 0).item() == 1)
        var long = [Float](repeating: 1, count: 1000)
        long[777] = .nan
        #expect(Tensor(long).argmin(axis: 0).item() == 777)
    }

    @Test("NaN reaches maximum, minimum and sum")
    func nan() {
        for count in [3, 17, 1000] {
            for place in [0, count / 2, count - 1] {
                var elements = [Float](repeating: 1, count: count)
                elements[place] = .nan
                let x = Tensor(elements)
                #expect(x.max().item().isNaN && x.min().item().isNaN && x.sum().item().isNaN)
            }
        }
    }

    @Test("the reduction of nothing is defined")
    func empty() {
        let x = Tensor.zeros([0, 3])
        #expect(x.sum().item() == 0)
        #expect(x.sum(axis: 0).floats == [0, 0, 0])
        #expect(x.sum(axis: 1).shape == [0])
        #expect(x.mean().item().isNaN)
        #expect(x.product().item() == 1)
        #expect(x.any().bools == [false])
        #expect(x.all(axis: 0).bools == [true, true, true])
        #expect(x.max(axis: 1).shape == [0])
    }

    @Test("max of nothing stops, naming the shape")
    func maxOfNothing() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([0, 3]).max(axis: 0)
        }
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(message.contains("max: shape [0, 3] has no elements along the axes to reduce"))
    }

    @Test("an axis that does not exist stops, naming axis and shape")
    func wrongAxis() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2, 3]).sum(axis: 2)
        }
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(message.contains("sum: axis 2 does not exist in shape [2, 3]"))
        #expect(message.contains("ReductionTests.swift"))
    }

    @Test("gradients agree with central differences")
    func gradients() {
        let x = Tensor(spread(24), shape: [2, 3, 4])
        for axes in Self.subsets(3) {
            for keep in [false, true] {
                expectGradient(x) { $0.sum(axes: axes, keepDims: keep) }
                expectGradient(x) { $0.mean(axes: axes, keepDims: keep) }
                expectGradient(x) { $0.max(axes: axes, keepDims: keep) }
                expectGradient(x) { $0.min(axes: axes, keepDims: keep) }
            }
        }
        expectGradient(x) { $0.product() }
        expectGradient(x) { $0.product(axis: 1, keepDims: true) }
        expectGradient(Tensor([[2, 0, 3], [0, 0, 1], [1, 2, 3]] as [[Double]])) { $0.product(axis: 1) }
    }

    @Test("the gradient of a maximum is shared among equals")
    func ties() {
        let x = Tensor([[1, 3, 3], [2, 2, 2]]).requiringGradient()
        x.max(axis: 1).sum().backward()
        let third = Float(1) / 3
        #expect(x.gradient?.floats == [0, 0.5, 0.5, third, third, third] as [Float])
    }

    @Test("any and all")
    func logic() {
        let x = Tensor([[true, false], [true, true]])
        #expect(x.any(axis: 0).bools == [true, true] && x.all(axis: 0).bools == [true, false])
        #expect(x.any().bools == [true] && x.all().bools == [false])
        #expect(Tensor([0.5, 0]).any().bools == [true])
    }
}
