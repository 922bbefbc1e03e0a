// SPDX-License-Identifier: Apache-2.0
// Sorting, selection and running sums.
import LockstepTensor
import Testing

@Suite("Sorting") struct SortingTests {
    @Test(
        "is stable and agrees with Swift's sort in every type and length",
        arguments: [0, 1, 2, 15, 16, 17, 32, 33, 101, 5000], [DType.float32, .float64, .int32, .int64, .uint8])
    func lengths(_ count: Int, _ type: DType) {
        // few distinct values, so that stability shows
        let elements = spread(count).map { ($0 * 20).rounded() + (type == .uint8 ? 20 : 0) }
        let x = Tensor(elements, shape: [count]).to(type)
        let up = elements.indices.sorted { (elements[$0], $0) < (elements[$1], $1) }
        let down = elements.indices.sorted { (-elements[$0], $0) < (-elements[$1], $1) }
        #expect(x.argsorted().ints == up)
        #expect(x.argsorted(descending: true).ints == down)
        #expect(x.sorted().values.doubles == up.map { elements[$0] } && x.sorted().values.dtype == type)
        for k in [0, 1, 5, 40] where k <= count {
            let (values, indices) = x.topK(k)
            #expect(indices.ints == Array(down.prefix(k)) && values.doubles == down.prefix(k).map { elements[$0] })
            #expect(x.topK(k, largest: false).indices.ints == Array(up.prefix(k)))
        }
    }

    @Test("works along every axis and in every layout")
    func axes() {
        let elements = spread(5 * 40 * 3)
        for axis in 0..<3 {
            let exact = Tensor(elements, shape: [5, 40, 3]).sorted(axis: axis)
            for (name, x) in layouts(elements, [5, 40, 3]) {
                let (values, indices) = x.sorted(axis: axis - 3)
                #expect(indices.ints == exact.indices.ints, "axis \(axis), \(name)")
                #expect(x.gather(axis: axis, index: indices).floats == values.floats)
                #expect(x.topK(2, axis: axis, largest: false).indices.ints == indices.split(axis, 2).ints)
            }
        }
    }

    @Test("NaN counts as greatest, minus zero equals zero")
    func special() {
        let x = Tensor([.nan, 1, -.infinity, 0, -0.0, .infinity, .nan] as [Float])
        #expect(x.argsorted().ints == [2, 3, 4, 1, 5, 0, 6])
        #expect(x.argsorted(descending: true).ints == [0, 6, 5, 1, 3, 4, 2])
        let y = x.to(.float64)
        #expect(y.argsorted().ints == [2, 3, 4, 1, 5, 0, 6])
    }

    @Test("gradients return to where the values came from")
    func gradients() {
        let x = Tensor(spread(24), shape: [2, 4, 3])
        for axis in 0..<3 {
            expectGradient(x) { $0.sorted(axis: axis).values }
            expectGradient(x) { $0.topK(2, axis: axis).values }
            expectGradient(x) { $0.cumsum(axis: axis) }
        }
    }

    @Test("running sums agree with a loop in every layout")
    func cumulative() {
        #expect(Tensor([1, 2, 3, 4]).cumsum(axis: 0).floats == [1, 3, 6, 10])
        #expect(Tensor([true, true, false]).cumsum(axis: 0).ints == [1, 2, 2])
        let elements = spread(4 * 300 * 3)
        let exact = Tensor(elements, shape: [4, 300, 3]).cumsum(axis: 1)
        for (_, x) in layouts(elements, [4, 300, 3]) {
            for (a, b) in zip(x.cumsum(axis: -2).doubles, exact.doubles) { #expect(abs(a - b) < 2e-6) }
        }
        #expect(Tensor.zeros([0, 2]).cumsum(axis: 0).shape == [0, 2])
    }

    @Test("topK of too many stops, naming both numbers")
    func tooMany() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2, 3]).topK(4)
        }
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(message.contains("topK: 4 elements wanted of 3 along axis -1 of [2, 3]"))
    }
}

extension Tensor {
    /// The first `count` places along `axis`.
    fileprivate func split(_ axis: Int, _ count: Int) -> Tensor {
        indexSelect(axis: axis, index: Tensor.arange(count))
    }
}
