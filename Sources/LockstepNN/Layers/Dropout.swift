// SPDX-License-Identifier: Apache-2.0
// Dropout: zeroing values at random while training.

public import LockstepTensor

/// While training, zeroes each value with probability `p` and scales the others by `1 / (1 − p)`; otherwise does nothing.
///
/// Srivastava et al., *Dropout* (2014). What is dropped depends on the seed, the batch's number, the item's place in the
/// global batch and which dropout of the model this is, never on the rank: see `DropoutContext`.
///
/// - Shape: any, items on the first axis; unchanged.
/// - Note: PyTorch: `torch.nn.Dropout`.
public final class Dropout: Module, UnaryLayer {
    /// The probability of being zeroed. May be changed between batches.
    public var p: Double

    /// - Precondition: `p` is in 0…1.
    public init(_ p: Double = 0.5, file: StaticString = #fileID, line: UInt = #line) {
        require(p >= 0 && p <= 1, "Dropout: a probability of \(p) is not in 0...1", file: file, line: line)
        self.p = p
        super.init()
    }

    public override var describeExtra: String { "\(p)" }
    /// Whether the layer hands on what it gets and nobody watches it doing so.
    var isInactive: Bool { (p == 0 || !isTraining) && observers.isEmpty }
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        observed(isTraining && p > 0 ? x.droppedByItem(p, itemAxis: 0) : x)
    }
}

extension Dropout: Configurable {
    public static let configuration = Configuration(Dropout.self) {
        Field("p", \.p, .within(0...1))
    } make: {
        Dropout(try $0("p"))
    }
}

/// While training, zeroes whole channels of an item with probability `p` and scales the others by `1 / (1 − p)`.
///
/// Tompson et al., *Efficient Object Localization Using Convolutional Networks* (2014): neighbouring pixels say the same, so
/// dropping them one by one drops little. What is dropped depends on what it does for ``Dropout``.
///
/// - Shape: `[N, C, H, W]`; unchanged.
/// - Note: PyTorch: `torch.nn.Dropout2d`.
public final class Dropout2d: Module, UnaryLayer {
    /// The probability of being zeroed. May be changed between batches.
    public var p: Double

    /// - Precondition: `p` is in 0…1.
    public init(_ p: Double = 0.5, file: StaticString = #fileID, line: UInt = #line) {
        require(p >= 0 && p <= 1, "Dropout2d: a probability of \(p) is not in 0...1", file: file, line: line)
        self.p = p
        super.init()
    }

    public override var describeExtra: String { "\(p)" }
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        require(x.rank == 4, "\(label): needs an input [N, C, H, W], not \(x.shape)")
        return observed(isTraining && p > 0 ? x.droppedByItem(p, parts: x.shape[1]) : x)
    }
}

extension Dropout2d: Configurable {
    public static let configuration = Configuration(Dropout2d.self) {
        Field("p", \.p, .within(0...1))
    } make: {
        Dropout2d(try $0("p"))
    }
}

/// While training, zeroes whole items with probability `p` and scales the others by `1 / (1 − p)`: at the end of a residual
/// branch, which such an item then skips.
///
/// Huang et al., *Deep Networks with Stochastic Depth* (2016). What is dropped depends on what it does for ``Dropout``.
///
/// - Shape: any, items on the first axis; unchanged.
/// - Note: timm's `DropPath`; torchvision's `StochasticDepth` in mode `row`.
public final class DropPath: Module, UnaryLayer {
    /// The probability of being zeroed. May be changed between batches.
    public var p: Double

    /// - Precondition: `p` is in 0…1.
    public init(_ p: Double = 0.1, file: StaticString = #fileID, line: UInt = #line) {
        require(p >= 0 && p <= 1, "DropPath: a probability of \(p) is not in 0...1", file: file, line: line)
        self.p = p
        super.init()
    }

    public override var describeExtra: String { "\(p)" }
    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        observed(isTraining && p > 0 ? x.droppedByItem(p, parts: 1) : x)
    }
}

extension DropPath: Configurable {
    public static let configuration = Configuration(DropPath.self) {
        Field("p", \.p, .within(0...1), python: "drop_prob")
    } make: {
        DropPath(try $0("p"))
    }
}

extension Tensor {
    /// Dropout of whole parts of items: one decision for each item and part, which are the first and the second axis; with
    /// one part, for each item.
    func droppedByItem(_ p: Double, parts: Int) -> Tensor {
        guard let (items, words, first) = itemDraws(along: 0, each: { _ in parts }) else { return self }
        var start = first
        let extent = dim(0)
        let drawn = Tensor.bernoulli([items, words], probability: 1 - p, dtype: dtype, using: &start)
        let kept = drawn[.all, 0..<parts].unsqueezed(axis: 1).expanded(to: [items, extent / items, parts])
        let mask = kept.reshaped([extent, parts] + Array(repeating: 1, count: Swift.max(rank - 2, 0)))
        let whole = rank == 1 ? mask.squeezed(axis: 1) : mask
        return self * (p < 1 ? whole * (1 / (1 - p)) : whole)
    }

    /// Dropout whose mask for an item depends on the item's place in the global batch, not on who else is in this tensor.
    func droppedByItem(_ p: Double, itemAxis: Int) -> Tensor {
        guard let (items, words, first) = itemDraws(along: itemAxis, each: { count / $0 }) else { return self }
        var start = first
        if itemAxis == 0 && count / items % 4 == 0 {
            return (isItemMajor ? self : contiguous()).dropout(p, using: &start)
        }
        var order = Array(0..<rank)
        order.insert(order.remove(at: itemAxis), at: 0)
        var back = Array(repeating: 0, count: rank)
        for (place, axis) in order.enumerated() { back[axis] = place }
        let kept = Tensor.bernoulli([items, words], probability: 1 - p, dtype: dtype, using: &start)
        let mask = kept[.all, 0..<(count / items)].reshaped(order.map { shape[$0] }).permuted(back)
        return self * (p < 1 ? mask * (1 / (1 - p)) : mask)
    }

    /// The items along an axis, how many random words each of them takes, and where those of the first one start; nil where
    /// there is nothing to drop.
    ///
    /// - Parameter needed: Of one item, by the number of items.
    private func itemDraws(
        along axis: Int, each needed: (Int) -> Int
    ) -> (items: Int, words: Int, start: PhiloxGenerator)? {
        let (generator, context) = DropoutContext.next()
        if count == 0 { return nil }
        let extent = dim(axis)
        // Items may have been merged with another axis (batch × time); then several rows belong to one item.
        let merged = context.itemCount.map { $0 > 0 && extent % $0 == 0 } ?? false
        let items = merged ? context.itemCount ?? extent : extent
        let blocks = (needed(items) + 3) / 4  // an item starts at a new block of four random words
        let start = PhiloxGenerator(
            seed: generator.seed, stream: generator.stream, counter: UInt64(context.firstItem) * UInt64(blocks))
        return (items, blocks * 4, start)
    }

    /// Whether each item's values lie together in memory, items in order.
    private var isItemMajor: Bool {
        isContiguous || body.isDense && shape.indices.allSatisfy { shape[$0] == 1 || strides[0] >= strides[$0] }
    }
}
