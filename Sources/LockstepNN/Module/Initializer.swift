// SPDX-License-Identifier: Apache-2.0
// The distributions that initial weights are drawn from.

public import LockstepTensor

/// A way to make the first value of a parameter.
///
/// ```swift
/// let layer = Linear(64, 10)
/// layer.weight = Initializer.kaimingNormal()(layer.weight.shape)
/// ```
///
/// For a weight `[outputs, inputs, …kernel]`, fan-in is `inputs · kernel` and fan-out `outputs · kernel`.
/// - Note: PyTorch: `torch.nn.init`.
public struct Initializer {
    private let make: (Shape, inout PhiloxGenerator) -> Tensor

    /// An initializer of your own; take random numbers from the generator so that a seed decides them.
    public init(_ make: @escaping (_ shape: Shape, _ generator: inout PhiloxGenerator) -> Tensor) { self.make = make }

    /// A value of the given shape, with random numbers from the calling thread's generator.
    public func callAsFunction(_ shape: Shape) -> Tensor { make(shape, &PhiloxGenerator.initialization) }

    /// Every value the same.
    public static func constant(_ value: Double) -> Initializer { Initializer { shape, _ in .full(shape, value) } }
    /// Every value 0.
    public static var zeros: Initializer { constant(0) }
    /// Every value 1.
    public static var ones: Initializer { constant(1) }

    /// Evenly between `low` and `high`.
    public static func uniform(_ low: Double, _ high: Double) -> Initializer {
        Initializer { .uniform($0, low: low, high: high, using: &$1) }
    }

    /// Normally distributed.
    public static func normal(mean: Double = 0, standardDeviation: Double = 1) -> Initializer {
        Initializer { .normal($0, mean: mean, std: standardDeviation, using: &$1) }
    }

    /// Normally distributed, redrawn until within two standard deviations.
    public static func truncatedNormal(mean: Double = 0, standardDeviation: Double = 1) -> Initializer {
        Initializer { shape, generator in
            var values = Tensor.normal(shape, mean: 0, std: 1, using: &generator).floats
            for index in values.indices {
                while abs(values[index]) > 2 {
                    values[index] = Tensor.normal([1], mean: 0, std: 1, using: &generator).floats[0]
                }
            }
            return Tensor(values, shape: shape) * standardDeviation + mean
        }
    }

    /// Evenly within `±√(6 / ((1 + slope²) · fanIn))`. He et al. (2015), eq. 10.
    ///
    /// PyTorch's layers use `slope` √5, which is `±1/√fanIn`.
    public static func kaimingUniform(slope: Double = 0) -> Initializer {
        Initializer { shape, generator in
            let bound = (6 / ((1 + slope * slope) * fan(shape).in)).squareRoot()
            return .uniform(shape, low: -bound, high: bound, using: &generator)
        }
    }

    /// Normally distributed with deviation `√(2 / ((1 + slope²) · fanIn))`. He et al. (2015), eq. 10.
    public static func kaimingNormal(slope: Double = 0) -> Initializer {
        Initializer { shape, generator in
            let deviation = (2 / ((1 + slope * slope) * fan(shape).in)).squareRoot()
            return .normal(shape, mean: 0, std: deviation, using: &generator)
        }
    }

    /// Evenly within `±gain·√(6 / (fanIn + fanOut))`. Glorot and Bengio (2010), eq. 16.
    public static func xavierUniform(gain: Double = 1) -> Initializer {
        Initializer { shape, generator in
            let (fanIn, fanOut) = fan(shape)
            let bound = gain * (6 / (fanIn + fanOut)).squareRoot()
            return .uniform(shape, low: -bound, high: bound, using: &generator)
        }
    }

    /// Normally distributed with deviation `gain·√(2 / (fanIn + fanOut))`. Glorot and Bengio (2010).
    public static func xavierNormal(gain: Double = 1) -> Initializer {
        Initializer { shape, generator in
            let (fanIn, fanOut) = fan(shape)
            return .normal(shape, mean: 0, std: gain * (2 / (fanIn + fanOut)).squareRoot(), using: &generator)
        }
    }

    /// For a convolution before a ``PixelShuffle``: the channels of one pixel start alike, so that the image has no
    /// chequerboard. Aitken et al., *Checkerboard artifact free sub-pixel convolution* (2017).
    ///
    /// - Parameters:
    ///   - scale: The factor of the shuffle, whose square divides the weight's outputs.
    ///   - base: What each of them starts with.
    /// - Note: fastai: `icnr_init`.
    public static func icnr(scale: Int = 2, _ base: Initializer = .kaimingNormal()) -> Initializer {
        Initializer { shape, generator in
            let block = scale * scale
            require(
                scale > 0 && shape.rank >= 2 && shape[0] % block == 0,
                "icnr: the outputs of a weight \(shape) do not divide into blocks of \(block)")
            let first = Shape([shape[0] / block] + shape.dimensions.dropFirst())
            return base.make(first, &generator).repeatInterleaved(block, axis: 0)
        }
    }

    /// What PyTorch's Linear, convolution and recurrent layers use for a bias: evenly within `±1/√fanIn`.
    static func withinInverseRoot(of fanIn: Int) -> Initializer {
        let bound = fanIn > 0 ? 1 / Double(fanIn).squareRoot() : 0
        return uniform(-bound, bound)
    }
}

/// Values that one output reads, and outputs that one value reaches.
private func fan(_ shape: Shape) -> (in: Double, out: Double) {
    require(shape.rank >= 2, "initializer: fan-in needs a weight of two or more axes, not \(shape)")
    let kernel = shape.dropFirst(2).reduce(1, *)
    return (Double(Swift.max(1, shape[1] * kernel)), Double(Swift.max(1, shape[0] * kernel)))
}
