// SPDX-License-Identifier: Apache-2.0
// How much the allocator holds. What it holds belongs to the whole process: these run where nothing else does, under mpirun.

import Foundation
public import LockstepComm
import LockstepData
import LockstepLearner
import LockstepNN
import LockstepTensor
import LockstepTesting

/// Checks of the memory that tensors come from.
public enum MemoryChecks {
    /// Every check, with what it promises.
    public static let all: [(name: String, body: @Sendable (any Communicator) throws -> Void)] = [
        ("tensors made one after the other hold the memory of the largest", oneAfterTheOther),
        ("steps of any length hold the memory of the longest", varyingLengths),
        ("steps that repeat come to ask the system for nothing, however their parts differ", repeatingSteps),
        ("what is trimmed is given back", trimming),
        ("what a thread has released that only releases is there for others when it has ended", threadsThatRelease),
        ("predictions hold their own memory once", predictions),
    ]

    private static func bytes(_ count: Int) -> Tensor { Tensor.uninitialized([count], dtype: .uint8) }

    /// Bytes held beyond those before, when `body` has run.
    private static func held(_ body: () throws -> Void) rethrows -> Int {
        Memory.trim()
        let before = Memory.report.systemBytes
        try body()
        return Memory.report.systemBytes - before
    }

    private static func oneAfterTheOther(_ ranks: any Communicator) throws {
        // Sizes that rise, fall and alternate.
        for order in [Array(1...28), Array((1...28).reversed()), [28, 1, 27, 2, 26, 3]] {
            let held = held { for size in order { _ = bytes(size << 24) } }
            try DistributedChecks.require(
                held < (28 << 24) * 13 / 10, "\(held >> 20) MiB are held after tensors of up to 448")
        }
    }

    private static func varyingLengths(_ ranks: any Communicator) throws {
        // Tensors of up to 27 MB, and of kilobytes to megabytes: blocks below 256 KiB are kept by their number, not their bytes.
        for (width, small) in [(15_000, 0), (1_500, 16 << 20)] {
            var random = SplitMix64(seed: 5)
            var most = 0
            let held = held {
                for _ in 0..<400 {
                    let length = Int.random(in: 20...600, using: &random)
                    let step = (0..<28).map { bytes(length * width * (1 + $0 % 3)) }
                    most = max(most, step.reduce(0) { $0 + $1.count })
                    Memory.endStep()
                }
            }
            try DistributedChecks.require(
                held < most * 13 / 10 + small, "\(held >> 20) MiB are held, the longest step had \(most >> 20)")
        }
    }

    private static func repeatingSteps(_ ranks: any Communicator) throws {
        // Each phase needs as much as the others, of other sizes.
        let phases = [[16, 16, 16, 16], [13, 13, 13, 13, 13], [30, 30], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]]
        var requests: [Int] = []
        for _ in 0..<60 {
            for phase in phases { _ = phase.map { bytes($0 << 22) } }
            Memory.endStep()
            requests.append(Memory.report.systemRequests)
        }
        try DistributedChecks.require(
            requests[59] == requests[30], "\(requests[59] - requests[30]) requests in warm steps")
    }

    private static func threadsThatRelease(_ ranks: any Communicator) throws {
        let held = held {
            for _ in 0..<50 {
                let box = Box((0..<20).map { bytes(1000 + $0) })
                let thread = Thread { box.tensors = [] }
                thread.start()
                while !thread.isFinished { usleep(100) }
                // It has said so before its last destructors.
                usleep(1000)
            }
        }
        try DistributedChecks.require(held < 500 << 10, "\(held) bytes are held after 20 tensors of a kilobyte")
    }

    private final class Box: @unchecked Sendable {
        var tensors: [Tensor]
        init(_ tensors: [Tensor]) { self.tensors = tensors }
    }

    private static func predictions(_ ranks: any Communicator) throws {
        let items = 40_000
        let loader = DataLoader(TensorDataset(inputs: [.ones([items, 1])]), batchSize: 500)
        let learner = Learner(
            dls: DataLoaders(loader, loader), model: Linear(1, 256), loss: .mse, defaultCallbacks: .core)
        var count = 0
        // What was in use at once is kept after it.
        let held = try held { count = try learner.predictions().count }
        let needed = items * 256 * 4
        try DistributedChecks.require(
            count == items && held < needed * 13 / 10,
            "\(held >> 20) MiB are held after \(count) predictions of \(needed >> 20) MiB")
    }

    private static func trimming(_ ranks: any Communicator) throws {
        let kept = bytes(100 << 20)
        let held = held {
            _ = bytes(200 << 20)
            Memory.trim()
        }
        try DistributedChecks.require(
            held == 0 && kept.count == 100 << 20, "\(held) bytes are held of a tensor that is gone")
    }
}
