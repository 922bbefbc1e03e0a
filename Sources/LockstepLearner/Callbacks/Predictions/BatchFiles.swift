// SPDX-License-Identifier: Apache-2.0
// Tensors written batch by batch, with a list of whose they are: what does not fit in memory.

import LockstepData
import LockstepTensor

/// Writes one `.npy` file per batch into a folder, and at the end `index.npy`, which says which item each row belongs to.
///
/// Batch `k` is `k.npy`; of a model with several outputs the others are `k.1.npy`, `k.2.npy`, …. Nothing is kept but one
/// number per row. On several ranks the parts of each batch are gathered on the writing rank before it is written, so the
/// files are those of one process; a failure to write is everyone's.
final class BatchFiles {
    private let folder: String
    private let axis: Int
    /// Rows of each batch so far; only the writing rank's are complete.
    private var lengths: [Int] = []
    /// The data set's index of each row, when the loader knows.
    private var order: [Int]?

    init(_ folder: String, axis: Int) { (self.folder, self.axis) = (folder, axis) }

    /// Makes ready for a phase over `learner.dl`, and takes an index away that an earlier one left: what is there no longer
    /// holds.
    func begin(_ learner: Learner) throws {
        lengths = []
        order = learner.dl?.itemOrder(epoch: learner.inferenceEpoch)
        try learner.coordinator.write {
            guard Files.isFolder(folder) else {
                throw DataError(
                    .unwritable, file: folder, "is not a folder, so predictions cannot be saved in it",
                    remedy: "Create it first")
            }
            try Files.remove(SavedPredictions.indexPath(folder))
        }
    }

    /// Writes this rank's shard of a batch together with the others'.
    func add(_ tensors: [Tensor], _ learner: Learner) throws {
        let all = try learner.coordinator.gather(BatchRows([tensors.map(\.detached)]))
        try learner.coordinator.write {
            let columns = all.batches.first { !$0.isEmpty }?.count ?? 0
            for column in 0..<columns {
                guard let whole = all.column(column, axis: axis) else { continue }
                if column == 0 { lengths.append(whole.rank > axis ? whole.shape[axis] : 1) }
                let path = SavedPredictions.path(folder, batch: learner.iter, column: column)
                try NPY.write(NumericArray(whole), to: path)
            }
            if columns == 0 { lengths.append(0) }
        }
    }

    /// Writes the index: per row the number of its batch and its place in the data set.
    func finish(_ learner: Learner) throws {
        try learner.coordinator.write {
            let count = lengths.reduce(0, +)
            // A loader that leaves out items cannot say which ones are left.
            let places = order.map { $0.count == count ? $0 : Array(repeating: -1, count: count) } ?? Array(0..<count)
            var table: [Int64] = []
            table.reserveCapacity(2 * count)
            var row = 0
            for (batch, length) in lengths.enumerated() {
                for _ in 0..<length {
                    table += [Int64(batch), Int64(places[row])]
                    row += 1
                }
            }
            guard let array = NumericArray(shape: [count, 2], elements: .int64(table)) else { return }
            try NPY.write(array, to: SavedPredictions.indexPath(folder))
        }
    }
}
