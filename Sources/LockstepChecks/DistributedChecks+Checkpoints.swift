// SPDX-License-Identifier: Apache-2.0
// Killed anywhere, started again, and on with it by itself: the bits of an uninterrupted run.

import Foundation
public import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting

extension DistributedChecks {
    /// Checks of checkpoints that are taken while training goes on, for a few ranks: each trains many times.
    public static let checkpoints: [(name: String, body: @Sendable (any Communicator) throws -> Void)] =
        (ResumeScene.all + ResumeScene.phases).map { scene in
            ("killed anywhere, on by itself to the bit: \(scene.name)", { try killAnywhere(scene, $0) })
        }
        + (ResumeScene.all + ResumeScene.phases).filter { $0.tolerance < .infinity }.map { scene in
            ("killed on two ranks, on by itself on any number: \(scene.name)", { try killOnTwo(scene, $0) })
        }

    /// A checkpoint after every batch and every epoch, all of them kept: each is what a run that was killed then has left.
    private static func leaveAll(
        _ scene: ResumeScene, _ folder: String, over c: any Communicator
    ) throws -> (whole: Learner, generations: [String]) {
        let checkpoints = CheckpointCallback(every: .steps(1), keep: 1000, console: Console { _ in })
        let whole = scene.make(folder, [checkpoints])
        // So that none falls due while another is being written.
        try whole.on(.afterBatch, order: 2_000_000) { _ in checkpoints.wait() }
        try run(whole, scene, over: c)
        try c.barrier()
        let paths = CheckpointStore(folder + "/checkpoints").generations.map(\.path)
        try require(paths.count > 5, "\(paths.count) checkpoints")
        return (whole, paths.reversed())
    }

    /// A run in a folder where only `generation` lies.
    private static func goOn(
        _ scene: ResumeScene, from generation: String, number: Int, in folder: String, over c: any Communicator
    ) throws -> Learner {
        let own = "\(folder)/again-\(number)"
        if c.rank == 0 {
            try Files.createFolder(own + "/checkpoints")
            let name = generation.split(separator: "/").last.map(String.init) ?? ""
            try FileManager.default.copyItem(atPath: generation, toPath: "\(own)/checkpoints/\(name)")
            // What SaveModelCallback has left: a run that is killed finds it as well.
            let best = "\(folder)/best.safetensors"
            if Files.exists(best) { try FileManager.default.copyItem(atPath: best, toPath: "\(own)/best.safetensors") }
        }
        try c.barrier()
        let again = scene.make(own, [CheckpointCallback(every: .steps(3), keep: 2, console: Console { _ in })])
        try run(again, scene, resume: .auto, over: c)
        return again
    }

    private static func killAnywhere(_ scene: ResumeScene, _ c: any Communicator) throws {
        try inSharedFolder(c) { folder in
            let (whole, generations) = try leaveAll(scene, folder, over: c)
            // Some of them: the scenes differ in what they hold, and each begins elsewhere.
            let first = scene.name.utf8.count % 5
            for (number, path) in generations.enumerated() where number % (c.size == 1 ? 3 : 7) == first % (c.size + 2)
            {
                let again = try goOn(scene, from: path, number: number, in: folder, over: c)
                try compare(again, with: whole, path, 0)
            }
        }
    }

    private static func killOnTwo(_ scene: ResumeScene, _ c: any Communicator) throws {
        try inSharedFolder(c) { folder in
            var generations: [String] = []
            if let two = try c.split(color: c.rank < 2 ? 0 : nil, key: c.rank) {
                generations = try leaveAll(scene, folder + "/two", over: two).generations
            }
            let whole = scene.make(folder, [])
            try run(whole, scene, over: c)
            // Early: two ranks and three part where half precision overflows on one number of them only.
            for number in [4, 6] {
                let own = generations.isEmpty ? "" : generations[min(number, generations.count - 1)]
                let path = try c.broadcast(own, name: "checkpoint")
                let again = try goOn(scene, from: path, number: number, in: folder, over: c)
                try compare(again, with: whole, path, c.size <= 2 ? 0 : scene.tolerance)
            }
        }
    }
}
