// SPDX-License-Identifier: Apache-2.0
// A dataset whose members are whole tensors in memory; a batch is one gather per member.

public import LockstepTensor

/// Items that are the rows of tensors.
///
/// ```swift
/// let data = TensorDataset(inputs: [x], targets: [y])      // x: [N, …], y: [N, …]
/// ```
public struct TensorDataset: Dataset {
    /// All inputs; the first axis of each counts the items.
    public let inputs: [Tensor]
    /// All targets.
    public let targets: [Tensor]
    /// Number of items: the length of every first axis.
    public let count: Int

    /// A dataset of the rows of `inputs` and `targets`.
    /// - Precondition: at least one tensor; all have a first axis, of one length.
    public init(
        inputs: [Tensor], targets: [Tensor] = [], file: StaticString = #fileID, line: UInt = #line
    ) {
        let members = inputs + targets
        require(!members.isEmpty, "TensorDataset: no tensors", file: file, line: line)
        let shapes = { members.map(\.shape.description).joined(separator: ", ") }
        require(
            members.allSatisfy { $0.rank > 0 && $0.shape[0] == members[0].shape.first },
            "TensorDataset: the first axes count different numbers of items: \(shapes())", file: file, line: line)
        self.inputs = inputs.map(RowGather.prepared)
        self.targets = targets.map(RowGather.prepared)
        count = members[0].shape[0]
    }

    /// How many of an item's tensors are inputs.
    public var inputCount: Int { inputs.count }

    /// Row `index` of every member, as views without the first axis.
    /// - Precondition: `index` counts an item.
    public func item(at index: Int) -> Sample {
        require(index >= 0 && index < count, "TensorDataset: there is no item \(index) among \(count)")
        return Sample(
            inputs: inputs.map { RowGather.row($0, index) }, targets: targets.map { RowGather.row($0, index) })
    }

    /// The rows at `indices`, [indices.count, …] of every member: copies, or views where they follow each
    /// other. The same in every epoch, never nil.
    /// - Precondition: all of `indices` count items.
    public func batch(at indices: [Int], epoch: Int) -> Batch? {
        let bad = RowGather.firstBad(indices, below: count)
        require(bad == nil, "TensorDataset: there is no item \(bad ?? 0) among \(count)")
        return Batch(
            inputs: inputs.map { RowGather.rows($0, indices) }, targets: targets.map { RowGather.rows($0, indices) },
            size: indices.count)
    }

    /// The items at `indices`, gathered as ``batch(at:epoch:)`` does.
    public func subset(_ indices: [Int]) -> TensorDataset {
        TensorDataset(
            inputs: inputs.map { RowGather.rows($0, indices) }, targets: targets.map { RowGather.rows($0, indices) })
    }
}
