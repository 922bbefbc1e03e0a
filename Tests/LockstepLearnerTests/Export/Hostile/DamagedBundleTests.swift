// SPDX-License-Identifier: Apache-2.0
// Bundles and model files with a changed bit, or cut short: refused, or what was written.

import Foundation
import LockstepLearner
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepData

@Suite("Damaged bundles and model files") struct DamagedBundleTests {
    /// Every way of damage, half of them in the header: 500 changed bits and 200 truncations.
    private func damaged(_ whole: [UInt8]) -> [(what: String, bytes: [UInt8])] {
        let header = 8 + whole.prefix(8).enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
        var generator = SplitMix64(seed: 11)
        func place(_ number: Int) -> Int {
            Int.random(in: number % 2 == 0 ? 0..<header : header..<whole.count, using: &generator)
        }
        let flipped = (0..<500).map { number in
            let (byte, bit) = (place(number), Int.random(in: 0..<8, using: &generator))
            var bytes = whole
            bytes[byte] ^= 1 << UInt8(bit)
            return (what: "bit \(bit) of byte \(byte)", bytes: bytes)
        }
        return flipped
            + (0..<200).map { number in
                let length = place(number)
                return (what: "the first \(length) bytes", bytes: Array(whole[..<length]))
            }
    }

    /// Reads each damaged file; what is accepted must give `expected`.
    private func check(_ whole: [UInt8], _ expected: [Float], _ read: ([UInt8]) throws -> [Float]) throws {
        #expect(try read(whole) == expected)
        var refused = 0
        for (what, bytes) in damaged(whole) {
            do {
                #expect(try read(bytes) == expected, "\(what) was accepted with another result")
            } catch {
                refused += 1
                let isTyped =
                    error is DataError || error is ExportError || error is StateDictionaryError
                    || error is CheckpointError
                #expect(isTyped && "\(error)".contains("x."), "\(what): \(error)")
            }
        }
        #expect(refused == 700, "every byte is under the checksum")
    }

    private func learner(_ folder: String) throws -> Learner {
        try withSeed(3) {
            let learner = Learner(
                dls: synthLoaders(batchSize: 4, nTrain: 3, nValid: 1, path: folder),
                model: Sequential {
                    Linear(1, 6); BatchNorm1d(6); ReLU(); Linear(6, 1)
                }, loss: .mse, metrics: [.mae], modelDirectory: "")
            learner.logger = SilentLogger()
            try learner.withoutProgress { try learner.fit(1) }
            return learner
        }
    }

    private let items = Tensor.linspace(-1, 1, count: 5).reshaped([5, 1])

    private func answers(_ learner: Learner) throws -> [Float] {
        let batch = Batch(inputs: [items], targets: [])
        return try learner.withoutProgress { try learner.predictions(on: .batches([batch])).predictions.floats }
    }

    @Test("an export bundle: 500 bits, 200 truncations") func bundles() throws {
        try withTemporaryFolder { folder in
            let learner = try learner(folder.path)
            try check(learner.exported(), answers(learner)) { bytes in
                try answers(Learner.load(exported: bytes, from: "x.bundle"))
            }
        }
    }

    @Test("a model file: 500 bits, 200 truncations", arguments: [false, true])
    func models(withOptimizer: Bool) throws {
        try withTemporaryFolder { folder in
            let trained = try learner(folder.path)
            try trained.save("whole", withOptimizer: withOptimizer)
            let other = try learner(folder.path)
            try check(Files.read(folder.path + "/whole.safetensors"), answers(trained)) { bytes in
                try Data(bytes).write(to: folder.appending(path: "x.safetensors"))
                for parameter in other.model.parameters() { parameter.wrappedValue = .zeros(parameter.value.shape) }
                try other.load("x", withOptimizer: withOptimizer)
                return try answers(other)
            }
        }
    }
}
