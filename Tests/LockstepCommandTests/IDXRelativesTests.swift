// SPDX-License-Identifier: Apache-2.0
// `train mnist` with the relatives of MNIST: other labels, other sizes, and files that are none.

import Foundation
import Testing

@Suite("Command: relatives of MNIST", .serialized)
struct IDXRelativesTests {
    private func number(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }

    /// A folder `idx` of 40 images of the given size, whose labels are the given bytes in turn.
    private func write(_ command: Command, height: Int, width: Int, labels: [UInt8], type: UInt8 = 8) throws {
        let pixels = (0..<40 * height * width).map { UInt8(truncatingIfNeeded: $0 &* 37 ^ ($0 >> 3)) }
        try command.write(
            [0, 0, 8, 3] + number(40) + number(height) + number(width) + pixels, to: "idx/train-images-idx3-ubyte")
        try command.write(
            [0, 0, type, 1] + number(40) + (0..<40).map { labels[$0 % labels.count] }, to: "idx/train-labels-idx1-ubyte"
        )
    }

    private func train(_ command: Command, _ more: String...) throws -> Command.Result {
        try command.finish(
            command.start(["train", "mnist", "--data", "idx", "--epochs", "1", "--batch-size", "8"] + more))
    }

    @Test("letters: as many classes as the file has", arguments: ["cnn", "mlp"]) func letters(model: String) throws {
        let command = try Command()
        try write(command, height: 28, width: 28, labels: [1, 26, 13])
        let result = try train(command, "--model", model)
        #expect(result.status == 0, "\(result.errors)")
        // 784 · 128 + 128 + 128 · 27 + 27
        let size = model == "mlp" ? "of 103963 parameters" : "parameters"
        #expect(result.output.contains(size), "\(result.output)")
    }

    @Test("images of other sizes", arguments: [("cnn", 32, 20), ("cnn", 5, 4), ("mlp", 2, 3), ("mlp", 64, 64)])
    func sizes(model: String, height: Int, width: Int) throws {
        let command = try Command()
        try write(command, height: height, width: width, labels: [0, 1, 2])
        let result = try train(command, "--model", model)
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test("images too small for the network, or of no pixels, are a sentence", arguments: [1, 2]) func tooSmall(
        ranks: Int
    ) throws {
        let command = try Command()
        try write(command, height: 3, width: 28, labels: [0, 1])
        expectRefused(try train(command, "--ranks", "\(ranks)"), 66, "idx", "3 × 28 pixels", "--model mlp")
        try write(command, height: 0, width: 28, labels: [0, 1])
        expectRefused(try train(command, "--ranks", "\(ranks)"), 66, "train-images-idx3-ubyte", "0 × 28 pixels")
    }

    @Test("labels below 0 are named with file and place", arguments: [1, 2]) func negative(ranks: Int) throws {
        let command = try Command()
        try write(command, height: 28, width: 28, labels: [0, 1, UInt8(bitPattern: -100)], type: 9)
        expectRefused(
            try train(command, "--ranks", "\(ranks)"), 66, "train-labels-idx1-ubyte: label 2 is -100; classes are 0 to")
    }

    @Test("nine axes are named with the byte") func nineAxes() throws {
        let command = try Command()
        try write(command, height: 28, width: 28, labels: [0, 1])
        try command.write([0, 0, 8, 9] + (0..<9).flatMap { _ in number(1) } + [7], to: "idx/train-images-idx3-ubyte")
        expectRefused(try train(command), 66, "train-images-idx3-ubyte: byte 3: 9 axes, at most 8")
    }
}
