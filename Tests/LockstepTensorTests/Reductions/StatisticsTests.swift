// SPDX-License-Identifier: Apache-2.0
// Variance, norms, logSumExp and powers of tensors.
import Foundation
import LockstepTensor
import Testing

@Suite("Statistics") struct StatisticsTests {
    static func variance(_ values: [Double], _ correction: Int) -> Double {
        let mean = values.reduce(0.0, +) / Double(values.count)
        let squares = values.map { ($0 - mean) * ($0 - mean) }
        return squares.reduce(0.0, +) / Double(values.count - correction)
    }
    static func euclidean(_ values: [Double]) -> Double { values.map { $0 * $0 }.reduce(0.0, +).squareRoot() }
    static func logSumExp(_ values: [Double]) -> Double {
        Foundation.log(values.map { Foundation.exp($0) }.reduce(0.0, +))
    }

    func close(_ a: [Double], _ b: [Double], _ tolerance: Double = 1e-6) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance * Swift.max(1, abs($1)) }
    }

    @Test("agree with plain loops along every axis and layout")
    func values() {
        let elements = spread(4 * 30 * 5).map { $0 * 3 }
        for axis in 0..<3 {
            let lines = groups(elements, [4, 30, 5], [axis])
            for (name, x) in layouts(elements, [4, 30, 5]) {
                let note: Comment = "axis \(axis), \(name)"
                #expect(close(x.variance(axis: axis).doubles, lines.map { Self.variance($0, 1) }), note)
                #expect(close(x.variance(axis: axis, correction: 0).doubles, lines.map { Self.variance($0, 0) }), note)
                #expect(
                    close(x.standardDeviation(axis: axis).doubles, lines.map { Self.variance($0, 1).squareRoot() }),
                    note)
                #expect(close(x.norm(axis: axis).doubles, lines.map(Self.euclidean)), note)
                #expect(close(x.norm(order: 1, axis: axis).doubles, lines.map { $0.map(abs).reduce(0.0, +) }), note)
                #expect(close(x.norm(order: .infinity, axis: axis).doubles, lines.map { $0.map(abs).max()! }), note)
                #expect(close(x.norm(order: 2.0.nextUp, axis: axis).doubles, lines.map(Self.euclidean)), note)
                #expect(close(x.logSumExp(axis: axis).doubles, lines.map(Self.logSumExp)), note)
            }
        }
        #expect(close(Tensor(elements).variance().doubles, [Self.variance(elements, 1)], 1e-12))
    }

    @Test("have defined edges")
    func edges() {
        #expect(Tensor([3]).variance().item().isNaN)
        #expect(Tensor([3]).variance(correction: 0).item() == 0)
        #expect(Tensor.zeros([0]).variance().item().isNaN)
        #expect(Tensor([1000, 1000]).logSumExp().floats[0] == 1000 + Float(log(2.0)))
        #expect(Tensor([-Float.infinity, -.infinity]).logSumExp().item() == -.infinity)
        #expect(Tensor([Float.infinity, 1]).logSumExp().item() == .infinity)
        #expect(Tensor([Float.nan, 1]).logSumExp().item().isNaN)
        #expect(Tensor.zeros([0, 2]).logSumExp(axis: 0).floats == [-.infinity, -.infinity])
        #expect(Tensor.zeros([0]).norm().item() == 0)
    }

    @Test("variance does not cancel for values far from zero")
    func cancellation() {
        let x = Tensor([10_000.25, 10_000.5, 10_000.75])
        #expect(x.variance().floats[0] == 0.0625)
    }

    @Test("gradients agree with central differences")
    func gradients() {
        let x = Tensor(spread(24), shape: [2, 4, 3])
        for keep in [false, true] {
            expectGradient(x) { $0.variance(axes: [0, 2], keepDims: keep) }
            expectGradient(x) { $0.standardDeviation(axis: 1, keepDims: keep) }
            for order in [1.0, 2, 3, .infinity] { expectGradient(x) { $0.norm(order: order, axis: 1, keepDims: keep) } }
            expectGradient(x) { $0.logSumExp(axis: 1, keepDims: keep) }
        }
        expectGradient(x) { $0.norm() }
        let zero = Tensor([0, 0]).requiringGradient()
        (zero.norm() + zero.standardDeviation()).backward()
        #expect(zero.gradient?.floats == [0, 0])
    }

    @Test("powers of tensors")
    func powers() {
        let (x, p) = (Tensor([2, 9, 0, 0]), Tensor([3, 0.5, 0, 2]))
        #expect(x.pow(p).floats == [8, 3, 1, 0])
        let base = Tensor(spread(6).map { $0 + 1.5 }, shape: [2, 3])
        expectGradient(base) { $0.pow(Tensor([0.5, 2, -1] as [Double])) }
        expectGradient(Tensor(spread(3))) { base.pow($0) }
        let zero = Tensor([0]).requiringGradient()
        zero.pow(Tensor([2])).sum().backward()
        #expect(zero.gradient?.floats == [0])
    }

    @Test("a norm of order 0 stops")
    func order() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2]).norm(order: 0)
        }
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(message.contains("norm: the order must be above 0, it is 0.0"))
    }
}
