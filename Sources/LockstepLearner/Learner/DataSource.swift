// SPDX-License-Identifier: Apache-2.0
// What inference runs on.

public import LockstepData

/// The items that `validate` and `predictions` run on.
///
/// Every item is taken once, in the order of the data set: training loaders are neither shuffled nor cut short here.
public enum DataSource {
    /// The training items.
    case train
    /// The validation items.
    case valid
    /// The items of loader number `index`.
    case index(Int)
    /// Those of a loader that need not be among the learner's.
    case loader(any BatchSource)
    /// Batches at hand.
    case batches([Batch])
}

extension Learner {
    /// The loader to run inference on: in the data set's order and complete, unless `inOrder` is false.
    func loader(for source: DataSource, inOrder: Bool = true) throws(LearnerError) -> any BatchSource {
        switch source {
        case .train: try orderly(0, inOrder)
        case .valid: try orderly(1, inOrder)
        case .index(let index): try orderly(index, inOrder)
        case .loader(let loader): orderly(loader, inOrder)
        case .batches(let batches): BatchList(batches)
        }
    }

    private func orderly(_ index: Int, _ inOrder: Bool) throws(LearnerError) -> any BatchSource {
        guard index >= 0, index < dls.count else {
            throw LearnerError(
                .noLoader,
                "there is no loader \(index) among the learner's \(dls.count); give data with .loader or .batches")
        }
        return orderly(dls[index], inOrder)
    }

    private func orderly(_ source: any BatchSource, _ inOrder: Bool) -> any BatchSource {
        guard let loader = source.indexed,
            loader.options.dropLast || loader.options.shuffle && inOrder
        else { return source }
        return loader.complete(shuffle: inOrder ? false : nil, seed: nil)
    }

    /// How many batches `loader` has; nil for a stream that does not know.
    func length(of loader: any BatchSource) throws(LearnerError) -> Int? {
        let count = loader.batchCount
        guard count != nil || loader.isStream else {
            throw LearnerError(
                .unsizedLoader,
                "\(type(of: loader)) does not know how many batches it has (batchCount is nil); give its data set a count"
            )
        }
        return count
    }
}
