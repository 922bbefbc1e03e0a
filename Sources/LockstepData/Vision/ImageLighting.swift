// SPDX-License-Identifier: Apache-2.0
// Brighter, darker, stronger and flatter images, every image of a batch by its own amount.

import LockstepTensor

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A change of light: `sigmoid((logit(x) + brightness) · contrast)`, which keeps values between 0 and 1.
struct Lighting: Hashable, Sendable {
    /// Added to the logits; 0 changes nothing.
    var brightness = 0.0
    /// A factor of the logits; 1 changes nothing.
    var contrast = 1.0

    static let unchanged = Lighting()

    /// Images with one change each; without a graph. Values outside 0 … 1 are taken as 0 or 1, as in fastai.
    /// - Parameter images: float32 `[N, …]`, in any memory order, which the result has too where it is dense.
    static func applied(_ changes: [Lighting], to images: Tensor) -> Tensor {
        require(
            images.rank > 0 && images.dtype == .float32,
            "augmentation: images must be float32 [N, …], not \(images.dtype) \(images.shape)")
        require(
            changes.count == images.shape[0],
            "augmentation: \(changes.count) changes of light for \(images.shape[0]) images")
        let source = RowGather.prepared(images)
        if changes.allSatisfy({ $0 == .unchanged }) { return source }
        let result = source.uninitializedLike()
        let input = source.unsafePointer.assumingMemoryBound(to: Float.self)
        let output = result.unsafePointer.assumingMemoryBound(to: Float.self)
        let width = source.shape.dropFirst().reduce(1, *)
        withExtendedLifetime(source) {
            for (row, change) in changes.enumerated() {
                let places = row * width..<(row + 1) * width
                guard change != .unchanged else {
                    for place in places { output[place] = input[place] }
                    continue
                }
                let (shift, factor) = (Float(change.brightness), Float(change.contrast))
                for place in places {
                    let x = min(max(input[place], 1e-7), 1 - 1e-7)
                    output[place] = 1 / (1 + expf(-(logf(x / (1 - x)) + shift) * factor))
                }
            }
        }
        return result
    }
}
