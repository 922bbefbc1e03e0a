// SPDX-License-Identifier: Apache-2.0
// Comparisons, logic, where, maximum and minimum.
import LockstepTensor
import Testing

@Suite("Comparisons") struct ComparisonTests {
    @Test(
        "compare element by element in every type and layout",
        arguments: [DType.float32, .float64, .int32, .int64, .uint8])
    func comparisons(_ type: DType) {
        let (a, b) = (spread(51).map { ($0 * 3).rounded() + 3 }, spread(51, seed: 1).map { ($0 * 3).rounded() + 3 })
        let pairs = Array(zip(a, b))
        for ((_, x), (_, y)) in zip(layouts(a, [17, 3], dtype: type), layouts(b, [17, 3], dtype: type).reversed()) {
            #expect((x .== y).bools == pairs.map { $0 == $1 } && (x .== y).dtype == .bool)
            #expect((x .!= y).bools == pairs.map { $0 != $1 })
            #expect((x .< y).bools == pairs.map { $0 < $1 })
            #expect((x .<= y).bools == pairs.map { $0 <= $1 })
            #expect((x .> y).bools == pairs.map { $0 > $1 })
            #expect((x .>= y).bools == pairs.map { $0 >= $1 })
            #expect((x .> 2).bools == a.map { $0 > 2 })
            #expect((x .<= 2.5).bools == a.map { $0 <= 2.5 })
            #expect((x .< -1).bools == a.map { $0 < -1 })
        }
    }

    @Test("broadcast, and mix types")
    func broadcasting() {
        #expect((Tensor([[1], [2]]) .== Tensor([1, 2, 3])).bools == [true, false, false, false, true, false])
        #expect((Tensor([1, 2] as [Int]) .< Tensor([1.5])).bools == [true, false])
        #expect((Tensor([true, false]) .== 1).bools == [true, false])
        #expect((Tensor([Float.nan]) .== Tensor([Float.nan])).bools == [false])
    }

    @Test("logic on booleans")
    func logic() {
        let (a, b) = (Tensor([true, true, false, false]), Tensor([true, false, true, false]))
        #expect((a & b).bools == [true, false, false, false])
        #expect((a | b).bools == [true, true, true, false])
        #expect((~a).bools == [false, false, true, true])
    }

    @Test("isNaN and isFinite")
    func tests() {
        let x = Tensor([1, .nan, .infinity, -.infinity, 0] as [Float])
        #expect(x.isNaN().bools == [false, true, false, false, false])
        #expect(x.isFinite().bools == [true, false, false, false, true])
        #expect(Tensor([1, 2] as [Int]).isFinite().bools == [true, true])
    }

    @Test("shapes that do not broadcast stop, naming both")
    func mismatch() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2, 3]) .< Tensor.zeros([4])
        }
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(message.contains(".<: shapes do not broadcast: [2, 3] and [4]"))
    }

    @Test("where chooses, broadcasts and passes gradients to what was chosen")
    func choosing() {
        let mask = Tensor([true, false, true])
        #expect(Tensor.where(mask, Tensor([1, 2, 3]), Tensor([10, 20, 30])).floats == [1, 20, 3])
        #expect(Tensor.where(mask, Tensor([[1], [2]]), Tensor(0)).floats == [1, 0, 1, 2, 0, 2])
        #expect(Tensor.where(mask, Tensor([1, 2, 3] as [Int]), Tensor([4, 5, 6] as [Int])).ints == [1, 5, 3])
        let x = Tensor(spread(6), shape: [2, 3])
        expectGradient(x) { Tensor.where(mask, $0, $0 * 2) }
        expectGradient(x) { Tensor.where(mask, Tensor(1, dtype: .float64), $0) }
        expectGradient(Tensor(spread(3))) { Tensor.where(Tensor([[true], [false]]), $0, $0.exp()) }
        for (_, y) in layouts(spread(15), [5, 3]) {
            let expected = y.doubles.map { Swift.max($0, 0) }
            #expect(Tensor.where(y .> 0, y, Tensor(0)).doubles == expected)
            #expect(y.filled(where: y .< 0, with: 0).doubles == expected)
        }
        expectGradient(x) { $0.filled(where: mask, with: 7) }
    }

    @Test("maximum and minimum split the gradient where equal")
    func extrema() {
        let (a, b) = (Tensor([1, 2, 3]).requiringGradient(), Tensor([3, 2, 1]).requiringGradient())
        let y = maximum(a, b)
        #expect(y.floats == [3, 2, 3])
        y.sum().backward()
        #expect(a.gradient?.floats == [0, 0.5, 1] && b.gradient?.floats == [1, 0.5, 0])
        #expect(minimum(Tensor([1, .nan, 3]), Tensor([2, 2, .nan])).floats.map(\.isNaN) == [false, true, true])
        let x = Tensor(spread(6), shape: [2, 3])
        expectGradient(x) { maximum($0, Tensor([0.1, -0.2, 0.3]).to(.float64)) }
        expectGradient(Tensor(spread(3))) { minimum($0, x) }
    }
}
