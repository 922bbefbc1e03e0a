// SPDX-License-Identifier: Apache-2.0
// Random tensors of the calling thread's generator.

extension Tensor {
    /// Uniform on `low ..< high`, drawn from ``PhiloxGenerator/current``: the same after the same ``setSeed(_:)``, on every rank.
    ///
    /// ```swift
    /// setSeed(1)
    /// let x = Tensor.uniform([2, 3], low: -1)
    /// ```
    public static func uniform(
        _ shape: Shape, low: Double = 0, high: Double = 1, dtype: DType = .float32, file: StaticString = #fileID,
        line: UInt = #line
    ) -> Tensor {
        uniform(shape, low: low, high: high, dtype: dtype, using: &PhiloxGenerator.current, file: file, line: line)
    }

    /// Normal, drawn from ``PhiloxGenerator/current``: the same after the same ``setSeed(_:)``, on every rank. In a model, too:
    ///
    /// ```swift
    /// final class Scaled: Module, UnaryLayer {
    ///     @Parameter var scale = Tensor.normal([3], std: 0.02)
    ///     func callAsFunction(_ x: Tensor) -> Tensor { x * scale }
    /// }
    /// ```
    public static func normal(
        _ shape: Shape, mean: Double = 0, std: Double = 1, dtype: DType = .float32, file: StaticString = #fileID,
        line: UInt = #line
    ) -> Tensor {
        normal(shape, mean: mean, std: std, dtype: dtype, using: &PhiloxGenerator.current, file: file, line: line)
    }

    /// Integers, each value of `range` equally likely, drawn from ``PhiloxGenerator/current``.
    /// - Precondition: `dtype` holds them.
    public static func randomIntegers(
        _ shape: Shape, in range: Range<Int>, dtype: DType = .int64, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        randomIntegers(shape, in: range, dtype: dtype, using: &PhiloxGenerator.current, file: file, line: line)
    }

    /// A random order of `0..<count`, drawn from ``PhiloxGenerator/current``.
    public static func randomPermutation(
        _ count: Int, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        randomPermutation(count, using: &PhiloxGenerator.current, file: file, line: line)
    }

    /// True with the given probability, else false, drawn from ``PhiloxGenerator/current``; as `dtype`, 1 and 0.
    public static func bernoulli(
        _ shape: Shape, probability: Double, dtype: DType = .bool, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        bernoulli(
            shape, probability: probability, dtype: dtype, using: &PhiloxGenerator.current, file: file, line: line)
    }
}
