// SPDX-License-Identifier: Apache-2.0
// A text as a language model trains on it: blocks of tokens, and the same blocks one token later.

import LockstepTensor

/// Blocks of one long text; what to predict at each place is the token after it.
///
/// ```swift
/// let data = LanguageModelDataset(encoding.encode(plays), blockLength: 64)
/// data.item(at: 0)       // input: tokens 0 ..< 64, target: tokens 1 ... 64
/// ```
///
/// - **Blocks** (the default) lie end to end, and a shuffled loader takes them in any order: every token is seen once an
///   epoch. With a `shiftSeed` the first block of an epoch begins up to a block later, so that blocks are never cut at
///   the same places twice. Where they begin is a function of (seed, epoch), hence the same on every rank, and any rank
///   can make any part of any batch. Models that start every block afresh (a transformer) want these.
/// - **Streams** cut the text into as many rows as a batch has, and item k of batch b continues item k of batch b − 1: for a
///   recurrent model that carries its state. Take them in order, in batches of that size; a sharding loader
///   gives a rank the same rows of every batch, so that the state it carries is the right one. fastai: `LMDataLoader`.
///
/// A rest that fills no block is left out.
public struct LanguageModelDataset: Dataset, Fingerprinted, Sendable {
    /// How the text is cut into items.
    public enum Arrangement: Hashable, Codable, Sendable {
        case blocks
        /// Rows that run through the text side by side.
        case streams(Int)
    }

    /// The number of tokens in an item.
    public let blockLength: Int
    /// How the text is cut into items.
    public let arrangement: Arrangement
    /// The seed of where an epoch's first block begins; nil for always at the first token.
    public let shiftSeed: UInt64?
    /// The number of items.
    public let count: Int
    /// What its tokens mean, where that is known.
    package var encoding: TextEncoding?
    private let numbers: TokenNumbers
    /// The part of the numbers that is this text's.
    private let range: Range<Int>
    /// The token that a number means, where it is not the token itself.
    private let meaning: [Int32]?
    /// Tokens from one row to the next.
    private let rowLength: Int
    private let maxShift: Int

    /// - Parameter tokens: the whole text; too short a one gives no items.
    /// - Precondition: tokens are between 0 and 2³¹ − 1.
    public init(
        _ tokens: [Int], blockLength: Int, arrangement: Arrangement = .blocks, shiftSeed: UInt64? = nil,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        for token in tokens where !(0...Int(Int32.max)).contains(token) {
            stop("LanguageModelDataset: \(token) is not a token's number", file: file, line: line)
        }
        self.init(
            TokenNumbers(tokens), 0..<tokens.count, meaning: nil, blockLength: blockLength, arrangement: arrangement,
            shiftSeed: shiftSeed, file: file, line: line)
    }

    /// Blocks of a part of a longer text.
    ///
    /// - Parameter meaning: the token that a number means; nil for itself.
    init(
        _ numbers: TokenNumbers, _ range: Range<Int>, meaning: [Int32]?, blockLength: Int, arrangement: Arrangement,
        shiftSeed: UInt64?, file: StaticString, line: UInt
    ) {
        require(
            blockLength > 0, "LanguageModelDataset: blockLength is \(blockLength), at least 1 is needed", file: file,
            line: line)
        (self.numbers, self.range, self.meaning) = (numbers, range, meaning)
        (self.blockLength, self.arrangement, self.shiftSeed) = (blockLength, arrangement, shiftSeed)
        var rows = 1
        if case .streams(let streams) = arrangement {
            require(
                streams > 0, "LanguageModelDataset: \(streams) streams, at least 1 is needed", file: file, line: line)
            rows = streams
        }
        // The last token is a target only. Room for a shift is kept as long as it costs no row its only block.
        let usable = max(0, range.count - 1)
        let shift = shiftSeed == nil ? 0 : min(blockLength - 1, max(0, usable - rows * blockLength))
        let blocks = (usable - shift) / rows / blockLength
        maxShift = shift
        rowLength = (usable - shift) / rows
        count = blocks * rows
    }

    /// How many of an item's members are inputs.
    public var inputCount: Int { 1 }

    /// Input and target: int64 `[blockLength]`, of epoch 0.
    public func item(at index: Int) -> Sample { item(at: index, epoch: 0) }

    /// The item at `index`; what is random about it follows from `context`.
    public func item(at index: Int, context: ItemContext) -> Sample { item(at: index, epoch: context.epoch) }

    /// Input and target: int64 `[indices.count, blockLength]`.
    public func batch(at indices: [Int], epoch: Int) -> Batch? {
        let shape: Shape = [indices.count, blockLength]
        let (x, y) = (Tensor.uninitialized(shape, dtype: .int64), Tensor.uninitialized(shape, dtype: .int64))
        let (inputs, targets) = (places(of: x), places(of: y))
        let shift = shift(epoch: epoch)
        for (row, index) in indices.enumerated() {
            let start = shift + self.start(of: index)
            write(start, to: inputs + row * blockLength)
            write(start + 1, to: targets + row * blockLength)
        }
        return Batch(inputs: [x], targets: [y], size: indices.count)
    }

    package func add(to fingerprint: inout Fingerprint) {
        fingerprint.add("\(blockLength) \(arrangement) \(shiftSeed.map(String.init) ?? "")")
        fingerprint.add(meaning ?? [])
        fingerprint.add(range.count)
        let (length, steps) = (Swift.min(range.count, 1024), 15)
        for step in 0...steps {
            let start = range.lowerBound + (range.count - length) * step / steps
            numbers.forEach(in: start..<start + length) { fingerprint.add($0) }
        }
    }

    /// Writes the tokens of a block.
    private func write(_ start: Int, to destination: UnsafeMutablePointer<Int64>) {
        let first = range.lowerBound + start
        var next = destination
        if let meaning {
            meaning.withUnsafeBufferPointer { meaning in
                numbers.forEach(in: first..<first + blockLength) {
                    next.pointee = Int64(meaning[$0])
                    next += 1
                }
            }
        } else {
            numbers.forEach(in: first..<first + blockLength) {
                next.pointee = Int64($0)
                next += 1
            }
        }
    }

    private func item(at index: Int, epoch: Int) -> Sample {
        let start = shift(epoch: epoch) + start(of: index)
        func block(_ start: Int) -> Tensor {
            let block = Tensor.uninitialized([blockLength], dtype: .int64)
            write(start, to: places(of: block))
            return block
        }
        return Sample(inputs: [block(start)], targets: [block(start + 1)])
    }

    /// Where an item begins, before the epoch's shift.
    private func start(of index: Int) -> Int {
        require(index >= 0 && index < count, "LanguageModelDataset: there is no item \(index) among \(count)")
        switch arrangement {
        case .blocks: return index * blockLength
        case .streams(let rows): return index % rows * rowLength + index / rows * blockLength
        }
    }

    /// How many tokens later the blocks of an epoch begin.
    func shift(epoch: Int) -> Int {
        guard let shiftSeed, maxShift > 0 else { return 0 }
        var generator = PhiloxGenerator(seed: shiftSeed, epoch: epoch, item: 0, purpose: .augmentation)
        return Int.random(in: 0...maxShift, using: &generator)
    }

    private func places(of tensor: Tensor) -> UnsafeMutablePointer<Int64> {
        tensor.unsafePointer.assumingMemoryBound(to: Int64.self)
    }
}
