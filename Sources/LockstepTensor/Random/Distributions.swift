// SPDX-License-Identifier: Apache-2.0
// Random tensors. Element i of a result depends on the generator's position and on i, never on the processor.

import CLockstepKernels

extension Tensor {
    /// Uniform on `low ..< high`, from 24 random bits per element (53 for float64).
    public static func uniform(
        _ shape: Shape, low: Double = 0, high: Double = 1, dtype: DType = .float32,
        using generator: inout PhiloxGenerator,
        file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        require(low <= high, "uniform: \(low) ..< \(high) is empty", file: file, line: line)
        return random(shape, dtype, "uniform", &generator, file, line) {
            lsk_random_uniform($0, $1, $2.kernelType, $3, low, high)
        }
    }

    /// Normal, by Box and Muller's method: pairs `√(−2 ln u)·(cos 2πv, sin 2πv)`.
    ///
    /// Values beyond 6.7 standard deviations (8.6 for float64) do not occur; their probability is below 3e-11.
    public static func normal(
        _ shape: Shape, mean: Double = 0, std: Double = 1, dtype: DType = .float32,
        using generator: inout PhiloxGenerator, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        require(std >= 0, "normal: a standard deviation of \(std)", file: file, line: line)
        return random(shape, dtype, "normal", &generator, file, line) {
            lsk_random_normal($0, $1, $2.kernelType, $3, mean, std)
        }
    }

    private static func random(
        _ shape: Shape, _ dtype: DType, _ name: StaticString, _ generator: inout PhiloxGenerator, _ file: StaticString,
        _ line: UInt, _ fill: (lsk_philox, Int, DType, UnsafeMutableRawPointer) -> Void
    ) -> Tensor {
        require(dtype.isFloatingPoint, "\(name): a tensor of \(dtype) holds no real numbers", file: file, line: line)
        let type = arithmeticType(dtype, dtype)
        let result = uninitialized(shape, dtype: type)
        fill(generator.take(words: result.count * (type == .float64 ? 2 : 1)), result.count, type, result.unsafePointer)
        return result.to(dtype)
    }

    /// Integers, each value of `range` equally likely (to within 2⁻⁶⁴ of the range).
    /// - Precondition: `dtype` holds them.
    public static func randomIntegers(
        _ shape: Shape, in range: Range<Int>, dtype: DType = .int64, using generator: inout PhiloxGenerator,
        file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        require(!range.isEmpty, "randomIntegers: the range \(range) is empty", file: file, line: line)
        let kept =
            dtype == .bool
            ? 0..<2 : dtype == .uint8 || dtype == .int32 ? Int(dtype.least)..<Int(dtype.tooLarge) : range
        require(
            range.clamped(to: kept) == range,
            "randomIntegers: \(dtype) does not hold all of \(range)", file: file, line: line)
        let result = uninitialized(shape, dtype: .int64)
        lsk_random_integers(
            generator.take(words: 2 * result.count), result.count, result.indexPointer, Int64(range.lowerBound),
            Int64(range.upperBound))
        return result.to(dtype)
    }

    /// A random order of `0..<count`, every order equally likely.
    public static func randomPermutation(
        _ count: Int, using generator: inout PhiloxGenerator, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let result = uninitialized(Shape([count], file: file, line: line), dtype: .int64)
        permute(count, into: result.indexPointer, using: &generator)
        return result
    }

    /// The same numbers as an array, of which there is no second copy: orders of data sets are long.
    package static func randomOrder(_ count: Int, using generator: inout PhiloxGenerator) -> [Int] {
        [Int](unsafeUninitializedCapacity: count) { order, filled in
            guard let base = order.baseAddress else { return }
            base.withMemoryRebound(to: Int64.self, capacity: count) { permute(count, into: $0, using: &generator) }
            filled = count
        }
    }

    private static func permute(
        _ count: Int, into order: UnsafeMutablePointer<Int64>, using generator: inout PhiloxGenerator
    ) {
        lsk_random_permutation(generator.take(words: 2 * count), count, order)
    }

    /// True with the given probability, else false; as `dtype`, 1 and 0.
    public static func bernoulli(
        _ shape: Shape, probability: Double, dtype: DType = .bool, using generator: inout PhiloxGenerator,
        file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        require(
            probability >= 0 && probability <= 1, "bernoulli: a probability of \(probability) is not in 0...1",
            file: file,
            line: line)
        let result = uninitialized(shape, dtype: .bool)
        lsk_random_bernoulli(
            generator.take(words: result.count), result.count, result.unsafePointer.assumingMemoryBound(to: UInt8.self),
            probability)
        return result.to(dtype)
    }
}
