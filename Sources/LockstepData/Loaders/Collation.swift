// SPDX-License-Identifier: Apache-2.0
// Putting items together into a batch, member by member.

import LockstepTensor

/// Stacking of samples.
enum Collation {
    /// The members of `samples` stacked along a new first axis.
    ///
    /// - Throws: `DataError` (`.item`) naming the member and both offenders when shapes, types or counts differ.
    static func batch(_ samples: [Sample]) throws(DataError) -> Batch {
        guard let first = samples.first else { return Batch(inputs: [], targets: [], size: 0) }
        for (index, sample) in samples.enumerated()
        where sample.inputs.count != first.inputs.count || sample.targets.count != first.targets.count {
            throw mismatch(
                "item 0 has \(first.inputs.count) inputs and \(first.targets.count) targets, "
                    + "item \(index) has \(sample.inputs.count) and \(sample.targets.count)", remedy: nil)
        }
        var inputs: [Tensor] = []
        for member in first.inputs.indices {
            inputs.append(try stacked(samples.map { $0.inputs[member] }, "input \(member)"))
        }
        var targets: [Tensor] = []
        for member in first.targets.indices {
            targets.append(try stacked(samples.map { $0.targets[member] }, "target \(member)"))
        }
        return Batch(inputs: inputs, targets: targets, size: samples.count)
    }

    private static func stacked(_ tensors: [Tensor], _ member: String) throws(DataError) -> Tensor {
        let first = tensors[0]
        for (index, tensor) in tensors.enumerated() {
            guard tensor.shape == first.shape else {
                throw mismatch(
                    "\(member) of item 0 has shape \(first.shape), of item \(index) \(tensor.shape)",
                    remedy: "Bring the items to one size first, for example in the loader's afterItem hook")
            }
            guard tensor.dtype == first.dtype else {
                throw mismatch(
                    "\(member) of item 0 is \(first.dtype), of item \(index) \(tensor.dtype)",
                    remedy: "Make the items with one element type")
            }
        }
        guard first.rank < Shape.maxRank else {
            throw mismatch("\(member) has \(first.rank) axes already, stacking needs one more", remedy: nil)
        }
        let result = Tensor.uninitialized(Shape([tensors.count] + first.shape.dimensions), dtype: first.dtype)
        let strides = first.shape.contiguousStrides
        for (index, tensor) in tensors.enumerated() {
            Tensor.copy(
                tensor.detached, into: result.view(first.shape, strides: strides, offset: index * first.count))
        }
        return result
    }

    private static func mismatch(_ reason: String, remedy: String?) -> DataError {
        DataError(.item, file: "data loader", "the items do not fit into one batch: \(reason)", remedy: remedy)
    }
}
