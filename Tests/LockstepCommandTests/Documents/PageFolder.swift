// SPDX-License-Identifier: Apache-2.0
// The folder in which a page's code runs: the files that it names, and the commands that a clone has.

import Foundation
import LockstepChecks
import LockstepData
import LockstepLearner
import LockstepModels
import LockstepNN

enum PageFolder {
    /// Fills `folder` with what documents read: two classes of MNIST-like images, and a table; texts, photographs and weights of
    /// networks where the document speaks of them.
    static func fill(_ folder: URL, for page: String? = nil) throws {
        let pixels = (0..<160).flatMap { image in
            (0..<784).map { UInt8(truncatingIfNeeded: ($0 % 28 < 14) == (image % 2 == 0) ? 90 + image : image) }
        }
        let images = idx(type: 3, sizes: [160, 28, 28]) + pixels
        let labels = idx(type: 1, sizes: [160]) + (0..<160).map { UInt8($0 % 2) }
        try write(images, to: "mnist/train-images-idx3-ubyte", in: folder)
        try write(labels, to: "mnist/train-labels-idx1-ubyte", in: folder)
        let rows = (0..<100).map {
            "\(40 + $0 % 60),\(["south", "west"][$0 % 2]),\(1000 + 30 * ($0 % 60) + 500 * ($0 % 2))"
        }
        try write(Array("area,side,price\n\(rows.joined(separator: "\n"))\n".utf8), to: "houses.csv", in: folder)
        if let page, try Repository.text(page).contains("minilm") { try setPretrained(folder) }
    }

    /// What a page on fine-tuning names: `reviews.csv`, the folder `minilm`, `photos`, and weights as torchvision names them.
    private static func setPretrained(_ folder: URL) throws {
        try write(Array(TinyBert.reviews(160).utf8), to: "reviews.csv", in: folder)
        try TinyBert.write(to: folder.appending(path: "minilm"), forSentences: true)
        for number in 0..<40 {
            let values = FormulaWeights.numbers("photo \(number)", 3 * 16 * 16)
            let bytes = values.map { UInt8((number % 2 == 0 ? 180 : 60) + $0 * 40) }
            guard let png = PNGWriter.encode(bytes, width: 16, height: 16, channels: 3) else { continue }
            try write(png, to: "photos/\(number % 2 == 0 ? "light" : "dark")/\(number).png", in: folder)
        }
        let network = VisionArchitecture.mobilenetV3Small.model()
        try FormulaWeights.fill(network)
        try Safetensors.write(
            network.stateDictionary().map { Safetensors.Item($0.name, $0.tensor) },
            to: folder.appending(path: "mobilenet_v3_small.safetensors").path)
    }

    /// Gives `folder` what a clone has: `.build/release`, `launch`, and a `make` that knows the targets and does nothing.
    static func makeClone(_ folder: URL) throws {
        let manager = FileManager.default
        try manager.createDirectory(at: folder.appending(path: ".build"), withIntermediateDirectories: true)
        let links = [".build/release": try Toolchain.products(), "launch": Repository.root.appending(path: "launch")]
        for (name, target) in links {
            try manager.createSymbolicLink(at: folder.appending(path: name), withDestinationURL: target)
        }
    }

    /// The `make` of a page: says whether the Makefile has the target. What the targets do has tests of its own.
    static let make = """
        make() {
            for word in "$@"; do
                case $word in
                    *=*) ;;
                    *) grep -q "^$word:" '\(Repository.root.path)/Makefile' || { echo "make: no target $word"; return 2; } ;;
                esac
            done
        }

        """

    private static func idx(type dimensions: UInt8, sizes: [Int]) -> [UInt8] {
        [0, 0, 8, dimensions] + sizes.flatMap { size in [24, 16, 8, 0].map { UInt8(size >> $0 & 255) } }
    }

    private static func write(_ bytes: [UInt8], to name: String, in folder: URL) throws {
        let file = folder.appending(path: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
    }
}
