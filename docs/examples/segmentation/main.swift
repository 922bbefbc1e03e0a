// SPDX-License-Identifier: Apache-2.0
// Segmentation: which pixels belong to a disc and not to a brighter square, by a U-Net on a small encoder.

import Foundation
import Lockstep

/// A noisy picture with a bright disc and a brighter square, [1, 24, 24], and which pixel is the disc, [24, 24].
func scene(_ number: Int) -> (picture: Tensor, mask: Tensor) {
    var random = PhiloxGenerator(seed: UInt64(number))
    func place() -> Double { Double.random(in: 6...17, using: &random) }
    let (x, y, u, v, size) = (place(), place(), place(), place(), Double.random(in: 3...6, using: &random))
    var (pixels, mask) = ([Float](), [Int]())
    for index in 0..<24 * 24 {
        let (column, row) = (Double(index % 24), Double(index / 24))
        let isSquare = max(abs(column - u), abs(row - v)) < 3
        let isDisc = !isSquare && pow(column - x, 2) + pow(row - y, 2) < size * size
        let light = isSquare ? 1.0 : isDisc ? 0.6 : 0.1
        pixels.append(Float(light + Double.random(in: -0.15...0.15, using: &random)))
        mask.append(isDisc ? 1 : 0)
    }
    return (Tensor(pixels, shape: [1, 24, 24]), Tensor(mask, shape: [24, 24]))
}

Lockstep.run {
    let scenes = MapDataset(0..<160) { scene($0) }
    let dls = Datasets(scenes, split: .end(0.2)).dataLoaders(batchSize: 16)
    setSeed(1)
    // Of files: DataLoaders.segmentation and, with a network and weights by name, Learner.segmentation.
    let encoder = Sequential {
        ConvLayer(1, 8)
        ConvLayer(8, 16, stride: 2)
        ConvLayer(16, 32, stride: 2)
    }
    let model = UNet(encoder, outputs: 2, channels: 1, imageSize: 24, norm: .batch)
    let learner = Learner(dls: dls, model: model, loss: CrossEntropyFlat(axis: 1), metrics: [Dice()])
    try learner.distributed { try learner.fitOneCycle(8, lrMax: 1e-2) }

    let (picture, mask) = scene(1000)
    let found = try learner.predict(picture).output.argmax(axis: 0)
    for row in stride(from: 2, to: 22, by: 2) {
        let line = (0..<24).map { column in
            let (isFound, isThere) = (Int(found[row, column]) == 1, Int(mask[row, column]) == 1)
            return isFound && isThere ? "#" : isFound ? "+" : isThere ? "-" : "."
        }
        print(line.joined())
    }
}
