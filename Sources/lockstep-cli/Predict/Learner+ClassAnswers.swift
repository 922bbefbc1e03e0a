// SPDX-License-Identifier: Apache-2.0
// A classifier's answers for items of whatever kind its data set is made of.

import Lockstep
import LockstepData
import LockstepTensor

extension Learner {
    /// The probability of every class for each item, one item after another, and the class that is decided for.
    ///
    /// Batches are whole, so that an answer does not depend on how many others there are.
    /// - Parameters:
    ///   - bundle: what errors call the learner.
    ///   - count: the number of classes.
    ///   - batchSize: nil for that of the training.
    /// - Throws: ``Failure`` when the model does not choose among so many classes, and what reading the items throws.
    func answers(
        for items: [Any], _ bundle: String, classes count: Int, batchSize: Int? = nil
    ) throws -> (probabilities: [Float], decided: [Int]) {
        guard !items.isEmpty else { return ([], []) }
        let batchSize = batchSize ?? dls.train.batchSize ?? 1
        let loader = try dls.testLoader(for: TablePredictions.filled(items, batchSize))
        loader.options.batchSize = batchSize
        let all = try withoutProgress { try predictions(on: .loader(loader), withDecoded: true) }
        let probabilities = TablePredictions.first(items.count, of: all.predictions)
        let decided = all.decoded.map { TablePredictions.first(items.count, of: $0).ints } ?? []
        guard probabilities.shape.dimensions == [items.count, count], decided.count == items.count,
            decided.allSatisfy((0..<count).contains)
        else {
            throw Failure.usage(
                "\(bundle): the model's answers of shape \(probabilities.shape) do not choose among \(count) classes")
        }
        return (probabilities.floats, decided)
    }
}
