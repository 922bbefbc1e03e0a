// SPDX-License-Identifier: Apache-2.0
// Where a U-Net's encoder makes images smaller, and what its decoder is made of because of that.

package import LockstepNN
import LockstepTensor

/// The sizes of a U-Net.
package struct UNetPlan: Sendable {
    /// The steps of the encoder whose output is kept for the way up; the first to be used is the last of the encoder.
    package let taps: [Int]
    /// Channels kept there.
    package let widths: [Int]
    /// Channels that the encoder puts out.
    package let features: Int
    /// Whether the encoder's first step makes the image smaller already, so that a last step up has nothing beside it.
    package let enlarges: Bool
    package let (outputs, channels): (Int, Int)

    init(taps: [Int], widths: [Int], features: Int, enlarges: Bool, outputs: Int, channels: Int) {
        (self.taps, self.widths, self.features, self.enlarges) = (taps, widths, features, enlarges)
        (self.outputs, self.channels) = (outputs, channels)
    }

    /// Found by passing an image of zeros through the encoder.
    init(_ encoder: Sequential, outputs: Int, channels: Int, imageSize: Pair) {
        let wasTraining = encoder.isTraining
        encoder.eval()
        defer { encoder.train(wasTraining) }
        let shapes = withNoGrad { () -> [Shape] in
            var y = Tensor.zeros([1, channels, imageSize.height, imageSize.width])
            return UNetPlan.steps(of: encoder).map { step in
                y = step(y)
                return y.shape
            }
        }
        // fastai looks at the width alone. Where something else than images comes out there is no way up.
        guard let first = shapes.first, let last = shapes.last, shapes.allSatisfy({ $0.count == 4 }) else {
            self.init(taps: [], widths: [], features: channels, enlarges: false, outputs: outputs, channels: channels)
            return
        }
        let taps = Array(shapes.indices.dropLast().filter { shapes[$0][3] != shapes[$0 + 1][3] }.reversed())
        self.init(
            taps: taps, widths: taps.map { shapes[$0][1] }, features: last[1],
            enlarges: [first[2], first[3]] != [imageSize.height, imageSize.width], outputs: outputs, channels: channels)
    }

    /// The steps up, each with the channels from below and beside it.
    var blocks: [(below: Int, beside: Int, isFinal: Bool)] {
        var below = features
        return widths.enumerated().map { index, beside in
            let isFinal = index == widths.count - 1
            defer { below = UNetBlock.outputs(below, beside, isFinal) }
            return (below, beside, isFinal)
        }
    }

    /// Channels behind the steps up.
    var width: Int { blocks.last.map { UNetBlock.outputs($0.below, $0.beside, $0.isFinal) } ?? features }

    /// What the encoder makes of an image, and what it had at the taps, in their order.
    func encode(_ x: Tensor, by encoder: Sequential) -> (sides: [Tensor], features: Tensor) {
        let steps = UNetPlan.steps(of: encoder)
        var (sides, y, next): ([Tensor], Tensor, Int) = ([], x, 0)
        for tap in taps.reversed() {
            // Several at once, so that those which run as one operation do.
            y = Sequential(Array(steps[next...tap]))(y)
            sides.append(y)
            next = tap + 1
        }
        return (sides.reversed(), Sequential(Array(steps[next...]))(y))
    }

    /// The layers of an encoder one after another: of the one that it is, if there is but one.
    package static func steps(of encoder: Sequential) -> [any UnaryLayer] {
        guard encoder.count == 1 else { return encoder.layers }
        switch encoder.layers[0] {
        case let inner as Sequential: return steps(of: inner)
        case let inner as EfficientNetLite: return inner.stages
        default: return encoder.layers
        }
    }

    /// Refuses sizes that a file makes up.
    func claim(_ encoder: Sequential, lastCross: Bool, in fields: ExportFields) throws {
        let count = UNetPlan.steps(of: encoder).count
        try fields.check(
            taps.count == widths.count && !taps.isEmpty && zip(taps, taps.dropFirst()).allSatisfy { $0 > $1 }
                && taps.allSatisfy { (0..<count - 1).contains($0) },
            "taps \(taps) of \(widths) channels do not fit an encoder of \(count) steps")
        try fields.check(
            (widths + [features, channels, outputs]).allSatisfy { (1..<1 << 20).contains($0) }, "a size is no size")
        try fields.claim(2, 2 * features, features, 3, 3)
        for block in blocks { try UNetBlock.claim(block.below, block.beside, block.isFinal, in: fields) }
        let width = width
        if enlarges { try fields.claim(4 * width, width) }
        let last = lastCross ? width + channels : width
        if lastCross { try fields.claim(2, last, last, 3, 3) }
        try fields.claim(outputs, last)
    }
}
