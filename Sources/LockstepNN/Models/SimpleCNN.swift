// SPDX-License-Identifier: Apache-2.0
// A few convolutions one after another, and the mean of what they see.

public import LockstepTensor

/// Convolutions that halve the image, and the mean of each channel at the end.
///
/// ```swift
/// SimpleCNN([3, 16, 32, 10])(Tensor.zeros([8, 3, 32, 32])).shape    // [8, 10]
/// ```
///
/// - Shape: `[N, filters.first, H, W]` → `[N, filters.last]`.
/// - Note: fastai: `SimpleCNN`, with its names.
public final class SimpleCNN: Module, UnaryLayer {
    /// The convolutions, and what makes vectors of their images.
    @Submodule public var layers: Sequential

    /// - Parameters:
    ///   - filters: Channels of the input and of each convolution.
    ///   - kernelSizes: One for each convolution; 3 when nil.
    ///   - strides: One for each convolution; 2 when nil.
    ///   - batchNorm: Whether all convolutions but the last are followed by a normalisation.
    public init(
        _ filters: [Int], kernelSizes: [Int]? = nil, strides: [Int]? = nil, batchNorm: Bool = true,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        let count = filters.count - 1
        require(
            count >= 1 && (kernelSizes?.count ?? count) == count && (strides?.count ?? count) == count,
            "SimpleCNN: \(filters) are \(count) convolutions, with \(kernelSizes?.count ?? count) kernels and \(strides?.count ?? count) strides",
            file: file, line: line)
        var parts: [any UnaryLayer] = (0..<count).map { index in
            ConvLayer(
                filters[index], filters[index + 1], kernelSize: Pair(kernelSizes?[index] ?? 3),
                stride: Pair(strides?[index] ?? 2), norm: batchNorm && index < count - 1 ? .batch : .none, file: file,
                line: line)
        }
        parts.append(
            Sequential {
                AdaptiveAvgPool2d(1); Flatten()
            })
        _layers = Submodule(wrappedValue: Sequential(parts), "")
        super.init()
    }

    private init(parts: [any UnaryLayer]) {
        _layers = Submodule(wrappedValue: Sequential(parts), "")
        super.init()
    }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(layers(x)) }
}

extension SimpleCNN: Configurable {
    public static let configuration = Configuration(SimpleCNN.self) {
        Field(parts: "layers") { $0.layers.layers }
    } make: {
        SimpleCNN(parts: try $0.parts("layers"))
    }
}
