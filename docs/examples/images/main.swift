// SPDX-License-Identifier: Apache-2.0
// Images of one's own, from a folder to the prediction for one file, with a DataBlock.

import Foundation
import Lockstep

/// Draws discs and squares of all sizes: `shapes/disc/0.png` and so on.
func drawShapes(in folder: String) throws {
    var random = PhiloxGenerator(seed: 1)
    for name in ["disc", "square"] {
        try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        for number in 0..<120 {
            let size = Double.random(in: 4...9, using: &random)
            let (x, y) = (Double.random(in: 10...22, using: &random), Double.random(in: 10...22, using: &random))
            let pixels = (0..<32 * 32).map { place in
                let (dx, dy) = (Double(place % 32) - x, Double(place / 32) - y)
                return Float(
                    (name == "disc" ? (dx * dx + dy * dy).squareRoot() : max(abs(dx), abs(dy))) < size ? 0.9 : 0.1)
            }
            let png = Pixels(Tensor(pixels, shape: [1, 32, 32]))?.png ?? []
            try Data(png).write(to: URL(filePath: "\(folder)/\(name)/\(number).png"), options: .atomic)
        }
    }
}

Lockstep.run {
    try drawShapes(in: "shapes")
    let block = DataBlock(
        blocks: [.image(.grey), .category], getY: [ParentLabel()], splitter: .random(0.2, seed: 1))
    let dls = try block.dataLoaders(ItemList(FileList.files(in: "shapes", extensions: ["png"])), batchSize: 32)
    print(dls)
    try dls.showBatch(maxCount: 2)

    setSeed(1)
    let model = Sequential {
        Conv2d(1, 8, kernelSize: 3, stride: 2, padding: 1); BatchNorm2d(8); ReLU()
        Conv2d(8, 16, kernelSize: 3, stride: 2, padding: 1); BatchNorm2d(16); ReLU()
        Conv2d(16, 16, kernelSize: 3, stride: 2, padding: 1); BatchNorm2d(16); ReLU()
        AdaptiveAvgPool2d(1); Flatten(); Linear(16, 2)
    }
    let learner = Learner(dls: dls, model: model, metrics: [.accuracy])
    try learner.distributed {
        try learner.withoutProgress { try learner.withoutLogging { try learner.fitOneCycle(10, lrMax: 1e-2) } }
    }
    print("accuracy", try learner.validateNamed()["accuracy"] ?? 0)
    print("shapes/disc/7.png is a", try learner.predict("shapes/disc/7.png").decoded)
}
