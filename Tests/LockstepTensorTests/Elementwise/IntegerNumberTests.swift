// SPDX-License-Identifier: Apache-2.0
// Integers beside numbers that their type does not hold, and integers too large for floats: exact, or refused.

import LockstepChecks
import LockstepTensor
import LockstepTesting
import Testing

/// Literals mean float32 in `Tensor([1, 2])`.
private func integers(_ values: Int...) -> Tensor { Tensor(values, shape: [values.count]) }

/// `Tests/Reference/integers.json`.
private struct Numbers: Decodable, Sendable {
    struct Comparison: Decodable, Sendable {
        let dtype: String
        let values: [Int]
        let number: String
        let operation: String
        let result: [Bool]
    }
    struct Power: Decodable, Sendable {
        let dtype: String
        let values: [Int]
        let exponent: Double
        let result: [Int]
    }
    struct Powers: Decodable, Sendable {
        struct Table: Decodable, Sendable { let bases, exponents, result: [Int] }
        let numbers: [Power]
        let tensors: Table
    }
    struct Arithmetic: Decodable, Sendable {
        let number: String
        let sum, product: [String]
    }
    struct Lines: Decodable, Sendable {
        let exactEnds: Int
        let whole: [[Double]]
        let integers: [Int]
        let singles: [String]
    }
    let comparisons: [Comparison]
    let powers: Powers
    let arithmetic: [Arithmetic]
    let linspace: Lines
    let maskedSelect: [String: [Int]]

    static func load() throws -> Numbers { try Reference.decode(Numbers.self, from: "integers") }
    static func dtype(_ name: String) -> DType { DType.allCases.first { $0.description == name } ?? .float32 }
}

@Suite("Integers beside any number") struct IntegerNumberTests {
    private static let comparisons: [String: @Sendable (Tensor, Double) -> Tensor] = [
        ".==": { $0 .== $1 }, ".!=": { $0 .!= $1 }, ".<": { $0 .< $1 }, ".<=": { $0 .<= $1 }, ".>": { $0 .> $1 },
        ".>=": { $0 .>= $1 },
    ]

