// SPDX-License-Identifier: Apache-2.0
// Seeded numbers for tests, from a generator that shares no code with the library's own.

public import LockstepTensor

/// Steele, Lea and Flood's generator: 64 bits of state, equal on every machine. For tests, not for training.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// A generator whose sequence depends on the seed alone.
    public init(seed: UInt64) { state = seed }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number in [0, 1) of 53 random bits.
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }
}

/// A tensor of numbers spread evenly over `range`; the same for the same shape and seed.
///
/// ```swift
/// let x = sample([2, 3])                             // float32 in −1 ..< 1
/// let y = sample([2, 3], seed: 1, dtype: .float64)
/// ```
public func sample(
    _ shape: Shape, seed: UInt64 = 0, in range: Range<Double> = -1..<1, dtype: DType = .float32
) -> Tensor {
    var generator = SplitMix64(seed: seed)
    let width = range.upperBound - range.lowerBound
    let values = (0..<shape.elementCount).map { _ in range.lowerBound + width * generator.uniform() }
    return Tensor(values, shape: shape).to(dtype)
}

/// A tensor of whole numbers in `range`; the same for the same shape and seed.
public func sampleIntegers(_ shape: Shape, seed: UInt64 = 0, in range: Range<Int>, dtype: DType = .int64) -> Tensor {
    var generator = SplitMix64(seed: seed)
    let values = (0..<shape.elementCount).map { _ in Int.random(in: range, using: &generator) }
    return Tensor(values, shape: shape).to(dtype)
}
