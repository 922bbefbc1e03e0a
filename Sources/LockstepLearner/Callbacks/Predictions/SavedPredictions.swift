// SPDX-License-Identifier: Apache-2.0
// Reading predictions that were written batch by batch.

public import LockstepData
public import LockstepTensor

/// Predictions (or targets) in a folder, as `predictions(on:savePredictions:)` writes them.
///
/// ```swift
/// let saved = try SavedPredictions("preds")
/// for number in 0..<saved.batchCount { print(try saved.batch(number).shape) }
/// ```
/// Batches are in the order in which the model saw them; ``items(ofBatch:)`` tells whose rows they are. In Python:
/// `numpy.load("preds/0.npy")`; `index.npy` holds per row the number of its batch and the item's place in the data set,
/// −1 where the loader could not tell.
public struct SavedPredictions {
    /// The folder.
    public let folder: String
    /// Number of rows in all batches.
    public let count: Int
    /// Per batch the places of its rows in the data set.
    private let places: [[Int]]

    /// - Throws: `DataError` when there is no index (a run that has not ended leaves none), or when it is damaged.
    public init(_ folder: String) throws(DataError) {
        let path = Self.indexPath(folder)
        let index = try NPY.read(path)
        guard index.shape.count == 2, index.shape[1] == 2, let numbers = index.integers else {
            throw DataError(
                .malformed, file: path, "holds \(index.elements.typeName)\(index.shape), expected integers [rows, 2]")
        }
        var places: [[Int]] = []
        for row in 0..<index.shape[0] {
            let batch = numbers[2 * row]
            guard batch >= 0, batch >= places.count - 1, batch <= places.count + index.shape[0] else {
                throw DataError(.malformed, file: path, "row \(row) belongs to batch \(batch), out of order")
            }
            while places.count <= batch { places.append([]) }
            places[batch].append(numbers[2 * row + 1])
        }
        (self.folder, self.places, count) = (folder, places, index.shape[0])
    }

    /// Number of batches.
    public var batchCount: Int { places.count }

    /// The places in the data set of the rows of a batch; −1 where unknown.
    /// - Precondition: there is such a batch.
    public func items(ofBatch number: Int) -> [Int] {
        require(
            places.indices.contains(number), "SavedPredictions: there is no batch \(number) among \(places.count)")
        return places[number]
    }

    /// One output of a batch.
    ///
    /// - Parameter column: Which of the model's outputs; 0 for the first.
    /// - Throws: `DataError` for a file that is missing or damaged.
    public func batch(_ number: Int, column: Int = 0) throws(DataError) -> Tensor {
        Tensor(try NPY.read(Self.path(folder, batch: number, column: column)))
    }

    /// All rows, in the order of the data set.
    ///
    /// - Parameter axis: The axis that counts items.
    /// - Throws: `DataError` for a file that is missing, damaged, or has other rows than the index says.
    public func all(column: Int = 0, axis: Int = 0) throws(DataError) -> Tensor? {
        var pieces: [Tensor] = []
        for number in places.indices where !places[number].isEmpty {
            let piece = try batch(number, column: column)
            guard piece.rank > axis, piece.shape[axis] == places[number].count else {
                throw DataError(
                    .mismatch, file: Self.path(folder, batch: number, column: column),
                    "has shape \(piece.shape), the index lists \(places[number].count) rows")
            }
            if let first = pieces.first, first.rank != piece.rank || first.dtype != piece.dtype {
                throw DataError(
                    .mismatch, file: Self.path(folder, batch: number, column: column),
                    "holds \(piece.dtype)\(piece.shape), an earlier batch \(first.dtype)\(first.shape)")
            }
            pieces.append(piece)
        }
        guard !pieces.isEmpty else { return nil }
        let order = places.flatMap { $0 }
        let ranks = order.indices.sorted { (order[$0], $0) < (order[$1], $1) }
        return Tensor.concatenated(pieces, axis: axis).indexSelect(axis: axis, index: Tensor(ranks))
    }

    static func indexPath(_ folder: String) -> String { "\(folder)/index.npy" }
    static func path(_ folder: String, batch: Int, column: Int) -> String {
        column == 0 ? "\(folder)/\(batch).npy" : "\(folder)/\(batch).\(column).npy"
    }
}
