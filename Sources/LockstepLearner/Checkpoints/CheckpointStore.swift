// SPDX-License-Identifier: Apache-2.0
// The folder of a run's checkpoints: generations, of which the newest that is whole counts.

import Foundation
import LockstepData
import LockstepTensor

/// Checkpoints of one run, the newest few of them.
///
/// ```
/// checkpoints/step-000000000500.safetensors
///             step-000000001000.safetensors
/// ```
/// A generation is one file, so that it appears with one rename: flushed to the disk before, and the folder after. Its checksum
/// covers every byte, what it says of itself included, and is compared with what the disk gives back before an older
/// generation goes. Only the writing rank looks here.
public struct CheckpointStore: Sendable {
    /// Where they lie.
    public let folder: String

    /// The checkpoints in `folder`, which may not exist yet.
    public init(_ folder: String) { self.folder = folder }

    /// One checkpoint.
    public struct Generation: Sendable, Equatable {
        /// Training batches that the run had done.
        public let step: Int
        /// The file.
        public let path: String
    }

    private static let (prefix, suffix) = ("step-", ".safetensors")

    /// The file of a generation.
    public func path(step: Int) -> String {
        let digits = String(step)
        let zeros = String(repeating: "0", count: max(0, 12 - digits.count))
        return "\(folder)/\(CheckpointStore.prefix)\(zeros)\(digits)\(CheckpointStore.suffix)"
    }

    /// What is there, newest first; whole or not.
    public var generations: [Generation] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.compactMap { name -> Generation? in
            guard name.hasPrefix(CheckpointStore.prefix), name.hasSuffix(CheckpointStore.suffix) else { return nil }
            let digits = name.dropFirst(CheckpointStore.prefix.count).dropLast(CheckpointStore.suffix.count)
            guard !digits.isEmpty, digits.allSatisfy(\.isNumber), let step = Int(digits) else { return nil }
            return Generation(step: step, path: "\(folder)/\(name)")
        }.sorted { ($0.step, $0.path) > ($1.step, $1.path) }
    }

    /// The newest generation that `read` takes, and what it makes of it. One that is damaged is told to `skipped` and passed by.
    ///
    /// - Throws: what `read` throws for one that is whole, but not of this run.
    func newest<Result>(
        skipped: (any Error) -> Void, _ read: (Generation) throws -> Result
    ) throws -> (generation: Generation, result: Result)? {
        for generation in generations {
            do {
                return (generation, try read(generation))
            } catch let error as DataError where error.code != .unwritable {
                skipped(error)
            } catch let error as CheckpointError where error.code == .malformed {
                skipped(error)
            }
        }
        return nil
    }

    // MARK: Writing

    /// How often a write is tried, and how long is waited before the next time: a file system may have a bad moment.
    private static let pauses: [UInt32] = [200_000, 1_000_000, 3_000_000]

    /// Writes a generation and, when it has been read back, removes old ones.
    ///
    /// - Parameters:
    ///   - keep: How many generations stay.
    ///   - kept: The step of one that stays besides.
    /// - Throws: `DataError` when it could not be written, tried again and again; what was there is then still there.
    func write(
        _ parts: [Safetensors.Part], metadata: [(key: String, value: String)], step: Int, keep: Int, besides kept: Int?
    ) throws(DataError) {
        let path = path(step: step)
        var pauses = CheckpointStore.pauses[...]
        while true {
            do throws(DataError) {
                try Safetensors.write(parts, metadata: metadata, to: path)
                try Safetensors.verify(path)
                break
            } catch {
                guard let pause = pauses.popFirst() else { throw error }
                // Room may be all that lacks: the oldest may go, as long as a newer one is known to be whole.
                if error.code == .unwritten { makeRoom(besides: kept, for: step) }
                usleep(pause)
            }
        }
        prune(keep: keep, besides: kept, newest: step)
    }

    /// Removes the oldest generation if a newer one is whole.
    private func makeRoom(besides kept: Int?, for step: Int) {
        let known = generations.filter { $0.step != step }
        guard let oldest = known.last(where: { $0.step != kept }),
            known.contains(where: { $0.step > oldest.step && isWhole($0) })
        else { return }
        unlink(oldest.path)
    }

    private func isWhole(_ generation: Generation) -> Bool { (try? Safetensors.verify(generation.path)) != nil }

    /// Removes all but the newest `keep`; what lies beyond `newest` was written by a run that this one does not go on from.
    private func prune(keep: Int, besides kept: Int?, newest: Int) {
        let (later, own) = (generations.filter { $0.step > newest }, generations.filter { $0.step <= newest })
        for generation in later + own.dropFirst(max(1, keep)) where generation.step != kept {
            unlink(generation.path)
        }
    }

    /// Removes all of them.
    func removeAll() { for generation in generations { unlink(generation.path) } }
}
