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
    public var generations: [Generation] { (try? list()) ?? [] }

    /// The same.
    ///
    /// - Throws: `DataError` when the folder is there and cannot be read: that it is empty is not known.
    func list() throws(DataError) -> [Generation] {
        guard Files.isFolder(folder) else { return [] }
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: folder) } catch {
            throw DataError(.unreadable, file: folder, "cannot be looked at: \(error.localizedDescription)")
        }
        return names.compactMap { name -> Generation? in
            guard name.hasPrefix(CheckpointStore.prefix), name.hasSuffix(CheckpointStore.suffix) else { return nil }
            let digits = name.dropFirst(CheckpointStore.prefix.count).dropLast(CheckpointStore.suffix.count)
            guard !digits.isEmpty, digits.allSatisfy(\.isNumber), let step = Int(digits) else { return nil }
            return Generation(step: step, path: "\(folder)/\(name)")
        }.sorted { ($0.step, $0.path) > ($1.step, $1.path) }
    }

    /// The newest generation that is whole, and what `read` makes of it.
    ///
    /// One that is damaged is told to `skipped` and set aside under another name; one that cannot be read now stays, for it may be
    /// whole. For whoever holds the folder.
    /// - Throws: `DataError` when none can be read of some that may be whole; what `read` throws of one that is whole.
    func newest<Result>(
        skipped: (any Error) -> Void, _ read: (Generation) throws -> Result
    ) throws -> (generation: Generation, result: Result)? {
        var unreadable: DataError?
        for generation in try list() {
            do {
                return (generation, try read(generation))
            } catch let error as DataError where error.code == .unreadable {
                skipped(error)
                unreadable = unreadable ?? error
            } catch let error as DataError {
                skipped(error)
                setAside(generation)
            } catch let error as CheckpointError where error.code == .malformed {
                skipped(error)
                setAside(generation)
            }
        }
        if let unreadable { throw unreadable }
        return nil
    }

    /// It would be the newest again and again, until the run has passed it.
    private func setAside(_ generation: Generation) {
        rename(generation.path, generation.path + CheckpointStore.damaged)
    }

    /// What is appended to the name of a generation that is damaged.
    private static let damaged = ".damaged"

    // MARK: Writing

    /// Writes a generation and, when it has been read back, removes old ones.
    ///
    /// - Parameters:
    ///   - keep: How many generations stay.
    ///   - best: Steps of which the first that is there stays besides.
    /// - Throws: `DataError` when it could not be written, tried again and again; what was there is then still there.
    func write(
        _ parts: [Safetensors.Part], metadata: [(key: String, value: String)], step: Int, keep: Int,
        besides best: [Int] = []
    ) throws(DataError) {
        let path = path(step: step)
        try Patience.trying { () throws(DataError) in
            try Safetensors.write(parts, metadata: metadata, readsBack: true, to: path)
        } failed: { error in
            if isFull(error) { makeRoom(besides: best, for: step) }
        }
        prune(keep: keep, besides: best, newest: step)
    }

    /// Whether room is what lacks.
    private func isFull(_ error: DataError) -> Bool {
        [ENOSPC, EDQUOT].contains { error.reason.contains(String(cString: strerror($0))) }
    }

    /// Removes the oldest generation if a newer one is whole.
    private func makeRoom(besides best: [Int], for step: Int) {
        let kept = first(of: best)
        let known = generations.filter { $0.step < step }
        guard let oldest = known.last(where: { $0.step != kept }),
            known.contains(where: { $0.step > oldest.step && isWhole($0) })
        else { return }
        unlink(oldest.path)
    }

    private func first(of steps: [Int]) -> Int? { steps.first { Files.exists(path(step: $0)) } }

    private func isWhole(_ generation: Generation) -> Bool { (try? Safetensors.verify(generation.path)) != nil }

    /// Removes what is older than the newest `keep`. Later ones, which could not be read when the run went on, stay.
    private func prune(keep: Int, besides best: [Int], newest: Int) {
        let kept = first(of: best)
        for generation in generations.filter({ $0.step <= newest }).dropFirst(max(1, keep))
        where generation.step != kept {
            unlink(generation.path)
        }
    }

    /// Removes all of them, and those that were set aside.
    package func removeAll() {
        for generation in generations { unlink(generation.path) }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names where name.hasPrefix(CheckpointStore.prefix) && name.hasSuffix(CheckpointStore.damaged) {
            unlink("\(folder)/\(name)")
        }
    }
}
