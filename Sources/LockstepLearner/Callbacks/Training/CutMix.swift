// SPDX-License-Identifier: Apache-2.0
// Training on images with a box of another image in them.

import LockstepNN
public import LockstepTensor

/// Puts a box of another image of the batch into each training image and mixes the targets by area. Yun et al., arXiv
/// 1905.04899.
///
/// One box for the batch, of area 1 − λ with λ from Beta(α, α), around a random centre and cut off at the edges; λ is then
/// what is left of the image. The box is the same on every rank. See ``MixHandler`` for the loss and for partners on
/// several ranks.
/// - Note: fastai: `CutMix`.
public final class CutMix: MixHandler {
    /// The parameter of the Beta distribution; nil when a function draws shares.
    public let alpha: Double?
    private let draw: (inout PhiloxGenerator) -> Double

    /// - Precondition: `alpha` is positive.
    public init(alpha: Double = 1, file: StaticString = #fileID, line: UInt = #line) {
        require(alpha > 0, "CutMix: Beta(\(alpha), \(alpha)) needs a positive parameter", file: file, line: line)
        self.alpha = alpha
        draw = { Beta.sample(alpha, using: &$0) }
        super.init()
    }

    /// Draws λ from `share` instead: a function of a generator to 0…1.
    public init(share: @escaping (_ generator: inout PhiloxGenerator) -> Double) {
        (alpha, draw) = (nil, share)
        super.init()
    }

    /// - Throws: ``CutMixError`` when the first input is no batch of images.
    public override func beforeBatch(_ learner: Learner) throws {
        guard let partners = try partners(learner) else { return }
        guard let images = learner.xb.first, images.rank == 4 else {
            throw CutMixError(shape: learner.xb.first?.shape ?? [])
        }
        var generator = generator(learner, item: -1)
        let (height, width) = (images.dim(2), images.dim(3))
        let box = CutMix.box(height: height, width: width, share: draw(&generator), using: &generator)
        let inside = Tensor(
            (0..<height * width).map { box.rows.contains($0 / width) && box.columns.contains($0 % width) },
            shape: [1, 1, height, width])
        learner.xb[0] = Tensor.where(inside, partners.inputs[0], images)
        let share = 1 - Double(box.rows.count * box.columns.count) / Double(height * width)
        mixTargets(learner, others: partners.targets, share: .full([learner.batchItemCount], share))
    }

    /// A box of area 1 − `share` of an image, less what lies outside of it.
    static func box(
        height: Int, width: Int, share: Double, using generator: inout PhiloxGenerator
    ) -> (rows: Range<Int>, columns: Range<Int>) {
        let side = max(0, 1 - share).squareRoot()
        func span(_ extent: Int) -> Range<Int> {
            let size = Int((Double(extent) * side).rounded())
            let centre = extent > 0 ? Int.random(in: 0..<extent, using: &generator) : 0
            return max(0, centre - size / 2)..<min(extent, centre + size / 2)
        }
        return (span(height), span(width))
    }
}

extension CutMix: Configurable {
    public static let configuration = Configuration(CutMix.self) {
        Field("alpha", { try known($0.alpha, "CutMix") }, .positive)
    } make: {
        CutMix(alpha: try $0("alpha"))
    }
}

/// A batch that ``CutMix`` cannot cut boxes from.
public struct CutMixError: Error, CustomStringConvertible, Sendable {
    /// Of the first input.
    public let shape: Shape
    public var description: String { "CutMix: needs images [N, C, H, W], the batch's first input is \(shape)" }
}