    @Test("integers and booleans compare with infinities, NaN, fractions and numbers beyond their type as PyTorch's")
    func comparisonReference() throws {
        let cases = try Numbers.load().comparisons
        #expect(cases.count > 200)
        for entry in cases {
            let x = Tensor(entry.values, shape: [entry.values.count]).to(Numbers.dtype(entry.dtype))
            let number = try #require(Double(entry.number))
            let compare = try #require(Self.comparisons[entry.operation])
            for view in [x, Tensor.stacked([x, x], axis: 1)[.all, 0], x.flipped(axes: [0]).flipped(axes: [0])] {
                let result = compare(view, number)
                #expect(result.dtype == .bool && result.shape == x.shape)
                #expect(
                    result.bools == entry.result, "\(entry.dtype) \(entry.values) \(entry.operation) \(entry.number)")
            }
        }
    }

    @Test("large integers compare exactly, with numbers and with each other")
    func largeComparisons() {
        let large = 1 << 53
        let x = Tensor([large, large + 1, Int.max, Int.min])
        #expect((x .== Double(large)).bools == [true, false, false, false])
        #expect((x .> Double(large)).bools == [false, true, true, false])
        #expect((x .< 0x1p63).bools == [true, true, true, true])
        #expect((x .>= -0x1p63).bools == [true, true, true, true])
        #expect((x .== 0x1p63).bools == [false, false, false, false])
        #expect((integers(16_777_217, 16_777_216) .> 16_777_216.5).bools == [true, false])
        #expect((x .== Tensor([large + 1, large + 1, Int.max - 1, Int.min])).bools == [false, true, false, true])
        #expect((Tensor([Int32.max]) .< 3e9).bools == [true])
    }

    @Test("integers keep all digits in maxima, sorting, sums, products, limits and casts")
    func exactness() {
        let large = 1 << 53
        let x = Tensor([large + 1, large, large + 3, large + 2])
        #expect(x.max().ints == [large + 3] && x.min().ints == [large])
        #expect(x.argmax().ints == [2] && x.argmin().ints == [1])
        #expect(x.sorted().values.ints == [large, large + 1, large + 2, large + 3])
        #expect(x.topK(2).values.ints == [large + 3, large + 2])
        #expect((x - Tensor([large, large, large, large])).sum().ints == [6])
        #expect(x.cumsum(axis: 0).ints[1] == 2 * large + 1)
        #expect(Tensor([large + 1, 3]).product().ints == [3 * (large + 1)])
        #expect((-x).abs().ints == x.ints)
        #expect((x + 1).ints == x.ints.map { $0 + 1 } && (x * 3).ints == x.ints.map { $0 * 3 })
        #expect(x.clamped(min: Double(large) + 2).ints == [large + 2, large + 2, large + 3, large + 2])
        #expect(Tensor([Int.max, Int.min]).clamped(min: 0).ints == [Int.max, 0])
        #expect(Tensor([Int.max, Int.min]).clamped(max: .infinity).ints == [Int.max, Int.min])
        #expect(Tensor.where(Tensor([true]), Tensor([large + 1]), integers(0)).ints == [large + 1])
        #expect(maximum(Tensor([large + 1]), Tensor([Int32(5)])).ints == [large + 1])
        #expect(integers(large + 1, -1, 300).to(.uint8).ints == [1, 255, 44])
        #expect(Tensor([Int(UInt32.max)]).to(.int32).ints == [-1])
        #expect(
            Tensor.arange(from: Double(large), to: Double(large) + 4, dtype: .int64).ints == [
                large, large + 1, large + 2, large + 3,
            ])
    }

    @Test("mean and spread of large integers do not pass through float32")
    func statistics() {
        let x = integers(1_000_000_001, 1_000_000_002, 1_000_000_003)
        #expect(x.variance().item() == 1 && x.standardDeviation().item() == 1)
        #expect(integers(16_777_217, -16_777_216).mean().item() == 0.5)
        #expect(integers(3_000, 4_000_000_000).norm().dtype == .float32)
        #expect(x.mean().dtype == .float32)
    }

    @Test("powers of integers are exact and PyTorch's, modulo the type")
    func powers() throws {
        let powers = try Numbers.load().powers
        for entry in powers.numbers {
            let dtype = Numbers.dtype(entry.dtype)
            let y = Tensor(entry.values, shape: [entry.values.count]).to(dtype).pow(entry.exponent)
            #expect(y.dtype == dtype)
            #expect(y.ints == entry.result, "\(entry.dtype) to the \(entry.exponent)")
        }
        let table = powers.tensors
        #expect(Tensor(table.bases, shape: [8]).pow(Tensor(table.exponents, shape: [8])).ints == table.result)
        #expect(integers(1001).pow(3).ints == [1_003_003_001])
        // An exponent that bytes do not hold is still one.
        #expect(Tensor([UInt8(3), 2]).pow(300).ints == [113, 0])
        #expect(Tensor([true, false]).pow(2).ints == [1, 0])
        // A fraction makes float32.
        #expect(integers(4, 9).pow(0.5).floats == [2, 3] && integers(4).pow(-0.5).floats == [0.5])
    }

    @Test("numbers that are not whole make float32 of integers, infinities and NaN included, as PyTorch's")
    func arithmetic() throws {
        let x = integers(0, 1, -3, 1001)
        func words(_ y: Tensor) -> [Double] {
            #expect(y.dtype == .float32)
            return y.doubles
        }
        for entry in try Numbers.load().arithmetic {
            let number = try #require(Double(entry.number))
            for (actual, expected) in [(words(x + number), entry.sum), (words(x * number), entry.product)] {
                let expected = expected.compactMap(Double.init)
                #expect(actual.count == expected.count)
                for (a, b) in zip(actual, expected) {
                    #expect(a == b || (a.isNaN && b.isNaN), "\(entry.number): \(actual) \(expected)")
                }
            }
        }
        #expect((integers(5) - .infinity).floats == [-.infinity] && (.infinity - integers(5)).floats == [.infinity])
    }

    @Test("ranges of integers go to the end of their type")
    func ranges() {
        #expect(Tensor.arange(from: 255, to: 256, dtype: .uint8).ints == [255])
        #expect(Tensor.arange(from: 3, to: -1, by: -1, dtype: .uint8).ints == [3, 2, 1, 0])
        #expect(Tensor.arange(from: 254, to: 256, dtype: .uint8).ints == [254, 255])
        #expect(Tensor.arange(from: 0.5, to: 2).floats == [0.5, 1.5])
    }

    @Test("bytes count modulo 256 with negative numbers, too")
    func bytes() {
        let x = Tensor([UInt8(5), 0, 255])
        #expect((x + -1).ints == [4, 255, 254] && (x - 1).ints == [4, 255, 254] && (-x).ints == [251, 0, 1])
        #expect((x * -2).ints == [246, 0, 2])
        #expect((x + 255).dtype == .uint8)
    }

    @Test("linspace ends at its ends, as PyTorch's, whatever the count and the type")
    func lines() throws {
        let lines = try Numbers.load().linspace
        var exact = 0
        for count in 2...1000 {
            for dtype in [DType.float64, .float32, .bfloat16] {
                let y = Tensor.linspace(0.1, 0.7, count: count, dtype: dtype)
                let ends = Tensor([0.1, 0.7] as [Double]).to(dtype)
                #expect(y[0].item() == ends[0].item() && y[-1].item() == ends[1].item(), "\(count) \(dtype)")
                if dtype == .float64 && y[-1].item() == 0.7 { exact += 1 }
            }
            let symmetric = Tensor.linspace(-1, 1, count: count, dtype: .float64).doubles
            // The middle of an odd count stands alone.
            #expect(zip(symmetric, symmetric.reversed()).prefix(count / 2).allSatisfy { $0 == -$1 })
        }
        #expect(exact == lines.exactEnds)
        for (values, (start, end)) in zip(lines.whole, [(0, 1), (-1, 1), (0.1, 0.7), (3, -2)] as [(Double, Double)]) {
            expectClose(
                Tensor.linspace(start, end, count: values.count, dtype: .float64).doubles, values, absolute: 1e-15)
        }
        #expect(Tensor.linspace(0, 10, count: 5, dtype: .int64).ints == lines.integers)
        expectClose(Tensor.linspace(-1, 1, count: 8).floats, lines.singles.compactMap(Float.init))
        #expect(Tensor.linspace(2, 5, count: 1).floats == [2] && Tensor.linspace(2, 5, count: 0).floats == [])
    }

    @Test("maskedSelect is a vector, tensor and mask broadcast, as PyTorch's masked_select")
    func maskedSelect() throws {
        let expected = try Numbers.load().maskedSelect
        let x = Tensor.arange(6).reshaped([2, 3])
        #expect(x.maskedSelect(Tensor([true, false, true])).ints == expected["row"])
        #expect(x[0].maskedSelect(Tensor([[false], [true]])).ints == expected["column"])
        #expect(x.selected(mask: Tensor([false, true])).shape == [1, 3])
    }
}

@Suite("Numbers that integers cannot hold are refused") struct RefusedNumberTests {
    @Test("arithmetic")
    func arithmetic() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor([Int32(1)]) * 3e9
        }
        expectTrap(result, says: "*: 3000000000.0 cannot be an element of int32", "−2147483648 to 2147483647")
    }

    @Test("full")
    func full() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.full([2], 300, dtype: .uint8)
        }
        expectTrap(result, says: "full: 300.0 cannot be an element of uint8", "0 to 255", "IntegerNumberTests.swift")
    }

    @Test("a fraction")
    func fraction() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor(2.5, dtype: .int64)
        }
        expectTrap(result, says: "2.5 cannot be an element of int64", "IntegerNumberTests.swift")
    }

    @Test("filled")
    func filled() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = integers(1, 2).filled(where: Tensor([true, false]), with: .infinity)
        }
        expectTrap(result, says: "filled: inf cannot be an element of int64", "IntegerNumberTests.swift")
    }

    @Test("padded")
    func padded() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = integers(1, 2).padded([(1, 1)], value: .nan)
        }
        expectTrap(result, says: "padded: nan cannot be an element of int64", "IntegerNumberTests.swift")
    }

    @Test("limits")
    func clamped() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor([UInt8(1)]).clamped(min: 300)
        }
        expectTrap(result, says: "clamped: no number of uint8 lies within 300.0 … inf", "IntegerNumberTests.swift")
    }

    @Test("negative powers")
    func powers() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = integers(2).pow(-1)
        }
        expectTrap(result, says: "pow: integers have no power -1.0", "int64", "IntegerNumberTests.swift")
    }

    @Test("ranges")
    func ranges() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.arange(from: 0, to: 300, dtype: .uint8)
        }
        expectTrap(result, says: "arange: 299.0 cannot be an element of uint8", "IntegerNumberTests.swift")
        let random = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            var generator = PhiloxGenerator(seed: 1)
            _ = Tensor.randomIntegers([2], in: 0..<300, dtype: .uint8, using: &generator)
        }
        expectTrap(random, says: "randomIntegers: uint8 does not hold all of 0..<300", "IntegerNumberTests.swift")
        let endless = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.arange(from: 0, to: .infinity)
        }
        expectTrap(endless, says: "arange: from 0.0 to inf", "IntegerNumberTests.swift")
    }
}
